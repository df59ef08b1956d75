//! The rows of a JSON file into columns.

use std::ops::Range;

use arrow::datatypes::Schema;

use super::straight::{Straight, Unusual};
use super::tape::{Document, Kind, Tape};
use crate::column::{Column, Keys, Slot};
use crate::content::TextPiece;
use crate::format::Stop;
use crate::format::elements::ElementDecoder;
use crate::format::lines::LineDecoder;
use crate::rescue::{Place, Rescue};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps a line that is no JSON object.
const CORRUPT_RECORD: &str = "_corrupt_record";

/// Decodes the rows of one file.
#[derive(Debug)]
pub(super) struct JsonDecoder {
    keys: Keys,
}

impl JsonDecoder {
    /// A decoder into the columns of `schema`.
    pub(super) fn new(schema: &Schema) -> JsonDecoder {
        JsonDecoder { keys: Keys::new(schema.fields()) }
    }
}

impl LineDecoder for JsonDecoder {
    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        self.decode_at(Pace::default(), piece, rows)
    }
}

impl JsonDecoder {
    fn decode_at(&self, pace: Pace, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        let text = piece.text.as_str();
        let (mut straight, mut row) = (Straight::new(text), Row::new(&self.keys, pace));
        let mut at = 0;
        while at < text.len() && !rows.is_full() {
            let start = at + blanks(&text.as_bytes()[at..]);
            let is_object = text.as_bytes().get(start) == Some(&b'{');
            if is_object && let Some(end) = row.try_straight(rows, |keys, columns| straight.line(start, keys, columns)) {
                rows.end_row_of(piece, at..end)?;
                at = end;
                continue;
            }
            let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline + 1);
            let json = text[at..end].trim_matches([' ', '\t', '\r', '\n']);
            if !json.is_empty() {
                row.parse(json, rows);
                rows.end_row_of(piece, at..end)?;
            }
            at = end;
        }
        if rows.is_full() {
            rows.stop(at);
        }
        Ok(())
    }
}

impl ElementDecoder for JsonDecoder {
    fn decode(&self, piece: &TextPiece, found: &[Range<usize>], rows: &mut Rows) -> Result<(), Stop> {
        let mut row = Row::new(&self.keys, Pace::default());
        for range in found {
            let json = &piece.text[range.clone()];
            if row.try_straight(rows, |keys, columns| Straight::new(json).whole(keys, columns)).is_none() {
                row.parse(json, rows);
            }
            rows.end_row_of(piece, range.clone())?;
        }
        Ok(())
    }
}

/// The length of the blanks at the start of a line.
fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count()
}

/// Whether rows are tried the straight way: where most are unusual, that is time lost.
#[derive(Debug, Default)]
struct Pace {
    /// Unusual rows one after the other.
    wrong: u32,
    /// Rows that are not tried.
    wait: u32,
}

impl Pace {
    /// Unusual rows after which no more are tried for a while.
    const PATIENCE: u32 = 8;
    /// Rows until the next is tried.
    const PAUSE: u32 = 256;

    fn is_straight(&mut self) -> bool {
        let now = self.wait == 0;
        self.wait = self.wait.saturating_sub(1);
        now
    }

    fn went_straight(&mut self) {
        self.wrong = 0;
    }

    fn went_wrong(&mut self) {
        self.wrong += 1;
        if self.wrong >= Pace::PATIENCE {
            self.wait = Pace::PAUSE;
        }
    }
}

/// Room for one row after another.
struct Row {
    keys: Keys,
    tape: Tape,
    pace: Pace,
}

impl Row {
    fn new(keys: &Keys, pace: Pace) -> Row {
        Row { keys: keys.clone(), tape: Tape::default(), pace }
    }

    /// Lets `read` give each column its value. `None` if the row is unusual, or not tried: no column has a value then.
    #[inline]
    fn try_straight<T>(
        &mut self,
        rows: &mut Rows,
        read: impl FnOnce(&mut Keys, &mut [Column]) -> Result<T, Unusual>,
    ) -> Option<T> {
        if !self.pace.is_straight() {
            return None;
        }
        match read(&mut self.keys, &mut rows.columns) {
            Ok(read) => {
                self.pace.went_straight();
                Some(read)
            }
            Err(Unusual) => {
                self.pace.went_wrong();
                rows.undo_row();
                None
            }
        }
    }

