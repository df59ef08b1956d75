//! Expressions.

use super::literal::{is_date, literal};
use super::names::{Names, field, quote};
use super::resolver::{Resolver, Typed, range};
use crate::rewrite::tree::nested;
use crate::syntax::bytes;
use crate::types::{castable, common_type, from_sql, same_name};
use crate::{DataType, SqlError};
use sqlparser::ast::{CaseWhen, CastKind, DateTimeField, Expr, Ident, Interval, Value};

/// How deep an expression may be nested, so that no stack overflows. Chains of AND and OR do not count.
const DEEPEST: usize = 100;

impl Resolver<'_> {
    /// Resolves an expression in place.
    pub(super) fn expr(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        if self.depth == DEEPEST {
            return self.fault_at(SqlError::unsupported("an expression nested this deeply is not supported"), expr);
        }
        self.depth += 1;
        let typed = self.form(expr, names);
        self.depth -= 1;
        typed
    }

    fn form(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        match expr {
            Expr::Nested(inner) => self.expr(inner, names),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.column(expr, names),
            Expr::CompoundFieldAccess { .. } => self.access(expr, names),
            Expr::Value(value) => {
                let range = bytes(value.span);
                literal(&value.value).unwrap_or_else(|error| self.fault(error.at(range)))
            }
            Expr::TypedString(typed) => match from_sql(&typed.data_type) {
                Ok(ty @ (DataType::Date | DataType::Timestamp)) => match &typed.value.value {
                    Value::SingleQuotedString(text) if is_date(text) => Typed::new(ty, false),
                    _ => {
                        let error = SqlError::new("type-mismatch", format!("this is no {ty}")).help("write `yyyy-MM-dd`");
                        self.fault(error.at(bytes(typed.value.span)))
                    }
                },
                _ => {
                    let error = SqlError::unsupported(format!("a literal of type {} is not supported", typed.data_type));
                    self.fault(error.at(bytes(typed.value.span)).help("write a CAST"))
                }
            },
            Expr::Interval(_) => self.interval(expr, names),
            Expr::BinaryOp { .. } => self.binary(expr, names),
            Expr::UnaryOp { .. } => self.unary(expr, names),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                let inner = self.expr(inner, names);
                Typed::new(DataType::Boolean, false).with(&inner)
            }
            Expr::IsTrue(inner) | Expr::IsNotTrue(inner) | Expr::IsFalse(inner) | Expr::IsNotFalse(inner) => {
                let inner = self.expected(inner, names, &DataType::Boolean);
                Typed::new(DataType::Boolean, false).with(&inner)
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                Typed { nullable: false, ..self.compared(&mut [left, right], names) }
            }
            Expr::Between { expr, low, high, .. } => self.compared(&mut [expr, low, high], names),
            Expr::InList { expr, list, .. } => {
                let mut all: Vec<&mut Expr> = std::iter::once(&mut **expr).chain(list).collect();
                self.compared(&mut all, names)
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let typed = self.expr(expr, names);
                let inner = self.subquery(subquery, names, range(expr));
                if common_type(&typed.ty, &inner.ty).is_none() {
                    let error = SqlError::new("type-mismatch", format!("{} cannot be compared with {}", typed.ty, inner.ty));
                    self.fault_at(error, expr);
                }
                Typed::new(DataType::Boolean, true).with(&typed).with(&inner)
            }
            Expr::Exists { subquery, .. } => {
                self.exists(subquery, names);
                Typed::new(DataType::Boolean, false)
            }
            Expr::Subquery(query) => Typed { nullable: true, ..self.subquery(query, names, None) },
            Expr::Like { any: false, expr, pattern, .. }
            | Expr::ILike { any: false, expr, pattern, .. }
            | Expr::RLike { expr, pattern, .. } => {
                let text = self.expected(expr, names, &DataType::String);
                let pattern = self.expected(pattern, names, &DataType::String);
                Typed::new(DataType::Boolean, text.nullable || pattern.nullable).with(&text).with(&pattern)
            }
            Expr::Trim { trim_what: Some(what), expr, trim_characters: None, .. } => {
                let what = self.expected(what, names, &DataType::String);
                let text = self.expected(expr, names, &DataType::String);
                Typed::new(DataType::String, text.nullable || what.nullable).with(&text).with(&what)
            }
            Expr::Cast { .. } => self.cast(expr, names),
            Expr::Case { .. } => self.case(expr, names),
            Expr::Function(_) => self.call(expr, names),
            Expr::Lambda(_) => {
                let error = SqlError::unsupported("a lambda can only be the argument of a function like `transform`");
                self.fault_at(error, expr)
            }
            other => {
                let error = SqlError::unsupported(format!("`{other}` is a form that is not supported"));
                let error = error.at(range(other));
                self.fault(error)
            }
        }
    }

    /// A column, a field of one, a lambda's parameter, or another select item by its alias.
    fn column(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let parts: Vec<Ident> = match expr {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let Some(first) = parts.first() else { return Typed::unknown() };
        if let Some((name, ty)) = self.lambdas.iter().rev().find(|(name, _)| same_name(name, &first.value)).cloned() {
            return self.lambda_parameter(expr, &name, ty, &parts);
        }
        if self.aliases_first
            && let Some(typed) = self.alias(expr, &parts)
        {
            return typed;
        }
        match names.find(&parts) {
            Ok(Some(found)) => {
                let added = found.parts.len().saturating_sub(parts.len());
                let idents = found.parts.iter().enumerate().map(|(index, name)| {
                    let mut ident = parts.get(index.saturating_sub(added)).unwrap_or(first).clone();
                    quote(&mut ident, name);
                    ident
                });
                let mut idents: Vec<Ident> = idents.collect();
                *expr = if idents.len() == 1 { Expr::Identifier(idents.remove(0)) } else { Expr::CompoundIdentifier(idents) };
                let mut typed = Typed::new(found.ty, found.nullable);
                typed.sources.clone_from(&found.column.sources);
                if !found.field {
                    typed.column = Some(found.column.name.clone());
                }
                typed
            }
            Ok(None) => match self.alias(expr, &parts) {
                Some(typed) => typed,
                None if self.blind => Typed::unknown(),
                None => {
                    let text = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
                    let name = parts.last().map(|part| part.value.as_str()).unwrap_or_default();
                    let error = SqlError::new("unknown-column", format!("there is no column `{text}`"));
                    self.fault(error.at(super::names::range(&parts)).suggest(name, names.all()))
                }
            },
            Err(error) => self.fault(error),
        }
    }

    /// Puts a select item in the place of its alias. In ORDER BY, where an output column comes first anyway, the alias stays.
    fn alias(&mut self, expr: &mut Expr, parts: &[Ident]) -> Option<Typed> {
        let [name] = parts else { return None };
        let alias = self.aliases.iter().find(|alias| same_name(&alias.name, &name.value))?;
        let (new, typed) = (alias.expr.clone(), alias.typed.clone());
        for (contains, place) in [(typed.aggregate, self.no_aggregate), (typed.window, self.no_window)] {
            if let (true, Some(place)) = (contains, place) {
                let message = format!("`{}` contains an aggregate or window function, which {place} cannot use", name.value);
                return Some(self.fault(SqlError::new("aggregate-not-allowed", message).at(bytes(name.span))));
            }
        }
        let declared = alias.name.clone();
        *expr = if self.aliases_first {
            Expr::Identifier(Ident { value: declared, quote_style: Some('`'), span: name.span })
        } else {
            nested(new)
        };
        Some(Typed { column: None, ..typed })
    }

    fn lambda_parameter(&mut self, expr: &mut Expr, name: &str, mut ty: DataType, parts: &[Ident]) -> Typed {
        let mut idents = parts.to_vec();
        for (index, ident) in idents.iter_mut().enumerate() {
            if index == 0 {
                quote(ident, name);
                continue;
            }
            match field(&ty, ident) {
                Ok(field) => {
                    quote(ident, &field.name);
                    ty = field.ty;
                }
                Err(error) => return self.fault(error),
            }
        }
        *expr = if idents.len() == 1 { Expr::Identifier(idents.remove(0)) } else { Expr::CompoundIdentifier(idents) };
        Typed::new(ty, true)
    }

    fn interval(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::Interval(Interval { value, leading_field, last_field, .. }) = expr else { return Typed::unknown() };
        let known = leading_field.as_ref().is_some_and(|unit| is_date_unit(unit) || is_time_unit(unit));
        if !known || last_field.is_some() {
            let error = SqlError::unsupported("this form of INTERVAL is not supported").help("write `INTERVAL 3 DAYS`");
            return self.fault_at(error, expr);
        }
        let inner = self.expr(value, names);
        if !matches!(inner.ty, DataType::String | DataType::Null) && !inner.ty.is_numeric() {
            let error = SqlError::new("type-mismatch", format!("an INTERVAL needs a number, this is {}", inner.ty));
            return self.fault_at(error, value);
        }
        Typed::new(DataType::Interval, inner.nullable).with(&inner)
    }

    fn cast(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return Typed::unknown() };
        let typed = self.expr(inner, names);
        match from_sql(data_type) {
            Ok(ty) if castable(&typed.ty, &ty) => {
                let nullable = typed.nullable || *kind == CastKind::TryCast;
                *data_type = crate::types::to_sql(&ty);
                Typed::new(ty, nullable).with(&typed)
            }
            Ok(ty) => {
                let error = SqlError::new("type-mismatch", format!("{} cannot be cast to {ty}", typed.ty));
                self.fault_at(error, inner)
            }
            Err(error) => {
                let error = error.at(range(inner));
                self.fault(error)
            }
        }
    }

    fn case(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::Case { operand, conditions, else_result, .. } = expr else { return Typed::unknown() };
        let mut result = Typed::unknown();
        result.nullable = else_result.is_none();
        match operand {
            None => {
                for CaseWhen { condition, .. } in conditions.iter_mut() {
                    let typed = self.expected(condition, names, &DataType::Boolean);
                    result.absorb(&typed);
                }
            }
            Some(operand) => {
                let whens = conditions.iter_mut().map(|when| &mut when.condition);
                let mut all: Vec<&mut Expr> = std::iter::once(&mut **operand).chain(whens).collect();
                let typed = self.compared(&mut all, names);
                result.absorb(&typed);
            }
        }
        let results = conditions.iter_mut().map(|when| &mut when.result);
        let mut branches: Vec<&mut Expr> = results.chain(else_result.as_deref_mut()).collect();
        let typed = self.common(&mut branches, names);
        result.nullable |= typed.nullable;
        result.ty = typed.ty.clone();
        result.with(&typed)
    }

    /// Brings expressions to their common type.
    pub(super) fn common(&mut self, exprs: &mut [&mut Expr], names: &Names<'_>) -> Typed {
        let typed: Vec<Typed> = exprs.iter_mut().map(|expr| self.expr(expr, names)).collect();
        let mut ty = DataType::Null;
        for (expr, part) in exprs.iter().zip(&typed) {
            match common_type(&ty, &part.ty) {
                Some(common) => ty = common,
                None => {
                    let error = SqlError::new("type-mismatch", format!("{ty} and {} have no common type", part.ty));
                    return self.fault_at(error, expr);
                }
            }
        }
        let mut result = Typed::new(ty.clone(), false);
        for (expr, part) in exprs.iter_mut().zip(&typed) {
            // Numbers of different width meet in the engine without a cast.
            if !(part.ty.is_numeric() && ty.is_numeric()) {
                self.convert(expr, part, &ty);
            }
            result.nullable |= part.nullable;
            result.absorb(part);
        }
        result
    }

    /// Brings expressions to a type in which they are compared.
    pub(super) fn compared(&mut self, exprs: &mut [&mut Expr], names: &Names<'_>) -> Typed {
        let typed = self.common(exprs, names);
        if !crate::types::comparable(&typed.ty) {
            let error = SqlError::new("type-mismatch", format!("values of type {} cannot be compared", typed.ty));
            let place = exprs.first().and_then(|expr| range(expr));
            return self.fault(error.at(place));
        }
        Typed { ty: DataType::Boolean, number: None, column: None, ..typed }
    }
}

/// Whether a unit of an interval moves a date by whole days.
pub(super) fn is_date_unit(unit: &DateTimeField) -> bool {
    use DateTimeField::{Day, Days, Month, Months, Week, Weeks, Year, Years};
    matches!(unit, Year | Years | Month | Months | Week(None) | Weeks | Day | Days)
}

fn is_time_unit(unit: &DateTimeField) -> bool {
    use DateTimeField::{Hour, Hours, Microsecond, Microseconds, Millisecond, Milliseconds, Minute, Minutes, Second, Seconds};
    matches!(unit, Hour | Hours | Minute | Minutes | Second | Seconds | Millisecond | Milliseconds | Microsecond | Microseconds)
}
