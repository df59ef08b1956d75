//! Projects as pages: each file in `tests/cases/` holds the files of a project, the columns of its bronze tables, and
//! what the compiler makes of them: the steps, or what is wrong.
//!
//! `UPDATE=1 cargo test -p lakesmith-compile` writes what it makes now into the pages. Read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod capture;
mod defined;
mod dictionary;
mod model;

use lakesmith_compile::{Column, Columns, Flow, FlowKind, Plan, Selection, Step, TableName, compile, parameter, show};
use lakesmith_project::{Project, load};
use lakesmith_sql::{DataType, Field, Literal, Schemas, bind, parse_query, parse_type, resolve};
use lakesmith_text::{Diagnostics, render};
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

#[test]
fn cases() {
    let mut pages: Vec<_> =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases")).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(!pages.is_empty());
    let update = std::env::var_os("UPDATE").is_some();
    let mut failed = vec![];
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let (given, expected) = page.split_once("\n```text\n").expect("a page closes with a block of text");
        let said = check(given);
        if format!("{said}```\n") != expected {
            if update {
                fs::write(&path, format!("{given}\n```text\n{said}```\n")).unwrap();
            }
            failed.push(format!("== {}\n-- expected\n{expected}\n-- said\n{said}", path.display()));
        }
    }
    assert!(failed.is_empty() || update, "{}", failed.join("\n"));
}

#[test]
fn a_selection_holds_flows_alone_though_some_read_companions() {
    let (project, faults) = load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contract2")));
    assert!(!faults.has_errors());
    let (plan, _) = compile(&project, &Columns::new());
    let reads_companion = |flow: &Flow| flow.inputs.iter().any(|input| plan.flow(&input.table).is_none());
    assert!(plan.flows.iter().any(reads_companion), "a dimension reads the tombstones of its entity");
    for flow in &plan.flows {
        for selector in [format!("+{}", flow.name), format!("{}+", flow.name), format!("@{}", flow.name)] {
            let chosen = Selection { select: vec![selector.clone()], exclude: vec![] }.resolve(&plan, &project).unwrap();
            assert!(chosen.contains(&flow.name), "{selector}");
            let others: Vec<_> = chosen.iter().filter(|name| plan.flow(name).is_none()).collect();
            assert!(others.is_empty(), "{selector} chooses {others:?}, which are no flows: nobody would run them");
        }
    }
}

/// A page: blocks fenced as ```` ```yaml path ````, and one a bronze table fenced as ```` ```columns bronze.name ````.
fn read(page: &str) -> (Project, Diagnostics, Columns) {
    let folder = TempDir::new().unwrap();
    let mut columns = Columns::new();
    for block in format!("\n{page}").split("\n```").filter(|block| !block.is_empty()) {
        let Some((header, text)) = block.split_once('\n') else { continue };
        match header.split_once(' ') {
            Some(("yaml" | "ics", path)) => {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, format!("{text}\n")).unwrap();
            }
            Some(("columns", table)) => {
                columns.insert(TableName::parse(table).unwrap(), text.lines().map(column).collect());
            }
            _ => {}
        }
    }
    let (project, faults) = load(folder.path());
    (project, faults, columns)
}

fn check(page: &str) -> String {
    let (project, mut faults, columns) = read(page);
    let (plan, more) = compile(&project, &columns);
    faults.extend(more);
    faults.reconsider(&project.sources_text);
    for fault in &faults {
        assert!(lakesmith_text::explanation(fault.code).is_some(), "no page for {}", fault.code);
    }
    if faults.has_errors() {
        return render(&faults, &project.sources_text, false);
    }
    steps_resolve(&plan);
    own_columns_are_described(&plan);
    let chosen = Selection { select: vec!["layer:silver".into(), "layer:gold".into()], exclude: vec![] }.resolve(&plan, &project);
    let chosen = chosen.unwrap_or_default();
    show(plan.flows.iter().filter(|flow| chosen.contains(&flow.name)))
}

fn column(line: &str) -> Column {
    let (name, rest) = line.split_once(' ').unwrap();
    let (ty, source_name) = rest.split_once(" -- ").map_or((rest, None), |(ty, name)| (ty, Some(name.to_owned())));
    Column { source_name, ..Column::new(name, parse_type(ty).unwrap()) }
}

