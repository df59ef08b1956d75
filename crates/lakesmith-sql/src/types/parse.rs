//! Reads types as Spark's DDL writes them.

use super::{DataType, Field};
use crate::SqlError;

/// The names of the types that take no parameters, with their synonyms.
const NAMES: &[(&str, DataType)] = &[
    ("boolean", DataType::Boolean),
    ("tinyint", DataType::TinyInt),
    ("byte", DataType::TinyInt),
    ("smallint", DataType::SmallInt),
    ("short", DataType::SmallInt),
    ("int", DataType::Int),
    ("integer", DataType::Int),
    ("bigint", DataType::BigInt),
    ("long", DataType::BigInt),
    ("float", DataType::Float),
    ("real", DataType::Float),
    ("double", DataType::Double),
    ("string", DataType::String),
    ("binary", DataType::Binary),
    ("date", DataType::Date),
    ("timestamp", DataType::Timestamp),
    ("timestamp_ltz", DataType::Timestamp),
    ("void", DataType::Null),
    ("interval", DataType::Interval),
];

/// Reads one type, without regard to case: `decimal(18,2)`, `array<struct<LineNo: bigint>>`.
///
/// # Errors
/// `sql-syntax` with the bytes of what is not understood, and the nearest name of a type.
pub fn parse_type(text: &str) -> Result<DataType, SqlError> {
    let mut reader = Reader { text, at: 0 };
    let ty = reader.data_type()?;
    reader.end()?;
    Ok(ty)
}

