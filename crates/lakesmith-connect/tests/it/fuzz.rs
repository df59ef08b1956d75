//! Any bytes, read as any format of text: nothing panics, and what is reported is what there is.
//!
//! Inputs come from bolero: a moment of them at every change, a minute a test in the soak. What fails is printed, as small
//! as it could be made; put it into a page of `tests/cases/`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Fields, Int64Type, Schema, SchemaRef, TimeUnit};
use lakesmith_connect::{
    CsvOptions, FileRead, FileSource, FixedField, FixedWidthOptions, Format, JsonOptions, Notation, PathStep, RESCUED_DATA,
    SOURCE_POSITION, TextOptions, XmlOptions,
};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde_json::value::RawValue;

use crate::tier;

#[test]
fn f6_any_bytes_are_read_as_csv() {
    let long = CsvOptions { delimiter: "||".to_owned(), row_delimiter: Some("|\n".to_owned()), ..CsvOptions::default() };
    let other = CsvOptions { escape: Some(b'\\'), header: false, comment: Some(b'#'), skip_rows: 1, ..CsvOptions::default() };
    let formats = [CsvOptions::default(), long, other].map(Format::Csv);
    let words = "a,b,c\n|1|-2.5|1.234,5|,|,|\n|\r\n|\"|\"|\\|#|true|007|ü|||2024-01-02|31.12.2024|\0| |1e400";
    any_bytes(&formats, words);
}

#[test]
fn f7_any_bytes_are_read_as_json() {
    let path = |text: &str| text.split(' ').map(step).collect();
    let step_free = JsonOptions::default();
    let formats = [step_free, JsonOptions { rows_at: path("c *") }, JsonOptions { rows_at: path("* c * d *") }].map(Format::Json);
    let words = "{|}|[|]|\"|\\|\\u00|:|,|\n|\"a\":|\"c\":|\"d\":|{\"a\":1}|{\"a\":\"x\",\"c\":[{\"d\":1.5}]}\n|1|1e400|null|true|NaN|ü| |\0";
    any_bytes(&formats, words);
}

fn step(word: &str) -> PathStep {
    if word == "*" { PathStep::Elements } else { PathStep::Field(word.to_owned()) }
}

#[test]
fn f4_any_bytes_are_read_as_xml() {
    let formats =
        [XmlOptions::new("r"), XmlOptions::new("n:r"), XmlOptions { attribute_prefix: String::new(), ..XmlOptions::new("r") }];
    let words = "<r>|</r>|<r/>|<n:r>|</n:r>|<a>|</a>|<c>|</c>|<d/>| a='1'| c=\"|<r a='|'>|>|<|<!--|-->|<![CDATA[|]]>|<!DOCTYPE |[|&amp;|&x;|&#65;|&#0;|&|<?xml version='1.0' encoding='|'?>|1|x|ü|\n|\0";
    any_bytes(&formats.map(Format::Xml), words);
}

#[test]
fn f5_any_bytes_are_read_as_fixed_width() {
    let field = |name: &str, start, width| FixedField { name: name.to_owned(), start, width };
    let fields = vec![field("a", 1, 3), field("b", 3, 4), field("c", usize::MAX, usize::MAX), field("d", 10, 1)];
    let formats = [(true, 0), (false, 2)].map(|(trim, skip_rows)| FixedWidthOptions { fields: fields.clone(), trim, skip_rows });
    any_bytes(&formats.map(Format::FixedWidth), "1|22|x|ü| |   |\n|\r\n|\0|true|007|1,5");
}

#[test]
fn f5_any_bytes_are_read_as_text() {
    let formats = [false, true].map(|whole_file| Format::Text(TextOptions { whole_file }));
    any_bytes(&formats, "x|ü|\n|\r\n|\r|\0| ");
}

/// Tries bytes made of `words` (with `|` between them) and of any others.
fn any_bytes(formats: &[Format], words: &str) {
    let words: Vec<&[u8]> = words.split('|').map(|word| if word.is_empty() { b"|" } else { word.as_bytes() }).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let target = bolero::check!().with_max_len(120).with_shrink_time(Duration::from_secs(5));
    let time = Duration::from_millis(tier::of(300, 3_000, 60_000));
    target.with_test_time(time).for_each(|input: &[u8]| {
        let Some((first, rest)) = input.split_first() else { return };
        let word = |byte: &u8| words.get(usize::from(*byte) % (words.len() + 2)).map_or(vec![*byte], |word| word.to_vec());
        let bytes: Vec<u8> = rest.iter().flat_map(word).collect();
        let format = formats[usize::from(*first) % formats.len()].clone();
        runtime.block_on(check(&bytes, format, first % 2 == 0));
    });
}

/// Reads the bytes of a file into the columns that it seems to have, and into others.
pub(crate) async fn check(bytes: &[u8], format: Format, other_notation: bool) {
    let store = Arc::new(InMemory::new());
    store.put(&Path::from("in/a"), bytes.to_vec().into()).await.unwrap();
    let mut source = FileSource::new(store, Path::from("in"), "*", format);
    if other_notation {
        let (date, timestamp) = ("dd.MM.yyyy".parse().ok(), "d.M.yy HH:mm".parse().ok());
        source.notation = Notation { decimal: Some(','), thousands: Some('.'), date, timestamp };
    }
    let files = source.list().await.unwrap();
    let inferred = source.infer(&files, None).await.unwrap();
    let read = source.read(files[0].clone(), inferred.schema).await.unwrap();
    is_whole(&read, bytes);
    // JSON keeps the losers of equal keys; and lines with bytes that are no characters are not in the sample.
    if !matches!(source.format, Format::Json(_)) && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) {
        fits(&read);
    }
    let read = source.read(files[0].clone(), target()).await.unwrap();
    is_whole(&read, bytes);
}

/// Into columns that were inferred from all of a file, each of its values fits.
fn fits(read: &FileRead) {
    for batch in &read.batches {
        for row in batch[RESCUED_DATA].as_string::<i32>().iter().flatten() {
            let found: HashMap<String, &RawValue> = serde_json::from_str(row).unwrap();
            let known = |key: &String| ["_corrupt_record", "_extra"].contains(&key.as_str());
            assert!(found.keys().all(known), "{row}");
        }
    }
}

fn target() -> SchemaRef {
    let list = |of| DataType::List(Arc::new(Field::new("element", of, true)));
    let structure = DataType::Struct(Fields::from(vec![Field::new("d", DataType::Float64, true)]));
    Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Utf8, true),
        Field::new("c", list(structure), true),
        Field::new("_VALUE", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("value", DataType::Date32, true),
    ]))
}

/// Rows, positions and what was rescued are as reported.
fn is_whole(read: &FileRead, bytes: &[u8]) {
    let report = &read.report;
    if report.error.is_some() {
        assert_eq!((read.batches.len(), report.rows, report.rescued_rows), (0, 0, 0));
    }
    let (mut next, mut rescued) = (0, 0);
    for batch in &read.batches {
        for position in batch[SOURCE_POSITION].as_primitive::<Int64Type>().values() {
            assert_eq!(*position, next);
            next += 1;
        }
        let kept = batch[RESCUED_DATA].as_string::<i32>();
        for row in kept.iter().flatten() {
            // Numbers beyond any type are kept as they stand.
            let found: HashMap<String, &RawValue> = serde_json::from_str(row).expect("what was rescued is JSON");
            assert!(!found.is_empty());
        }
        rescued += kept.len() - kept.null_count();
    }
    assert_eq!((next as u64, rescued as u64), (report.rows, report.rescued_rows), "{bytes:?}");
}
