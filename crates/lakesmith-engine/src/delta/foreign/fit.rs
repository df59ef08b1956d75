//! Rows as the kernel gives them, brought to the types that our tables keep.
//!
//! Structs, lists and maps are taken apart by position, so that a field may have another name here than there. Fields that a
//! struct lacks at its end are NULL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field};

/// `array` as `to`.
///
/// # Errors
/// Why it cannot be, without a value.
pub fn fit(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    match (array.data_type(), to) {
        (DataType::Struct(from), DataType::Struct(fields)) if from.len() <= fields.len() => {
            let whole = array.as_struct();
            let given = whole.columns().iter().zip(fields).map(|(column, field)| fit(column, field.data_type()));
            let lacking = fields.iter().skip(from.len()).map(|field| Ok(new_null_array(field.data_type(), whole.len())));
            let columns = given.chain(lacking).collect::<Result<Vec<_>, _>>()?;
            let made = StructArray::try_new_with_length(fields.clone(), columns, whole.nulls().cloned(), whole.len());
            Ok(Arc::new(made.map_err(|_| misfit(array, to))?))
        }
        (DataType::List(_), DataType::List(element)) => {
            let list = array.as_list::<i32>();
            let values = fit(list.values(), element.data_type())?;
            let made = ListArray::try_new(element.clone(), list.offsets().clone(), values, list.nulls().cloned());
            Ok(Arc::new(made.map_err(|_| misfit(array, to))?))
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let map = array.as_map();
            let pair = pair(entries).ok_or_else(|| misfit(array, to))?;
            let columns = vec![fit(map.keys(), pair[0].data_type())?, fit(map.values(), pair[1].data_type())?];
            let pairs = StructArray::try_new(pair.into(), columns, None).map_err(|_| misfit(array, to))?;
            let made = MapArray::try_new(entries.clone(), map.offsets().clone(), pairs, map.nulls().cloned(), *sorted);
            Ok(Arc::new(made.map_err(|_| misfit(array, to))?))
        }
        // A timestamp without a zone is taken for one in UTC: that is how arrow casts it.
        _ => {
            let options = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(array, to, &options).map_err(|_| misfit(array, to))
        }
    }
}

fn pair(entries: &Field) -> Option<Vec<Field>> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Some(fields.iter().map(|field| field.as_ref().clone()).collect()),
        _ => None,
    }
}

fn misfit(array: &ArrayRef, to: &DataType) -> String {
    format!("a value of type {} does not fit {to}", array.data_type())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::types::utc;
    use super::*;
    use arrow::array::{Int64Array, TimestampMicrosecondArray};
    use arrow::datatypes::{Fields, TimestampMicrosecondType};

    #[test]
    fn a_wall_clock_is_read_as_utc_and_fields_by_their_place() {
        let clock: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![Some(1_000_000), None]));
        let from = Fields::from(vec![Field::new("at time", clock.data_type().clone(), true)]);
        let whole: ArrayRef = Arc::new(StructArray::new(from, vec![clock], None));
        let to = DataType::Struct(vec![Field::new("at_time", utc(), true), Field::new("later", utc(), true)].into());
        let fitted = fit(&whole, &to).unwrap();
        assert_eq!(fitted.data_type(), &to);
        assert_eq!(fitted.as_struct().column(1).null_count(), 2);
        assert_eq!(fitted.as_struct().column(0).as_primitive::<TimestampMicrosecondType>().value(0), 1_000_000);
    }

    #[test]
    fn what_does_not_fit_is_said_without_its_value() {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![5_000_000_000]));
        let said = fit(&array, &DataType::Int32).unwrap_err();
        assert!(said.contains("Int64") && said.contains("Int32") && !said.contains("5000000000"), "{said}");
    }
}