/// Reads `name TYPE [NOT NULL], …`, as a table or a struct lists its fields. The colon of a struct may be there or not.
pub(super) fn parse_fields(text: &str) -> Result<Vec<Field>, SqlError> {
    let mut reader = Reader { text, at: 0 };
    let fields = reader.fields("")?;
    reader.end()?;
    Ok(fields)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), SqlError> {
        if self.take(symbol) { Ok(()) } else { Err(self.wrong(format!("`{symbol}` is missing in the type"))) }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        let found = self.word().eq_ignore_ascii_case(keyword);
        if !found {
            self.at = start;
        }
        found
    }

    fn wrong(&mut self, message: String) -> SqlError {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        SqlError::new("sql-syntax", message).at(Some(self.at..self.at + length))
    }

    fn end(&mut self) -> Result<(), SqlError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong("there is more than a type here".into())) }
    }

    fn name(&mut self) -> Result<String, SqlError> {
        let rest = self.rest();
        if !rest.starts_with('`') {
            let word = self.word();
            return if word.is_empty() {
                Err(self.wrong("a field's name is missing in the type".into()))
            } else {
                Ok(word.to_owned())
            };
        }
        let mut name = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((index, c)) = chars.next() {
            match (c, chars.peek()) {
                ('`', Some((_, '`'))) => {
                    chars.next();
                    name.push('`');
                }
                ('`', _) => {
                    self.at += index + 1;
                    return Ok(name);
                }
                _ => name.push(c),
            }
        }
        Err(self.wrong("this name is not closed".into()))
    }

    fn fields(&mut self, close: &str) -> Result<Vec<Field>, SqlError> {
        let mut fields = Vec::new();
        if if close.is_empty() { self.rest().is_empty() } else { self.take(close) } {
            return Ok(fields);
        }
        loop {
            let name = self.name()?;
            self.take(":");
            let ty = self.data_type()?;
            let nullable = !self.keyword("not");
            if !nullable && !self.keyword("null") {
                return Err(self.wrong("`NOT` is followed by `NULL` in a type".into()));
            }
            fields.push(Field { name, ty, nullable });
            if !self.take(",") {
                break;
            }
        }
        if !close.is_empty() {
            self.expect(close)?;
        }
        Ok(fields)
    }

    fn number(&mut self) -> Result<u8, SqlError> {
        let start = self.at;
        self.word().parse().map_err(|_| {
            self.at = start;
            self.wrong("a number of digits is missing in the type".into())
        })
    }

    fn data_type(&mut self) -> Result<DataType, SqlError> {
        self.rest();
        let start = self.at;
        let word = self.word().to_ascii_lowercase();
        match word.as_str() {
            "decimal" | "dec" | "numeric" => self.decimal(start),
            "array" => {
                self.expect("<")?;
                let element = self.data_type()?;
                self.expect(">")?;
                Ok(DataType::Array(Box::new(element)))
            }
            "map" => {
                self.expect("<")?;
                let key = self.data_type()?;
                self.expect(",")?;
                let value = self.data_type()?;
                self.expect(">")?;
                Ok(DataType::Map(Box::new(key), Box::new(value)))
            }
            "struct" => {
                self.expect("<")?;
                Ok(DataType::Struct(self.fields(">")?))
            }
            "varchar" | "char" => {
                // The length is a check, not a type: values are strings.
                self.expect("(")?;
                self.number()?;
                self.expect(")")?;
                Ok(DataType::String)
            }
            _ => match NAMES.iter().find(|(name, _)| *name == word) {
                Some((_, ty)) => Ok(ty.clone()),
                None if word.is_empty() => Err(self.wrong("a type is missing here".into())),
                None => {
                    let names = NAMES.iter().map(|(name, _)| *name).chain(["decimal", "array", "map", "struct"]);
                    Err(SqlError::new("sql-syntax", format!("`{word}` is not a type"))
                        .at(Some(start..self.at))
                        .suggest(&word, names))
                }
            },
        }
    }

    fn decimal(&mut self, start: usize) -> Result<DataType, SqlError> {
        if !self.take("(") {
            return Ok(DataType::Decimal { precision: 10, scale: 0 });
        }
        let precision = self.number()?;
        let scale = if self.take(",") { self.number()? } else { 0 };
        self.expect(")")?;
        if !(1..=38).contains(&precision) || scale > precision {
            let message =
                format!("DECIMAL({precision},{scale}) is not possible: 1 to 38 digits, of which not more behind the point");
            return Err(SqlError::new("sql-syntax", message).at(Some(start..self.at)));
        }
        Ok(DataType::Decimal { precision, scale })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Schema;

    #[test]
    fn a_type_prints_as_it_is_read() {
        for text in [
            "DECIMAL(18,2)",
            "ARRAY<STRUCT<LineNo: BIGINT>>",
            "MAP<STRING, ARRAY<DOUBLE>>",
            "STRUCT<a: INT NOT NULL, `b c``d`: STRUCT<e: TIMESTAMP>>",
            "VOID",
        ] {
            assert_eq!(parse_type(text).unwrap().to_string(), text);
            assert_eq!(parse_type(&text.to_lowercase()).unwrap().to_string().to_lowercase(), text.to_lowercase());
        }
        assert_eq!(parse_type("dec").unwrap().to_string(), "DECIMAL(10,0)");
        assert_eq!(parse_type("struct<a int, b:varchar(3)>").unwrap().to_string(), "STRUCT<a: INT, b: STRING>");
    }

    #[test]
    fn a_schema_prints_as_it_is_read() {
        let ddl = "OrderID STRING NOT NULL, `Ship To` STRUCT<City: STRING>";
        assert_eq!(Schema::parse(ddl).unwrap().to_string(), ddl);
        assert_eq!(Schema::parse(" ").unwrap().fields, []);
    }

    #[test]
    fn faults_have_their_place() {
        let fault = |text| {
            let error = parse_type(text).unwrap_err();
            (error.range.unwrap(), error.help.unwrap_or_default())
        };
        assert_eq!(fault("array<strin>"), (6..11, "did you mean `string`?".into()));
        assert_eq!(fault("decimal(40)"), (0..11, String::new()));
        assert_eq!(fault("decimal(x)"), (8..9, String::new()));
        assert_eq!(fault("int int"), (4..5, String::new()));
        assert_eq!(fault("array<int"), (9..9, String::new()));
    }
}
