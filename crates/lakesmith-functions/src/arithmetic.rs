//! `+ - * / % DIV pmod` on numbers: ANSI, that is overflow and division by zero are errors (or NULL under `try_`).
//!
//! The planner has given both operands one type, or two decimals.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Int64Array, PrimitiveArray};
use datafusion::arrow::datatypes::{
    ArrowNativeTypeOp, DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, i256,
};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::cast::OnError;
use crate::decimal::{adjusted, divide_half_up, fit, power_of_ten, rescale};

/// An operation on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Add,
    Subtract,
    Multiply,
    /// DOUBLE or DECIMAL.
    Divide,
    /// The sign is the dividend's.
    Remainder,
    /// Never negative for a positive divisor.
    PositiveRemainder,
    /// BIGINT, towards zero.
    IntegralDivide,
}

/// The function behind an operator.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Arithmetic {
    op: Op,
    on_error: OnError,
    signature: Signature,
}

/// Each operation, so that plans that name them can be read again.
pub(crate) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let all = [Op::Add, Op::Subtract, Op::Multiply, Op::Divide, Op::Remainder, Op::PositiveRemainder, Op::IntegralDivide];
    all.into_iter()
        .flat_map(|op| [OnError::Raise, OnError::Null].map(|on| Arithmetic::new(op, on)))
        .map(|a| Arc::new(ScalarUDF::new_from_impl(a)))
}

