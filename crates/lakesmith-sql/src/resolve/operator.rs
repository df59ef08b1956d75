//! Operators.

use super::expr::is_date_unit;
use super::names::Names;
use super::resolver::{Resolver, Typed, range};
use crate::rewrite::tree::call;
use crate::signature::operator;
use crate::types::common_type;
use crate::{DataType, SqlError};
use sqlparser::ast::{BinaryOperator, Expr, Interval, UnaryOperator, Value};

impl Resolver<'_> {
    pub(super) fn binary(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::BinaryOp { left, op, right } = expr else { return Typed::unknown() };
        match op {
            BinaryOperator::And | BinaryOperator::Or => self.conditions(expr, names),
            BinaryOperator::Spaceship => Typed { nullable: false, ..self.compared(&mut [left, right], names) },
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => self.compared(&mut [left, right], names),
            BinaryOperator::StringConcat => {
                let (first, second) = (self.expr(left, names), self.expr(right, names));
                let ty = match common_type(&first.ty, &second.ty) {
                    Some(array @ DataType::Array(_)) => array,
                    _ => DataType::String,
                };
                self.convert(left, &first, &ty);
                self.convert(right, &second, &ty);
                Typed::new(ty, first.nullable || second.nullable).with(&first).with(&second)
            }
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::MyIntegerDivide => self.arithmetic(expr, names),
            BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr | BinaryOperator::BitwiseXor => {
                let (first, second) = (self.expr(left, names), self.expr(right, names));
                match common_type(&first.ty, &second.ty) {
                    Some(ty) if ty.is_integral() || ty == DataType::Null => {
                        Typed::new(ty, first.nullable || second.nullable).with(&first).with(&second)
                    }
                    _ => self.no_operator(expr, &first, &second),
                }
            }
            other => {
                let error = SqlError::unsupported(format!("the operator `{other}` is not supported"));
                self.fault_at(error, expr)
            }
        }
    }

    /// A chain of AND and OR, however long: it leans to the left.
    fn conditions(&mut self, mut expr: &mut Expr, names: &Names<'_>) -> Typed {
        let mut typed = Typed::new(DataType::Boolean, false);
        loop {
            let (operand, rest) = match expr {
                Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => (&mut **right, Some(&mut **left)),
                last => (last, None),
            };
            let part = self.expected(operand, names, &DataType::Boolean);
            typed.nullable |= part.nullable;
            typed.absorb(&part);
            match rest {
                Some(left) => expr = left,
                None => return typed,
            }
        }
    }

    pub(super) fn unary(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::UnaryOp { op, expr: inner } = expr else { return Typed::unknown() };
        match op {
            UnaryOperator::Not => {
                let typed = self.expected(inner, names, &DataType::Boolean);
                Typed::new(DataType::Boolean, typed.nullable).with(&typed)
            }
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let typed = self.expr(inner, names);
                if typed.ty == DataType::String {
                    self.convert(inner, &typed, &DataType::Double);
                    return Typed { ty: DataType::Double, column: None, ..typed };
                }
                if !typed.ty.is_numeric() && !matches!(typed.ty, DataType::Null | DataType::Interval) {
                    let error = SqlError::new("type-mismatch", format!("a number is needed here, this is {}", typed.ty));
                    return self.fault_at(error, inner);
                }
                if *op == UnaryOperator::Minus && is_least(inner) {
                    return Typed { number: Some(i64::MIN), ..Typed::new(DataType::BigInt, false) };
                }
                let number = if *op == UnaryOperator::Minus { typed.number.map(i64::wrapping_neg) } else { typed.number };
                Typed { number, column: None, ..typed }
            }
            UnaryOperator::BitwiseNot => {
                let typed = self.expected(inner, names, &DataType::BigInt);
                Typed { number: None, column: None, ..typed }
            }
            other => {
                let error = SqlError::unsupported(format!("the operator `{other}` is not supported"));
                self.fault_at(error, expr)
            }
        }
    }

    fn arithmetic(&mut self, expr: &mut Expr, names: &Names<'_>) -> Typed {
        let Expr::BinaryOp { left, op, right } = expr else { return Typed::unknown() };
        let mut first = self.expr(left, names);
        let mut second = self.expr(right, names);
        if let Some(ty) = moved(&first, op, &second, right) {
            let typed = Typed::new(ty, first.nullable || second.nullable).with(&first).with(&second);
            if let Some(days) = days_added(&first, op, &second) {
                let (date, number) = if days { (left, right) } else { (right, left) };
                let name = if *op == BinaryOperator::Minus { "date_sub" } else { "date_add" };
                *expr = call(name, vec![(**date).clone(), (**number).clone()]);
            }
            return typed;
        }
        if first.ty == DataType::Date && second.ty == DataType::Date {
            let error = SqlError::unsupported("the difference of two dates is an interval, which is not supported");
            return self.fault_at(error.help("`datediff(end, start)` gives the days between"), expr);
        }
        // A string becomes a number: BIGINT beside an integral one, else DOUBLE.
        let other = |other: &Typed| {
            if other.ty.is_integral() && *op != BinaryOperator::Divide { DataType::BigInt } else { DataType::Double }
        };
        let (from_second, from_first) = (other(&second), other(&first));
        for (side, typed, ty) in [(&mut *left, &mut first, from_second), (&mut *right, &mut second, from_first)] {
            if typed.ty == DataType::String {
                self.convert(side, typed, &ty);
                typed.ty = ty;
            }
        }
        let ty = match (&first.ty, &second.ty) {
            (DataType::Null, DataType::Null) => DataType::Null,
            (DataType::Null, ty) | (ty, DataType::Null) if ty.is_numeric() => numeric(op, ty, ty),
            (a, b) if a.is_numeric() && b.is_numeric() => numeric(op, &written(&first, b), &written(&second, a)),
            _ => return self.no_operator(expr, &first, &second),
        };
        let zero = matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo | BinaryOperator::MyIntegerDivide)
            && second.number == Some(0);
        if zero {
            let error = SqlError::new("type-mismatch", "this divides by zero");
            return self.fault_at(error, expr);
        }
        Typed::new(ty, first.nullable || second.nullable).with(&first).with(&second)
    }

    fn no_operator(&mut self, expr: &Expr, first: &Typed, second: &Typed) -> Typed {
        let op = match expr {
            Expr::BinaryOp { op, .. } => op.to_string(),
            _ => String::new(),
        };
        let error =
            SqlError::new("type-mismatch", format!("`{op}` does not take {} and {}", first.ty, second.ty)).at(range(expr));
        self.fault(error)
    }
}

