//! What is read of a project without faults, and that what is generated from the keys agrees with it.

use crate::case::Case;
use lakesmith_project::{
    ColumnValue, Engine, FileFormat, Given, JsonOptions, Memory, MissingMember, Project, Scalar, TestValue, reference, schemas,
};
use lakesmith_text::Located;

fn good() -> Project {
    let (project, diagnostics) = Case::parse(include_str!("../cases/good.md")).load();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    project
}

/// Where a part of a text was written, as it stands there.
fn written<'a>(project: &'a Project, text: &Located, part: &str) -> &'a str {
    let start = text.text().find(part).unwrap();
    project.sources_text.slice(text.at(start..start + part.len()))
}

#[test]
fn the_lakehouse_has_targets_and_a_calendar() {
    let lakehouse = good().lakehouse;
    assert_eq!(lakehouse.name.value, "acme");
    assert_eq!(lakehouse.default_target().unwrap().name.value, "dev");
    assert!(matches!(&lakehouse.target("prod").unwrap().engine, Engine::Spark(at) if at.value == "sc://spark:15002"));
    assert_eq!(lakehouse.defaults.memory.unwrap().value, Memory::Share(0.5));
    let calendar = lakehouse.calendar.unwrap();
    assert_eq!(calendar.end.to_string(), "2030-12-31");
    assert_eq!(calendar.fiscal_year_start.unwrap().number_from_month(), 4);
}

#[test]
fn without_targets_there_is_one() {
    let page = "```yaml lakehouse.yaml\nlakehouse: x\n```\n```text\n```\n";
    let (project, diagnostics) = Case::parse(page).load();
    assert!(diagnostics.is_empty());
    let target = project.lakehouse.default_target().unwrap();
    assert_eq!((target.name.as_str(), target.storage.as_str()), ("dev", ".lake"));
    assert_eq!(project.sources_text.place(project.lakehouse.name.span), "lakehouse.yaml:1:12");
}

#[test]
fn sources_give_bronze_tables() {
    let project = good();
    let shop = &project.sources[0];
    let names: Vec<_> = shop.tables.iter().map(|table| shop.bronze_table(table)).collect();
    assert_eq!(names, ["bronze.shop_orders", "bronze.shop_customers"]);
    assert_eq!(shop.tables[0].format, Some(FileFormat::Json(JsonOptions::default())));
    assert_eq!(shop.tables[0].schema_hints[1].0.value, "Order Amount");
    assert_eq!(shop.tables[0].max_delete_fraction, 0.2);
    let Some(FileFormat::Csv(csv)) = &shop.tables[1].format else { panic!("no CSV") };
    assert_eq!((csv.delimiter.as_str(), csv.quote, csv.header), (";", '"', true));
    assert_eq!(csv.null_value.as_ref().unwrap().value, "NULL");
}

#[test]
fn a_test_is_given_rows_and_files_and_expects_rows() {
    let project = good();
    let [test] = &project.tests[..] else { panic!("no test") };
    assert_eq!((test.name.as_str(), test.tags[0].as_str(), test.batches.len()), ("a corrected order", "money", 2));
    assert_eq!(test.now.map(|now| now.value.to_rfc3339()).as_deref(), Some("2025-01-02T07:00:00+00:00"));
    assert_eq!((test.types[0].1[0].0.as_str(), test.types[0].1[0].1.as_str()), ("Lines", "array<struct<n: int>>"));
    let [(table, Given::Rows(rows))] = &test.batches[0].given[..] else { panic!("no rows") };
    let cells: Vec<_> = rows[0].cells.iter().map(|(name, value)| (name.as_str(), &value.value)).collect();
    assert_eq!(
        (table.as_str(), cells[0], cells[1]),
        ("bronze.shop_orders", ("OrderID", &TestValue::Text("A".to_owned())), ("Total", &TestValue::Number("1.50".to_owned())),)
    );
    assert!(matches!((cells[2].1, cells[3].1), (TestValue::List(lines), TestValue::Null) if lines.len() == 1));
    assert_eq!(test.batches[0].expect.counts[0].1[0].1, 1);
    let [(_, Given::File(file))] = &test.batches[1].given[..] else { panic!("no file") };
    assert_eq!(file.value, "id;name\n1;x\n");
    assert_eq!(test.expect.rows[0].1[0].get("ORDER_AMOUNT").unwrap().value, TestValue::Null);
    assert!(test.expect.quarantine[0].1.is_empty());
}

#[test]
fn an_entity_keeps_its_columns_in_order() {
    let project = good();
    let orders = project.entities.iter().find(|entity| entity.table() == "silver.sales_orders").unwrap();
    let names: Vec<_> = orders.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names[..3], ["order_id", "order_date", "order_amount"]);
    assert!(matches!(&orders.columns[0].value, ColumnValue::From(from) if from.text() == "OrderID"));
    assert_eq!(orders.columns[2].value, ColumnValue::Same);
    let ColumnValue::Expr(expr) = &orders.columns[1].value else { panic!("no expression") };
    assert_eq!(written(&project, expr, "'yyyy-MM-dd'"), "'yyyy-MM-dd'");
    let defaults: Vec<_> = orders.columns.iter().filter_map(|column| column.default.clone()).map(|d| d.value).collect();
    let text = Scalar::Text("unknown@example.com".to_owned());
    assert_eq!(defaults, [text, Scalar::Number("0.10".to_owned()), Scalar::Bool(false)]);
    assert_eq!(orders.partition_by[0].expr.as_ref().unwrap().text(), "date_trunc('MONTH', order_date)");
    assert_eq!(orders.cluster_by.len(), 2);
    assert_eq!(orders.lookup[0].on[0].value, "country_code");
    let lines = project.entities.iter().find(|entity| entity.name == "order_lines").unwrap();
    let explode = lines.explode.as_ref().unwrap();
    assert_eq!((explode.alias.as_str(), explode.path.text()), ("line", "lines"));
}

