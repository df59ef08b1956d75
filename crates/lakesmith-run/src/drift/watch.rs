//! Looks at rows on their way into a bronze table: which columns have values, and what was rescued, by column.

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType as Arrow, FieldRef, SchemaRef};
use arrow::record_batch::RecordBatch;
use lakesmith_connect::{RESCUED_DATA, source_name};
use lakesmith_engine::{entries, object, spark_type};
use lakesmith_sql::DataType;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What stands in `_rescued_data` beside values of columns: a line that is no row, fields beyond the header.
const NO_COLUMN: [&str; 2] = ["_corrupt_record", "_extra"];

/// So many names of what has no column are kept: where names are values, such as ids as keys of an object, there is no end of
/// them.
pub(crate) const MOST_NAMES: usize = 100;

/// A look at the rows of one batch.
#[derive(Clone)]
pub(crate) struct Watch {
    data: SchemaRef,
    /// Columns and fields by their places in the source, in small letters.
    known: Arc<HashMap<String, (String, DataType)>>,
    /// Whether the format has no types, so that every value is a text.
    texts: bool,
    /// Whether values that have no column are left out.
    leaves_out: bool,
    seen: Arc<Mutex<Seen>>,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Rows.
    pub(crate) rows: u64,
    /// Rows of which something is kept in `_rescued_data`.
    pub(crate) rescued: u64,
    /// The data columns that have a value in some row.
    pub(crate) present: Vec<String>,
    /// Columns with values that do not fit their type: how many, the type, and what they look like.
    pub(crate) unfit: BTreeMap<String, (u64, DataType, Looks)>,
    /// What has no column: how many values, and what they look like.
    pub(crate) unknown: BTreeMap<String, (u64, Looks)>,
    /// How many values have no column and another name than the first [`MOST_NAMES`].
    pub(crate) further: u64,
}

impl Watch {
    /// Over rows of the columns `data`.
    pub(crate) fn new(data: &SchemaRef, texts: bool, leaves_out: bool) -> Watch {
        let mut known = HashMap::new();
        for field in data.fields() {
            places(field, "", "", &mut known);
        }
        Watch { data: data.clone(), known: Arc::new(known), texts, leaves_out, seen: Arc::default() }
    }

    /// Takes note of the rows, and leaves out what is to be left out.
    pub(crate) fn see(&self, batch: RecordBatch) -> RecordBatch {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.rows += batch.num_rows() as u64;
        for field in self.data.fields() {
            let has = batch.column_by_name(field.name()).is_some_and(|column| column.null_count() < column.len());
            if has && !seen.present.contains(field.name()) {
                seen.present.push(field.name().clone());
            }
        }
        let Some((at, _)) = batch.schema_ref().column_with_name(RESCUED_DATA) else { return batch };
        let texts = batch.column(at).as_string::<i32>();
        if texts.null_count() == texts.len() {
            return batch;
        }
        let mut left = StringBuilder::new();
        let mut changed = false;
        for text in texts {
            let Some(mut found) = text.and_then(entries) else {
                seen.rescued += u64::from(text.is_some());
                left.append_option(text);
                continue;
            };
            let before = found.len();
            found.retain(|(place, value)| self.keeps(place, value.get(), &mut seen));
            changed |= found.len() < before;
            let rest = if found.len() < before { object(&found) } else { text.map(str::to_owned) };
            seen.rescued += u64::from(rest.is_some());
            left.append_option(rest);
        }
        if !changed {
            return batch;
        }
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns[at] = Arc::new(left.finish());
        RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch)
    }

    /// Takes note of a rescued value; whether it stays where it is.
    fn keeps(&self, place: &str, value: &str, seen: &mut Seen) -> bool {
        let place = plain(place);
        let twice = place.rsplit_once('#').filter(|(_, n)| n.parse::<u32>().is_ok()).map(|(place, _)| place);
        if NO_COLUMN.contains(&twice.unwrap_or(&place))
            || twice.is_some_and(|place| self.known.contains_key(&place.to_lowercase()))
        {
            return true;
        }
        match self.known.get(&place.to_lowercase()) {
            Some((column, ty)) => {
                let (count, _, looks) = seen.unfit.entry(column.clone()).or_insert_with(|| (0, ty.clone(), Looks::default()));
                *count += 1;
                looks.see(value, self.texts);
                true
            }
            None => {
                if seen.unknown.len() < MOST_NAMES || seen.unknown.contains_key(&place) {
                    let (count, looks) = seen.unknown.entry(place).or_default();
                    *count += 1;
                    looks.see(value, self.texts);
                } else {
                    seen.further += 1;
                }
                !self.leaves_out
            }
        }
    }

    /// What was seen, once all rows have passed.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn places(field: &FieldRef, source: &str, path: &str, known: &mut HashMap<String, (String, DataType)>) {
    let joined = |parent: &str, name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
    let (source, path) = (joined(source, source_name(field)), joined(path, field.name()));
    let mut ty = field.data_type();
    while let Arrow::List(element) = ty {
        ty = element.data_type();
    }
    if let Arrow::Struct(fields) = ty {
        fields.iter().for_each(|field| places(field, &source, &path, known));
    }
    known.insert(source.to_lowercase(), (path, spark_type(field.data_type())));
}

