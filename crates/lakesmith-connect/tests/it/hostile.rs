//! Text made to be slow or large: time and memory stay in proportion to it, and nothing of it is lost silently.
//!
//! `LAKESMITH_TIER` (`quick`, `ci`, `soak`) says how large it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, Schema};
use lakesmith_connect::{Charset, CsvOptions, FileFault, FileRead, FileSource, Format, JsonOptions, RESCUED_DATA};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

/// What takes a time that grows with the square of the text takes minutes; the rest, seconds at most.
const SOON: Duration = Duration::from_secs(30);

fn amount(quick: usize, more: usize) -> usize {
    match std::env::var("LAKESMITH_TIER").as_deref() {
        Ok("quick") => quick,
        Ok("ci" | "soak") | Err(_) => more,
        Ok(other) => panic!("LAKESMITH_TIER is quick, ci or soak, not {other}"),
    }
}

/// Reads `text` into the columns of `schema`, or into those it seems to have; which are returned.
fn read(format: Format, text: Vec<u8>, schema: Option<Schema>) -> (FileRead, Arc<Schema>) {
    let start = Instant::now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let read = runtime.block_on(async {
        let store = Arc::new(InMemory::new());
        store.put(&Path::from("in/a"), text.into()).await.unwrap();
        let mut source = FileSource::new(store, Path::from("in"), "*", format);
        source.charset = Some(Charset::Utf8);
        let files = source.list().await.unwrap();
        let schema = match schema {
            Some(schema) => Arc::new(schema),
            None => source.infer(&files, None).await.unwrap().schema,
        };
        (source.read(files[0].clone(), schema.clone()).await.unwrap(), schema)
    });
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    read
}

fn csv() -> Format {
    Format::Csv(CsvOptions::default())
}

fn columns(names: impl IntoIterator<Item = String>, data_type: &DataType) -> Schema {
    Schema::new(names.into_iter().map(|name| Field::new(name, data_type.clone(), true)).collect::<Vec<_>>())
}

fn one(name: &str, data_type: DataType) -> Option<Schema> {
    Some(columns([name.to_owned()], &data_type))
}

/// What of the first row was rescued.
fn rescued(read: &FileRead) -> serde_json::Map<String, serde_json::Value> {
    let column = read.batches[0].column_by_name(RESCUED_DATA).unwrap();
    serde_json::from_str(column.as_string::<i32>().value(0)).unwrap()
}

#[test]
fn of_a_hundred_thousand_keys_ten_thousand_are_columns() {
    let entries: Vec<String> = (0..100_000).map(|key| format!("\"k{key}\":{key}")).collect();
    let (found, schema) = read(Format::Json(JsonOptions::default()), format!("{{{}}}", entries.join(",")).into_bytes(), None);
    assert_eq!((schema.fields().len(), found.report.rows, found.report.rescued_rows), (10_000, 1, 1));
    assert_eq!(found.batches[0].column(9_999).as_primitive::<arrow::datatypes::Int64Type>().value(0), 9_999);
    let rescued = rescued(&found);
    assert_eq!((rescued.len(), &rescued["k99999"]), (90_000, &serde_json::json!(99_999)));
}

#[test]
fn of_equal_keys_every_value_is_kept() {
    let count = amount(50_000, 300_000);
    let entries: Vec<String> = (0..count).map(|value| format!("\"a\":{value}")).collect();
    let (found, _) =
        read(Format::Json(JsonOptions::default()), format!("{{{}}}", entries.join(",")).into_bytes(), one("a", DataType::Int64));
    let rescued = rescued(&found);
    assert_eq!((rescued.len(), &rescued[&format!("a#{}", count - 1)]), (count - 1, &serde_json::json!(count - 2)));
}

#[test]
fn equal_names_of_columns_are_numbered() {
    let header = vec!["a"; 10_000].join(",");
    let (found, schema) = read(csv(), format!("{header}\n{}\n", vec!["1"; 10_000].join(",")).into_bytes(), None);
    assert_eq!((schema.field(9_999).name().as_str(), found.report.rescued_rows), ("a_10000", 0));
}

#[test]
fn a_header_of_too_many_columns_is_a_fault() {
    let (found, schema) = read(csv(), format!("{}\n1,2,3\n", vec!["a"; 100_000].join(",")).into_bytes(), None);
    assert!(schema.fields().is_empty());
    assert_eq!(found.report.error, Some(FileFault::TooManyColumns { found: 100_000, most: 10_000 }));
    assert_eq!(found.report.error.unwrap().to_string(), "100000 columns; at most 10000 are read");
}

#[test]
fn a_row_of_a_million_fields_is_kept() {
    let count = amount(100_000, 1_000_000);
    let (found, _) = read(csv(), format!("a\n{}\n2\n", vec!["1"; count].join(",")).into_bytes(), None);
    assert_eq!((found.report.rows, found.report.rescued_rows), (2, 1));
    assert_eq!(rescued(&found)["_extra"].as_array().unwrap().len(), count - 1);
}

