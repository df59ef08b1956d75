//! Parquet as other programs write it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
    Float16Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    MapArray, NullArray, StringArray, StringViewArray, StructArray, Time32MillisecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use lakesmith_connect::{FileFault, Format, ROWS_PER_BATCH};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray, FixedLenByteArrayType, Int32Type as PhysicalInt32, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::tier;
use crate::typed::Files;

/// A file of these columns.
fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    written(&RecordBatch::try_from_iter(columns).unwrap(), WriterProperties::builder().build())
}

fn written(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

async fn files(files: &[&[u8]]) -> Files {
    Files::new(Format::Parquet, files).await
}

#[tokio::test]
async fn every_type_becomes_one_of_bronze() {
    let dictionary: DictionaryArray<Int32Type> = ["x", "y"].into_iter().collect();
    let bytes = file(vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("int8", Arc::new(Int8Array::from(vec![i8::MIN, i8::MAX]))),
        ("int16", Arc::new(Int16Array::from(vec![i16::MIN, i16::MAX]))),
        ("int32", Arc::new(Int32Array::from(vec![i32::MIN, i32::MAX]))),
        ("int64", Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX]))),
        ("uint8", Arc::new(UInt8Array::from(vec![0, u8::MAX]))),
        ("uint32", Arc::new(UInt32Array::from(vec![0, u32::MAX]))),
        ("uint64", Arc::new(UInt64Array::from(vec![0, u64::MAX]))),
        ("float16", Arc::new(Float16Array::from_iter_values([half(1.5), half(-0.25)]))),
        ("float32", Arc::new(Float32Array::from(vec![f32::MIN, f32::MIN_POSITIVE]))),
        ("float64", Arc::new(Float64Array::from(vec![f64::MAX, -0.0]))),
        ("decimal", Arc::new(decimal(&[10_i128.pow(38) - 1, 1 - 10_i128.pow(38)], 38, 10))),
        ("date", Arc::new(Date32Array::from(vec![-719_162, 2_932_896]))),
        (
            "millis",
            Arc::new(TimestampMillisecondArray::from(vec![-62_135_596_800_000, 253_402_300_799_999]).with_timezone("UTC")),
        ),
        ("micros", Arc::new(TimestampMicrosecondArray::from(vec![-1, 1]).with_timezone("+02:00"))),
        ("local", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_000_000]))),
        ("time", Arc::new(Time32MillisecondArray::from(vec![1, 86_399_999]))),
        ("nanotime", Arc::new(Time64NanosecondArray::from(vec![1, 0]))),
        ("text", Arc::new(StringArray::from(vec!["ü", ""]))),
        ("large", Arc::new(LargeStringArray::from(vec!["ü", ""]))),
        ("view", Arc::new(StringViewArray::from(vec!["ü", "a text that is longer than a view is"]))),
        ("dictionary", Arc::new(dictionary)),
        ("binary", Arc::new(BinaryArray::from(vec![b"\x00\xFF".as_slice(), b""]))),
        ("fixed", Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8, 2], [3, 4]].iter()).unwrap())),
        ("null", Arc::new(NullArray::new(2))),
    ]);
    let columns = "boolean boolean\nint8 tinyint\nint16 smallint\nint32 int\nint64 bigint\nuint8 smallint\nuint32 bigint
        uint64 decimal(20,0)\nfloat16 float\nfloat32 float\nfloat64 double\ndecimal decimal(38,10)\ndate date
        millis timestamp\nmicros timestamp\nlocal timestamp\ntime string\nnanotime string\ntext string\nlarge string
        view string\ndictionary string\nbinary binary\nfixed binary\nnull string";
    let rows = r#"
        {"boolean":true,"int8":-128,"int16":-32768,"int32":-2147483648,"int64":-9223372036854775808,"uint8":0,"uint32":0,"uint64":0,"float16":1.5,"float32":-3.4028235e38,"float64":1.7976931348623157e308,"decimal":9999999999999999999999999999.9999999999,"date":"0001-01-01","millis":"0001-01-01T00:00:00Z","micros":"1969-12-31T23:59:59.999999Z","local":"1970-01-01T00:00:00Z","time":"00:00:00.001","nanotime":"00:00:00.000000001","text":"ü","large":"ü","view":"ü","dictionary":"x","binary":"00ff","fixed":"0102"}
        {"int8":127,"int16":32767,"int32":2147483647,"int64":9223372036854775807,"uint8":255,"uint32":4294967295,"uint64":18446744073709551615,"float16":-0.25,"float32":1.1754944e-38,"float64":-0.0,"decimal":-9999999999999999999999999999.9999999999,"date":"9999-12-31","millis":"9999-12-31T23:59:59.999Z","micros":"1970-01-01T00:00:00.000001Z","local":"1970-01-01T00:00:01Z","time":"23:59:59.999","nanotime":"00:00:00","text":"","large":"","view":"a text that is longer than a view is","dictionary":"y","binary":"","fixed":"0304"}"#;
    files(&[&bytes]).await.check(None, columns, rows, "2 rows, 0 rescued").await;
}

