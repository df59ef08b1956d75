//! What a sample of rows shows of its columns.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use lakesmith_compile::TableName;
use lakesmith_run::{Lake, RunError};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are looked at.
const ROWS: usize = 5_000;
/// The share of rows that may lack a key, which are the bad ones then.
const KEYLESS: f64 = 0.1;
/// The share of values that may be of another form than the rest, because they are bad.
const MISFITS: f64 = 0.05;
/// The share of rows that may repeat another state exactly, because a source sent it twice.
const REPEATED: f64 = 0.1;

/// Rows of a table, as text. Values of nested columns are not kept, only whether there are some.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// How many rows it has.
    pub(super) rows: usize,
    /// Files that could not be read, each with the reason.
    pub(super) unreadable: Vec<(String, String)>,
    columns: BTreeMap<String, Vec<Option<String>>>,
}

impl Sample {
    /// Of a bronze table.
    pub(super) async fn of(lake: &Lake, table: &TableName) -> Result<Sample, RunError> {
        Sample::up_to(lake, table, ROWS).await
    }

    /// Of at most so many rows, and not of many.
    pub(super) async fn up_to(lake: &Lake, table: &TableName, rows: usize) -> Result<Sample, RunError> {
        let sampled = lake.sample(table, rows.min(ROWS)).await?;
        Ok(Sample { unreadable: sampled.unreadable, ..Sample::of_batches(&sampled.batches) })
    }

    fn of_batches(batches: &[RecordBatch]) -> Sample {
        let mut sample = Sample::default();
        for batch in batches {
            sample.rows += batch.num_rows();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                let nested = field.data_type().is_nested();
                let value = |row: usize| match (column.is_null(row), nested) {
                    (true, _) => None,
                    (false, true) => Some(String::new()),
                    (false, false) => array_value_to_string(column.as_ref(), row).ok(),
                };
                sample.columns.entry(field.name().clone()).or_default().extend((0..batch.num_rows()).map(value));
            }
        }
        sample
    }

    /// The values of a column that are there.
    pub(super) fn values(&self, column: &str) -> impl Iterator<Item = &str> {
        self.columns.get(column).into_iter().flatten().flatten().map(String::as_str)
    }

    /// Whether the column has values, and all of them are so.
    pub(super) fn all(&self, column: &str, is: impl Fn(&str) -> bool) -> bool {
        self.values(column).next().is_some() && self.values(column).all(is)
    }

    /// How many values are not so, where nearly all are: what is typed as most of it looks sends the rest to the quarantine.
    pub(super) fn misfits(&self, column: &str, is: impl Fn(&str) -> bool) -> Option<usize> {
        let (all, misfits) = (self.values(column).count(), self.values(column).filter(|value| !is(value)).count());
        (all > 0 && misfits as f64 <= all as f64 * MISFITS).then_some(misfits)
    }

    /// Whether the columns together tell all rows apart, but for few that lack one of them.
    pub(super) fn is_unique(&self, columns: &[&str]) -> bool {
        self.distinct(columns).is_some_and(|(distinct, rows)| distinct == rows)
    }

    /// The same, but for few rows that are there twice.
    pub(super) fn is_almost_unique(&self, columns: &[&str]) -> bool {
        self.distinct(columns).is_some_and(|(distinct, rows)| distinct as f64 >= rows as f64 * (1.0 - REPEATED))
    }

    /// How many values there are, in how many rows that lack none of the columns; none if many rows lack one.
    fn distinct(&self, columns: &[&str]) -> Option<(usize, usize)> {
        let columns: Vec<&Vec<Option<String>>> = columns.iter().map(|column| self.columns.get(*column)).collect::<Option<_>>()?;
        let row = |row: usize| columns.iter().map(|column| column.get(row)?.as_deref()).collect::<Option<Vec<&str>>>();
        let rows: Vec<Vec<&str>> = (0..self.rows).filter_map(row).collect();
        let enough = !rows.is_empty() && rows.len() as f64 >= self.rows as f64 * (1.0 - KEYLESS);
        let distinct: BTreeSet<&Vec<&str>> = rows.iter().collect();
        enough.then_some((distinct.len(), rows.len()))
    }
}

