//! How the columns of a table differ from those that its flow is to fill, and what that takes: columns are found by
//! name, never by position, also within structs.

use crate::table::Column;
use lakesmith_sql::{DataType, Field};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One difference between the columns that a table has and those that it is to have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The column, with the fields that lead into it: `ship_to.zip`; of lists their elements.
    pub column: String,
    /// What is different.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// What is different about a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    /// The table does not have it yet.
    Added {
        /// Its type.
        to: DataType,
    },
    /// Its type becomes one that holds every value of the former exactly.
    Widened {
        /// The table's type.
        from: DataType,
        /// The type to be.
        to: DataType,
    },
    /// Its type becomes one that may not hold every value of the former.
    Retyped {
        /// The table's type.
        from: DataType,
        /// The type to be.
        to: DataType,
    },
    /// It is written in another case.
    Recased {
        /// The table's name of it.
        from: String,
    },
    /// The table has it, and it is not to be there any more.
    Removed {
        /// The table's type.
        from: DataType,
    },
}

/// What a change asks for before rows can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// Nothing: the column is added, and former rows have NULL in it.
    Nothing,
    /// The files are written again; no value changes.
    Rewriting,
    /// Somebody's consent, because values may be lost.
    Consent,
}

impl Change {
    /// What it asks for.
    pub fn takes(&self) -> Takes {
        match self.kind {
            ChangeKind::Added { .. } => Takes::Nothing,
            ChangeKind::Widened { .. } | ChangeKind::Recased { .. } => Takes::Rewriting,
            ChangeKind::Retyped { .. } | ChangeKind::Removed { .. } => Takes::Consent,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = &self.column;
        match &self.kind {
            ChangeKind::Added { to } => write!(f, "new column `{column}` {to}"),
            ChangeKind::Widened { from, to } => write!(f, "`{column}` widened from {from} to {to}"),
            ChangeKind::Retyped { from, to } => write!(f, "`{column}` changed from {from} to {to}"),
            ChangeKind::Recased { from } => write!(f, "`{from}` written `{column}`"),
            ChangeKind::Removed { from } => write!(f, "column `{column}` {from} removed"),
        }
    }
}

/// The differences, in the order of the columns to be; what is removed comes last.
pub fn changes(held: &[Column], wanted: &[Column]) -> Vec<Change> {
    let fields = |columns: &[Column]| -> Vec<Field> { columns.iter().map(|c| Field::new(&c.name, c.ty.clone())).collect() };
    let mut all = vec![];
    of_fields("", &fields(held), &fields(wanted), &mut all);
    all
}

fn of_fields(parent: &str, held: &[Field], wanted: &[Field], all: &mut Vec<Change>) {
    let path = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
    for field in wanted {
        let column = path(&field.name);
        let Some(known) = find(held, &field.name) else {
            all.push(Change { column, kind: ChangeKind::Added { to: field.ty.clone() } });
            continue;
        };
        if known.name != field.name {
            all.push(Change { column: column.clone(), kind: ChangeKind::Recased { from: path(&known.name) } });
        }
        of_types(&column, &known.ty, &field.ty, all);
    }
    for known in held.iter().filter(|known| find(wanted, &known.name).is_none()) {
        all.push(Change { column: path(&known.name), kind: ChangeKind::Removed { from: known.ty.clone() } });
    }
}

fn of_types(column: &str, held: &DataType, wanted: &DataType, all: &mut Vec<Change>) {
    match (held, wanted) {
        (DataType::Struct(held), DataType::Struct(wanted)) => of_fields(column, held, wanted, all),
        (DataType::Array(held), DataType::Array(wanted)) => of_types(column, held, wanted, all),
        (DataType::Map(key, held), DataType::Map(other, wanted)) if key == other => of_types(column, held, wanted, all),
        (held, wanted) if held == wanted => {}
        (from, to) => {
            let (from, to) = (from.clone(), to.clone());
            let kind = if widens(&from, &to) { ChangeKind::Widened { from, to } } else { ChangeKind::Retyped { from, to } };
            all.push(Change { column: column.to_owned(), kind });
        }
    }
}

fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name).or_else(|| {
        let name = name.to_lowercase();
        fields.iter().find(|field| field.name.to_lowercase() == name)
    })
}

/// Whether every value of one type is exactly one of the other: a number, a date or a text that says the same.
pub fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{BigInt, Boolean, Date, Decimal, Double, Float, Int, Null, SmallInt, String, Timestamp, TinyInt};
    let digits = |ty: &DataType| match ty {
        TinyInt => Some(3),
        SmallInt => Some(5),
        Int => Some(10),
        BigInt => Some(19),
        _ => None,
    };
    match (from, to) {
        (Null, _) => true,
        (TinyInt, SmallInt | Int | BigInt | Float | Double) => true,
        (SmallInt, Int | BigInt | Float | Double) | (Int, BigInt | Double) | (Float, Double) | (Date, Timestamp) => true,
        (Decimal { precision: p, scale: s }, Decimal { precision, scale }) => {
            (p, s) != (precision, scale) && scale >= s && precision - scale >= p - s
        }
        (whole, Decimal { precision, scale }) if whole.is_integral() => digits(whole).is_some_and(|d| precision - scale >= d),
        (Boolean | Date | Timestamp | Float | Double | Decimal { .. }, String) => true,
        (whole, String) => whole.is_integral(),
        _ => false,
    }
}

