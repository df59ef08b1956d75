//! Columns of single values, each given as text, number text, string or boolean.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder, Int16Builder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, TimeUnit};

use super::{Notation, parse};

/// A column of scalars being built.
#[derive(Debug)]
pub(crate) struct Scalar {
    values: Values,
    /// The type was told, not inferred: numbers may have blanks, a plus and leading zeros, and may be strings.
    lenient: bool,
    /// How values are written, if not as by default.
    notation: Option<Arc<Notation>>,
}

#[derive(Debug)]
enum Values {
    Boolean(BooleanBuilder),
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal { builder: Decimal128Builder, precision: u8, scale: i8 },
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

/// Appends the value or NULL; says whether there was one.
macro_rules! append {
    ($builder:expr, $value:expr) => {{
        let value = $value;
        $builder.append_option(value);
        value.is_some()
    }};
}

impl Scalar {
    /// A column of `data_type`, if it is one that text is read into.
    pub(crate) fn new(data_type: &DataType, lenient: bool, notation: Option<&Arc<Notation>>) -> Option<Scalar> {
        let values = match data_type {
            DataType::Boolean => Values::Boolean(BooleanBuilder::new()),
            DataType::Int8 => Values::Int8(Int8Builder::new()),
            DataType::Int16 => Values::Int16(Int16Builder::new()),
            DataType::Int32 => Values::Int32(Int32Builder::new()),
            DataType::Int64 => Values::Int64(Int64Builder::new()),
            DataType::Float32 => Values::Float32(Float32Builder::new()),
            DataType::Float64 => Values::Float64(Float64Builder::new()),
            DataType::Decimal128(precision, scale) if *scale >= 0 => Values::Decimal {
                builder: Decimal128Builder::new().with_data_type(data_type.clone()),
                precision: *precision,
                scale: *scale,
            },
            DataType::Date32 => Values::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
                Values::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(data_type.clone()))
            }
            DataType::Utf8 => Values::Text(StringBuilder::new()),
            _ => return None,
        };
        Some(Scalar { values, lenient, notation: notation.cloned() })
    }

    /// Appends NULL.
    pub(crate) fn append_null(&mut self) {
        match &mut self.values {
            Values::Boolean(builder) => builder.append_null(),
            Values::Int8(builder) => builder.append_null(),
            Values::Int16(builder) => builder.append_null(),
            Values::Int32(builder) => builder.append_null(),
            Values::Int64(builder) => builder.append_null(),
            Values::Float32(builder) => builder.append_null(),
            Values::Float64(builder) => builder.append_null(),
            Values::Decimal { builder, .. } => builder.append_null(),
            Values::Date(builder) => builder.append_null(),
            Values::Timestamp(builder) => builder.append_null(),
            Values::Text(builder) => builder.append_null(),
        }
    }

    /// Appends a text of a format without types. False if it does not fit: the row then has NULL.
    pub(crate) fn append_text(&mut self, text: &str) -> bool {
        let lenient = self.lenient;
        let text = match self.values {
            Values::Text(_) => text,
            _ if lenient => text.trim(),
            _ => text,
        };
        let plain = match (&self.notation, &self.values) {
            (None, _) | (_, Values::Boolean(_) | Values::Text(_)) => Some(Cow::Borrowed(text)),
            (Some(notation), Values::Date(_)) => notation.date(text),
            (Some(notation), Values::Timestamp(_)) => notation.timestamp(text),
            (Some(notation), _) => notation.number(text),
        };
        match plain {
            Some(plain) => self.append_plain(&plain),
            None => self.refuse(),
        }
    }

    /// Appends a text in the notation of programs. False if it does not fit: the row then has NULL.
    fn append_plain(&mut self, text: &str) -> bool {
        match &mut self.values {
            Values::Boolean(builder) => append!(builder, parse::boolean(text)),
            Values::Date(builder) => append!(builder, parse::date(text)),
            Values::Timestamp(builder) => append!(builder, parse::timestamp(text)),
            Values::Text(builder) => {
                builder.append_value(text);
                true
            }
            _ => self.append_number(text),
        }
    }

    /// Appends a number as it is written in the file. False if it does not fit: the row then has NULL.
    pub(crate) fn append_number(&mut self, text: &str) -> bool {
        let lenient = self.lenient;
        let integer = || parse::integer(text, lenient);
        match &mut self.values {
            Values::Int8(builder) => {
                append!(builder, integer().and_then(|value| value.try_into().ok()))
            }
            Values::Int16(builder) => {
                append!(builder, integer().and_then(|value| value.try_into().ok()))
            }
            Values::Int32(builder) => {
                append!(builder, integer().and_then(|value| value.try_into().ok()))
            }
            Values::Int64(builder) => append!(builder, integer()),
            Values::Float32(builder) => append!(builder, parse::float(text, lenient)),
            Values::Float64(builder) => append!(builder, parse::double(text, lenient)),
            Values::Decimal { builder, precision, scale } => {
                append!(builder, parse::decimal(text, *precision, *scale))
            }
            Values::Text(builder) => {
                builder.append_value(text);
                true
            }
            Values::Boolean(_) | Values::Date(_) | Values::Timestamp(_) => self.refuse(),
        }
    }

    /// Appends a string of a format that has types. False if it does not fit: the row then has NULL.
    pub(crate) fn append_string(&mut self, text: &str) -> bool {
        match &self.values {
            Values::Text(_) | Values::Date(_) | Values::Timestamp(_) | Values::Decimal { .. } => self.append_text(text),
            _ if self.lenient => self.append_text(text),
            _ => self.refuse(),
        }
    }

    /// Appends a boolean of a format that has types. False if it does not fit: the row then has NULL.
    pub(crate) fn append_boolean(&mut self, value: bool) -> bool {
        match &mut self.values {
            Values::Boolean(builder) => {
                builder.append_value(value);
                true
            }
            Values::Text(builder) => {
                builder.append_value(if value { "true" } else { "false" });
                true
            }
            _ => self.refuse(),
        }
    }

    /// Appends the JSON text of a list or an object. False if it does not fit: the row then has NULL.
    pub(crate) fn append_nested(&mut self, json: &str) -> bool {
        if let Values::Text(builder) = &mut self.values {
            builder.append_value(json);
            return true;
        }
        self.refuse()
    }

    fn refuse(&mut self) -> bool {
        self.append_null();
        false
    }

    /// The array of what was appended; the column starts again empty.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Boolean(builder) => Arc::new(builder.finish()),
            Values::Int8(builder) => Arc::new(builder.finish()),
            Values::Int16(builder) => Arc::new(builder.finish()),
            Values::Int32(builder) => Arc::new(builder.finish()),
            Values::Int64(builder) => Arc::new(builder.finish()),
            Values::Float32(builder) => Arc::new(builder.finish()),
            Values::Float64(builder) => Arc::new(builder.finish()),
            Values::Decimal { builder, .. } => Arc::new(builder.finish()),
            Values::Date(builder) => Arc::new(builder.finish()),
            Values::Timestamp(builder) => Arc::new(builder.finish()),
            Values::Text(builder) => Arc::new(builder.finish()),
        }
    }
}