#[test]
fn a_million_empty_lines_are_no_rows() {
    let blank = "\n".repeat(amount(100_000, 1_000_000));
    let (found, _) = read(csv(), format!("a\n{blank}1\n{blank}").into_bytes(), None);
    assert_eq!((found.report.rows, &found.report.error), (1, &None));
    let (found, _) = read(Format::Json(JsonOptions::default()), format!("{blank}{{\"a\":1}}\n \r{blank}").into_bytes(), None);
    assert_eq!((found.report.rows, &found.report.error), (1, &None));
}

#[test]
fn a_thousand_levels_are_read_and_ten_thousand_are_not() {
    let nested = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let text = format!("{}\n{}\n{{\"a\":[]}}", nested(1_000), nested(10_000));
    let (found, _) = read(Format::Json(JsonOptions::default()), text.into_bytes(), one("a", DataType::Utf8));
    let texts = found.batches[0].column(0).as_string::<i32>();
    assert_eq!((texts.value(0).len(), texts.is_null(1), texts.value(2)), (2_000, true, "[]"));
    let rescued = found.batches[0].column_by_name(RESCUED_DATA).unwrap().as_string::<i32>();
    assert!(rescued.is_null(0) && rescued.value(1).starts_with("{\"_corrupt_record\":\"{\\\"a\\\":[[[["));
    // Lists of lists are columns down to a depth that any reader bears.
    let (found, schema) = read(Format::Json(JsonOptions::default()), nested(1_000).into_bytes(), None);
    assert_eq!((schema.fields().len(), found.report.rescued_rows), (1, 0));
}

#[test]
fn bytes_that_are_no_characters_take_no_time() {
    let line = [b"caf\xE9 ".as_slice(), &[0xFF; 40], b"\n"].concat();
    let count = amount(10_000, 200_000);
    let text = [b"a\n\xC3\xBC\n".as_slice(), &line.repeat(count)].concat();
    let (found, _) = read(csv(), text, one("a", DataType::Utf8));
    assert_eq!((found.report.rows, found.report.rescued_rows), (count as u64 + 1, count as u64));
}

#[test]
fn unusual_numbers_take_no_time() {
    let digits = amount(1 << 20, 8 << 20);
    let text =
        format!("{{\"a\":{}}}\n{{\"a\":1e{}}}\n{{\"a\":0.{}1}}\n", "9".repeat(digits), "9".repeat(digits), "0".repeat(digits));
    for data_type in [DataType::Int64, DataType::Float64, DataType::Decimal128(38, 10)] {
        let (found, _) = read(Format::Json(JsonOptions::default()), text.clone().into_bytes(), one("a", data_type));
        assert_eq!((found.report.rows, found.report.rescued_rows), (3, 3));
    }
}

/// Cases whose memory is measured: each in a process of its own, since others would be counted too.
fn memory_case(case: &str) {
    match case {
        "long line" => {
            let long = "x".repeat(amount(16 << 20, 100 << 20));
            let (found, _) = read(
                Format::Json(JsonOptions::default()),
                format!("{{\"a\":\"{long}\"}}\n{{\"a\":1}}").into_bytes(),
                one("a", DataType::Utf8),
            );
            assert_eq!((found.report.rows, found.report.rescued_rows), (2, 0));
        }
        // A row of 9 bytes fills a thousand columns: what is decoded at once must not follow from the text alone.
        "short rows" => {
            let schema = Arc::new(columns((0..1_000).map(|column| format!("c{column}")), &DataType::Int64));
            let rows = amount(100_000, 400_000);
            for (format, text) in [
                (Format::Json(JsonOptions::default()), "{\"c0\":1}\n".repeat(rows)),
                (Format::Json(JsonOptions::default()), format!("[{}{{}}]", "{\"c0\":1},".repeat(rows - 1))),
                (csv(), format!("c0\n{}", "1\n".repeat(rows))),
            ] {
                let source = FileSource::new(Arc::new(InMemory::new()), Path::from("in"), "*", format);
                let batches = source.decode(text.into_bytes().into(), schema.clone()).unwrap();
                assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), rows);
            }
        }
        other => panic!("no such case: {other}"),
    }
}

/// Not a test of its own: what [`peak`] runs.
#[test]
fn child() {
    if let Ok(case) = std::env::var("LAKESMITH_HOSTILE_CASE") {
        memory_case(&case);
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        println!("\npeak {}", line.trim().trim_end_matches(" kB"));
    }
}

/// The most memory that a case ever holds, in bytes; nothing where the system does not say.
fn peak(case: &str) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hostile::child", "--nocapture"])
        .env("LAKESMITH_HOSTILE_CASE", case)
        .output()
        .unwrap();
    let out = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{out}{}", String::from_utf8_lossy(&child.stderr));
    Some(out.lines().find_map(|line| line.strip_prefix("peak ")).unwrap().parse::<u64>().unwrap() * 1024)
}

#[test]
fn a_long_line_is_held_a_few_times() {
    let length = amount(16 << 20, 100 << 20) as u64;
    if let Some(peak) = peak("long line") {
        assert!(peak < 7 * length + (100 << 20), "{} MiB", peak >> 20);
    }
}

#[test]
fn short_rows_of_many_columns_are_decoded_bit_by_bit() {
    if let Some(peak) = peak("short rows") {
        assert!(peak < 500 << 20, "{} MiB", peak >> 20);
    }
}
