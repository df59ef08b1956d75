//! The columns that a bronze table is to have: one that is named, or all that files and hints say.

use super::{Wanted, held_columns, refused};
use crate::drift::learn;
use crate::error::RunError;
use crate::lake::{Lake, data_columns};
use lakesmith_compile::{ChangeKind, Column, Flow, Table, added_columns, changes};
use lakesmith_engine::delta::Snapshot;
use lakesmith_sql::{DataType, Field, parse_type};

/// Characters that Delta refuses in names.
const REFUSED: [char; 11] = [' ', ',', ';', '{', '}', '(', ')', '=', '\t', '\n', '\r'];

pub(super) fn wanted(
    lake: &Lake,
    flow: &Flow,
    held: &Snapshot,
    path: Option<&str>,
    ty: Option<&DataType>,
) -> Result<Wanted, RunError> {
    let former = held_columns(held);
    let mut columns = former.clone();
    match path {
        Some(path) => named(lake, flow, held, path, ty, &mut columns)?,
        None => pending(lake, flow, ty, &mut columns)?,
    }
    let changes = changes(&former, &columns);
    for change in &changes {
        if let ChangeKind::Retyped { from, to } | ChangeKind::Widened { from, to } = &change.kind
            && !(from.is_atomic() && to.is_atomic())
        {
            let reason = format!("`{}` of `{}` is {from} and cannot become {to}", change.column, flow.name);
            return Err(refused(reason, "values that do not fit stay in `_rescued_data`; read them there".to_owned()));
        }
    }
    let moved = changes.iter().map(|change| change.column.split('.').map(str::to_owned).collect()).collect();
    Ok(Wanted { table: Table { columns, ..flow.target.clone() }, changes, moved })
}

/// All that the policy keeps out and files show, and what hints say.
fn pending(lake: &Lake, flow: &Flow, ty: Option<&DataType>, columns: &mut Vec<Column>) -> Result<(), RunError> {
    if ty.is_some() {
        let help = format!("name it: `lakesmith schema accept {}.<column> --type …`", flow.name);
        return Err(refused("a type is that of one column".to_owned(), help));
    }
    let Some(learnt) = lake.learnt(flow) else { return Ok(()) };
    for change in learnt.hinted.iter().chain(&learnt.refused) {
        let to = match &change.kind {
            ChangeKind::Added { to } | ChangeKind::Widened { to, .. } | ChangeKind::Retyped { to, .. } => to,
            ChangeKind::Recased { .. } | ChangeKind::Removed { .. } => continue,
        };
        let steps: Vec<&str> = change.column.split('.').collect();
        let is_new = !columns.iter().any(|column| column.name == steps[0]);
        set(columns, &steps, to);
        if let Some(column) = columns.last_mut().filter(|_| is_new) {
            column.source_name = learnt.source_name_of(&column.name);
        }
    }
    Ok(())
}

/// One column, or one field of a struct.
fn named(
    lake: &Lake,
    flow: &Flow,
    held: &Snapshot,
    path: &str,
    ty: Option<&DataType>,
    columns: &mut Vec<Column>,
) -> Result<(), RunError> {
    let Some(table) = lake.source_table(flow) else { return Ok(()) };
    let data = data_columns(&held.schema(), table);
    let hint = table.schema_hints.iter().find(|(name, _)| name.value.eq_ignore_ascii_case(path));
    let hint = hint.and_then(|(_, ty)| parse_type(&ty.value).ok());
    let learnt = lake.learnt(flow);
    let shown = learnt.and_then(|learnt| {
        let changes = learnt.hinted.iter().chain(&learnt.refused);
        changes.filter(|change| change.column.eq_ignore_ascii_case(path)).find_map(|change| match &change.kind {
            ChangeKind::Added { to } | ChangeKind::Widened { to, .. } | ChangeKind::Retyped { to, .. } => Some(to.clone()),
            ChangeKind::Recased { .. } | ChangeKind::Removed { .. } => None,
        })
    });
    let to = ty.cloned().or(hint).or(shown);
    let missing = || {
        let reason = format!("it is not known of which type `{path}` of `{}` is to be", flow.name);
        refused(reason, format!("say it: `lakesmith schema accept {}.{path} --type string`", flow.name))
    };
    if let Some((own, _)) = learn::find(&data, path) {
        let steps: Vec<&str> = own.split('.').collect();
        set(columns, &steps, &to.ok_or_else(missing)?);
        return Ok(());
    }
    if added_columns(table).iter().any(|column| column.name.eq_ignore_ascii_case(path)) {
        let reason = format!("`{path}` of `{}` is a column that lakesmith fills", flow.name);
        return Err(refused(reason, "only columns of the source can be changed".to_owned()));
    }
    let to = to.ok_or_else(missing)?;
    if let Some((parent, name)) = path.rsplit_once('.')
        && let Some((own, _)) = learn::find(&data, parent)
    {
        let steps: Vec<&str> = own.split('.').chain([name]).collect();
        set(columns, &steps, &to);
        return Ok(());
    }
    let name: String = path.trim().chars().map(|c| if REFUSED.contains(&c) { '_' } else { c }).collect();
    if columns.iter().any(|column| column.name.eq_ignore_ascii_case(&name)) {
        let reason = format!("`{}` has a column `{name}` already, of another name in the source", flow.name);
        return Err(refused(reason, "read the values from `_rescued_data`".to_owned()));
    }
    let told = || learnt.and_then(|learnt| learnt.source_name_of(&name));
    let source_name = if name == path { told() } else { Some(path.to_owned()) };
    columns.push(Column { source_name, ..Column::new(name, to) });
    Ok(())
}

/// Gives the column or field at a path its type; one that is not there is added, nullable, last.
fn set(columns: &mut Vec<Column>, steps: &[&str], to: &DataType) {
    let Some((first, rest)) = steps.split_first() else { return };
    match columns.iter_mut().find(|column| column.name == *first) {
        Some(column) => column.ty = typed(&column.ty, rest, to),
        None => columns.push(Column::new(*first, to.clone())),
    }
}

fn typed(ty: &DataType, steps: &[&str], to: &DataType) -> DataType {
    match (ty, steps.split_first()) {
        (DataType::Array(element), Some(_)) => DataType::Array(Box::new(typed(element, steps, to))),
        // `--type` of a list of scalars means its elements, unless it says a list itself.
        (DataType::Array(element), None) if to.is_atomic() && element.is_atomic() => DataType::Array(Box::new(to.clone())),
        (DataType::Struct(fields), Some((name, rest))) => {
            let mut fields = fields.clone();
            match fields.iter_mut().find(|field| field.name == *name) {
                Some(field) => field.ty = typed(&field.ty, rest, to),
                None => fields.push(Field::new(*name, to.clone())),
            }
            DataType::Struct(fields)
        }
        _ => to.clone(),
    }
}
