//! Rows split by their partition values.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, SortField};

use super::super::value::{partition_text, percent_encode};
use super::super::{DeltaError, TablePath};

/// The values of one partition, outermost first; `None` is NULL.
pub(super) type Values = Vec<Option<String>>;

/// What Hive, and after it Delta, calls a folder of NULLs.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// The partition columns of a table: name, place in the table's schema, whether NULL is allowed.
pub(super) struct Partitioning(pub(super) Vec<(String, usize, bool)>);

impl Partitioning {
    /// The rows of each partition under its values, in the order of first appearance.
    /// The rows still have all columns.
    pub(super) fn split(&self, table: &TablePath, batch: &RecordBatch) -> Result<Vec<(Values, RecordBatch)>, DeltaError> {
        if self.0.is_empty() {
            return Ok(vec![(Vec::new(), batch.clone())]);
        }
        let fail = |column: &str, reason: &str| DeltaError::Rows {
            table: table.clone(),
            column: column.to_owned(),
            reason: reason.to_owned(),
        };
        let columns: Vec<ArrayRef> = self.0.iter().map(|(_, index, _)| batch.column(*index).clone()).collect();
        let types = columns.iter().map(|c| SortField::new(c.data_type().clone())).collect();
        let rows = RowConverter::new(types)
            .and_then(|converter| converter.convert_columns(&columns))
            .map_err(|_| fail("*", "the partition columns cannot be compared"))?;

        let all: Vec<_> = rows.iter().collect();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        // Mostly there is one partition: the day of arrival.
        let whole = all.windows(2).all(|pair| pair[0] == pair[1]);
        if whole {
            groups.push(vec![0]);
        }
        for (row, key) in (0_u32..).zip(&all).filter(|_| !whole) {
            let group = match known.entry(key.data()) {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(new) => {
                    groups.push(Vec::new());
                    *new.insert(groups.len() - 1)
                }
            };
            groups[group].push(row);
        }

        let mut split = Vec::with_capacity(groups.len());
        for members in groups {
            let first = members.first().map_or(0, |row| *row as usize);
            let mut values = Vec::with_capacity(self.0.len());
            for ((name, _, nullable), column) in self.0.iter().zip(&columns) {
                let value = partition_text(column, first).map_err(|reason| fail(name, reason))?;
                if value.is_none() && !nullable {
                    return Err(fail(name, "NULL, or an empty text, which Delta reads as NULL, in a column that is NOT NULL"));
                }
                values.push(value);
            }
            let rows = if whole {
                batch.clone()
            } else {
                take_record_batch(batch, &UInt32Array::from(members))
                    .map_err(|_| fail("*", "the rows cannot be split by partition"))?
            };
            split.push((values, rows));
        }
        Ok(split)
    }

    /// `col=value/…/` as it lies in the storage: each value encoded once. Empty without partition columns.
    pub(super) fn folder(&self, values: &[Option<String>]) -> String {
        let part = |((name, _, _), value): (&(String, usize, bool), &Option<String>)| {
            let value = value.as_deref().map_or_else(|| NULL_FOLDER.to_owned(), percent_encode);
            format!("{}={value}/", percent_encode(name))
        };
        self.0.iter().zip(values).map(part).collect()
    }

    /// As `add.partitionValues` has them.
    pub(super) fn values(&self, values: &[Option<String>]) -> BTreeMap<String, Option<String>> {
        self.0.iter().map(|(name, _, _)| name.clone()).zip(values.iter().cloned()).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int32Array, StringArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn batch(values: Vec<Option<&str>>) -> RecordBatch {
        let ids = Int32Array::from_iter_values(0..i32::try_from(values.len()).unwrap());
        let columns: Vec<(&str, ArrayRef, bool)> =
            vec![("id", Arc::new(ids), false), ("p", Arc::new(StringArray::from(values)), true)];
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    #[test]
    fn each_value_gets_its_rows_in_order() {
        let by = Partitioning(vec![("p".to_owned(), 1, true)]);
        let split = by.split(&"t".into(), &batch(vec![Some("a"), None, Some("b/ü"), Some("a")])).unwrap();
        let ids = |i: usize| split[i].1.column(0).as_primitive::<Int32Type>().values().to_vec();
        assert_eq!(
            split.iter().map(|(v, _)| by.folder(v)).collect::<Vec<_>>(),
            ["p=a/", "p=__HIVE_DEFAULT_PARTITION__/", "p=b%2F%C3%BC/"]
        );
        assert_eq!((ids(0), ids(1), ids(2)), (vec![0, 3], vec![1], vec![2]));
    }

    #[test]
    fn empty_text_is_null_and_refused_where_null_is() {
        let nullable = Partitioning(vec![("p".to_owned(), 1, true)]);
        assert_eq!(nullable.split(&"t".into(), &batch(vec![Some("")])).unwrap()[0].0, [None]);
        let not_null = Partitioning(vec![("p".to_owned(), 1, false)]);
        assert!(not_null.split(&"t".into(), &batch(vec![Some("")])).is_err());
    }
}
