//! The names that an expression may use, and what they stand for.

use super::ColumnRef;
use crate::syntax::bytes;
use crate::types::same_name;
use crate::{DataType, Schema, SqlError};
use sqlparser::ast::{Expr, Ident};
use std::collections::BTreeSet;

/// A column of a relation.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: DataType,
    pub(super) nullable: bool,
    pub(super) sources: BTreeSet<ColumnRef>,
}

/// A table, subquery or view in FROM.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// The alias, or the parts of the table's name. Empty if it has none.
    pub(super) qualifier: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Whether it is a table, not the rows of a query.
    pub(super) stored: bool,
}

/// The relations in FROM, and those of the queries around.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) relations: Vec<Relation>,
    /// The columns that USING made one of two.
    pub(super) merged: Vec<String>,
    pub(super) outer: Option<&'a Names<'a>>,
    /// Whether a name is found with its relation, though it was written without.
    pub(super) qualified: bool,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) column: &'a Column,
    /// Which relation, which column; and how many queries further out.
    pub(super) place: (usize, usize, usize),
    /// The name's parts in their declared case.
    pub(super) parts: Vec<String>,
    /// The type behind the fields that the name goes into.
    pub(super) ty: DataType,
    pub(super) nullable: bool,
    /// Whether the name goes into a struct.
    pub(super) field: bool,
}

impl Relation {
    /// Rows that a query gives.
    pub(super) fn computed(qualifier: Vec<String>, columns: Vec<Column>) -> Self {
        Self { qualifier, columns, stored: false }
    }

    /// A table's columns, each its own source.
    pub(super) fn table(qualifier: Vec<String>, table: &str, schema: Schema) -> Self {
        let column = |field: crate::Field| Column {
            sources: BTreeSet::from([(table.to_owned(), field.name.clone())]),
            name: field.name,
            ty: field.ty,
            nullable: field.nullable,
        };
        Self { qualifier, columns: schema.fields.into_iter().map(column).collect(), stored: true }
    }

    /// One of its columns, named with the relation.
    pub(super) fn expr(&self, column: &Column) -> Expr {
        let parts = self.qualifier.iter().chain([&column.name]).map(|part| Ident::with_quote('`', part));
        let mut parts: Vec<Ident> = parts.collect();
        if parts.len() == 1 { Expr::Identifier(parts.remove(0)) } else { Expr::CompoundIdentifier(parts) }
    }

    /// Whether a name's qualifier means this relation: `orders` and `silver.orders` both mean `silver.orders`.
    pub(super) fn is(&self, qualifier: &[&str]) -> bool {
        let Some(skipped) = self.qualifier.len().checked_sub(qualifier.len()) else { return false };
        self.qualifier.iter().skip(skipped).zip(qualifier).all(|(own, asked)| same_name(own, asked))
    }
}

impl<'a> Names<'a> {
    /// The column that a name means. None if there is none; an error if there are several, or a field that the struct has not.
    pub(super) fn find(&'a self, parts: &[Ident]) -> Result<Option<Found<'a>>, SqlError> {
        let (mut names, mut depth) = (self, 0);
        loop {
            for length in (0..parts.len()).rev() {
                if let Some(found) = names.find_qualified(parts, length, depth)? {
                    return Ok(Some(found));
                }
            }
            match names.outer {
                Some(outer) => (names, depth) = (outer, depth + 1),
                None => return Ok(None),
            }
        }
    }

    /// The column, if the first `length` parts are the relation's name.
    fn find_qualified(&'a self, parts: &[Ident], length: usize, depth: usize) -> Result<Option<Found<'a>>, SqlError> {
        let texts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
        let (Some(qualifier), Some(name)) = (texts.get(..length), texts.get(length)) else { return Ok(None) };
        let mut candidates =
            self.relations.iter().enumerate().filter(|(_, relation)| length == 0 || relation.is(qualifier)).flat_map(
                |(index, relation)| {
                    let columns = relation.columns.iter().enumerate().filter(|(_, column)| same_name(&column.name, name));
                    columns.map(move |(at, column)| (index, relation, at, column))
                },
            );
        let Some((index, relation, at, column)) = candidates.next() else { return Ok(None) };
        let merged = length == 0 && self.merged.iter().any(|merged| same_name(merged, name));
        if let (Some((_, other, ..)), false) = (candidates.next(), merged) {
            let (a, b) = (relation.qualifier.join("."), other.qualifier.join("."));
            let error = SqlError::new("ambiguous-column", format!("`{name}` could be a column of several relations"));
            let error = if a.is_empty() || b.is_empty() || a == b {
                error
            } else {
                error.help(format!("write `{a}.{name}` or `{b}.{name}`"))
            };
            return Err(error.at(range(parts)));
        }
        let skipped = match self.qualified {
            true => 0,
            false => relation.qualifier.len() - length.min(relation.qualifier.len()),
        };
        let mut found = Found {
            column,
            place: (depth, index, at),
            parts: relation.qualifier.iter().skip(skipped).cloned().collect(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            field: false,
        };
        found.parts.push(column.name.clone());
        for part in parts.iter().skip(length + 1) {
            let field = field(&found.ty, part)?;
            found.parts.push(field.name);
            found.nullable |= field.nullable;
            found.ty = field.ty;
            found.field = true;
        }
        Ok(Some(found))
    }

    /// All names that could have been meant.
    pub(super) fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> =
            self.relations.iter().flat_map(|relation| &relation.columns).map(|column| column.name.as_str()).collect();
        if let Some(outer) = self.outer {
            all.extend(outer.all());
        }
        all
    }
}

/// The field of a struct that a part of a name means.
pub(super) fn field(ty: &DataType, part: &Ident) -> Result<crate::Field, SqlError> {
    let name = &part.value;
    let error = match ty {
        DataType::Struct(fields) => match fields.iter().find(|field| same_name(&field.name, name)) {
            Some(field) => return Ok(field.clone()),
            None => SqlError::new("unknown-column", format!("the struct has no field `{name}`"))
                .suggest(name, fields.iter().map(|field| field.name.as_str())),
        },
        DataType::Null => return Ok(crate::Field::new(name.clone(), DataType::Null)),
        DataType::Array(element) if matches!(**element, DataType::Struct(_)) => {
            SqlError::unsupported(format!("`.{name}` of an array of structs is not supported"))
                .help(format!("take it from each element: `transform(.., x -> x.{name})`"))
        }
        DataType::Map(..) => {
            SqlError::unsupported(format!("`.{name}` of a map is not supported")).help(format!("write `[..]`: `['{name}']`"))
        }
        other => SqlError::new("type-mismatch", format!("{other} has no fields, `.{name}` does not exist")),
    };
    Err(error.at(bytes(part.span)))
}

/// The bytes of a name of several parts.
pub(super) fn range(parts: &[Ident]) -> Option<std::ops::Range<usize>> {
    let first = bytes(parts.first()?.span)?;
    let last = bytes(parts.last()?.span)?;
    Some(first.start..last.end)
}

/// An identifier in backticks, in the place of another.
pub(super) fn quote(ident: &mut Ident, name: &str) {
    name.clone_into(&mut ident.value);
    ident.quote_style = Some('`');
}
