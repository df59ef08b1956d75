//! `to_json` and `get_json_object`.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::error::Result;
use serde_json::Value;

use super::{Args, SparkFunction, returns};
use crate::cast::{OnError, cast, date_text, double_text, strings, timestamp_text};
use crate::decimal;

pub(super) fn functions() -> Vec<SparkFunction> {
    vec![
        SparkFunction::new("to_json", (1, 1), returns::string, to_json),
        SparkFunction::new("get_json_object", (2, 2), returns::string, get_json_object),
    ]
}

/// Structs without their NULL fields, arrays, maps; dates as `yyyy-MM-dd`, timestamps as `yyyy-MM-ddTHH:mm:ss.SSSZ`.
fn to_json(args: &Args) -> Result<ArrayRef> {
    let array = args.array(0)?;
    if !array.data_type().is_nested() && !array.data_type().is_null() {
        return Err(args.wrong("takes a struct, an array or a map"));
    }
    let writer = Writer::new(&array)?;
    args.to_strings(|row| {
        if writer.is_null(row) {
            return Ok(None);
        }
        let mut out = String::new();
        writer.write(row, &mut out);
        Ok(Some(out))
    })
}

/// A column that writes its rows as JSON.
enum Writer {
    /// Numbers and truth values as they print.
    Plain(ArrayRef, Box<dyn Fn(usize) -> String>),
    Text(ArrayRef, Box<dyn Fn(usize) -> String>),
    List(datafusion::arrow::array::ListArray, Box<Writer>),
    Struct(ArrayRef, Vec<(String, Writer)>),
    Map(Box<(datafusion::arrow::array::MapArray, datafusion::arrow::array::StringArray)>, Box<Writer>),
}

impl Writer {
    fn new(array: &ArrayRef) -> Result<Self> {
        macro_rules! plain {
            ($t:ty) => {{
                let values = array.as_primitive::<$t>().clone();
                Self::Plain(array.clone(), Box::new(move |i| values.value(i).to_string()))
            }};
        }
        Ok(match array.data_type() {
            DataType::Int8 => plain!(Int8Type),
            DataType::Int16 => plain!(Int16Type),
            DataType::Int32 => plain!(Int32Type),
            DataType::Int64 => plain!(Int64Type),
            DataType::Boolean => {
                let values = array.as_boolean().clone();
                Self::Plain(array.clone(), Box::new(move |i| values.value(i).to_string()))
            }
            DataType::Float64 | DataType::Float32 => {
                let double = cast(array, &DataType::Float64, OnError::Raise)?.as_primitive::<Float64Type>().clone();
                let single = array.as_primitive_opt::<Float32Type>().map(|_| strings(array)).transpose()?;
                let text = move |i: usize| match &single {
                    Some(texts) => texts.value(i).to_owned(),
                    None => double_text(double.value(i)),
                };
                // JSON has no number for NaN and infinities: Spark writes them as texts.
                Self::Plain(
                    array.clone(),
                    Box::new(move |i| {
                        let t = text(i);
                        if t.contains(['N', 'I']) { format!("\"{t}\"") } else { t }
                    }),
                )
            }
            DataType::Decimal128(_, s) => {
                let (values, s) = (array.as_primitive::<Decimal128Type>().clone(), *s);
                Self::Plain(array.clone(), Box::new(move |i| decimal::print(values.value(i), s)))
            }
            DataType::Date32 => {
                let values = array.as_primitive::<Date32Type>().clone();
                Self::Text(array.clone(), Box::new(move |i| date_text(values.value(i))))
            }
            DataType::Timestamp(_, _) => {
                let array = cast(array, &crate::types::timestamp(), OnError::Raise)?;
                let values = array.as_primitive::<TimestampMicrosecondType>().clone();
                Self::Text(array.clone(), Box::new(move |i| iso(values.value(i))))
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>().clone();
                let items = Box::new(Self::new(list.values())?);
                Self::List(list, items)
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let columns = fields.iter().zip(columns).map(|(f, c)| Ok((quoted(f.name()), Self::new(c)?)));
                Self::Struct(array.clone(), columns.collect::<Result<Vec<_>>>()?)
            }
            DataType::Map(_, _) => {
                let map = array.as_map().clone();
                let (keys, values) = (strings(map.keys())?, Box::new(Self::new(map.values())?));
                Self::Map(Box::new((map, keys)), values)
            }
            _ => {
                let texts = strings(array)?;
                Self::Text(array.clone(), Box::new(move |i| texts.value(i).to_owned()))
            }
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Plain(a, _) | Self::Text(a, _) | Self::Struct(a, _) => a.is_null(row) || a.data_type().is_null(),
            Self::List(a, _) => a.is_null(row),
            Self::Map(a, _) => a.0.is_null(row),
        }
    }

    fn write(&self, row: usize, out: &mut String) {
        if self.is_null(row) {
            out.push_str("null");
            return;
        }
        match self {
            Self::Plain(_, print) => out.push_str(&print(row)),
            Self::Text(_, print) => out.push_str(&quoted(&print(row))),
            Self::List(list, items) => {
                out.push('[');
                let elements = list.value_offsets()[row] as usize..list.value_offsets()[row + 1] as usize;
                for (n, i) in elements.enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    items.write(i, out);
                }
                out.push(']');
            }
            Self::Struct(_, fields) => {
                out.push('{');
                let mut first = true;
                for (name, field) in fields.iter().filter(|(_, f)| !f.is_null(row)) {
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    out.push_str(name);
                    out.push(':');
                    field.write(row, out);
                }
                out.push('}');
            }
            Self::Map(entries, values) => {
                let (map, keys) = entries.as_ref();
                out.push('{');
                let entries = map.value_offsets()[row] as usize..map.value_offsets()[row + 1] as usize;
                for (n, i) in entries.enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(keys.value(i)));
                    out.push(':');
                    values.write(i, out);
                }
                out.push('}');
            }
        }
    }
}

