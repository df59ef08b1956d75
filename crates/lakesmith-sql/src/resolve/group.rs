//! Which expressions have one value per group.

use super::names::{Names, range};
use crate::SqlError;
use crate::rewrite::tree;
use crate::signature::{Kind, lookup};
use crate::walk;
use sqlparser::ast::{Expr, Ident};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The keys of a GROUP BY.
pub(super) struct Groups<'a> {
    keys: BTreeSet<String>,
    /// The names of output columns, where these come first.
    outputs: Vec<&'a str>,
    names: &'a Names<'a>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(keys: &[Expr], outputs: Vec<&'a str>, names: &'a Names<'a>) -> Self {
        Self { keys: keys.iter().map(|key| canonical(key, names)).collect(), outputs, names }
    }

    /// The columns in an expression that are neither keys, nor within one, nor aggregated.
    pub(super) fn check(&self, expr: &Expr) -> Vec<SqlError> {
        if self.keys.contains(&canonical(expr, self.names)) {
            return Vec::new();
        }
        let parts = match expr {
            Expr::Identifier(ident) if self.outputs.contains(&ident.value.as_str()) => return Vec::new(),
            Expr::Identifier(ident) => std::slice::from_ref(ident),
            Expr::CompoundIdentifier(parts) => parts,
            Expr::Function(function) if is_aggregate(function) => return Vec::new(),
            other => return tree::children(other).into_iter().flat_map(|child| self.check(child)).collect(),
        };
        match self.names.find(parts) {
            Ok(Some(found)) if found.place.0 == 0 => {
                // A field of a key has one value per group too.
                let column = Expr::Identifier(Ident::new(place_name(found.place)));
                if found.field && self.keys.contains(&column.to_string()) {
                    return Vec::new();
                }
                let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
                let error =
                    SqlError::new("not-grouped", format!("`{name}` is neither in GROUP BY nor aggregated")).at(range(parts));
                vec![error.help(format!("add it to GROUP BY, or take one value of the group: `max({name})`"))]
            }
            _ => Vec::new(),
        }
    }
}

fn is_aggregate(function: &sqlparser::ast::Function) -> bool {
    let kind = lookup(&tree::name(function)).and_then(<[_]>::first).map(|signature| signature.kind);
    function.over.is_none() && kind == Some(Kind::Aggregate)
}

/// The expression with columns by their places instead of their names: `c.id` and `id` are the same.
fn canonical(expr: &Expr, names: &Names<'_>) -> String {
    let mut expr = expr.clone();
    let _ = walk::expressions(&mut expr, &mut |expr| {
        let found = match expr {
            Expr::Identifier(ident) => names.find(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => names.find(parts),
            Expr::Nested(inner) => {
                *expr = tree::bare((**inner).clone());
                return ControlFlow::Continue(());
            }
            _ => return ControlFlow::Continue(()),
        };
        if let Ok(Some(found)) = found {
            let mut parts = vec![Ident::new(place_name(found.place))];
            if found.field {
                parts.extend(found.parts.iter().map(Ident::new));
            }
            *expr = if parts.len() == 1 { Expr::Identifier(parts.remove(0)) } else { Expr::CompoundIdentifier(parts) };
        }
        ControlFlow::Continue(())
    });
    tree::bare(expr).to_string()
}

fn place_name((depth, relation, column): (usize, usize, usize)) -> String {
    format!("${depth}_{relation}_{column}")
}
