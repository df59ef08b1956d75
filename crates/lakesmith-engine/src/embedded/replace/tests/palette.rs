//! Columns of the tests: a Spark type and the values that stand in them. A row is the numbers of its values.

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::Int32Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lakesmith_sql::{DataType, Field};
use std::collections::HashMap;
use std::sync::Arc;

use crate::types::arrow_type;

/// One column: its type and its values. Number 0 is NULL.
pub(super) struct Palette {
    pub(super) ty: DataType,
    values: ArrayRef,
    numbers: HashMap<String, usize>,
}

impl Palette {
    fn new(ty: DataType, values: ArrayRef) -> Self {
        let values = cast(&values, &arrow_type(&ty)).unwrap();
        assert!(values.is_null(0) && values.null_count() == 1, "the first value, and no other, is NULL");
        let numbers = (0..values.len()).map(|n| (text(&values, n), n)).collect::<HashMap<_, _>>();
        assert_eq!(numbers.len(), values.len(), "values of {ty} that read alike");
        Palette { ty, values, numbers }
    }

    /// One palette a type. `wide`: so many values, where the type has them.
    pub(super) fn of(name: &str, wide: usize) -> Self {
        let wide = wide as i64;
        match name {
            "boolean" => Self::new(DataType::Boolean, Arc::new(BooleanArray::from(vec![None, Some(true), Some(false)]))),
            "tinyint" => {
                Self::new(DataType::TinyInt, Arc::new(Int8Array::from(vec![None, Some(0), Some(i8::MIN), Some(i8::MAX)])))
            }
            "smallint" => {
                Self::new(DataType::SmallInt, Arc::new(Int16Array::from(vec![None, Some(0), Some(i16::MIN), Some(-1)])))
            }
            "int" => Self::new(
                DataType::Int,
                Arc::new(Int32Array::from(vec![None, Some(0), Some(i32::MIN), Some(i32::MAX), Some(-1)])),
            ),
            "bigint" => {
                let edges = [None, Some(i64::MIN), Some(i64::MAX), Some((1 << 53) + 1), Some(1 << 53)];
                Self::new(DataType::BigInt, Arc::new(edges.into_iter().chain((0..wide).map(Some)).collect::<Int64Array>()))
            }
            "float" => Self::new(
                DataType::Float,
                Arc::new(Float32Array::from(vec![None, Some(0.0), Some(f32::NAN), Some(f32::INFINITY), Some(-1.5)])),
            ),
            "double" => {
                let edges = [0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -1.5, 1e300, 0.1];
                Self::new(DataType::Double, Arc::new(Float64Array::from_iter([None].into_iter().chain(edges.map(Some)))))
            }
            "decimal" => {
                let edges = [0, 1, -1, 999_999_999_999_999_999, -999_999_999_999_999_999, 100].map(Some);
                let values = Decimal128Array::from_iter([None].into_iter().chain(edges)).with_precision_and_scale(18, 2).unwrap();
                Self::new(DataType::Decimal { precision: 18, scale: 2 }, Arc::new(values))
            }
            "wide decimal" => {
                let largest = 10_i128.pow(38) - 1;
                let edges = [0, 1, -1, largest, -largest].map(Some);
                let values =
                    Decimal128Array::from_iter([None].into_iter().chain(edges)).with_precision_and_scale(38, 10).unwrap();
                Self::new(DataType::Decimal { precision: 38, scale: 10 }, Arc::new(values))
            }
            // 1970-01-01, the day before, 0001-01-01, 9999-12-31, 1582-10-10, 2024-02-29
            "date" => {
                let days = [0, -1, -719_162, 2_932_896, -141_422, 19_782].map(Some);
                Self::new(DataType::Date, Arc::new(Date32Array::from_iter([None].into_iter().chain(days))))
            }
            "timestamp" => {
                let edges =
                    [0, 1, -1, -62_135_596_800_000_000, 253_402_300_799_999_999, 1_709_164_800_000_000, 1_709_164_800_000_001];
                let values = TimestampMicrosecondArray::from_iter([None].into_iter().chain(edges.map(Some))).with_timezone("UTC");
                Self::new(DataType::Timestamp, Arc::new(values))
            }
            "binary" => {
                let values: Vec<Option<&[u8]>> = vec![None, Some(b""), Some(b"\0"), Some(b"\xff\0"), Some(b"a"), Some(b"a\0")];
                Self::new(DataType::Binary, Arc::new(BinaryArray::from(values)))
            }
            "string" => Self::new(DataType::String, Arc::new(StringArray::from(STRINGS.to_vec()))),
            "array" => {
                let lists = [
                    None,
                    Some(vec![]),
                    Some(vec![None]),
                    Some(vec![Some(1)]),
                    Some(vec![Some(1), None]),
                    Some(vec![Some(1), Some(2)]),
                ];
                let values = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
                Self::new(DataType::Array(Box::new(DataType::Int)), Arc::new(values))
            }
            "struct" => {
                let field = |name: &str, ty| Field { name: name.to_owned(), ty, nullable: true };
                let ty = DataType::Struct(vec![field("a", DataType::Int), field("b", DataType::String)]);
                let arrow::datatypes::DataType::Struct(fields) = arrow_type(&ty) else { unreachable!() };
                let a: ArrayRef = Arc::new(Int32Array::from(vec![None, None, Some(1), Some(1), None]));
                let b: ArrayRef = Arc::new(StringArray::from(vec![None, None, None, Some("ü"), Some("x")]));
                let valid = vec![false, true, true, true, true].into();
                Self::new(ty, Arc::new(StructArray::new(fields, vec![a, b], Some(valid))))
            }
            other => panic!("no palette {other}"),
        }
    }

