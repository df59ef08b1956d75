//! Which columns a project reads of each table, so that a test need not write those that do not matter to it.
//!
//! The columns of bronze stand in no file of a project: they come with the data. What silver reads of them is known from its
//! `columns:`, and of nested values from the paths that lead into them: `ShipTo.City` is a field of a struct, the elements
//! of `explode: { line: lines }` are structs with the fields that are read as `line.…`.

use lakesmith_project::{ColumnValue, Entity, Project, TestRow, TestValue};
use lakesmith_sql::ast::Expr;
use lakesmith_sql::{each_expression, parse_query};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// How far entities are followed to those that read them.
const MAX_DEPTH: usize = 8;

/// What is read of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Need {
    /// Its Spark type, where something tells it.
    pub(super) ty: Option<String>,
    /// Fields of a struct.
    pub(super) fields: Vec<(String, Need)>,
    /// The elements of a list.
    pub(super) element: Option<Box<Need>>,
}

impl Need {
    /// The field of that name, which is made if it is not there.
    fn field(&mut self, name: &str) -> &mut Need {
        let at = self.fields.iter().position(|(known, _)| folded(known) == folded(name));
        let at = at.unwrap_or_else(|| {
            self.fields.push((name.to_owned(), Need::default()));
            self.fields.len() - 1
        });
        &mut self.fields[at].1
    }

    /// The value that a path leads to.
    fn path(&mut self, path: &[String]) -> &mut Need {
        path.iter().fold(self, |need, name| need.field(name))
    }

    fn add(&mut self, other: Need) {
        self.ty = self.ty.take().or(other.ty);
        for (name, need) in other.fields {
            self.field(&name).add(need);
        }
        if let Some(element) = other.element {
            self.element.get_or_insert_default().add(*element);
        }
    }

    /// What is read of a field.
    fn get(&self, name: &str) -> Option<&Need> {
        self.fields.iter().find(|(known, _)| folded(known) == folded(name)).map(|(_, need)| need)
    }
}

/// Names that differ in case, or in what Delta refuses in a name, are the same column.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', ',', ';', '{', '}', '(', ')', '=', '\t', '\n', '\r'], "_")
}

/// What the entities of a project read of a table, as the fields of one value. `given` are rows of silver tables: their
/// values tell the types of the columns that pass through.
pub(super) fn of_table(project: &Project, table: &str, given: &BTreeMap<String, Vec<&TestRow>>) -> Need {
    read_of(project, table, given, 0)
}

fn read_of(project: &Project, table: &str, given: &BTreeMap<String, Vec<&TestRow>>, depth: usize) -> Need {
    let mut need = Need::default();
    let own = format!("{}.", project.lakehouse.name.value);
    let reads =
        |entity: &&Entity| entity.from.as_ref().is_some_and(|from| from.value.strip_prefix(&own).unwrap_or(&from.value) == table);
    for entity in project.entities.iter().filter(reads).filter(|_| depth < MAX_DEPTH) {
        let name = entity.table();
        let below = read_of(project, &name, given, depth + 1);
        need.add(read_by(entity, &below, given.get(&name).map_or(&[][..], Vec::as_slice)));
    }
    need
}