/// A place without the numbers of elements: `Lines[2].Qty` is `Lines.Qty`.
fn plain(place: &str) -> String {
    let mut out = String::with_capacity(place.len());
    let mut rest = place;
    while let Some(start) = rest.find('[') {
        out.push_str(&rest[..start]);
        let end = rest[start..].find(']').filter(|end| rest[start + 1..start + end].bytes().all(|b| b.is_ascii_digit()));
        match end {
            Some(end) => rest = &rest[start + end + 1..],
            None => {
                out.push('[');
                rest = &rest[start + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// What values look like: the type that would hold them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    booleans: bool,
    wholes: bool,
    fractions: bool,
    /// Whole numbers that a DOUBLE would round.
    wide: bool,
    instants: bool,
    texts: bool,
    /// Digits before and after the point.
    digits: (u8, u8),
}

impl Looks {
    fn see(&mut self, json: &str, texts: bool) {
        let text = if json.starts_with('"') { serde_json::from_str::<String>(json).ok() } else { None };
        match text {
            Some(text) if texts => self.see_text(&text),
            Some(text) if instant(&text) => self.instants = true,
            Some(_) => self.texts = true,
            None => self.see_text(json),
        }
    }

    fn see_text(&mut self, text: &str) {
        if matches!(text, "true" | "false") {
            self.booleans = true;
        } else if let Some(number) = text.parse::<i64>().ok().filter(|number| number.to_string() == text) {
            self.wholes = true;
            self.wide |= (number as f64) as i128 != i128::from(number);
            self.count(text);
        } else if is_fraction(text) {
            self.fractions = true;
            self.count(text);
        } else if instant(text) {
            self.instants = true;
        } else {
            self.texts = true;
        }
    }

    fn count(&mut self, number: &str) {
        let (whole, fraction) = number.trim_start_matches('-').split_once('.').unwrap_or((number.trim_start_matches('-'), ""));
        let digits = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        self.digits = (self.digits.0.max(digits(whole)), self.digits.1.max(digits(fraction)));
    }

    /// The type for these values and those that a column of type `held` has.
    pub(crate) fn ty(&self, held: Option<&DataType>) -> DataType {
        let numbers = self.wholes || self.fractions;
        let one = [self.booleans, numbers, self.instants, self.texts].iter().filter(|is| **is).count() == 1;
        let fits_held = match held {
            None => true,
            Some(DataType::Boolean) => self.booleans,
            Some(DataType::Date | DataType::Timestamp) => self.instants,
            Some(ty) if ty.is_numeric() => numbers,
            Some(_) => false,
        };
        if !one || !fits_held || self.texts {
            return DataType::String;
        }
        match held {
            Some(DataType::Decimal { precision, scale }) => {
                let whole = self.digits.0.max(precision.saturating_sub(*scale));
                let scale = self.digits.1.max(*scale);
                DataType::decimal(whole.saturating_add(scale), scale)
            }
            _ if self.booleans => DataType::Boolean,
            _ if self.instants => DataType::Timestamp,
            _ if self.fractions && self.wide => DataType::String,
            Some(DataType::Double | DataType::Float) if self.wide => DataType::String,
            Some(DataType::Float) => DataType::Double,
            _ if self.fractions || held == Some(&DataType::Double) => DataType::Double,
            _ => DataType::BigInt,
        }
    }
}

/// Whether a text is a number with a fraction, written as a DOUBLE is.
fn is_fraction(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let zeros = text.trim_start_matches('-').starts_with('0') && !text.trim_start_matches('-').starts_with("0.");
    text.chars().all(number)
        && text.contains(['.', 'e', 'E'])
        && !text.starts_with(['+', '.'])
        && !text.ends_with('.')
        && !zeros
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether a text is a date with a time.
fn instant(text: &str) -> bool {
    let Some(start) = text.get(..19) else { return false };
    let start = start.replacen('T', " ", 1);
    chrono::NaiveDateTime::parse_from_str(&start, "%Y-%m-%d %H:%M:%S").is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{Field, Schema};

    fn looks(values: &[&str], texts: bool, held: Option<DataType>) -> String {
        let mut looks = Looks::default();
        values.iter().for_each(|value| looks.see(value, texts));
        looks.ty(held.as_ref()).to_string()
    }

    #[test]
    fn the_type_that_holds_old_and_new_values() {
        let big = Some(DataType::BigInt);
        for (values, texts, held, ty) in [
            (&["1.5", "2"][..], false, big.clone(), "DOUBLE"),
            (&["\"1.5\""], true, big.clone(), "DOUBLE"),
            (&["\"1.5\""], false, big.clone(), "STRING"),
            (&["\"007\""], true, big.clone(), "STRING"),
            (&["true"], false, big.clone(), "STRING"),
            (&["true"], false, None, "BOOLEAN"),
            (&["1.5", "9007199254740993"], false, None, "STRING"),
            (&["3000000000"], false, Some(DataType::Int), "BIGINT"),
            (&["1234.565"], false, Some(DataType::decimal(5, 2)), "DECIMAL(7,3)"),
            (&["\"2024-03-01T08:00:00Z\""], false, Some(DataType::Date), "TIMESTAMP"),
            (&["\"x\"", "1"], false, None, "STRING"),
            (&["[1]"], false, None, "STRING"),
        ] {
            assert_eq!(looks(values, texts, held), ty, "{values:?}");
        }
    }

    #[test]
    fn names_without_end_are_counted() {
        let data: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", Arrow::Int64, true)]));
        let schema = Arc::new(Schema::new(vec![Field::new(RESCUED_DATA, Arrow::Utf8, true)]));
        let texts: Vec<String> = (0..1000).map(|id| format!("{{\"orders.{id}\":1,\"orders.7\":2}}")).collect();
        let batch = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(texts))]).unwrap();
        let watch = Watch::new(&data, false, false);
        watch.see(batch);
        let seen = watch.seen();
        assert_eq!((seen.unknown.len(), seen.rescued), (MOST_NAMES, 1000));
        let known: u64 = seen.unknown.values().map(|(count, _)| count).sum();
        assert_eq!(known + seen.further, 2000);
        assert_eq!(seen.unknown["orders.7"].0, 1001);
    }

    #[test]
    fn rescued_values_are_told_by_column_and_left_out_if_they_have_none() {
        let line = Arrow::Struct(vec![Field::new("Qty", Arrow::Int64, true)].into());
        let lines = Arrow::List(Arc::new(Field::new("element", line, true)));
        let data: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", Arrow::Int64, true), Field::new("Lines", lines, true)]));
        let schema =
            Arc::new(Schema::new(vec![Field::new("n", Arrow::Int64, true), Field::new(RESCUED_DATA, Arrow::Utf8, true)]));
        let texts = [r#"{"n":"x","new":1,"Lines[3].Qty":2.5}"#, r#"{"new":2}"#, r#"{"_corrupt_record":"{","n#2":4}"#];
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(vec![None, Some(1), None])), Arc::new(StringArray::from(texts.to_vec()))];
        let batch = RecordBatch::try_new(schema, columns).unwrap();
        for (leaves_out, left) in
            [(false, texts.map(Some).to_vec()), (true, vec![Some(r#"{"n":"x","Lines[3].Qty":2.5}"#), None, Some(texts[2])])]
        {
            let watch = Watch::new(&data, false, leaves_out);
            let batch = watch.see(batch.clone());
            assert_eq!(batch.column(1).as_string::<i32>().iter().collect::<Vec<_>>(), left);
            let seen = watch.seen();
            assert_eq!(seen.present, ["n"]);
            let unfit: Vec<_> = seen.unfit.iter().map(|(name, (count, ..))| (name.as_str(), *count)).collect();
            assert_eq!(unfit, [("Lines.Qty", 1), ("n", 1)]);
            assert_eq!(seen.unknown.iter().map(|(name, (count, _))| (name.as_str(), *count)).collect::<Vec<_>>(), [("new", 2)]);
        }
    }
}
