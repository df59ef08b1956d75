//! Whole queries: named subqueries, set operations, ORDER BY, LIMIT.

use super::names::{Column, Names};
use super::resolver::{Resolver, Typed};
use crate::syntax::bytes;
use crate::types::{common_type, same_name};
use crate::{DataType, SqlError};
use sqlparser::ast::{Expr, LimitClause, OrderBy, Query, SetExpr, SetOperator, SetQuantifier, Spanned, Values};
use std::collections::BTreeSet;
use std::ops::Range;

impl Resolver<'_> {
    /// The columns that come out of a query.
    pub(super) fn query(&mut self, query: &mut Query, outer: Option<&Names<'_>>) -> Vec<Column> {
        let place = bytes(query.body.span());
        let refused = [
            (query.fetch.is_some(), "FETCH"),
            (!query.locks.is_empty(), "FOR UPDATE"),
            (!query.pipe_operators.is_empty(), "`|>`"),
            (query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some(), "this clause"),
            (query.with.as_ref().is_some_and(|with| with.recursive), "WITH RECURSIVE"),
        ];
        for (_, what) in refused.iter().filter(|(refused, _)| *refused) {
            self.fault(SqlError::unsupported(format!("{what} is not supported")).at(place.clone()));
        }
        let ctes = self.ctes.len();
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            let columns = self.query(&mut cte.query, outer);
            let columns = self.renamed(columns, &mut cte.alias);
            self.ctes.push((cte.alias.name.value.clone(), columns));
        }
        let before = std::mem::take(&mut self.aliases_first);
        let columns = self.body(&mut query.body, query.order_by.as_mut(), outer);
        self.aliases_first = before;
        match &mut query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                if !limit_by.is_empty() {
                    self.fault(SqlError::unsupported("LIMIT BY is not supported").at(place));
                }
                for expr in limit.iter_mut().chain(offset.iter_mut().map(|offset| &mut offset.value)) {
                    self.limit(expr);
                }
            }
            Some(LimitClause::OffsetCommaLimit { limit, offset }) => {
                self.limit(limit);
                self.limit(offset);
            }
            None => {}
        }
        self.ctes.truncate(ctes);
        columns
    }

    fn limit(&mut self, expr: &mut Expr) {
        let typed = self.plain(expr, &Names::default(), "LIMIT");
        if !typed.ty.is_integral() && typed.ty != DataType::Null {
            let error = SqlError::new("type-mismatch", format!("a whole number is needed here, this is {}", typed.ty));
            self.fault_at(error, expr);
        }
    }

    fn body(&mut self, body: &mut SetExpr, order_by: Option<&mut OrderBy>, outer: Option<&Names<'_>>) -> Vec<Column> {
        let columns = match body {
            SetExpr::Select(select) => return self.select(select, order_by, outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let refused = match set_quantifier {
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => Some("BY NAME"),
                    _ => None,
                };
                let op = *op;
                let range = bytes(right.span());
                if let Some(what) = refused {
                    self.fault(SqlError::unsupported(format!("{op} {what} is not supported")).at(range.clone()));
                }
                let left = self.body(left, None, outer);
                let right = self.body(right, None, outer);
                self.combined(op, left, right, range)
            }
            SetExpr::Values(values) => self.values(values),
            other => {
                let error = SqlError::unsupported("this form of a query is not supported").at(bytes(other.span()));
                self.fault(error);
                Vec::new()
            }
        };
        if let Some(order_by) = order_by {
            let relation = super::names::Relation::computed(Vec::new(), columns.clone());
            let names = Names { relations: vec![relation], ..Names::default() };
            let twice: Vec<String> = columns
                .iter()
                .enumerate()
                .filter(|(n, column)| columns.iter().skip(n + 1).any(|other| same_name(&other.name, &column.name)))
                .map(|(_, column)| column.name.clone())
                .collect();
            self.order_by(order_by, &columns, &twice, &names);
        }
        columns
    }

    fn combined(&mut self, op: SetOperator, left: Vec<Column>, right: Vec<Column>, range: Option<Range<usize>>) -> Vec<Column> {
        if left.len() != right.len() {
            let message = format!("both sides of {op} must have the same columns: {} and {}", left.len(), right.len());
            self.fault(SqlError::new("type-mismatch", message).at(range));
            return left;
        }
        let mut columns = Vec::with_capacity(left.len());
        for (mut left, right) in left.into_iter().zip(right) {
            let strings = [&left.ty, &right.ty].iter().filter(|ty| matches!(ty, DataType::String)).count();
            let nulls = [&left.ty, &right.ty].iter().any(|ty| matches!(ty, DataType::Null));
            match common_type(&left.ty, &right.ty).filter(|_| strings != 1 || nulls) {
                Some(ty) => left.ty = ty,
                None => {
                    let message =
                        format!("column `{}` of {op} is {} on one side and {} on the other", left.name, left.ty, right.ty);
                    self.fault(SqlError::new("type-mismatch", message).at(range.clone()).help("write a CAST"));
                }
            }
            left.nullable |= right.nullable;
            left.sources.extend(right.sources);
            columns.push(left);
        }
        columns
    }

    fn values(&mut self, values: &mut Values) -> Vec<Column> {
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut columns: Vec<Column> = (0..width)
            .map(|index| Column {
                name: format!("col{}", index + 1),
                ty: DataType::Null,
                nullable: false,
                sources: BTreeSet::new(),
            })
            .collect();
        for row in &mut values.rows {
            if row.content.len() != width {
                let range = row.content.first().and_then(|expr| bytes(expr.span()));
                self.fault(SqlError::new("type-mismatch", "the rows of VALUES have different numbers of columns").at(range));
            }
            for (expr, column) in row.content.iter_mut().zip(&mut columns) {
                let typed = self.plain(expr, &Names::default(), "VALUES");
                match common_type(&column.ty, &typed.ty) {
                    Some(ty) => column.ty = ty,
                    None => {
                        let error =
                            SqlError::new("type-mismatch", format!("{} and {} in one column of VALUES", column.ty, typed.ty));
                        self.fault_at(error, expr);
                    }
                }
                column.nullable |= typed.nullable;
            }
        }
        columns
    }

    /// A subquery that stands for a value: one column.
    pub(super) fn subquery(&mut self, query: &mut Query, names: &Names<'_>, place: Option<Range<usize>>) -> Typed {
        let range = place.or(bytes(query.span()));
        let columns = self.inner(query, names, range.clone());
        match columns.as_slice() {
            [column] => Typed { sources: column.sources.clone(), ..Typed::new(column.ty.clone(), true) },
            [] => Typed::unknown(),
            _ => self.fault(
                SqlError::new("type-mismatch", format!("one column is needed here, the subquery has {}", columns.len()))
                    .at(range),
            ),
        }
    }

    pub(super) fn exists(&mut self, query: &mut Query, names: &Names<'_>) {
        self.inner(query, names, bytes(query.span()));
    }

    fn inner(&mut self, query: &mut Query, names: &Names<'_>, range: Option<Range<usize>>) -> Vec<Column> {
        if let Some(place) = self.no_subquery {
            self.fault(SqlError::unsupported(format!("{place} cannot contain a subquery")).at(range));
            return Vec::new();
        }
        let lambdas = std::mem::take(&mut self.lambdas);
        let columns = self.query(query, Some(names));
        self.lambdas = lambdas;
        columns
    }
}