#[tokio::test]
async fn values_that_are_no_numbers_stay_what_they_are() {
    let bytes = file(vec![("f", Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0])))]);
    let files = files(&[&bytes]).await;
    let read = files.read_into(files.infer(None).await.schema).await;
    let found = read.batches[0].column(0).as_primitive::<Float64Type>().values().to_vec();
    assert!(found[0].is_nan() && found[3].is_sign_negative());
    assert_eq!(found[1..], [f64::INFINITY, f64::NEG_INFINITY, -0.0]);
    let rows = r#"{"_rescued_data":"{\"f\":\"NaN\"}"}
        {"_rescued_data":"{\"f\":\"Infinity\"}"}
        {"_rescued_data":"{\"f\":\"-Infinity\"}"}
        {"f":0}"#;
    files.check(Some("f bigint"), "f bigint", rows, "4 rows, 3 rescued").await;
    let rows = "{\"f\":\"NaN\"}\n{\"f\":\"Infinity\"}\n{\"f\":\"-Infinity\"}\n{\"f\":\"-0.0\"}";
    files.check(Some("f string"), "f string", rows, "4 rows, 0 rescued").await;
}

#[tokio::test]
async fn lists_structs_and_maps() {
    let lines = StructArray::from(vec![
        (Arc::new(Field::new("Qty", DataType::Int32, true)), Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef),
        (
            Arc::new(Field::new("Tag", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![Some("a"), None, Some("c")])) as ArrayRef,
        ),
    ]);
    let item = Arc::new(Field::new("item", lines.data_type().clone(), true));
    let lists =
        ListArray::new(item, OffsetBuffer::new(vec![0, 2, 2, 3].into()), Arc::new(lines), Some(vec![true, true, true].into()));
    let pairs = StructArray::from(vec![
        (Arc::new(Field::new("keys", DataType::Utf8, false)), Arc::new(StringArray::from(vec!["k", "l"])) as ArrayRef),
        (Arc::new(Field::new("values", DataType::UInt8, true)), Arc::new(UInt8Array::from(vec![Some(1), None])) as ArrayRef),
    ]);
    let entries = Arc::new(Field::new("entries", pairs.data_type().clone(), false));
    let maps =
        MapArray::new(entries, OffsetBuffer::new(vec![0, 2, 2, 2].into()), pairs, Some(vec![true, true, false].into()), false);
    let bytes = file(vec![("Lines", Arc::new(lists)), ("m", Arc::new(maps))]);
    let files = files(&[&bytes]).await;
    let rows = r#"{"Lines":[{"Qty":1,"Tag":"a"},{"Qty":2}],"m":{"k":1}}
        {"Lines":[],"m":{}}
        {"Lines":[{"Qty":3,"Tag":"c"}]}"#;
    files.check(None, "Lines array<struct<Qty:int,Tag:string>>\nm map<string,smallint>", rows, "3 rows, 0 rescued").await;
    // By name in any case, with fields of other types, gone and new.
    let known = "lines array<struct<tag:tinyint,new:date,qty:string>>\nm string";
    let rows = r#"{"lines":[{"qty":"1"},{"qty":"2"}],"m":"{\"k\":1,\"l\":null}","_rescued_data":"{\"Lines[0].Tag\":\"a\"}"}
        {"lines":[],"m":"{}"}
        {"lines":[{"qty":"3"}],"_rescued_data":"{\"Lines[0].Tag\":\"c\"}"}"#;
    files.check(Some(known), known, rows, "3 rows, 2 rescued").await;
    let rows = r#"{"_rescued_data":"{\"Lines\":[{\"Qty\":1,\"Tag\":\"a\"},{\"Qty\":2,\"Tag\":null}],\"m\":{\"k\":1,\"l\":null}}"}
        {"_rescued_data":"{\"Lines\":[],\"m\":{}}"}
        {"_rescued_data":"{\"Lines\":[{\"Qty\":3,\"Tag\":\"c\"}]}"}"#;
    let read = files.read_into(Arc::new(crate::case::schema("Lines int"))).await;
    assert_eq!(crate::case::show_rows(&read.batches).trim(), crate::typed::trimmed(rows));
}