/// What one entity reads of its parent.
fn read_by(entity: &Entity, below: &Need, given: &[&TestRow]) -> Need {
    let mut need = Need::default();
    for column in &entity.columns {
        let name = &column.name.value;
        let passes = || {
            let mut passes = below.get(name).cloned().unwrap_or_default();
            let values: Vec<&TestValue> = given.iter().filter_map(|row| Some(&row.get(name)?.value)).collect();
            if passes.ty.is_none() && column.ty.is_none() && values.iter().any(|value| **value != TestValue::Null) {
                passes.ty = Some(type_of(Some(&passes), &values, true));
            }
            passes
        };
        match &column.value {
            ColumnValue::Same => need.field(name).add(passes()),
            ColumnValue::From(path) => need.path(&steps(path.text())).add(passes()),
            ColumnValue::Expr(sql) => names(sql.text()).iter().for_each(|path| _ = need.path(path)),
        }
    }
    for key in entity.key.iter().filter(|key| entity.column(key).is_none()) {
        need.field(key);
    }
    if let Some(explode) = &entity.explode {
        let alias = folded(&explode.alias);
        let at = need.fields.iter().position(|(name, _)| folded(name) == alias);
        let element = at.map(|at| need.fields.remove(at).1).unwrap_or_default();
        need.path(&steps(explode.path.text())).element.get_or_insert_default().add(element);
    }
    need.fields.retain(|(name, _)| !name.starts_with('_'));
    need
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').map(|step| step.trim().trim_matches('`').to_owned()).filter(|step| !step.is_empty()).collect()
}

/// The columns, and paths into columns, that an expression names.
fn names(sql: &str) -> Vec<Vec<String>> {
    let Ok(query) = parse_query(&format!("SELECT {sql}")) else { return vec![] };
    let mut all = vec![];
    let _ = each_expression(&mut query.into_ast(), &mut |expr| {
        match expr {
            Expr::Identifier(name) => all.push(vec![name.value.clone()]),
            Expr::CompoundIdentifier(parts) => all.push(parts.iter().map(|part| part.value.clone()).collect()),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    all
}

/// The Spark type of a value that is given as `values` and of which `need` is read. `dated`: texts that are days or times
/// are such, as in a table whose columns have types.
pub(super) fn type_of(need: Option<&Need>, values: &[&TestValue], dated: bool) -> String {
    let element = need.and_then(|need| need.element.as_deref());
    let fields = need.map_or(&[][..], |need| need.fields.as_slice());
    let given: Vec<&TestValue> = values.iter().copied().filter(|value| **value != TestValue::Null).collect();
    let is_list = given.iter().any(|value| matches!(value, TestValue::List(_)));
    let is_map = given.iter().any(|value| matches!(value, TestValue::Map(_)));
    if is_list || (given.is_empty() && element.is_some()) {
        let elements: Vec<&TestValue> = (given.iter())
            .flat_map(|value| match value {
                TestValue::List(elements) => elements.as_slice(),
                _ => &[],
            })
            .map(|element| &element.value)
            .collect();
        return format!("array<{}>", type_of(element, &elements, dated));
    }
    if is_map || (given.is_empty() && !fields.is_empty()) {
        return struct_of(need, &given, dated);
    }
    if given.is_empty() {
        return need.and_then(|need| need.ty.clone()).unwrap_or_else(|| "string".to_owned());
    }
    scalar_type(&given, dated).to_owned()
}

fn struct_of(need: Option<&Need>, given: &[&TestValue], dated: bool) -> String {
    let mut fields: Vec<(String, Vec<&TestValue>)> = vec![];
    for value in given {
        let TestValue::Map(entries) = value else { continue };
        for (name, value) in entries {
            match fields.iter_mut().find(|(known, _)| folded(known) == folded(name)) {
                Some((_, values)) => values.push(&value.value),
                None => fields.push((name.value.clone(), vec![&value.value])),
            }
        }
    }
    for (name, _) in need.iter().flat_map(|need| &need.fields) {
        if !fields.iter().any(|(known, _)| folded(known) == folded(name)) {
            fields.push((name.clone(), vec![]));
        }
    }
    let field = |(name, values): &(String, Vec<&TestValue>)| {
        format!("`{name}`: {}", type_of(need.and_then(|need| need.get(name)), values, dated))
    };
    format!("struct<{}>", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

fn scalar_type(values: &[&TestValue], dated: bool) -> &'static str {
    let all = |is: &dyn Fn(&TestValue) -> bool| values.iter().all(|value| is(value));
    let text = |is: fn(&str) -> bool| move |value: &TestValue| matches!(value, TestValue::Text(text) if is(text));
    if all(&|value| matches!(value, TestValue::Bool(_))) {
        "boolean"
    } else if all(&|value| matches!(value, TestValue::Number(text) if text.parse::<i64>().is_ok())) {
        "bigint"
    } else if all(&|value| matches!(value, TestValue::Number(_))) {
        "double"
    } else if dated && all(&text(is_day)) {
        "date"
    } else if dated && all(&text(is_time)) {
        "timestamp"
    } else {
        "string"
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()
}

/// A day with a time of day behind it, or a day beside others that have one.
fn is_time(text: &str) -> bool {
    text.get(..10).is_some_and(is_day) && text.get(10..11).is_none_or(|mark| matches!(mark, " " | "T"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn project(files: &[(&str, &str)]) -> Project {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [("lakehouse.yaml", "lakehouse: acme")].iter().chain(files) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let (project, faults) = lakesmith_project::load(folder.path());
        assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
        project
    }

    const ORDERS: &str = "from: bronze.shop_orders\nkey: [id]\ncolumns:\n  id: { type: string }\n  city: { from: ShipTo.City }\n  \
        total: { expr: \"cents / 100 + coalesce(`Extra Costs`, 0)\" }\n  lines: { from: Lines }\n";
    const LINES: &str = "from: silver.sales_orders\nexplode: { line: lines }\nkey: [id, n]\ncolumns:\n  id: {}\n  \
        n: { from: line.LineNo }\n  sku: { from: line.Sku }\n";

    fn needed(need: &Need) -> BTreeMap<String, String> {
        need.fields.iter().map(|(name, need)| (name.clone(), type_of(Some(need), &[], false))).collect()
    }

    #[test]
    fn paths_and_elements_make_nested_types() {
        let project = project(&[("silver/sales/orders.yaml", ORDERS), ("silver/sales/lines.yaml", LINES)]);
        let found = needed(&of_table(&project, "bronze.shop_orders", &BTreeMap::new()));
        let expected = [
            ("Extra Costs", "string"),
            ("Lines", "array<struct<`LineNo`: string, `Sku`: string>>"),
            ("ShipTo", "struct<`City`: string>"),
            ("cents", "string"),
            ("id", "string"),
        ];
        assert_eq!(found, expected.map(|(name, ty)| (name.to_owned(), ty.to_owned())).into());
    }

    #[test]
    fn given_rows_of_silver_tell_the_types_of_what_passes_through() {
        let test = "test: t\ngiven: { silver.sales_lines: [ { id: A, n: 1, sku: S } ] }\nexpect: { gold.x: [] }\n";
        let project =
            project(&[("silver/sales/orders.yaml", ORDERS), ("silver/sales/lines.yaml", LINES), ("tests/a.yaml", test)]);
        let lakesmith_project::Given::Rows(rows) = &project.tests[0].batches[0].given[0].1 else { unreachable!() };
        let given = BTreeMap::from([("silver.sales_lines".to_owned(), rows.iter().collect())]);
        let found = needed(&of_table(&project, "bronze.shop_orders", &given));
        assert_eq!(found["Lines"], "array<struct<`LineNo`: bigint, `Sku`: string>>");
    }

    #[test]
    fn values_tell_their_type() {
        let text = |text: &str| TestValue::Text(text.to_owned());
        let number = |text: &str| TestValue::Number(text.to_owned());
        let ty = |values: &[TestValue], dated| type_of(None, &values.iter().collect::<Vec<_>>(), dated);
        assert_eq!(ty(&[TestValue::Null, number("1")], false), "bigint");
        assert_eq!(ty(&[number("1"), number("1.50")], false), "double");
        assert_eq!(ty(&[text("2025-01-01")], true), "date");
        assert_eq!(ty(&[text("2025-01-01"), text("2025-01-01 10:00:00")], true), "timestamp");
        assert_eq!(ty(&[text("2025-01-01")], false), "string");
        assert_eq!(ty(&[text("1"), number("1")], true), "string");
        assert_eq!(ty(&[TestValue::Bool(true)], true), "boolean");
        assert_eq!(ty(&[TestValue::Null], true), "string");
    }
}