/// The type of an operand: a whole number written out beside a decimal has its own digits only.
pub(super) fn written(typed: &Typed, other: &DataType) -> DataType {
    match typed.number {
        Some(number) if matches!(other, DataType::Decimal { .. }) => {
            DataType::decimal(u8::try_from(number.unsigned_abs().to_string().len()).unwrap_or(19), 0)
        }
        _ => typed.ty.clone(),
    }
}

/// The digits of the least BIGINT, which fit with their sign alone.
fn is_least(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits == "9223372036854775808"))
}

fn numeric(op: &BinaryOperator, a: &DataType, b: &DataType) -> DataType {
    match op {
        BinaryOperator::MyIntegerDivide => DataType::BigInt,
        op => operator(op, a, b),
    }
}

/// The type of a date or timestamp moved by an interval or by days, or of two intervals.
fn moved(first: &Typed, op: &BinaryOperator, second: &Typed, right: &Expr) -> Option<DataType> {
    let plus = *op == BinaryOperator::Plus;
    if !plus && *op != BinaryOperator::Minus {
        return None;
    }
    match (&first.ty, &second.ty) {
        (DataType::Interval, DataType::Interval) => Some(DataType::Interval),
        (DataType::Timestamp, DataType::Interval) => Some(DataType::Timestamp),
        (DataType::Interval, DataType::Timestamp) if plus => Some(DataType::Timestamp),
        (DataType::Date, DataType::Interval) => Some(if whole_days(right) { DataType::Date } else { DataType::Timestamp }),
        (DataType::Interval, DataType::Date) if plus => Some(DataType::Date),
        (DataType::Date, days) if days.is_integral() => Some(DataType::Date),
        (days, DataType::Date) if plus && days.is_integral() => Some(DataType::Date),
        _ => None,
    }
}

/// Whether this is a date and a number of days; true if the date is on the left.
fn days_added(first: &Typed, op: &BinaryOperator, second: &Typed) -> Option<bool> {
    match (&first.ty, &second.ty) {
        (DataType::Date, days) if days.is_integral() => Some(true),
        (days, DataType::Date) if days.is_integral() && *op == BinaryOperator::Plus => Some(false),
        _ => None,
    }
}

fn whole_days(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => whole_days(inner),
        Expr::Interval(Interval { leading_field: Some(unit), .. }) => is_date_unit(unit),
        _ => true,
    }
}
