//! Elements of arrays and maps, and fields behind them: `a[0]`, `m['k']`, `lines[0].LineNo`.

use super::names::{Names, field, quote};
use super::resolver::{Resolver, Typed, range};
use crate::rewrite::tree::call;
use crate::{DataType, SqlError};
use sqlparser::ast::{AccessExpr, Expr, Subscript};

impl Resolver<'_> {
    /// An access to a map becomes `try_element_at`: a missing key gives NULL, while a missing element of an array is an error.
    pub(super) fn access(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::CompoundFieldAccess { root, access_chain } = expr else { return Typed::unknown() };
        // Leading names belong to the column's name: `t.lines[0]`.
        while let (Expr::Identifier(_) | Expr::CompoundIdentifier(_), Some(AccessExpr::Dot(Expr::Identifier(part)))) =
            (&**root, access_chain.first())
        {
            let part = part.clone();
            let mut parts = match &**root {
                Expr::Identifier(first) => vec![first.clone()],
                Expr::CompoundIdentifier(parts) => parts.clone(),
                _ => Vec::new(),
            };
            parts.push(part);
            **root = Expr::CompoundIdentifier(parts);
            access_chain.remove(0);
        }
        let mut typed = self.expr(root, names);
        typed.column = None;
        let mut tree = (**root).clone();
        for access in std::mem::take(access_chain) {
            tree = match access {
                AccessExpr::Dot(Expr::Identifier(mut part)) => match field(&typed.ty, &part) {
                    Ok(field) => {
                        quote(&mut part, &field.name);
                        typed.nullable |= field.nullable;
                        typed.ty = field.ty;
                        behind(tree, AccessExpr::Dot(Expr::Identifier(part)))
                    }
                    Err(error) => return self.fault(error),
                },
                AccessExpr::Subscript(Subscript::Index { mut index }) => {
                    let at = self.expr(&mut index, names);
                    typed.absorb(&at);
                    typed.nullable = true;
                    match typed.ty.clone() {
                        DataType::Map(key, value) => {
                            self.convert(&mut index, &at, &key);
                            typed.ty = *value;
                            call("try_element_at", vec![tree, index])
                        }
                        DataType::Array(element) => {
                            self.convert(&mut index, &at, &DataType::Int);
                            typed.ty = *element;
                            behind(tree, AccessExpr::Subscript(Subscript::Index { index }))
                        }
                        DataType::Null => return Typed::unknown(),
                        other => {
                            let error = SqlError::new("type-mismatch", format!("{other} has no elements"));
                            return self.fault_at(error, &index);
                        }
                    }
                }
                _ => {
                    let error = SqlError::unsupported("this kind of access is not supported").at(range(&tree));
                    return self.fault(error);
                }
            };
        }
        *expr = tree;
        typed
    }
}

/// One access more.
fn behind(tree: Expr, access: AccessExpr) -> Expr {
    match tree {
        Expr::CompoundFieldAccess { root, mut access_chain } => {
            access_chain.push(access);
            Expr::CompoundFieldAccess { root, access_chain }
        }
        tree => Expr::CompoundFieldAccess { root: Box::new(tree), access_chain: vec![access] },
    }
}