impl Arithmetic {
    pub(crate) fn new(op: Op, on_error: OnError) -> Self {
        Self { op, on_error, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        match (self.op, self.on_error) {
            (Op::Add, OnError::Raise) => "add",
            (Op::Subtract, OnError::Raise) => "subtract",
            (Op::Multiply, OnError::Raise) => "multiply",
            (Op::Divide, OnError::Raise) => "divide",
            (Op::Remainder, OnError::Raise) => "mod",
            (Op::PositiveRemainder, OnError::Raise) => "pmod",
            (Op::IntegralDivide, OnError::Raise) => "div",
            (Op::Add, OnError::Null) => "try_add",
            (Op::Subtract, OnError::Null) => "try_subtract",
            (Op::Multiply, OnError::Null) => "try_multiply",
            (Op::Divide, OnError::Null) => "try_divide",
            (Op::Remainder, OnError::Null) => "try_mod",
            (Op::PositiveRemainder, OnError::Null) => "try_pmod",
            (Op::IntegralDivide, OnError::Null) => "try_div",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [left, right] = types else {
            return plan_err!("{} takes two arguments", self.name());
        };
        match (left, right) {
            (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) => {
                Ok(decimal_type(self.op, (i32::from(*p1), i32::from(*s1)), (i32::from(*p2), i32::from(*s2))))
            }
            (left, right) if left == right && left.is_numeric() => {
                Ok(if self.op == Op::IntegralDivide { DataType::Int64 } else { left.clone() })
            }
            _ => plan_err!("{} takes two numbers of one type", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let to = args.return_field.data_type().clone();
        let scalar = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        // A constant side stays one value.
        let left = Side::new(&args.args[0])?;
        let right = Side::new(&args.args[1])?;
        let out = self.evaluate(&left, &right, rows, &to)?;
        if scalar {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(out))
    }
}

/// The type of an operation on decimals.
fn decimal_type(op: Op, (p1, s1): (i32, i32), (p2, s2): (i32, i32)) -> DataType {
    let (precision, scale) = match op {
        Op::Add | Op::Subtract => ((p1 - s1).max(p2 - s2) + s1.max(s2) + 1, s1.max(s2)),
        Op::Multiply => (p1 + p2 + 1, s1 + s2),
        Op::Divide => {
            let scale = 6.max(s1 + p2 + 1);
            (p1 - s1 + s2 + scale, scale)
        }
        Op::Remainder | Op::PositiveRemainder => ((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        Op::IntegralDivide => return DataType::Int64,
    };
    let (p, s) = adjusted(precision, scale);
    DataType::Decimal128(p, s)
}

/// An operand: a column, or one value for all rows.
struct Side {
    array: ArrayRef,
    constant: bool,
}

impl Side {
    fn new(value: &ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Self { array: array.clone(), constant: false },
            ColumnarValue::Scalar(scalar) => Self { array: scalar.to_array()?, constant: true },
        })
    }

    fn at(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }
}

/// Why an operation has no result.
enum Fault {
    Overflow,
    ByZero,
}

impl Arithmetic {
    fn evaluate(&self, left: &Side, right: &Side, rows: usize, to: &DataType) -> Result<ArrayRef> {
        match left.array.data_type() {
            DataType::Int8 => self.integers::<Int8Type>(left, right, rows),
            DataType::Int16 => self.integers::<Int16Type>(left, right, rows),
            DataType::Int32 => self.integers::<Int32Type>(left, right, rows),
            DataType::Int64 => self.integers::<Int64Type>(left, right, rows),
            DataType::Float32 => self.floats::<Float32Type>(left, right, rows),
            DataType::Float64 => self.floats::<Float64Type>(left, right, rows),
            DataType::Decimal128(_, _) => self.decimals(left, right, rows, to),
            other => exec_err!("{} is not defined for {}", self.name(), crate::types::spark_name(other)),
        }
    }

    fn integers<T: ArrowPrimitiveType>(&self, left: &Side, right: &Side, rows: usize) -> Result<ArrayRef>
    where
        T::Native: ArrowNativeTypeOp + Into<i64>,
    {
        if self.op == Op::IntegralDivide {
            let out = self.map::<T, Int64Type>(left, right, rows, |a, b| {
                let (a, b): (i64, i64) = (a.into(), b.into());
                if b == 0 { Err(Fault::ByZero) } else { a.checked_div(b).ok_or(Fault::Overflow) }
            })?;
            return Ok(Arc::new(out));
        }
        let op = self.op;
        let zero = T::Native::ZERO;
        let out = self.map::<T, T>(left, right, rows, |a, b| match op {
            Op::Add => a.add_checked(b).map_err(|_| Fault::Overflow),
            Op::Subtract => a.sub_checked(b).map_err(|_| Fault::Overflow),
            Op::Multiply => a.mul_checked(b).map_err(|_| Fault::Overflow),
            _ if b.is_zero() => Err(Fault::ByZero),
            Op::PositiveRemainder => {
                let rest = a.mod_wrapping(b);
                if rest.is_lt(zero) { Ok(rest.add_wrapping(b).mod_wrapping(b)) } else { Ok(rest) }
            }
            _ => Ok(a.mod_wrapping(b)),
        })?;
        Ok(Arc::new(out))
    }

    fn floats<T: ArrowPrimitiveType>(&self, left: &Side, right: &Side, rows: usize) -> Result<ArrayRef>
    where
        T::Native: ArrowNativeTypeOp + Into<f64>,
    {
        if self.op == Op::IntegralDivide {
            return exec_err!("div is not defined for double");
        }
        let op = self.op;
        let zero = T::Native::ZERO;
        let out = self.map::<T, T>(left, right, rows, |a, b| match op {
            Op::Add => Ok(a.add_wrapping(b)),
            Op::Subtract => Ok(a.sub_wrapping(b)),
            Op::Multiply => Ok(a.mul_wrapping(b)),
            _ if b.into() == 0.0 => Err(Fault::ByZero),
            Op::Divide => Ok(a.div_wrapping(b)),
            Op::PositiveRemainder => {
                let rest = a.mod_wrapping(b);
                if rest.is_lt(zero) { Ok(rest.add_wrapping(b).mod_wrapping(b)) } else { Ok(rest) }
            }
            _ => Ok(a.mod_wrapping(b)),
        })?;
        Ok(Arc::new(out))
    }

    fn decimals(&self, left: &Side, right: &Side, rows: usize, to: &DataType) -> Result<ArrayRef> {
        let (DataType::Decimal128(_, s1), DataType::Decimal128(_, s2)) = (left.array.data_type(), right.array.data_type()) else {
            return exec_err!("{} takes two decimals", self.name());
        };
        let (s1, s2, op) = (*s1, *s2, self.op);
        let wide = i256::from_i128;
        // Both at the larger scale: 76 digits always suffice.
        let scale = s1.max(s2);
        let (up1, up2) = (power_of_ten((scale - s1) as u32), power_of_ten((scale - s2) as u32));
        if op == Op::IntegralDivide {
            let out: Int64Array = self.map::<Decimal128Type, Int64Type>(left, right, rows, |a, b| {
                if b == 0 {
                    return Err(Fault::ByZero);
                }
                let quotient = wide(a).wrapping_mul(up1).wrapping_div(wide(b).wrapping_mul(up2));
                quotient.to_i128().and_then(|q| i64::try_from(q).ok()).ok_or(Fault::Overflow)
            })?;
            return Ok(Arc::new(out));
        }
        let DataType::Decimal128(precision, result_scale) = to else {
            return exec_err!("{} gives a decimal", self.name());
        };
        let (precision, result_scale) = (*precision, *result_scale);
        let limit = 10i128.pow(u32::from(precision));
        let out: Decimal128Array = self.map::<Decimal128Type, Decimal128Type>(left, right, rows, |a, b| {
            if op == Op::Multiply {
                // Most products fit 128 bits and need no rounding.
                if s1 + s2 == result_scale
                    && let Some(product) = a.checked_mul(b)
                {
                    return if product.abs() < limit { Ok(product) } else { Err(Fault::Overflow) };
                }
                let product = wide(a).checked_mul(wide(b)).ok_or(Fault::Overflow)?;
                return rescale(product, s1 + s2, result_scale, precision).ok_or(Fault::Overflow);
            }
            if !matches!(op, Op::Add | Op::Subtract) && b == 0 {
                return Err(Fault::ByZero);
            }
            if op == Op::Divide {
                // a / 10^s1 / (b / 10^s2), at the result's scale.
                let shift = i32::from(result_scale) - i32::from(s1) + i32::from(s2);
                let (mut n, mut d) = (wide(a), wide(b));
                if shift >= 0 {
                    n = n.checked_mul(power_of_ten(shift as u32)).ok_or(Fault::Overflow)?;
                } else {
                    d = d.checked_mul(power_of_ten(shift.unsigned_abs())).ok_or(Fault::Overflow)?;
                }
                if d < i256::ZERO {
                    (n, d) = (n.wrapping_neg(), d.wrapping_neg());
                }
                return fit(divide_half_up(n, d), precision).ok_or(Fault::Overflow);
            }
            let (a, b) = (wide(a).wrapping_mul(up1), wide(b).wrapping_mul(up2));
            let value = match op {
                Op::Add => a.wrapping_add(b),
                Op::Subtract => a.wrapping_sub(b),
                Op::PositiveRemainder => {
                    let rest = a.wrapping_rem(b);
                    if rest < i256::ZERO { rest.wrapping_add(b).wrapping_rem(b) } else { rest }
                }
                _ => a.wrapping_rem(b),
            };
            rescale(value, scale, result_scale, precision).ok_or(Fault::Overflow)
        })?;
        Ok(Arc::new(out.with_precision_and_scale(precision, result_scale)?))
    }

    /// Applies `f` to every row in which neither side is NULL.
    fn map<A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
        &self,
        left: &Side,
        right: &Side,
        rows: usize,
        f: impl Fn(A::Native, A::Native) -> std::result::Result<R::Native, Fault>,
    ) -> Result<PrimitiveArray<R>> {
        let (l, r) = (left.array.as_primitive::<A>(), right.array.as_primitive::<A>());
        let mut out = PrimitiveArray::<R>::builder(rows);
        for row in 0..rows {
            let (i, j) = (left.at(row), right.at(row));
            if l.is_null(i) || r.is_null(j) {
                out.append_null();
                continue;
            }
            match f(l.value(i), r.value(j)) {
                Ok(value) => out.append_value(value),
                Err(_) if self.on_error == OnError::Null => out.append_null(),
                Err(Fault::ByZero) => return exec_err!("[DIVIDE_BY_ZERO] division by zero; try_divide gives NULL instead"),
                Err(Fault::Overflow) => return Err(overflow(R::DATA_TYPE)),
            }
        }
        Ok(out.finish())
    }
}

/// The error of a result that its type does not hold.
pub(crate) fn overflow(data_type: DataType) -> DataFusionError {
    let name = match data_type {
        DataType::Decimal128(_, _) => "decimal".to_owned(),
        other => crate::types::spark_name(&other),
    };
    DataFusionError::Execution(format!(
        "[ARITHMETIC_OVERFLOW] a result does not fit {name}; the try_ functions give NULL instead"
    ))
}
