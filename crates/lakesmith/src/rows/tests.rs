use super::*;
use arrow::array::{
    BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeListArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    MapBuilder, NullArray, StringArray, StringBuilder, StringViewArray, StructArray, Time32SecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{Field, i256};
use serde_json::json;
use std::sync::Arc;

fn cells(column: &dyn Array) -> Value {
    (0..column.len()).map(|row| cell(column, row)).collect()
}

#[test]
fn numbers_and_booleans_are_themselves() {
    assert_eq!(cells(&BooleanArray::from(vec![Some(true), None])), json!([true, null]));
    assert_eq!(cells(&Int8Array::from(vec![-128])), json!([-128]));
    assert_eq!(cells(&Int16Array::from(vec![-1])), json!([-1]));
    assert_eq!(cells(&Int32Array::from(vec![Some(7), None])), json!([7, null]));
    assert_eq!(cells(&Int64Array::from(vec![i64::MIN, i64::MAX])).to_string(), "[-9223372036854775808,9223372036854775807]");
    assert_eq!(cells(&UInt64Array::from(vec![u64::MAX])).to_string(), "[18446744073709551615]");
    assert_eq!(cells(&NullArray::new(2)), json!([null, null]));
}

#[test]
fn floats_are_the_shortest_number_and_what_is_no_number_is_a_word() {
    let doubles = Float64Array::from(vec![0.1, -0.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    assert_eq!(cells(&doubles).to_string(), r#"[0.1,-0.0,1e+300,"NaN","Infinity","-Infinity"]"#);
    assert_eq!(cells(&Float32Array::from(vec![0.1, 16777216.0, f32::NAN])).to_string(), r#"[0.1,16777216.0,"NaN"]"#);
}

#[test]
fn decimals_keep_every_digit() {
    let column = Decimal128Array::from(vec![Some(123_456), Some(-5), Some(0), None]).with_precision_and_scale(18, 2).unwrap();
    assert_eq!(cells(&column), json!(["1234.56", "-0.05", "0.00", null]));
    let wide = Decimal128Array::from(vec![10i128.pow(38) - 1]).with_precision_and_scale(38, 0).unwrap();
    assert_eq!(cells(&wide), json!(["99999999999999999999999999999999999999"]));
    let wider = Decimal256Array::from(vec![i256::from_i128(12)]).with_precision_and_scale(50, 1).unwrap();
    assert_eq!(cells(&wider), json!(["1.2"]));
}

#[test]
fn days_and_instants_are_iso_in_utc() {
    assert_eq!(cells(&Date32Array::from(vec![0, 20_089, -719_162])), json!(["1970-01-01", "2025-01-01", "0001-01-01"]));
    let utc = |micros: i64| TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC");
    assert_eq!(cells(&utc(1_735_689_600_000_000)), json!(["2025-01-01T00:00:00Z"]));
    assert_eq!(cells(&utc(1_735_689_600_000_001)), json!(["2025-01-01T00:00:00.000001Z"]));
    assert_eq!(cells(&utc(-1)), json!(["1969-12-31T23:59:59.999999Z"]));
    assert_eq!(cells(&TimestampSecondArray::from(vec![60])), json!(["1970-01-01T00:01:00Z"]));
    assert_eq!(cells(&TimestampMillisecondArray::from(vec![1])), json!(["1970-01-01T00:00:00.001000Z"]));
    assert_eq!(cells(&TimestampNanosecondArray::from(vec![1])), json!(["1970-01-01T00:00:00.000000001Z"]));
    assert_eq!(cells(&utc(i64::MAX)), json!([i64::MAX.to_string()]));
    assert_eq!(cells(&Time32SecondArray::from(vec![61])), json!(["00:01:01"]));
}

#[test]
fn text_is_itself_and_bytes_are_hexadecimal() {
    assert_eq!(cells(&StringArray::from(vec![Some("größe"), Some(""), None])), json!(["größe", "", null]));
    assert_eq!(cells(&LargeStringArray::from(vec!["a"])), json!(["a"]));
    assert_eq!(
        cells(&StringViewArray::from(vec!["a long text that is not kept inline"])),
        json!(["a long text that is not kept inline"])
    );
    assert_eq!(cells(&BinaryArray::from(vec![&b"\x00\xff"[..], b""])), json!(["00ff", ""]));
    assert_eq!(cells(&FixedSizeBinaryArray::try_from_iter([[1u8, 2]].into_iter()).unwrap()), json!(["0102"]));
    let dictionary: DictionaryArray<Int32Type> = [Some("b"), None, Some("a"), Some("b")].into_iter().collect();
    assert_eq!(cells(&dictionary), json!(["b", null, "a", "b"]));
}

#[test]
fn nested_values_are_arrays_and_objects() {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), Some(vec![]), None]);
    assert_eq!(cells(&list), json!([[1, null], [], null]));
    let pairs = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)])], 2);
    assert_eq!(cells(&pairs), json!([[1, 2]]));

    let price = Decimal128Array::from(vec![150]).with_precision_and_scale(10, 2).unwrap();
    let lines = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(7)])]);
    let order = StructArray::from(vec![
        (Arc::new(Field::new("z", price.data_type().clone(), true)), Arc::new(price) as ArrayRef),
        (Arc::new(Field::new("a", lines.data_type().clone(), true)), Arc::new(lines) as ArrayRef),
    ]);
    assert_eq!(cells(&order).to_string(), r#"[{"z":"1.50","a":[7]}]"#);

    let mut map = MapBuilder::new(None, StringBuilder::new(), arrow::array::Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    assert_eq!(cells(&map.finish()), json!([{ "k": 1 }, null]));
}

#[test]
fn words_are_plain() {
    let cases = [
        (json!(null), ""),
        (json!("a\"b"), "a\"b"),
        (json!(1.5), "1.5"),
        (json!([1, "x"]), r#"[1,"x"]"#),
        (json!({"a": null}), r#"{"a":null}"#),
    ];
    for (cell, plain) in cases {
        assert_eq!(words(&cell), plain);
    }
}
