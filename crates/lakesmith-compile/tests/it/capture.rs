//! The steps of bronze tables: that they resolve over what lands, and give the target's columns.

use super::parameters;
use lakesmith_compile::{Column, Columns, Plan, Step, TableName, compile};
use lakesmith_project::load;
use lakesmith_sql::{DataType, Field, Schema, Schemas, bind, parse_query, parse_type, resolve};
use lakesmith_text::Diagnostics;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

const BRONZE: &str = "bronze.shop_orders";

/// A project of one source's table with these keys and columns, and an entity with these columns.
fn compiled(table: &str, columns: &[(&str, &str, Option<&str>)], entity: &str) -> (Plan, Diagnostics) {
    let folder = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lakehouse.yaml", "lakehouse: acme\n");
    let source =
        format!("source: shop\ntype: files\npath: landing/\ntables:\n  orders: {{ path: \"orders/*/*.json\", {table} }}\n");
    write("sources/shop.yaml", &source);
    write("silver/sales/orders.yaml", &format!("from: {BRONZE}\nkey: [id]\ncolumns:\n  id: {{ type: string }}\n{entity}"));
    let (project, mut faults) = load(folder.path());
    let column = |(name, ty, source): &(&str, &str, Option<&str>)| Column {
        source_name: source.map(str::to_owned),
        ..Column::new(*name, parse_type(ty).unwrap())
    };
    let columns = Columns::from([(TableName::parse(BRONZE).unwrap(), columns.iter().map(column).collect())]);
    let (plan, more) = compile(&project, &columns);
    faults.extend(more);
    (plan, faults)
}

struct Tables(BTreeMap<Vec<String>, Schema>);

impl Schemas for Tables {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        self.0.get(&parts.iter().map(|part| part.to_lowercase()).collect::<Vec<_>>()).cloned()
    }
}

/// The steps of the bronze table, each of which gives its columns in type from those of the source and the row's place.
fn steps(plan: &Plan, data: &[(&str, &str, Option<&str>)]) -> Vec<Step> {
    let flow = plan.flow(&TableName::parse(BRONZE).unwrap()).unwrap();
    let field = |name: &str, ty| Field { name: name.to_owned(), ty, nullable: true };
    let mut landing: Vec<Field> = data.iter().map(|(name, ty, _)| field(name, parse_type(ty).unwrap())).collect();
    landing.extend([
        field("_source_file", DataType::String),
        field("_source_modified", DataType::Timestamp),
        field("_source_position", DataType::BigInt),
        field("_rescued_data", DataType::String),
    ]);
    let tables = Tables(BTreeMap::from([
        (vec!["landing".to_owned(), "shop_orders".to_owned()], Schema { fields: landing }),
        (vec!["bronze".to_owned(), "shop_orders".to_owned()], flow.target.schema()),
    ]));
    let steps: Vec<Step> = flow.step.iter().chain(&flow.first).cloned().collect();
    for step in &steps {
        let query = bind(&parse_query(&step.sql()).unwrap(), &parameters()).unwrap();
        let resolved = resolve(&query, &tables).unwrap_or_else(|errors| panic!("{errors:?}\n{}", step.sql()));
        for column in &flow.target.columns {
            let found = resolved.schema.fields.iter().find(|field| field.name == column.name);
            assert_eq!(found.map(|field| &field.ty), Some(&column.ty), "{}", column.name);
        }
        for counted in &step.counts {
            let with: Vec<String> = step.with.iter().map(|cte| format!("`{}` AS ({})", cte.name, cte.sql)).collect();
            let sql = format!("WITH {}, `result` AS ({}) {}", with.join(", "), step.select, counted.sql);
            let query = bind(&parse_query(&sql).unwrap(), &parameters()).unwrap();
            resolve(&query, &tables).unwrap_or_else(|errors| panic!("{errors:?}\n{sql}"));
        }
    }
    steps
}