#[test]
fn gold_tables_are_told_apart_by_the_key_that_names_them() {
    let project = good();
    assert_eq!(project.dimensions[0].table(), "gold.dim_customer");
    assert_eq!(project.dimensions[0].track.len(), 3);
    assert!(project.dimensions[0].attributes.is_none());
    let fact = &project.facts[0];
    assert_eq!(fact.dimensions[1].missing, MissingMember::Inferred);
    assert_eq!(fact.dimensions[0].on[0].value, "order_date");
    assert_eq!(fact.measures[2].expr.as_ref().unwrap().text(), "total_amount - cost");
    let daily = &project.aggregates[0];
    let measures: Vec<&str> = daily.measures.iter().map(|(_, expr)| expr.text()).collect();
    assert_eq!(measures, ["sum(total_amount)", "count(DISTINCT order_id)"]);
    assert_eq!(written(&project, &daily.measures[0].1, "total_amount"), "total_amount");
    let words: Vec<_> = daily.words.iter().map(|(name, words)| (name.as_str(), words.unit.as_ref().unwrap().as_str())).collect();
    assert_eq!(words, [("revenue", "USD")]);
    assert_eq!(daily.words["revenue"].description.as_ref().unwrap().value, "What was paid");
}

#[test]
fn every_way_to_write_a_text_keeps_its_places() {
    let entity = r#"from: bronze.shop_orders
key: a
columns:
  a:
    expr: upper( x ) ||
      lower(größe)
  b: { expr: "concat('\"', x,\t'\u00e9', y)" }
  c: { expr: 'date_format(d, ''yyyy'') || z' }
  d:
    expr: |
      CASE WHEN x > 0
        THEN 'plus'
      END
  e:
    expr: >-
      coalesce(x,

        y,
      z)
  f: { expr: "one \
    two" }
"#;
    let page =
        format!("```yaml lakehouse.yaml\nlakehouse: x\n```\n```yaml silver/sales/orders.yaml\n{entity}```\n```text\n```\n");
    let (project, diagnostics) = Case::parse(&page).load();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let expr = |name: &str| match &project.entities[0].column(name).unwrap().value {
        ColumnValue::Expr(expr) => expr.clone(),
        other => panic!("{other:?}"),
    };
    let place = |name: &str, part: &str| {
        let expr = expr(name);
        let start = expr.text().find(part).unwrap();
        project.sources_text.position(expr.at(start..start + part.len()))
    };
    assert_eq!(expr("a").text(), "upper( x ) || lower(größe)");
    assert_eq!(written(&project, &expr("a"), "größe"), "größe");
    assert_eq!(place("a", "lower"), (6, 7));
    assert_eq!(written(&project, &expr("a"), "|| lower"), "||\n      lower");
    assert_eq!(expr("b").text(), "concat('\"', x,\t'é', y)");
    assert_eq!(written(&project, &expr("b"), "é"), "\\u00e9");
    assert_eq!(written(&project, &expr("b"), ", y"), ", y");
    assert_eq!(expr("c").text(), "date_format(d, 'yyyy') || z");
    assert_eq!(written(&project, &expr("c"), "'yyyy'"), "''yyyy''");
    assert_eq!(written(&project, &expr("c"), "z"), "z");
    assert_eq!(expr("d").text(), "CASE WHEN x > 0\n  THEN 'plus'\nEND");
    assert_eq!(place("d", "'plus'"), (12, 14));
    assert_eq!(place("d", "END"), (13, 7));
    assert_eq!(place("e", "y,"), (18, 9));
    assert_eq!(place("e", "z)"), (19, 7));
    assert_eq!(expr("f").text(), "one two");
    assert_eq!(place("f", "two"), (21, 5));
}

#[test]
fn every_kind_of_file_has_a_schema_with_the_meaning_of_each_key() {
    let all = schemas();
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["lakehouse", "source", "entity", "dimension", "fact", "aggregate", "test", "tests"]);
    for (name, schema) in &all {
        assert_eq!(schema["additionalProperties"], false, "{name}");
        for (key, value) in schema["properties"].as_object().unwrap() {
            assert!(value["description"].as_str().unwrap().len() > 10, "{name}.{key}");
        }
    }
    let entity = &all[2].1;
    assert_eq!(all[5].1["required"], serde_json::json!(["aggregate", "from", "group_by", "measures"]));
    assert_eq!(entity["properties"]["history"]["default"], "none");
    assert_eq!(entity["properties"]["history"]["oneOf"][3]["const"], "append");
    let csv = &all[1].1["properties"]["tables"]["additionalProperties"]["properties"]["csv"]["properties"];
    assert_eq!((&csv["header"]["default"], &csv["delimiter"]["default"]), (&true.into(), &",".into()));
}

#[test]
fn the_reference_names_every_key() {
    let page = reference();
    for line in [
        "## entity: `silver/<domain>/<entity>.yaml`",
        "### `columns.<name>`",
        "### `tables.<name>.csv`",
        "| `lakehouse` | a name | The lakehouse's name: the first part of `acme.gold.fact_sales`. **Required.** |",
        "- `type2`: A version per change, each with the time it was valid.",
        "### `targets.<name>.engine`",
    ] {
        assert!(page.contains(line), "{line} is missing in\n{page}");
    }
}

#[test]
fn the_reference_page_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/project.md");
    let page = reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == page, "UPDATE=1 cargo test -p lakesmith-project writes it anew");
}