#[tokio::test]
async fn what_does_not_fit_a_known_column_is_rescued() {
    let bytes = file(vec![
        ("Wide", Arc::new(Int64Array::from(vec![Some(1), Some(1 << 40), None]))),
        ("whole", Arc::new(Float64Array::from(vec![2.0, 2.5, -3.0]))),
        ("exact", Arc::new(Float64Array::from(vec![0.25, 0.125, 1e30]))),
        ("precise", Arc::new(Int64Array::from(vec![1 << 53, (1 << 53) + 1, 0]))),
        ("day", Arc::new(TimestampMillisecondArray::from(vec![86_400_000, 1, 0]))),
        ("number", Arc::new(StringArray::from(vec!["1", " +07 ", "x"]))),
        ("told", Arc::new(StringArray::from(vec!["1", " +07 ", "x"]))),
        ("bytes", Arc::new(BinaryArray::from(vec![b"ok".as_slice(), b"\xFF", b""]))),
        ("new", Arc::new(Date32Array::from(vec![Some(0), None, None]))),
    ]);
    let known = "wide int\nwhole bigint\nexact decimal(10,2)\nprecise double\nday date\nnumber bigint\ntold bigint\nbytes string";
    let rows = r#"{"wide":1,"whole":2,"exact":0.25,"precise":9.007199254740992e15,"day":"1970-01-02","told":1,"bytes":"ok","_rescued_data":"{\"number\":\"1\",\"new\":\"1970-01-01\"}"}
        {"told":7,"_rescued_data":"{\"Wide\":1099511627776,\"whole\":2.5,\"exact\":0.125,\"precise\":9007199254740993,\"day\":\"1970-01-01T00:00:00.001000Z\",\"number\":\" +07 \",\"bytes\":\"/w==\"}"}
        {"whole":-3,"precise":0.0,"day":"1970-01-01","bytes":"","_rescued_data":"{\"exact\":1e+30,\"number\":\"x\",\"told\":\"x\"}"}"#;
    let files = files(&[&bytes]).await.hinted("told bigint");
    let read = files.read_into(Arc::new(crate::case::schema(known))).await;
    assert_eq!(crate::case::show_rows(&read.batches).trim(), crate::typed::trimmed(rows));
    assert_eq!((read.report.rows, read.report.rescued_rows), (3, 3));
}