fn faults(faults: &Diagnostics) -> Vec<String> {
    faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect()
}

#[test]
fn told_operations_are_a_column_of_bronze() {
    let columns = [("id", "string", None), ("payload", "struct<op: string>", None)];
    let table = "change_capture: cdc, operation: { column: payload.op, insert: [c, \"it's\"], update: u, delete: d }";
    let (plan, found) = compiled(table, &columns, "");
    assert_eq!(faults(&found), [""; 0]);
    let steps = steps(&plan, &columns);
    let told = "CASE WHEN CAST(`payload`.`op` AS STRING) IN ('c', 'it\\'s') THEN 'insert' WHEN CAST(`payload`.`op` AS STRING) IN ('u') THEN 'update' WHEN CAST(`payload`.`op` AS STRING) IN ('d') THEN 'delete' END AS `_operation`";
    assert!(steps[0].select.contains(told), "{}", steps[0].select);
    assert!(steps[0].with.is_empty(), "a feed streams");
    let silver = plan.flow(&TableName::parse("silver.sales_orders").unwrap()).unwrap().step.as_ref().unwrap().sql();
    assert!(silver.contains("`_operation` IS NULL AS `_unknown_operation`"), "{silver}");
}

#[test]
fn a_column_of_operations_must_be_there_and_single() {
    let columns = [("id", "string", None), ("payload", "struct<op: string>", None)];
    let (_, found) = compiled("change_capture: cdc, operation: { column: opp, delete: d }", &columns, "");
    assert_eq!(faults(&found), ["unknown-column: there is no column `opp`"]);
    let (_, found) = compiled("change_capture: cdc, operation: { column: payload, delete: d }", &columns, "");
    assert!(faults(&found)[0].starts_with("type-mismatch: `payload` is of type STRUCT"), "{found:?}");
}

#[test]
fn extracts_are_compared_with_what_bronze_has() {
    let columns = [("id", "string", None), ("at", "timestamp", None), ("Tag_s", "array<string>", Some("Tag s"))];
    let table = "change_capture: timestamp, timestamp: { column: At, overlap: 36 hours }";
    let (plan, found) = compiled(table, &columns, "");
    assert_eq!(faults(&found), [""; 0]);
    let steps = steps(&plan, &columns);
    assert_eq!(steps.len(), 2);
    assert!(steps[0].sql().contains("LEFT JOIN `held`"), "{}", steps[0].sql());
    assert!(!steps[1].sql().contains("`held`"), "the first batch has nothing to be compared with");
    let late = &steps[0].counts.iter().find(|counted| counted.name == "late rows").unwrap().sql;
    assert!(late.contains("INTERVAL 129600 SECONDS"), "{late}");
}

#[test]
fn the_column_of_an_extract_must_tell_a_time() {
    let columns = [("id", "string", None), ("at", "string", None)];
    let (_, found) = compiled("change_capture: timestamp, timestamp: { column: at }", &columns, "");
    assert_eq!(faults(&found), ["type-mismatch: `at` is of type STRING, which is no time"]);
    let (_, found) = compiled("change_capture: timestamp, timestamp: { column: att }", &columns, "");
    assert_eq!(faults(&found), ["unknown-column: `bronze.shop_orders` has no column `att`"]);
}

#[test]
fn a_column_is_named_as_in_the_table_or_as_at_the_source() {
    let columns = [("id", "string", None), ("Ship_To", "string", Some("Ship To"))];
    for name in ["Ship To", "Ship_To", "ship to", "SHIP_TO"] {
        let (plan, found) = compiled("format: json", &columns, &format!("  ship_to: {{ from: {name} }}\n"));
        assert_eq!(faults(&found), [""; 0], "{name}");
        let silver = plan.flow(&TableName::parse("silver.sales_orders").unwrap()).unwrap().step.as_ref().unwrap().sql();
        assert!(silver.contains("`Ship_To`"), "{name}: {silver}");
    }
}