    /// Of each value the first that is equal to it, as Spark compares.
    pub(super) fn equal(&self) -> Vec<usize> {
        let zero = |n: &usize| ["=0.0", "=-0.0"].contains(&text(&self.values, *n).as_str());
        let first = (0..self.len()).find(zero);
        (0..self.len()).map(|n| first.filter(|_| zero(&n)).unwrap_or(n)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values of those numbers.
    pub(super) fn column(&self, numbers: impl Iterator<Item = usize>) -> ArrayRef {
        take(&self.values, &UInt64Array::from_iter_values(numbers.map(|n| n as u64)), None).unwrap()
    }

    /// Which value stands in a row of a column.
    pub(super) fn number(&self, column: &ArrayRef, row: usize) -> usize {
        self.numbers[&text(column, row)]
    }
}

fn text(column: &ArrayRef, row: usize) -> String {
    match column.is_null(row) {
        true => "NULL".to_owned(),
        false => {
            let options = FormatOptions::default().with_null("NULL");
            format!("={}", ArrayFormatter::try_new(column, &options).unwrap().value(row))
        }
    }
}

/// Types that a key can have.
pub(super) const KEYS: [&str; 13] = [
    "string",
    "bigint",
    "int",
    "decimal",
    "wide decimal",
    "date",
    "timestamp",
    "boolean",
    "binary",
    "double",
    "float",
    "smallint",
    "tinyint",
];

/// Types that only other columns have.
pub(super) const NESTED: [&str; 2] = ["array", "struct"];

/// Types that can make folders.
pub(super) const PARTITIONS: [&str; 6] = ["string", "date", "timestamp", "boolean", "int", "decimal"];

// Not `__HIVE_DEFAULT_PARTITION__`: as the value of a folder Polars takes that text for NULL, whoever wrote the table.
const STRINGS: [Option<&str>; 15] = [
    None,
    Some("a"),
    Some("a "),
    Some("A"),
    Some("a b"),
    Some("100%"),
    Some("%41"),
    Some("ü"),
    Some("u\u{308}"),
    Some("😀"),
    Some("a/b=c?d#e"),
    Some(".."),
    Some("'\"\\"),
    Some("null"),
    Some("2024-02-29"),
];