#[tokio::test]
async fn files_of_one_table_may_differ() {
    let first = file(vec![
        ("a", Arc::new(Int16Array::from(vec![1]))),
        ("b", Arc::new(Float32Array::from(vec![0.5]))),
        ("c", Arc::new(Int64Array::from(vec![1]))),
        ("d", Arc::new(decimal(&[100], 5, 2))),
        ("e", Arc::new(Date32Array::from(vec![1]))),
    ]);
    let second = file(vec![
        ("E", Arc::new(TimestampMicrosecondArray::from(vec![1]))),
        ("d", Arc::new(Int32Array::from(vec![7]))),
        ("c", Arc::new(StringArray::from(vec!["x"]))),
        ("B", Arc::new(Int32Array::from(vec![3]))),
        ("a", Arc::new(Int32Array::from(vec![4]))),
        ("f g", Arc::new(Int32Array::from(vec![5]))),
    ]);
    let columns = "a int\nb double\nc string\nd decimal(12,2)\ne timestamp\nf_g int <- f g";
    let files = files(&[&first, &second]).await;
    let rows = r#"{"a":4,"b":3.0,"c":"x","d":7.00,"e":"1970-01-01T00:00:00.000001Z","f_g":5}"#;
    files.check(None, columns, rows, "1 rows, 0 rescued").await;
    let hinted = files.hinted("d string\na decimal(5,1)");
    let rows = r#"{"a":4.0,"b":3.0,"c":"x","d":"7","e":"1970-01-01T00:00:00.000001Z","f_g":5}"#;
    let columns = columns.replace("decimal(12,2)", "string").replace("a int", "a decimal(5,1)");
    hinted.check(None, &columns, rows, "1 rows, 0 rescued").await;
}

#[tokio::test]
async fn instants_are_cut_to_microseconds_and_years_are_those_of_the_calendar() {
    let bytes = file(vec![
        ("nanos", Arc::new(TimestampNanosecondArray::from(vec![1_000, -1, i64::MAX]))),
        ("day", Arc::new(Date32Array::from(vec![-141_427, 2_932_897, i32::MIN]))),
        ("micros", Arc::new(TimestampMicrosecondArray::from(vec![-12_219_379_200_000_000, 253_402_300_800_000_000, i64::MIN]))),
        ("millis", Arc::new(TimestampMillisecondArray::from(vec![0, i64::MAX, -62_135_596_800_001]))),
    ]);
    let rows = r#"{"nanos":"1970-01-01T00:00:00.000001Z","day":"1582-10-15","micros":"1582-10-14T00:00:00Z","millis":"1970-01-01T00:00:00Z"}
        {"nanos":"1969-12-31T23:59:59.999999Z","_rescued_data":"{\"nanos\":\"1969-12-31T23:59:59.999999999Z\",\"day\":\"+10000-01-01\",\"micros\":\"+10000-01-01T00:00:00Z\",\"millis\":\"9223372036854775807\"}"}
        {"nanos":"2262-04-11T23:47:16.854775Z","_rescued_data":"{\"nanos\":\"2262-04-11T23:47:16.854775807Z\",\"day\":\"-2147483648\",\"micros\":\"-9223372036854775808\",\"millis\":\"0000-12-31T23:59:59.999000Z\"}"}"#;
    files(&[&bytes])
        .await
        .check(None, "nanos timestamp\nday date\nmicros timestamp\nmillis timestamp", rows, "3 rows, 2 rescued")
        .await;
}

