//! Values of a test as a column of a table.

use arrow::array::{Array, ArrayRef, BooleanBufferBuilder, ListArray, MapArray, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields};
use lakesmith_engine::spark_type;
use lakesmith_project::TestValue;
use lakesmith_text::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use std::sync::Arc;

/// An entry of a map.
type Named = (Spanned<String>, Spanned<TestValue>);

/// One value a row, none for NULL, as a column of that type. What does not fit is said at its place and NULL.
pub(super) fn column(values: &[Option<&Spanned<TestValue>>], ty: &DataType, faults: &mut Diagnostics) -> ArrayRef {
    let values: Vec<Option<&Spanned<TestValue>>> =
        values.iter().map(|value| value.filter(|value| value.value != TestValue::Null)).collect();
    match ty {
        DataType::List(element) => list(&values, element, faults),
        DataType::Struct(fields) => structs(&values, fields, faults),
        DataType::Map(entries, _) => maps(&values, entries, faults),
        ty => scalars(&values, ty, faults),
    }
}

fn list(values: &[Option<&Spanned<TestValue>>], element: &Arc<Field>, faults: &mut Diagnostics) -> ArrayRef {
    let (mut elements, mut lengths) = (vec![], vec![]);
    let mut there = BooleanBufferBuilder::new(values.len());
    for value in values {
        let found = match value.map(|value| (&value.value, value.span)) {
            None => None,
            Some((TestValue::List(found), _)) => Some(found.as_slice()),
            Some((_, at)) => {
                faults.push(misfit("a list", at));
                None
            }
        };
        lengths.push(found.map_or(0, <[_]>::len));
        there.append(found.is_some());
        elements.extend(found.unwrap_or_default().iter().map(Some));
    }
    let elements = column(&elements, element.data_type(), faults);
    let nulls = Some(NullBuffer::new(there.finish()));
    Arc::new(ListArray::new(element.clone(), OffsetBuffer::from_lengths(lengths), elements, nulls))
}

/// The entries of each value that is a map, and whether it is there.
fn entries<'a>(
    values: &[Option<&'a Spanned<TestValue>>],
    what: &str,
    faults: &mut Diagnostics,
) -> (Vec<Option<&'a [Named]>>, Option<NullBuffer>) {
    let mut there = BooleanBufferBuilder::new(values.len());
    let mut all = vec![];
    for value in values {
        let found = match value.map(|value| (&value.value, value.span)) {
            None => None,
            Some((TestValue::Map(found), _)) => Some(found.as_slice()),
            Some((_, at)) => {
                faults.push(misfit(what, at));
                None
            }
        };
        there.append(found.is_some());
        all.push(found);
    }
    (all, Some(NullBuffer::new(there.finish())))
}

fn structs(values: &[Option<&Spanned<TestValue>>], fields: &Fields, faults: &mut Diagnostics) -> ArrayRef {
    let (maps, nulls) = entries(values, "a map of the struct's fields", faults);
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    for (name, _) in maps.iter().flatten().flat_map(|entries| entries.iter()) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            faults.push(no_column("the struct has no field", name, &names));
        }
    }
    if fields.is_empty() {
        return Arc::new(StructArray::new_empty_fields(values.len(), nulls));
    }
    let mut children = vec![];
    for field in fields {
        let values: Vec<Option<&Spanned<TestValue>>> = maps.iter().map(|entries| field_of(*entries, field.name())).collect();
        children.push(column(&values, field.data_type(), faults));
    }
    Arc::new(StructArray::new(fields.clone(), children, nulls))
}

fn field_of<'a>(entries: Option<&'a [Named]>, field: &str) -> Option<&'a Spanned<TestValue>> {
    entries?.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, value)| value)
}

