//! Columns of single values, each given as text, number text, string or boolean.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder, NullBufferBuilder, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType,
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

#[inline]
fn integer(number: &Digits<'_>, lenient: bool) -> Option<i64> {
    number.integer().or_else(|| parse::integer(number.text, lenient))
}

#[inline]
fn double(number: &Digits<'_>, lenient: bool) -> Option<f64> {
    number.double().or_else(|| parse::double(number.text, lenient))
}

#[inline]
fn decimal(number: &Digits<'_>, precision: u8, scale: i8) -> Option<i128> {
    number.decimal(precision, scale).or_else(|| parse::decimal(number.text, precision, scale))
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
    pub(crate) fn append_text(&mut self, text: &str) -> bool {
        let mut fits = true;
        self.append_texts(std::iter::once(Some(text)), |_, _| fits = false);
        fits
    }

    /// Appends texts of a format without types. Where one does not fit the row has NULL, and `misfit` is told its number
    /// among `texts` and the text.
    pub(crate) fn append_texts<'t>(
        &mut self,
        texts: impl Iterator<Item = Option<&'t str>>,
        mut misfit: impl FnMut(usize, &'t str),
    ) {
        if self.notation.is_none() {
            return self.append_plain(texts, misfit);
        }
        for (row, text) in texts.enumerate() {
            let mut fits = true;
            let plain = text.map(|text| self.in_programs(text));
            if let Some(None) = plain {
                fits = self.refuse();
            } else {
                self.append_plain(std::iter::once(plain.flatten().as_deref()), |_, _| fits = false);
            }
            if !fits && let Some(text) = text {
                misfit(row, text);
            }
        }
    }

    /// A text as programs write it; `None` if it is not written as the notation says.
    fn in_programs<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let Some(notation) = &self.notation else { return Some(Cow::Borrowed(text)) };
        let value = if self.lenient { text.trim() } else { text };
        match self.values {
            Values::Boolean(_) | Values::Text(_) => Some(Cow::Borrowed(text)),
            Values::Date(_) => notation.date(value),
            Values::Timestamp(_) => notation.timestamp(value),
            _ => notation.number(value),
        }
    }

    /// Appends texts as programs write them.
    fn append_plain<'t>(&mut self, texts: impl Iterator<Item = Option<&'t str>>, mut misfit: impl FnMut(usize, &'t str)) {
        let (lenient, validity) = (self.lenient, &mut self.validity);
        if let Values::Text(values) = &mut self.values {
            for text in texts {
                values.push(text.unwrap_or_default());
                validity.append(text.is_some());
            }
            return;
        }
        let trim = |text: &'t str| if lenient { text.trim() } else { text };
        macro_rules! each {
            ($values:expr, $parse:expr) => {
                for (row, text) in texts.enumerate() {
                    let fits = append($values, validity, text.map(trim).and_then($parse));
                    if !fits && let Some(text) = text {
                        misfit(row, text);
                    }
                }
            };
        }
        match &mut self.values {
            Values::Boolean(values) => {
                for (row, text) in texts.enumerate() {
                    let value = text.map(trim).and_then(parse::boolean);
                    values.append(value.unwrap_or_default());
                    validity.append(value.is_some());
                    if value.is_none()
                        && let Some(text) = text
                    {
                        misfit(row, text);
                    }
                }
            }
            Values::Int8(values) => each!(values, |text| integer(&Digits::of(text), lenient)?.try_into().ok()),
            Values::Int16(values) => each!(values, |text| integer(&Digits::of(text), lenient)?.try_into().ok()),
            Values::Int32(values) => each!(values, |text| integer(&Digits::of(text), lenient)?.try_into().ok()),
            Values::Int64(values) => each!(values, |text| integer(&Digits::of(text), lenient)),
            Values::Float32(values) => each!(values, |text| parse::float(text, lenient)),
            Values::Float64(values) => each!(values, |text| double(&Digits::of(text), lenient)),
            Values::Decimal { values, precision, scale } => {
                each!(values, |text| decimal(&Digits::of(text), *precision, *scale))
            }
            Values::Date(values) => each!(values, parse::date),
            Values::Timestamp(values) => each!(values, parse::timestamp),
            Values::Text(_) => {}
        }
    }

    /// Appends a number as it is written in the file. False if it does not fit: the row then has NULL.
    pub(crate) fn append_number(&mut self, text: &str) -> bool {
        self.append_digits(&Digits::of(text))
    }

    /// Appends a number of which something may be known. False if it does not fit: the row then has NULL.
    #[inline]
    pub(crate) fn append_digits(&mut self, number: &Digits<'_>) -> bool {
        let (lenient, validity) = (self.lenient, &mut self.validity);
        let whole = || integer(number, lenient);
        match &mut self.values {
            Values::Int8(values) => append(values, validity, whole().and_then(|value| value.try_into().ok())),
            Values::Int16(values) => append(values, validity, whole().and_then(|value| value.try_into().ok())),
            Values::Int32(values) => append(values, validity, whole().and_then(|value| value.try_into().ok())),
            Values::Int64(values) => append(values, validity, whole()),
            Values::Float32(values) => append(values, validity, parse::float(number.text, lenient)),
            Values::Float64(values) => append(values, validity, double(number, lenient)),
            Values::Decimal { values, precision, scale } => append(values, validity, decimal(number, *precision, *scale)),
            Values::Text(texts) => {
                texts.push(number.text);
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