/// Every step is Spark SQL whose names and types resolve, and it gives the target's columns in type.
fn steps_resolve(plan: &Plan) {
    struct Tables(BTreeMap<Vec<String>, lakesmith_sql::Schema>);
    impl Schemas for Tables {
        fn table(&self, parts: &[String]) -> Option<lakesmith_sql::Schema> {
            self.0.get(&parts.iter().map(|part| part.to_lowercase()).collect::<Vec<_>>()).cloned()
        }
    }
    let tables = plan.tables().filter(|(flow, _)| flow.columns_known);
    let tables =
        Tables(tables.map(|(_, t)| (vec![t.name.layer().as_str().to_owned(), t.name.name().to_owned()], t.schema())).collect());
    for flow in plan.all().filter(|flow| flow.name.layer() != lakesmith_compile::Layer::Bronze) {
        let mut tables = Tables(tables.0.clone());
        for (n, input) in flow.inputs.iter().enumerate() {
            let mut schema = plan.table(&input.table).unwrap().1.schema();
            schema.fields.push(Field { name: "_change_type".to_owned(), ty: DataType::String, nullable: true });
            tables.0.insert(vec![parameter::changes(n + 1)], schema);
        }
        for step in flow.step.iter().chain(&flow.first) {
            let sql = step.sql();
            let query = parse_query(&sql).unwrap_or_else(|error| panic!("{}: {error:?}\n{sql}", flow.name));
            let query = bind(&query, &parameters()).unwrap();
            companions_resolve(flow, step, &tables);
            let resolved = resolve(&query, &tables).unwrap_or_else(|errors| panic!("{}: {errors:?}\n{sql}", flow.name));
            findings_resolve(flow, step, &tables);
            for column in &flow.target.columns {
                let found = resolved.schema.fields.iter().find(|field| field.name == column.name);
                let found = found.unwrap_or_else(|| panic!("{} gives no {}", flow.name, column.name));
                assert_eq!(found.ty, column.ty, "{}.{}", flow.name, column.name);
            }
        }
    }
}

/// What lakesmith adds to a table, and what an aggregate computes, says what it is.
fn own_columns_are_described(plan: &Plan) {
    for (flow, table) in plan.tables() {
        let made = |name: &str| match flow.kind {
            FlowKind::DateDimension | FlowKind::Dictionary => true,
            // The `_operation` of a feed is the source's own.
            FlowKind::Bronze { .. } => table.name != flow.name || (name.starts_with('_') && name != "_operation"),
            FlowKind::Aggregate => {
                !flow.lineage.get(name).is_some_and(|from| from.iter().any(|(_, from)| from == name)) || name.starts_with('_')
            }
            FlowKind::Entity { .. } | FlowKind::Dimension { .. } | FlowKind::Fact => {
                name.starts_with('_') || name.starts_with("effective_")
            }
        };
        for column in table.columns.iter().filter(|column| made(&column.name)) {
            assert!(column.description.is_some(), "{}.{} does not say what it is", table.name, column.name);
        }
        let described = table.name != flow.name || matches!(flow.kind, FlowKind::DateDimension | FlowKind::Dictionary);
        assert!(!described || table.description.is_some(), "{} does not say what it holds", table.name);
    }
}

/// What a step counts and checks is Spark SQL over its rows.
fn findings_resolve(flow: &Flow, step: &Step, tables: &dyn Schemas) {
    let with: Vec<String> = step.with.iter().map(|cte| format!("`{}` AS ({}),", cte.name, cte.sql)).collect();
    for sql in step.counts.iter().map(|counted| &counted.sql).chain(step.checks.iter().map(|check| &check.sql)) {
        let sql = format!("WITH {} `result` AS ({}) {sql}", with.concat(), step.select);
        let query =
            bind(&parse_query(&sql).unwrap_or_else(|error| panic!("{}: {error:?}\n{sql}", flow.name)), &parameters()).unwrap();
        resolve(&query, tables).unwrap_or_else(|errors| panic!("{}: {errors:?}\n{sql}", flow.name));
    }
}

/// What a step gives its companions has their columns in type.
fn companions_resolve(flow: &Flow, step: &Step, tables: &dyn Schemas) {
    for beside in &step.companions {
        let with: Vec<String> = step.with.iter().map(|cte| format!("`{}` AS ({})", cte.name, cte.sql)).collect();
        let sql = format!("WITH {} {}", with.join(", "), beside.select);
        let query = bind(&parse_query(&sql).unwrap(), &parameters()).unwrap();
        let resolved = resolve(&query, tables).unwrap_or_else(|errors| panic!("{}: {errors:?}\n{sql}", beside.table));
        let table = flow.companions.iter().find(|table| table.name == beside.table).unwrap();
        for column in &table.columns {
            let found = resolved.schema.fields.iter().find(|field| field.name == column.name);
            assert_eq!(found.map(|field| &field.ty), Some(&column.ty), "{}.{}", beside.table, column.name);
        }
    }
}

fn parameters() -> BTreeMap<String, Literal> {
    let mut all = BTreeMap::from([
        (parameter::NOW.to_owned(), Literal::Timestamp("2025-01-01 00:00:00Z".to_owned())),
        (parameter::BATCH.to_owned(), Literal::BigInt(2)),
        (parameter::FIRST_TIME.to_owned(), Literal::Timestamp("2025-01-01 00:00:00Z".to_owned())),
        (parameter::LAST_TIME.to_owned(), Literal::Null),
        (parameter::BESIDE.to_owned(), Literal::Boolean(true)),
        (parameter::PERIOD_BEFORE.to_owned(), Literal::Date("2024-12-31".to_owned())),
    ]);
    for n in 1..=9 {
        all.insert(parameter::after(n), Literal::BigInt(1));
        all.insert(parameter::upto(n), Literal::BigInt(2));
        all.insert(parameter::since(n), Literal::BigInt(1));
    }
    all
}
