//! Columns of single values, each given as text, number text, string or boolean.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder, NullBufferBuilder, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};

use super::digits::Digits;
use super::texts::Texts;
use super::{Notation, parse};
use crate::error::ConnectError;

/// A column of scalars being built.
#[derive(Debug)]
pub(crate) struct Scalar {
    values: Values,
    validity: NullBufferBuilder,
    data_type: DataType,
    /// The type was told, not inferred: numbers may have blanks, a plus and leading zeros, and may be strings.
    lenient: bool,
    /// How values are written, if not as by default.
    notation: Option<Arc<Notation>>,
}

/// One value per row; that of a NULL means nothing.
#[derive(Debug)]
enum Values {
    Boolean(BooleanBufferBuilder),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Decimal { values: Vec<i128>, precision: u8, scale: i8 },
    Date(Vec<i32>),
    Timestamp(Vec<i64>),
    Text(Texts),
}

/// Does the same to the vector of whichever type the values are of.
macro_rules! each_values {
    ($self:expr, $values:ident => $vector:expr, $booleans:ident => $boolean:expr, $texts:ident => $text:expr) => {
        match $self {
            Values::Boolean($booleans) => $boolean,
            Values::Int8($values) => $vector,
            Values::Int16($values) => $vector,
            Values::Int32($values) => $vector,
            Values::Int64($values) => $vector,
            Values::Float32($values) => $vector,
            Values::Float64($values) => $vector,
            Values::Decimal { $values, .. } => $vector,
            Values::Date($values) => $vector,
            Values::Timestamp($values) => $vector,
            Values::Text($texts) => $text,
        }
    };
}

/// Appends the value or NULL; says whether there was one.
#[inline]
fn append<T: Default>(values: &mut Vec<T>, validity: &mut NullBufferBuilder, value: Option<T>) -> bool {
    let fits = value.is_some();
    values.push(value.unwrap_or_default());
    validity.append(fits);
    fits
}

impl Scalar {
    /// A column of `data_type`, if it is one that text is read into.
    pub(crate) fn new(data_type: &DataType, lenient: bool, notation: Option<&Arc<Notation>>) -> Option<Scalar> {
        let values = match data_type {
            DataType::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            DataType::Int8 => Values::Int8(Vec::new()),
            DataType::Int16 => Values::Int16(Vec::new()),
            DataType::Int32 => Values::Int32(Vec::new()),
            DataType::Int64 => Values::Int64(Vec::new()),
            DataType::Float32 => Values::Float32(Vec::new()),
            DataType::Float64 => Values::Float64(Vec::new()),
            DataType::Decimal128(precision, scale) if *scale >= 0 => {
                Values::Decimal { values: Vec::new(), precision: *precision, scale: *scale }
            }
            DataType::Date32 => Values::Date(Vec::new()),
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Values::Timestamp(Vec::new()),
            DataType::Utf8 => Values::Text(Texts::default()),
            _ => return None,
        };
        let (validity, notation) = (NullBufferBuilder::new(0), notation.cloned());
        Some(Scalar { values, validity, data_type: data_type.clone(), lenient, notation })
    }

    /// Appends NULL.
    #[inline]
    pub(crate) fn append_null(&mut self) {
        each_values!(&mut self.values, values => values.push(Default::default()), booleans => booleans.append(false), texts => texts.push(""));
        self.validity.append_null();
    }

    /// Appends a text of a format without types. False if it does not fit: the row then has NULL.
    #[inline]
    pub(crate) fn append_text(&mut self, text: &str) -> bool {
        if let Values::Text(texts) = &mut self.values {
            texts.push(text);
            self.validity.append_non_null();
            return true;
        }
        let text = if self.lenient { text.trim() } else { text };
        match self.in_programs(text) {
            Some(Cow::Borrowed(text)) => self.append_plain(text),
            Some(Cow::Owned(text)) => self.append_plain(&text),
            None => self.refuse(),
        }
    }