fn maps(values: &[Option<&Spanned<TestValue>>], entry: &Arc<Field>, faults: &mut Diagnostics) -> ArrayRef {
    let (maps, nulls) = entries(values, "a map", faults);
    let DataType::Struct(fields) = entry.data_type() else {
        return arrow::array::new_null_array(&DataType::Map(entry.clone(), false), values.len());
    };
    let all: Vec<&Named> = maps.iter().flatten().flat_map(|entries| entries.iter()).collect();
    let keys: Vec<Spanned<TestValue>> = all.iter().map(|(key, _)| key.clone().map(TestValue::Text)).collect();
    let keys = column(&keys.iter().map(Some).collect::<Vec<_>>(), fields[0].data_type(), faults);
    let items = column(&all.iter().map(|(_, value)| Some(value)).collect::<Vec<_>>(), fields[1].data_type(), faults);
    let lengths = maps.iter().map(|entries| entries.map_or(0, <[_]>::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(MapArray::new(entry.clone(), offsets, StructArray::new(fields.clone(), vec![keys, items], None), nulls, false))
}

fn scalars(values: &[Option<&Spanned<TestValue>>], ty: &DataType, faults: &mut Diagnostics) -> ArrayRef {
    let texts: StringArray =
        values.iter().map(|value| value.and_then(|value| value.value.text()).map(|text| plain(text, ty))).collect();
    let cast = cast_with_options(&texts, ty, &CastOptions { safe: true, ..CastOptions::default() });
    let column = cast.unwrap_or_else(|_| arrow::array::new_null_array(ty, values.len()));
    for (row, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let text = value.value.text();
        if column.is_null(row) || text.is_some_and(|text| loses_digits(text, ty)) {
            let word = spark_type(ty).to_string();
            faults.push(misfit(&format!("of type {}", word.to_uppercase()), value.span));
        }
    }
    column
}

/// As Arrow reads it: `10.00` is a whole number too.
fn plain(text: &str, ty: &DataType) -> String {
    let trimmed = if matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) { text } else { text.trim() };
    match trimmed.split_once('.') {
        Some((whole, zeros)) if ty.is_integer() && zeros.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => trimmed.to_owned(),
    }
}

/// A decimal that is written with more digits than its type has is no value of that type.
fn loses_digits(text: &str, ty: &DataType) -> bool {
    let (DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale)) = ty else { return false };
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
    fraction.len() > usize::try_from(*scale).unwrap_or(0)
}

fn misfit(what: &str, at: Span) -> Diagnostic {
    Diagnostic::error("invalid-value", format!("the value must be {what}"))
        .at(at)
        .help("write days as `2025-01-31`, times as `2025-01-31T08:30:00Z`, decimals with no more digits than their type has")
}

/// A name that is not there, and the nearest that is.
pub(super) fn no_column(what: &str, written: &Spanned<String>, known: &[&str]) -> Diagnostic {
    let help = match nearest(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Diagnostic::error("unknown-column", format!("{what} `{written}`")).at(written.span).help(help)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::util::display::{ArrayFormatter, FormatOptions};
    use lakesmith_engine::arrow_type;
    use lakesmith_sql::parse_type;
    use lakesmith_text::Sources;

    fn at() -> Span {
        Span::point(Sources::new().add("t", ""), 0)
    }

    fn shown(value: TestValue, ty: &str) -> (String, usize) {
        let mut faults = Diagnostics::new();
        let value = Spanned::new(value, at());
        let column = column(&[Some(&value)], &arrow_type(&parse_type(ty).unwrap()), &mut faults);
        let options = FormatOptions::default().with_null("null");
        let shown = ArrayFormatter::try_new(&column, &options).unwrap().value(0).to_string();
        (shown, faults.len())
    }

    #[test]
    fn values_are_read_as_the_type_asks() {
        let text = |text: &str| TestValue::Text(text.to_owned());
        let number = |text: &str| TestValue::Number(text.to_owned());
        for (value, ty, expected) in [
            (number("10"), "decimal(18,2)", "10.00"),
            (number("10.00"), "int", "10"),
            (number("007"), "string", "007"),
            (text("2025-01-31"), "date", "2025-01-31"),
            (text("2025-01-31"), "timestamp", "2025-01-31T00:00:00Z"),
            (text("2025-01-31T08:30:00+01:00"), "timestamp", "2025-01-31T07:30:00Z"),
            (TestValue::Bool(true), "boolean", "true"),
            (TestValue::Null, "int", "null"),
        ] {
            assert_eq!(shown(value, ty), (expected.to_owned(), 0), "{ty}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let text = |text: &str| TestValue::Text(text.to_owned());
        for (value, ty) in [
            (text("oops"), "int"),
            (text("1.5"), "int"),
            (text("1.234"), "decimal(18,2)"),
            (text("noon"), "timestamp"),
            (text("a"), "array<string>"),
            (TestValue::List(vec![]), "string"),
        ] {
            assert_eq!(shown(value, ty).1, 1, "{ty}");
        }
    }

    #[test]
    fn nested_values_are_filled_up_with_null() {
        let name = |name: &str| Spanned::new(name.to_owned(), at());
        let number = |text: &str| Spanned::new(TestValue::Number(text.to_owned()), at());
        let line = Spanned::new(TestValue::Map(vec![(name("n"), number("1"))]), at());
        let lines = TestValue::List(vec![line, Spanned::new(TestValue::Null, at())]);
        assert_eq!(shown(lines, "array<struct<n: int, sku: string>>"), ("[{n: 1, sku: null}, null]".to_owned(), 0));
        let map = TestValue::Map(vec![(name("a"), number("1"))]);
        assert_eq!(shown(map.clone(), "map<string, int>"), ("{a: 1}".to_owned(), 0));
        assert_eq!(shown(map, "struct<b: int>").1, 1);
    }
}