/// What Arrow does not write: as old Spark, Hive and parquet-avro do.
#[tokio::test]
async fn old_ways_of_writing() {
    let schema = "message spark_schema {
        required int96 t;
        optional group two_level (LIST) { repeated int32 array; }
        optional group three_level (LIST) { repeated group bag { optional int32 array_element; } }
        repeated int32 bare;
        required fixed_len_byte_array(16) id (UUID);
        optional binary kind (ENUM);
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    // Noon of the Julian day 2 440 588 is the day of the epoch; and the year 9999, beyond what nanoseconds reach.
    let instants = [int96(2_440_588, 1_999), int96(2_440_588 + 2_932_896, 86_399_999_999_999)];
    write::<Int96Type>(&mut group, &instants, None, None);
    write::<PhysicalInt32>(&mut group, &[1, 2], Some(&[2, 2, 0]), Some(&[0, 1, 0]));
    write::<PhysicalInt32>(&mut group, &[3], Some(&[3, 1]), Some(&[0, 0]));
    write::<PhysicalInt32>(&mut group, &[4, 5], Some(&[1, 1, 0]), Some(&[0, 1, 0]));
    let ids = [FixedLenByteArray::from(ByteArray::from((0..16).collect::<Vec<u8>>())), FixedLenByteArray::from(vec![0xFF; 16])];
    write::<FixedLenByteArrayType>(&mut group, &ids, None, None);
    write::<parquet::data_type::ByteArrayType>(&mut group, &[ByteArray::from("new")], Some(&[1, 0]), None);
    group.close().unwrap();
    let bytes = writer.into_inner().unwrap();
    let columns = "t timestamp\ntwo_level array<int>\nthree_level array<int>\nbare array<int>\nid string\nkind string";
    let rows = r#"{"t":"1970-01-01T00:00:00.000001Z","two_level":[1,2],"three_level":[3],"bare":[4,5],"id":"00010203-0405-0607-0809-0a0b0c0d0e0f","kind":"new"}
        {"t":"9999-12-31T23:59:59.999999Z","three_level":[],"bare":[],"id":"ffffffff-ffff-ffff-ffff-ffffffffffff"}"#;
    files(&[&bytes]).await.check(None, columns, rows, "2 rows, 0 rescued").await;
}

fn write<T: parquet::data_type::DataType>(
    group: &mut parquet::file::writer::SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    definitions: Option<&[i16]>,
    repetitions: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, definitions, repetitions).unwrap();
    column.close().unwrap();
}

fn int96(day: u32, nanos: u64) -> Int96 {
    Int96::from(vec![nanos as u32, (nanos >> 32) as u32, day])
}

#[tokio::test]
async fn what_is_not_read_is_told_by_name() {
    let schema = Arc::new(parse_message_type("message m { required fixed_len_byte_array(12) span (INTERVAL); }").unwrap());
    let intervals = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap().into_inner().unwrap();
    let good = file(vec![("a", Arc::new(Int64Array::from_iter_values(0..10_000)))]);
    let mut torn_page = good.clone();
    torn_page[4..40].fill(0xAA);
    let mut long_footer = good.clone();
    let length = long_footer.len();
    long_footer[length - 8..length - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut encrypted = good.clone();
    encrypted[length - 4..].copy_from_slice(b"PARE");
    for (bytes, expected) in [
        (intervals, "not supported: the Parquet type INTERVAL of column `span`"),
        (encrypted, "not supported: an encrypted Parquet file"),
        (b"{\"a\":1}\n".to_vec(), "not a Parquet file: it does not begin with `PAR1`"),
        (
            b"PAR1PAR1".to_vec(),
            "damaged Parquet at offset 8: it does not end with `PAR1`: it was cut off or is still being written",
        ),
        (long_footer, &format!("damaged Parquet at offset {}: its footer would be longer than the file", length - 8)),
        (torn_page, "damaged Parquet at offset 4: "),
    ] {
        let fault = files(&[&bytes]).await.fault().await.to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
    let empty = files(&[b""]).await.fault().await;
    assert!(matches!(empty, FileFault::NotOfFormat(_)), "{empty}");
    for length in (0..good.len()).step_by(97) {
        let torn = files(&[&good[..length]]).await.fault().await;
        assert!(matches!(torn, FileFault::NotOfFormat(_) | FileFault::Damaged { .. }), "{torn}");
    }
}

#[tokio::test]
async fn a_file_without_rows_has_columns() {
    let bytes = file(vec![("a", Arc::new(Int64Array::from(Vec::<i64>::new()))), ("b", Arc::new(NullArray::new(0)))]);
    files(&[&bytes]).await.check(None, "a bigint\nb string", "", "0 rows, 0 rescued").await;
}

/// Row groups and parts of them are decoded side by side, and come out in the order of the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn large_files_keep_their_order() {
    let rows = 300_000_i64;
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("{n:0>200}"))));
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>((0..rows).map(|n| Some((0..n % 4).map(Some))));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts), ("l", Arc::new(lists) as ArrayRef)]).unwrap();
    for group in [rows as usize, 70_000] {
        let properties =
            WriterProperties::builder().set_max_row_group_row_count(Some(group)).set_dictionary_enabled(false).build();
        let files = files(&[&written(&batch, properties)]).await;
        let read = files.read_into(files.infer(None).await.schema).await;
        assert_eq!((read.report.rows, read.report.error), (rows as u64, None));
        let mut next = 0;
        for batch in &read.batches {
            assert!(batch.num_rows() <= ROWS_PER_BATCH);
            let texts = batch["t"].as_string::<i32>();
            for (row, number) in batch["n"].as_primitive::<Int64Type>().values().iter().enumerate() {
                assert_eq!((*number, texts.value(row).parse()), (next, Ok(next)));
                assert_eq!(batch["l"].as_list::<i32>().value_length(row), (next % 4) as i32);
                next += 1;
            }
        }
        assert_eq!(next, rows);
    }
}

