//! The arguments of a call, read in the type that a function wants.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBuilder, ListArray, PrimitiveArray, StringArray,
    StringBuilder, StringViewArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;

use crate::cast::{OnError, cast};

/// The arguments of one call on one batch.
pub(crate) struct Args<'a> {
    name: &'static str,
    values: &'a [ColumnarValue],
    /// How many rows the result has.
    pub(crate) rows: usize,
    /// The type that the result has.
    pub(crate) returns: &'a DataType,
}

impl<'a> Args<'a> {
    pub(crate) fn new(name: &'static str, values: &'a [ColumnarValue], rows: usize, returns: &'a DataType) -> Self {
        Self { name, values, rows, returns }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Argument `i` for every row, as it is.
    pub(crate) fn array(&self, i: usize) -> Result<ArrayRef> {
        match &self.values[i] {
            ColumnarValue::Array(array) => Ok(array.clone()),
            ColumnarValue::Scalar(scalar) => scalar.to_array_of_size(self.rows),
        }
    }

    pub(crate) fn data_type(&self, i: usize) -> DataType {
        self.values[i].data_type()
    }

    /// Argument `i` cast to a type.
    pub(crate) fn cast(&self, i: usize, to: &DataType) -> Result<ArrayRef> {
        match &self.values[i] {
            ColumnarValue::Array(array) => cast(array, to, OnError::Raise),
            ColumnarValue::Scalar(scalar) => {
                let one = cast(&scalar.to_array()?, to, OnError::Raise)?;
                datafusion::common::ScalarValue::try_from_array(&one, 0)?.to_array_of_size(self.rows)
            }
        }
    }

    /// Argument `i` as numbers, dates or the like; a TIMESTAMP as its microseconds.
    pub(crate) fn primitive<T: ArrowPrimitiveType>(&self, i: usize) -> Result<PrimitiveArray<T>> {
        let to = match T::DATA_TYPE {
            DataType::Timestamp(_, _) => crate::types::timestamp(),
            other => other,
        };
        Ok(self.cast(i, &to)?.as_primitive::<T>().clone())
    }

    /// The value of argument `i` in a row, or a default where the call has no such argument.
    pub(crate) fn primitive_or<T: ArrowPrimitiveType>(&self, i: usize, default: T::Native) -> Result<PrimitiveArray<T>> {
        if i < self.len() {
            return self.primitive(i);
        }
        Ok(PrimitiveArray::from_value(default, self.rows))
    }

    /// Argument `i` as text.
    pub(crate) fn strings(&self, i: usize) -> Result<Strings> {
        match &self.values[i] {
            ColumnarValue::Array(array) => match array.data_type() {
                DataType::Utf8View => Ok(Strings::View(array.as_string_view().clone())),
                _ => Ok(Strings::Plain(cast(array, &DataType::Utf8, OnError::Raise)?.as_string::<i32>().clone())),
            },
            ColumnarValue::Scalar(scalar) => {
                let one = cast(&scalar.to_array()?, &DataType::Utf8, OnError::Raise)?;
                let one = one.as_string::<i32>();
                Ok(Strings::One(one.is_valid(0).then(|| one.value(0).to_owned())))
            }
        }
    }

    /// Argument `i` as lists.
    pub(crate) fn list(&self, i: usize) -> Result<ListArray> {
        let array = self.array(i)?;
        let field = match array.data_type() {
            DataType::List(f) | DataType::LargeList(f) | DataType::FixedSizeList(f, _) | DataType::ListView(f) => f.clone(),
            DataType::Null => Arc::new(datafusion::arrow::datatypes::Field::new_list_field(DataType::Null, true)),
            _ => return Err(self.wrong("takes an array")),
        };
        Ok(cast(&array, &DataType::List(field), OnError::Raise)?.as_list::<i32>().clone())
    }

    /// An error about the arguments.
    pub(crate) fn wrong(&self, reason: &str) -> DataFusionError {
        DataFusionError::Execution(format!("{} {reason}", self.name))
    }

    /// One string per row; `None` is NULL.
    pub(crate) fn to_strings(&self, f: impl Fn(usize) -> Result<Option<String>>) -> Result<ArrayRef> {
        let mut out = StringBuilder::with_capacity(self.rows, self.rows * 8);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish()))
    }

    /// One truth value per row; `None` is NULL.
    pub(crate) fn to_booleans(&self, f: impl Fn(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
        let mut out = BooleanBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        let out: BooleanArray = out.finish();
        Ok(Arc::new(out))
    }

    /// One number, date or the like per row; `None` is NULL.
    pub(crate) fn to_primitive<T: ArrowPrimitiveType>(&self, f: impl Fn(usize) -> Result<Option<T::Native>>) -> Result<ArrayRef> {
        let mut out = PrimitiveArray::<T>::builder(self.rows);
        for row in 0..self.rows {
            out.append_option(f(row)?);
        }
        Ok(Arc::new(out.finish().with_data_type(match T::DATA_TYPE {
            DataType::Timestamp(_, _) => crate::types::timestamp(),
            _ => self.returns.clone(),
        })))
    }
}

/// Texts by row.
pub(crate) enum Strings {
    Plain(StringArray),
    View(StringViewArray),
    /// The same for every row.
    One(Option<String>),
}

impl Strings {
    /// The text of a row; `None` is NULL.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::One(one) => one.as_deref(),
        }
    }
}
