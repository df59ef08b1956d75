//! Totals of integers and decimals in 128 bits: what does not fit the result's type is an error, never another number.

use std::collections::HashSet;
use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type, i256};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use crate::arithmetic::overflow;
use crate::decimal::{divide_half_up, fit, power_of_ten};

/// What a total becomes.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// The scale of the input.
    pub(super) scale: i8,
    /// The total divided by the number of values.
    pub(super) average: bool,
    pub(super) data_type: DataType,
}

impl Output {
    /// The type that totals are passed on with.
    pub(super) fn state_type(&self) -> DataType {
        DataType::Decimal128(38, self.scale)
    }

    /// The unscaled result of a total; `None` without values.
    fn finish(&self, sum: i128, count: i64) -> Result<Option<i128>> {
        if count == 0 {
            return Ok(None);
        }
        let fitted = match &self.data_type {
            DataType::Decimal128(precision, scale) if self.average => {
                let up = power_of_ten((i32::from(*scale) - i32::from(self.scale)).max(0) as u32);
                let total = i256::from_i128(sum).wrapping_mul(up);
                fit(divide_half_up(total, i256::from_i128(i128::from(count))), *precision)
            }
            DataType::Decimal128(precision, _) => fit(i256::from_i128(sum), *precision),
            _ => i64::try_from(sum).ok().map(i128::from),
        };
        fitted.map(Some).ok_or_else(|| overflow(self.data_type.clone()))
    }

    fn array(&self, values: impl Iterator<Item = Option<i128>>) -> Result<ArrayRef> {
        Ok(match &self.data_type {
            DataType::Decimal128(p, s) => Arc::new(values.collect::<Decimal128Array>().with_precision_and_scale(*p, *s)?),
            _ => Arc::new(values.map(|v| v.map(|v| v as i64)).collect::<Int64Array>()),
        })
    }

    fn state(&self, sums: Vec<i128>, counts: Vec<i64>) -> Result<Vec<ArrayRef>> {
        // The sums need not have 38 digits, only 128 bits.
        let sums = Decimal128Array::from(sums).with_data_type(self.state_type());
        Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(counts))])
    }
}

fn add(sum: &mut i128, value: i128, output: &DataType) -> Result<()> {
    *sum = sum.checked_add(value).ok_or_else(|| overflow(output.clone()))?;
    Ok(())
}

/// Calls `f` with every value that is not NULL and its row.
fn each(array: &ArrayRef, mut f: impl FnMut(usize, i128) -> Result<()>) -> Result<()> {
    match array.data_type() {
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>();
            for row in 0..values.len() {
                if values.is_valid(row) {
                    f(row, i128::from(values.value(row)))?;
                }
            }
        }
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>();
            for row in 0..values.len() {
                if values.is_valid(row) {
                    f(row, values.value(row))?;
                }
            }
        }
        other => return Err(DataFusionError::Internal(format!("a total of {other} is not exact"))),
    }
    Ok(())
}

/// One total, also of distinct values, also sliding over a window frame.
#[derive(Debug)]
pub(super) struct ExactAccumulator {
    result: Output,
    sum: i128,
    count: i64,
    distinct: Option<HashSet<i128>>,
}

impl ExactAccumulator {
    pub(super) fn new(result: Output, distinct: bool) -> Self {
        Self { result, sum: 0, count: 0, distinct: distinct.then(HashSet::new) }
    }

    fn take(&mut self, value: i128) -> Result<()> {
        if let Some(seen) = &mut self.distinct
            && !seen.insert(value)
        {
            return Ok(());
        }
        self.count += 1;
        add(&mut self.sum, value, &self.result.data_type)
    }
}

impl Accumulator for ExactAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(&values[0], |_, value| self.take(value))
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        each(&values[0], |_, value| {
            self.count -= 1;
            add(&mut self.sum, -value, &self.result.data_type)
        })
    }

    fn supports_retract_batch(&self) -> bool {
        self.distinct.is_none()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.result.finish(self.sum, self.count)?;
        ScalarValue::try_from_array(&self.result.array(std::iter::once(value))?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        if let Some(seen) = &self.distinct {
            let DataType::Decimal128(p, s) = self.result.state_type() else { return Ok(vec![]) };
            let values: Vec<ScalarValue> = seen.iter().map(|v| ScalarValue::Decimal128(Some(*v), p, s)).collect();
            return Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &self.result.state_type()))]);
        }
        self.result.state(vec![self.sum], vec![self.count])?.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        if self.distinct.is_some() {
            for list in states[0].as_list::<i32>().iter().flatten() {
                each(&list, |_, value| self.take(value))?;
            }
            return Ok(());
        }
        let counts = states[1].as_primitive::<Int64Type>();
        each(&states[0], |row, value| {
            self.count += counts.value(row);
            add(&mut self.sum, value, &self.result.data_type)
        })
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.distinct.as_ref().map_or(0, |s| s.capacity() * size_of::<i128>())
    }
}

/// A total per group.
#[derive(Debug)]
pub(super) struct ExactGroups {
    result: Output,
    sums: Vec<i128>,
    counts: Vec<i64>,
}

impl ExactGroups {
    pub(super) fn new(result: Output) -> Self {
        Self { result, sums: vec![], counts: vec![] }
    }

    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, 0);
        self.counts.resize(groups, 0);
    }
}

impl GroupsAccumulator for ExactGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_groups: usize,
    ) -> Result<()> {
        self.grow(total_groups);
        each(&values[0], |row, value| {
            if filter.is_none_or(|f| f.is_valid(row) && f.value(row)) {
                self.counts[groups[row]] += 1;
                add(&mut self.sums[groups[row]], value, &self.result.data_type)?;
            }
            Ok(())
        })
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total_groups: usize) -> Result<()> {
        self.grow(total_groups);
        let counts = values[1].as_primitive::<Int64Type>();
        each(&values[0], |row, value| {
            self.counts[groups[row]] += counts.value(row);
            add(&mut self.sums[groups[row]], value, &self.result.data_type)
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (sums, counts) = (emit_to.take_needed(&mut self.sums), emit_to.take_needed(&mut self.counts));
        let values: Vec<Option<i128>> =
            sums.into_iter().zip(counts).map(|(s, c)| self.result.finish(s, c)).collect::<Result<_>>()?;
        self.result.array(values.into_iter())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (sums, counts) = (emit_to.take_needed(&mut self.sums), emit_to.take_needed(&mut self.counts));
        self.result.state(sums, counts)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let (mut sums, mut counts) = (vec![0; values[0].len()], vec![0; values[0].len()]);
        each(&values[0], |row, value| {
            if filter.is_none_or(|f| f.is_valid(row) && f.value(row)) {
                sums[row] = value;
                counts[row] = 1;
            }
            Ok(())
        })?;
        self.result.state(sums, counts)
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i128>() + self.counts.capacity() * size_of::<i64>()
    }
}