    /// A text as programs write it; `None` if it is not written as the notation says.
    #[inline]
    fn in_programs<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let Some(notation) = &self.notation else { return Some(Cow::Borrowed(text)) };
        match self.values {
            Values::Boolean(_) | Values::Text(_) => Some(Cow::Borrowed(text)),
            Values::Date(_) => notation.date(text),
            Values::Timestamp(_) => notation.timestamp(text),
            _ => notation.number(text),
        }
    }

    /// Appends a text as programs write it. False if it does not fit: the row then has NULL.
    #[inline]
    fn append_plain(&mut self, text: &str) -> bool {
        let validity = &mut self.validity;
        match &mut self.values {
            Values::Boolean(_) => match parse::boolean(text) {
                Some(value) => self.append_boolean(value),
                None => self.refuse(),
            },
            Values::Date(values) => append(values, validity, parse::date(text)),
            Values::Timestamp(values) => append(values, validity, parse::timestamp(text)),
            _ => self.append_digits(&Digits::of(text)),
        }
    }

    /// Appends a number as it is written in the file. False if it does not fit: the row then has NULL.
    pub(crate) fn append_number(&mut self, text: &str) -> bool {
        self.append_digits(&Digits::of(text))
    }

    /// Appends a number of which something may be known. False if it does not fit: the row then has NULL.
    #[inline]
    pub(crate) fn append_digits(&mut self, number: &Digits<'_>) -> bool {
        let (text, lenient) = (number.text, self.lenient);
        let integer = || number.integer().or_else(|| parse::integer(text, lenient));
        let validity = &mut self.validity;
        match &mut self.values {
            Values::Int8(values) => append(values, validity, integer().and_then(|value| value.try_into().ok())),
            Values::Int16(values) => append(values, validity, integer().and_then(|value| value.try_into().ok())),
            Values::Int32(values) => append(values, validity, integer().and_then(|value| value.try_into().ok())),
            Values::Int64(values) => append(values, validity, integer()),
            Values::Float32(values) => append(values, validity, parse::float(text, lenient)),
            Values::Float64(values) => append(values, validity, number.double().or_else(|| parse::double(text, lenient))),
            Values::Decimal { values, precision, scale } => {
                let value = number.decimal(*precision, *scale).or_else(|| parse::decimal(text, *precision, *scale));
                append(values, validity, value)
            }
            Values::Text(texts) => {
                texts.push(text);
                validity.append_non_null();
                true
            }
            Values::Boolean(_) | Values::Date(_) | Values::Timestamp(_) => self.refuse(),
        }
    }

    /// Appends a string of a format that has types. False if it does not fit: the row then has NULL.
    #[inline]
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
            Values::Boolean(booleans) => booleans.append(value),
            Values::Text(texts) => texts.push(if value { "true" } else { "false" }),
            _ => return self.refuse(),
        }
        self.validity.append_non_null();
        true
    }

    /// Appends the JSON text of a list or an object. False if it does not fit: the row then has NULL.
    pub(crate) fn append_nested(&mut self, json: &str) -> bool {
        let Values::Text(texts) = &mut self.values else { return self.refuse() };
        texts.push(json);
        self.validity.append_non_null();
        true
    }

    fn refuse(&mut self) -> bool {
        self.append_null();
        false
    }

    /// Takes back what was appended after the first `rows` values.
    pub(crate) fn truncate(&mut self, rows: usize) {
        each_values!(&mut self.values, values => values.truncate(rows), booleans => booleans.truncate(rows), texts => texts.truncate(rows));
        self.validity.truncate(rows);
    }

    /// The array of what was appended; the column starts again empty.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ConnectError> {
        let (nulls, data_type) = (self.validity.finish(), &self.data_type);
        Ok(match &mut self.values {
            Values::Boolean(booleans) => Arc::new(BooleanArray::new(booleans.finish(), nulls)),
            Values::Int8(values) => primitive::<Int8Type>(values, nulls, data_type)?,
            Values::Int16(values) => primitive::<Int16Type>(values, nulls, data_type)?,
            Values::Int32(values) => primitive::<Int32Type>(values, nulls, data_type)?,
            Values::Int64(values) => primitive::<Int64Type>(values, nulls, data_type)?,
            Values::Float32(values) => primitive::<Float32Type>(values, nulls, data_type)?,
            Values::Float64(values) => primitive::<Float64Type>(values, nulls, data_type)?,
            Values::Decimal { values, .. } => primitive::<Decimal128Type>(values, nulls, data_type)?,
            Values::Date(values) => primitive::<Date32Type>(values, nulls, data_type)?,
            Values::Timestamp(values) => primitive::<TimestampMicrosecondType>(values, nulls, data_type)?,
            Values::Text(texts) => Arc::new(texts.finish(nulls)?),
        })
    }
}

/// The array of `values`, which start again empty, with room for as many.
fn primitive<T: ArrowPrimitiveType>(
    values: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> Result<ArrayRef, ConnectError> {
    let room = Vec::with_capacity(values.len());
    let values = ScalarBuffer::from(std::mem::replace(values, room));
    Ok(Arc::new(PrimitiveArray::<T>::try_new(values, nulls)?.with_data_type(data_type.clone())))
}
