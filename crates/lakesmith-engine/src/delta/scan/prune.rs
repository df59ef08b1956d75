//! Files that cannot hold a row that passes the filters.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::super::DataFile;
use super::super::value::{Bound, bound_scalar};
use super::ScanFile;

/// The files that may hold such rows. All of them when the predicate says nothing about statistics.
pub(super) fn prune(files: &[ScanFile], schema: &TableSchema, predicate: &Arc<dyn PhysicalExpr>) -> Vec<ScanFile> {
    let keep = PruningPredicateBuilder::new()
        .with_file_schema(schema.table_schema().clone())
        .try_build(predicate.clone())
        .and_then(|pruning| pruning.prune(&FileStatistics { files, schema }));
    match keep {
        Ok(keep) => files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect(),
        Err(_) => files.to_vec(),
    }
}

/// Whether the predicate compares floating point columns. Parquet leaves NaN out of a column's range,
/// so row groups cannot be skipped by it.
pub(super) fn on_floats(predicate: &Arc<dyn PhysicalExpr>, schema: &Schema) -> bool {
    collect_columns(predicate)
        .iter()
        .any(|column| schema.field_with_name(column.name()).is_ok_and(|f| holds_floats(f.data_type())))
}

fn holds_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 => true,
        DataType::Struct(fields) => fields.iter().any(|f| holds_floats(f.data_type())),
        _ => false,
    }
}

/// One container per file.
struct FileStatistics<'a> {
    files: &'a [ScanFile],
    schema: &'a TableSchema,
}

impl FileStatistics<'_> {
    /// The place of a partition column, or of the file column, among the constants of a file.
    fn constant(&self, column: &Column) -> Option<usize> {
        self.schema.table_partition_cols().iter().position(|f| f.name() == &column.name)
    }

    fn bounds(&self, column: &Column, bound: Bound) -> Option<ArrayRef> {
        if let Some(index) = self.constant(column) {
            return ScalarValue::iter_to_array(self.files.iter().map(|f| f.constants[index].clone())).ok();
        }
        let field = self.schema.file_schema().field_with_name(&column.name).ok()?;
        let unknown = ScalarValue::try_from(field.data_type()).ok()?;
        let values: Vec<ScalarValue> =
            self.files.iter().map(|f| self::bound(&f.file, field, bound).unwrap_or_else(|| unknown.clone())).collect();
        if values.iter().all(ScalarValue::is_null) {
            return None;
        }
        ScalarValue::iter_to_array(values).ok()
    }
}

/// The smallest or the largest value that a file may have in a column, where that is known.
pub(super) fn bound(file: &DataFile, field: &Field, bound: Bound) -> Option<ScalarValue> {
    let data_type = field.data_type();
    // A foreign writer may have left a NaN, which is the largest value here, out of its maximum.
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    if data_type.is_nested() || (float && bound == Bound::Max) {
        return None;
    }
    let stats = file.stats()?;
    let bounds = if bound == Bound::Min { &stats.min } else { &stats.max };
    bound_scalar(bounds.get(field.name())?, data_type, bound).map(lower_zero)
}

/// -0.0 is smaller than 0.0 here, but a foreign writer may have taken the one for the other.
fn lower_zero(value: ScalarValue) -> ScalarValue {
    match value {
        ScalarValue::Float32(Some(0.0)) => ScalarValue::Float32(Some(-0.0)),
        ScalarValue::Float64(Some(0.0)) => ScalarValue::Float64(Some(-0.0)),
        other => other,
    }
}

impl PruningStatistics for FileStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Max)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let constant = self.constant(column);
        let counts = self.files.iter().map(|f| match constant {
            Some(index) if f.constants[index].is_null() => f.file.num_records(),
            Some(_) => Some(0),
            None => f.file.stats()?.nulls(&column.name),
        });
        Some(Arc::new(UInt64Array::from_iter(counts)))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter(self.files.iter().map(|f| f.file.num_records()))))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let index = self.constant(column)?;
        Some(self.files.iter().map(|f| Some(&f.constants[index]).filter(|v| !v.is_null()).map(|v| values.contains(v))).collect())
    }
}