/// `2025-01-31T10:00:00.250Z`: milliseconds, or as many digits as there are beyond.
fn iso(micros: i64) -> String {
    let text = timestamp_text(micros);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{}.{fraction:0<3}Z", whole.replacen(' ', "T", 1))
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// `get_json_object(text, path)`: `$.a.b[0]`, `$['a']`, `[*]`; NULL where the text is no JSON or has no such place.
fn get_json_object(args: &Args) -> Result<ArrayRef> {
    let (text, path) = (args.strings(0)?, args.strings(1)?);
    args.to_strings(|row| {
        let (Some(text), Some(path)) = (text.get(row), path.get(row)) else { return Ok(None) };
        let (Some(steps), Ok(value)) = (steps(path), serde_json::from_str::<Value>(text)) else { return Ok(None) };
        Ok(walk(&value, &steps).and_then(|found| match found {
            Value::Null => None,
            Value::String(s) => Some(s),
            other => Some(other.to_string()),
        }))
    })
}

enum Step {
    Key(String),
    Index(usize),
    All,
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = vec![];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let len = after.find(['.', '[']).unwrap_or(after.len());
            if len == 0 {
                return None;
            }
            steps.push(if &after[..len] == "*" { Step::All } else { Step::Key(after[..len].to_owned()) });
            rest = &after[len..];
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            let name = inside.strip_prefix('\'').and_then(|s| s.strip_suffix('\''));
            steps.push(match name {
                Some(name) => Step::Key(name.to_owned()),
                None if inside == "*" => Step::All,
                None => Step::Index(inside.parse().ok()?),
            });
            rest = after;
        }
    }
    Some(steps)
}

fn walk(value: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => walk(object.get(key)?, rest),
        (Step::Index(i), Value::Array(items)) => walk(items.get(*i)?, rest),
        (Step::All, Value::Array(items)) => {
            let mut found: Vec<Value> = items.iter().filter_map(|item| walk(item, rest)).collect();
            match found.len() {
                0 => None,
                1 => found.pop(),
                _ => Some(Value::Array(found)),
            }
        }
        _ => None,
    }
}