    /// Gives each column its value of the object that `json` is, and keeps what does not fit.
    fn parse(&mut self, json: &str, rows: &mut Rows) {
        match self.tape.parse(json) {
            Ok(document) if document.kind(0) == Kind::Object => {
                fields(&mut self.keys, &mut rows.columns, document, 0, None, &mut rows.rescue);
            }
            _ => {
                rows.columns.iter_mut().for_each(Column::append_null);
                rows.rescue.keep_text(CORRUPT_RECORD, json);
            }
        }
    }
}

/// Gives each of `columns` its value of the object at `node`, and keeps what has no column.
///
/// The exact name wins over one that differs in case; of equal names the last wins. The losers are kept.
fn fields(
    keys: &mut Keys,
    columns: &mut [Column],
    document: Document<'_>,
    node: usize,
    place: Option<&Place<'_>>,
    rescue: &mut Rescue,
) {
    keys.slots.fill(None);
    let mut expected = 0;
    for (key, value) in document.entries(node) {
        let name = document.key(key);
        let Some((field, exact)) = keys.find(&name, expected) else {
            keep(document, &name, value, place, rescue);
            continue;
        };
        expected = field + 1;
        let slot = Slot { key, value, exact };
        let loser = match keys.slots[field] {
            Some(former) if former.exact && !exact => Some(slot),
            former => {
                keys.slots[field] = Some(slot);
                former
            }
        };
        if let Some(loser) = loser {
            keep(document, &document.key(loser.key), loser.value, place, rescue);
        }
    }
    for (index, column) in columns.iter_mut().enumerate() {
        match keys.slots[index] {
            Some(slot) => append(column, document, slot.value, &step(place, keys.name(index)), rescue),
            None => column.append_null(),
        }
    }
}

/// Appends the value at `node` to `column`. What does not fit is NULL there and kept.
fn append(column: &mut Column, document: Document<'_>, node: usize, place: &Place<'_>, rescue: &mut Rescue) {
    let kind = document.kind(node);
    let fits = match (column, kind) {
        (column, Kind::Null) => {
            column.append_null();
            true
        }
        (Column::Scalar(scalar), _) => match kind {
            Kind::True | Kind::False => scalar.append_boolean(kind == Kind::True),
            Kind::Number => scalar.append_number(document.raw(node)),
            Kind::Array | Kind::Object => scalar.append_nested(document.raw(node)),
            _ => match document.string(node) {
                Some(text) => scalar.append_string(&text),
                None => {
                    scalar.append_null();
                    false
                }
            },
        },
        (Column::List(list), Kind::Array) => {
            for (index, element) in document.children(node).enumerate() {
                append(&mut list.elements, document, element, &Place::Element(place, index), rescue);
                list.count_element();
            }
            list.end(true);
            true
        }
        (Column::Struct(structure), Kind::Object) => {
            fields(&mut structure.keys, &mut structure.children, document, node, Some(place), rescue);
            structure.end();
            true
        }
        (column, _) => {
            column.append_null();
            false
        }
    };
    if !fits {
        rescue.keep_json(&place.to_string(), document.raw(node));
    }
}

/// Keeps a value that no column takes, under the source's name. A null says nothing and is not kept.
fn keep(document: Document<'_>, name: &str, value: usize, place: Option<&Place<'_>>, rescue: &mut Rescue) {
    if document.kind(value) != Kind::Null {
        rescue.keep_json(&step(place, name).to_string(), document.raw(value));
    }
}