/// Where types are equal, the arrays of the reader are handed on as they are; a batch is as small as its rows are large.
#[tokio::test]
async fn large_rows_make_small_batches() {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..12).map(|n| format!("{n}{}", "x".repeat(16 << 20)))));
    let batch = RecordBatch::try_from_iter([("t", texts)]).unwrap();
    let files = files(&[&written(&batch, WriterProperties::builder().set_dictionary_enabled(false).build())]).await;
    let read = files.read_into(files.infer(None).await.schema).await;
    assert_eq!(read.report.rows, 12);
    assert!(read.batches.iter().all(|batch| batch.num_rows() <= 4));
}

fn decimal(values: &[i128], precision: u8, scale: i8) -> Decimal128Array {
    Decimal128Array::from(values.to_vec()).with_precision_and_scale(precision, scale).unwrap()
}

fn half(value: f32) -> <arrow::datatypes::Float16Type as arrow::array::ArrowPrimitiveType>::Native {
    let array = cast(&(Arc::new(Float32Array::from(vec![value])) as ArrayRef), &DataType::Float16).unwrap();
    array.as_primitive::<arrow::datatypes::Float16Type>().value(0)
}

/// What pyarrow, DuckDB and Polars write is read as they read it. Without `LAKESMITH_PYTHON`, which `scripts/test` sets,
/// there is nobody to ask.
#[tokio::test]
async fn f10_files_of_other_writers_are_read_as_they_read_them() {
    let Some(python) = tier::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/parquet_writers.py");
    let written = std::process::Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            let files = files(&[&std::fs::read(&path).unwrap()]).await;
            let read = files.read_into(files.infer(None).await.schema).await;
            assert_eq!((read.report.error, read.report.rescued_rows), (None, 0), "{}", path.display());
            let found = crate::case::show_rows(&read.batches);
            let found: Vec<serde_json::Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let expected = std::fs::read_to_string(path.with_extension("json")).unwrap();
            let expected: Vec<serde_json::Value> = serde_json::from_str(&expected).unwrap();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!(is_same(found, expected), "{}:\n{found}\n{expected}", path.display());
            }
            names.push(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(names.len(), 8, "{names:?}");
}

/// Equal, where a number is a number however it is written. Of a map, NULL values are not shown.
fn is_same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Object(a), Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b))),
        (a, b) => a == b,
    }
}