/// A table's type with the fields that `wanted` has beyond it, last; `None` where the two do not go together. Of a scalar the
/// table's type stays if it holds what is wanted.
pub fn grown(held: &DataType, wanted: &DataType) -> Option<DataType> {
    meet(held, wanted, true)
}

/// The type in which rows of a table are read to stand beside rows of `wanted`: its fields in their order, and after them
/// those that only the table has. `None` where the two do not go together.
pub fn read_as(held: &DataType, wanted: &DataType) -> Option<DataType> {
    meet(wanted, held, false)
}

/// The fields of `first`, then those that only `second` has. `held_first`: whether `first` is the table's.
fn meet(first: &DataType, second: &DataType, held_first: bool) -> Option<DataType> {
    match (first, second) {
        (DataType::Struct(ours), DataType::Struct(theirs)) => {
            let mut fields = vec![];
            for field in ours {
                let ty = match theirs.iter().find(|other| other.name == field.name) {
                    Some(other) => meet(&field.ty, &other.ty, held_first)?,
                    None => field.ty.clone(),
                };
                fields.push(Field::new(&field.name, ty));
            }
            let new = theirs.iter().filter(|other| ours.iter().all(|field| field.name != other.name));
            fields.extend(new.map(|other| Field::new(&other.name, other.ty.clone())));
            Some(DataType::Struct(fields))
        }
        (DataType::Array(ours), DataType::Array(theirs)) => Some(DataType::Array(Box::new(meet(ours, theirs, held_first)?))),
        (DataType::Map(key, ours), DataType::Map(other, theirs)) if key == other => {
            Some(DataType::Map(key.clone(), Box::new(meet(ours, theirs, held_first)?)))
        }
        (ours, theirs) if ours == theirs => Some(ours.clone()),
        (ours, theirs) => {
            let (held, wanted) = if held_first { (ours, theirs) } else { (theirs, ours) };
            widens(wanted, held).then(|| held.clone())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lakesmith_sql::{Schema, parse_type};

    fn columns(ddl: &str) -> Vec<Column> {
        Schema::parse(ddl).unwrap().fields.into_iter().map(|field| Column::new(field.name, field.ty)).collect()
    }

    fn told(held: &str, wanted: &str) -> Vec<String> {
        changes(&columns(held), &columns(wanted)).iter().map(ToString::to_string).collect()
    }

    fn ty(ddl: &str) -> DataType {
        parse_type(ddl).unwrap()
    }

    #[test]
    fn columns_are_compared_by_name_also_within_structs_and_lists() {
        let held = "id BIGINT, ship STRUCT<zip: BIGINT, city: STRING>, lines ARRAY<STRUCT<no: INT, qty: INT>>, gone DATE";
        let wanted = "lines ARRAY<STRUCT<qty: BIGINT, no: INT, sku: STRING>>, Id BIGINT, ship STRUCT<city: STRING>, new DOUBLE";
        assert_eq!(
            told(held, wanted),
            [
                "`lines.qty` widened from INT to BIGINT",
                "new column `lines.sku` STRING",
                "`id` written `Id`",
                "column `ship.zip` BIGINT removed",
                "new column `new` DOUBLE",
                "column `gone` DATE removed",
            ]
        );
        assert_eq!(told("a INT, b STRUCT<x: INT, y: INT>", "b STRUCT<y: INT, x: INT>, a INT"), [""; 0]);
    }

    #[test]
    fn a_type_widens_only_where_every_value_stays() {
        let wider = [
            ("INT", "BIGINT"),
            ("INT", "DOUBLE"),
            ("INT", "DECIMAL(12,2)"),
            ("BIGINT", "DECIMAL(19,0)"),
            ("DECIMAL(10,2)", "DECIMAL(12,4)"),
            ("FLOAT", "DOUBLE"),
            ("DATE", "TIMESTAMP"),
            ("BOOLEAN", "STRING"),
            ("BIGINT", "STRING"),
        ];
        for (from, to) in wider {
            assert!(widens(&ty(from), &ty(to)), "{from} {to}");
            assert!(!widens(&ty(to), &ty(from)), "{to} {from}");
        }
        for (from, to) in [
            ("BIGINT", "DOUBLE"),
            ("INT", "FLOAT"),
            ("INT", "DECIMAL(10,2)"),
            ("DECIMAL(10,2)", "DECIMAL(10,3)"),
            ("DECIMAL(10,2)", "DOUBLE"),
            ("STRING", "INT"),
            ("STRUCT<a: INT>", "STRING"),
        ] {
            assert!(!widens(&ty(from), &ty(to)), "{from} {to}");
        }
    }

    #[test]
    fn a_struct_grows_at_its_end_and_is_read_in_the_order_that_is_wanted() {
        let (held, wanted) = (ty("ARRAY<STRUCT<a: INT, b: INT>>"), ty("ARRAY<STRUCT<c: DATE, b: INT>>"));
        assert_eq!(grown(&held, &wanted), Some(ty("ARRAY<STRUCT<a: INT, b: INT, c: DATE>>")));
        assert_eq!(read_as(&held, &wanted), Some(ty("ARRAY<STRUCT<c: DATE, b: INT, a: INT>>")));
        assert_eq!(grown(&ty("INT"), &ty("DOUBLE")), None);
        assert_eq!(grown(&ty("DOUBLE"), &ty("INT")), Some(ty("DOUBLE")));
        assert_eq!(read_as(&ty("DOUBLE"), &ty("INT")), Some(ty("DOUBLE")));
    }
}