fn step<'a>(parent: Option<&'a Place<'a>>, name: &'a str) -> Place<'a> {
    match parent {
        Some(parent) => Place::Field(parent, name),
        None => Place::Column(name),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
    use arrow::record_batch::RecordBatch;
    use proptest::prelude::*;

    use super::*;
    use crate::column::Hints;

    fn schema() -> Schema {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let line: Fields = [field("n", DataType::Int32), field("t", DataType::Utf8)].into_iter().collect();
        let stamp = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Schema::new(vec![
            field("a", DataType::Int64),
            field("b", DataType::Float64),
            field("t", DataType::Utf8),
            field("ok", DataType::Boolean),
            field("A", DataType::Decimal128(5, 2)),
            field("at", stamp),
            field("s", DataType::Struct(line.clone())),
            field("l", DataType::List(Arc::new(field("element", DataType::Struct(line))))),
            field("w", DataType::List(Arc::new(field("element", DataType::Int8)))),
        ])
    }

    fn decode(pace: Pace, text: &str) -> (Vec<RecordBatch>, u64) {
        let schema = schema();
        let mut rows = Rows::new(&schema, Column::for_schema(&schema, &Hints::new(&[])).unwrap());
        JsonDecoder::new(&schema).decode_at(pace, &TextPiece::from(text.to_owned()), &mut rows).unwrap();
        let decoded = rows.finish().unwrap();
        (decoded.batches, decoded.rescued_rows)
    }

    /// JSON whose keys and values mostly fit the columns.
    fn value() -> impl Strategy<Value = String> {
        let text = prop_oneof!["[a-zü \\PC]{0,12}", Just("2024-02-29 12:00:00".to_owned()), Just("\u{1}\"\\\n😀".to_owned())];
        let leaf = prop_oneof![
            4 => "-?(0|[1-9][0-9]{0,3})",
            1 => "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            2 => text.prop_map(|text| serde_json::to_string(&text).unwrap()),
            2 => prop_oneof![Just("true"), Just("false"), Just("null"), Just("\"\\ud83d\""), Just("\"\\u00fc\"")].prop_map(str::to_owned),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = prop_oneof![8 => "[abtAnslw]", 2 => Just("ok".to_owned()), 2 => Just("at".to_owned()), 1 => "[BOx\\\\]{1,2}"];
            let entry = (key, inner.clone()).prop_map(|(key, value)| format!("{}:{value}", serde_json::to_string(&key).unwrap()));
            let blank = prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\t")];
            prop_oneof![
                2 => (proptest::collection::vec(entry, 0..6), blank).prop_map(|(entries, blank)| format!("{{{blank}{}{blank}}}", entries.join(&format!("{blank},{blank}")))),
                1 => proptest::collection::vec(inner, 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// What goes straight into columns is what the long way gives.
        #[test]
        fn both_ways_give_the_same_rows(lines in proptest::collection::vec(value(), 1..5)) {
            let text = lines.join("\n");
            prop_assert_eq!(decode(Pace::default(), &text), decode(Pace { wrong: 0, wait: u32::MAX }, &text));
        }

        /// Also where the text is broken somewhere.
        #[test]
        fn both_ways_refuse_the_same_lines(line in value(), at in 0..200_usize, broken in "[\\[\\]{}:,\"\\\\0-9a-z \n\r]") {
            let mut text = line;
            let at = (0..=text.len()).rev().find(|place| *place <= at && text.is_char_boundary(*place)).unwrap_or(0);
            text.insert_str(at, &broken);
            let text = format!("{{\"a\":1,\"s\":{{\"n\":2}}}}\n{text}\n{{\"w\":[1]}}");
            prop_assert_eq!(decode(Pace::default(), &text), decode(Pace { wrong: 0, wait: u32::MAX }, &text));
        }
    }

    /// A key order that is not that of the columns, and columns that are missing, are nothing unusual.
    #[test]
    fn any_order_of_keys_goes_straight() {
        let line = r#"{"t":"x","s":{"t":"y","n":1},"l":[{"n":2},{"t":"z"},null,{}],"w":[],"b":1.5,"a":-7}"#;
        let schema = schema();
        let mut columns = Column::for_schema(&schema, &Hints::new(&[])).unwrap();
        let mut keys = Keys::new(schema.fields());
        let text = format!("{line}\n{line}");
        let mut straight = Straight::new(&text);
        let first = straight.line(0, &mut keys, &mut columns).unwrap();
        assert_eq!((first, straight.line(first, &mut keys, &mut columns).unwrap()), (line.len() + 1, text.len()));
        for unusual in
            [r#"{"a":1,"a":2}"#, r#"{"a":1.5}"#, r#"{"x":1}"#, r#"{"w":[1,]}"#, r#"{"a":1} x"#, r#"{"ok":1}"#, "{\"a\":\n1}"]
        {
            assert!(Straight::new(unusual).line(0, &mut keys, &mut columns).is_err(), "{unusual}");
        }
    }
}