/// Whether it is a day such as `2025-01-31`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Whether it is an instant such as `2025-01-31 23:59:59`, with or without `T`, fraction and zone.
pub(super) fn is_timestamp(text: &str) -> bool {
    let spaced = text.replacen('T', " ", 1);
    text.len() >= 19
        && text.is_ascii()
        && (NaiveDateTime::parse_from_str(&spaced, "%Y-%m-%d %H:%M:%S%.f").is_ok()
            || DateTime::parse_from_rfc3339(&spaced.replacen(' ', "T", 1)).is_ok())
}

/// The Spark pattern that all of these days are written in; none if there is no such pattern, or several.
pub(super) fn date_pattern<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    let fit = |pattern: &str| texts.clone().all(|text| text.len() == 10 && NaiveDate::parse_from_str(text, pattern).is_ok());
    let patterns =
        [("%d.%m.%Y", "dd.MM.yyyy"), ("%d/%m/%Y", "dd/MM/yyyy"), ("%m/%d/%Y", "MM/dd/yyyy"), ("%d-%m-%Y", "dd-MM-yyyy")];
    texts.clone().next()?;
    let mut found = patterns.iter().filter(|(pattern, _)| fit(pattern)).map(|(_, spark)| *spark);
    found.next().filter(|_| found.next().is_none())
}

/// Whether it is a number of at most two digits behind the point.
pub(super) fn has_cents(text: &str) -> bool {
    match text.split_once('.') {
        None => true,
        Some((_, fraction)) => fraction.len() <= 2 && fraction.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    fn sample(ids: Vec<Option<&str>>, lines: Vec<i64>) -> Sample {
        let columns: [(&str, ArrayRef); 2] =
            [("id", Arc::new(StringArray::from(ids))), ("line", Arc::new(Int64Array::from(lines)))];
        Sample::of_batches(&[RecordBatch::try_from_iter(columns).unwrap()])
    }

    #[test]
    fn keys_are_told_by_their_values() {
        let found = sample(vec![Some("a"), Some("a"), Some("b")], vec![1, 2, 1]);
        assert!(!found.is_unique(&["id"]) && !found.is_unique(&["line"]) && found.is_unique(&["id", "line"]));
        assert!(!found.is_almost_unique(&["id"]) && !found.is_unique(&["other"]));
        assert_eq!((found.rows, found.values("line").collect::<Vec<_>>()), (3, vec!["1", "2", "1"]));
        // One row in ten without a key is a bad row, one in two means that it is no key.
        let many =
            |n: usize| (0..10).map(|i| (i >= n).then_some(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"][i])).collect();
        assert!(sample(many(1), (0..10).collect()).is_unique(&["id"]));
        assert!(!sample(many(5), (0..10).collect()).is_unique(&["id"]));
        assert!(!Sample::default().is_unique(&["id"]));
    }

    #[test]
    fn times_are_told_by_their_form() {
        assert!(is_date("2025-01-31") && !is_date("2025-02-31") && !is_date("2025-1-3"));
        for text in ["2025-01-31 23:59:59", "2025-01-31T23:59:59Z", "2025-01-31T23:59:59.123+02:00", "2025-01-31 23:59:59.5"] {
            assert!(is_timestamp(text), "{text}");
        }
        assert!(!is_timestamp("2025-01-31") && !is_timestamp("yesterday at some time"));
        assert_eq!(date_pattern(["31.01.2025"].into_iter()), Some("dd.MM.yyyy"));
        assert_eq!(date_pattern(["01/02/2025", "01/31/2025"].into_iter()), Some("MM/dd/yyyy"));
        assert_eq!(date_pattern(["01/02/2025"].into_iter()), None, "a day or a month");
        assert_eq!(date_pattern(std::iter::empty()), None);
        assert!(has_cents("10.50") && has_cents("7") && !has_cents("0.125") && !has_cents("1.5e300"));
    }
}
