//! `monitoring.data_dictionary` as the compiler makes it.

use crate::read;
use lakesmith_compile::{Columns, Flow, Selection, Step, TableName, compile};

const SHOP: &str = r#"
```yaml lakehouse.yaml
lakehouse: shop
calendar: { start: 2024-01-01, end: 2024-12-31 }
```

```yaml sources/shop.yaml
source: shop
type: files
path: landing/
tables:
  orders: { path: "orders/*.csv", description: What is ordered }
  people: { path: "people/*.csv", sensitivity: [pii] }
  places: { path: "places/*.csv", sensitivity: [none] }
```

```yaml silver/sales/orders.yaml
from: bronze.shop_orders
key: [order_id]
columns:
  order_id: { type: string, description: "The bill's number" }
  day:      { type: date }
  status:   { type: string }
  kind:     { type: string, tags: [pii.kind] }
  person:   { type: string, tags: [Confidential] }
  amount:   { type: int }
expect:
  known_status: { check: "amount > 0 AND (status IS NULL OR status IN ('open', 'paid', 'late'))" }
  known_kind:   { check: "kind IN ('a', 'b')" }
  not_listed:   { check: "person NOT IN ('x')" }
lookup:
  who: { table: silver.sales_people, on: [person], columns: [city] }
```

```yaml silver/sales/people.yaml
from: bronze.shop_people
key: [person]
columns:
  person: { type: string }
  city:   { expr: "upper(town)" }
```

```yaml silver/sales/places.yaml
from: bronze.shop_places
key: [place]
columns:
  place: { type: string }
expect:
  known: { check: "place IN ('here')" }
```

```yaml gold/dim_person.yaml
dimension: dim_person
from: silver.sales_people
natural_key: [person]
surrogate_key: person_key
history: type1
```

```yaml gold/fact_orders.yaml
fact: fact_orders
grain_key: [order_id]
from: silver.sales_orders
dimensions:
  date_key:   { dimension: dim_date, on: day }
  person_key: { dimension: dim_person, on: person }
degenerate: [order_id, status, city]
measures:
  amount: { unit: EUR, description: "What it cost \\ 'all in all'" }
```

```columns bronze.shop_orders
order_id STRING
day STRING
status STRING
kind STRING
person STRING
amount BIGINT
```

```columns bronze.shop_people
person STRING
town STRING
```

```columns bronze.shop_places
place STRING
```
"#;

fn flow(page: &str, known: bool) -> Flow {
    let (project, faults, columns) = read(page);
    assert!(!faults.has_errors(), "{faults:?}");
    let none = Columns::new();
    let (plan, faults) = compile(&project, if known { &columns } else { &none });
    assert!(!faults.has_errors(), "{faults:?}");
    plan.monitoring[0].clone()
}

/// The row of a column, as it stands in the step.
fn row(flow: &Flow, table: &str, column: &str) -> String {
    let (schema, table) = table.split_once('.').unwrap();
    let sql = flow.step.as_ref().unwrap().sql();
    let start = format!("('{schema}', '{table}', '{column}', ");
    let found = sql.lines().find_map(|line| line.trim().strip_prefix(&start)).map(str::to_owned);
    found.unwrap_or_else(|| panic!("no {table}.{column} in\n{sql}")).trim_end_matches(',').to_owned()
}

#[test]
fn a_column_is_told_with_all_that_is_known_of_it() {
    let flow = flow(SHOP, true);
    let row = |table: &str, column: &str| row(&flow, table, column);
    assert_eq!(
        row("silver.sales_orders", "order_id"),
        r"1, 'STRING', TRUE, 'The bill\'s number', NULL, 'key', NULL, NULL, NULL, NULL, NULL)"
    );
    assert_eq!(
        row("gold.fact_orders", "date_key"),
        "1, 'INT', FALSE, 'Member of gold.dim_date; -1 where it is not known', NULL, 'foreign key', 'gold.dim_date.date_key', NULL, NULL, NULL, NULL)"
    );
    assert_eq!(
        row("gold.fact_orders", "amount"),
        r"6, 'INT', TRUE, 'What it cost \\ \'all in all\', in EUR', NULL, 'measure', NULL, 'EUR', 'additive', NULL, NULL)"
    );
    assert!(row("bronze.shop_orders", "day").contains(", TRUE, NULL, 'What is ordered', NULL,"));
    assert!(row("bronze.shop_orders_receipts", "_batch_id").contains("'BIGINT', FALSE,"));
    assert!(row("silver.sales_orders_quarantine", "_raw").contains("'lakesmith'"));
    assert!(row("monitoring.data_dictionary", "sample_values").starts_with("14, 'ARRAY<STRING>', TRUE,"));
}

#[test]
fn only_what_the_project_lists_is_a_sample_and_nothing_of_what_is_sensitive() {
    let flow = flow(SHOP, true);
    let row = |table: &str, column: &str| row(&flow, table, column);
    for table in ["silver.sales_orders", "silver.sales_orders_quarantine", "gold.fact_orders"] {
        let samples = row(table, "status").ends_with("NULL, array('open', 'paid', 'late'))");
        assert_eq!(samples, table != "silver.sales_orders_quarantine", "{table}");
    }
    assert!(row("silver.sales_orders", "kind").ends_with("'pii.kind', NULL)"), "its values are listed, and it is sensitive");
    assert!(row("silver.sales_orders", "person").ends_with("'Confidential', NULL)"), "a list of what is not allowed");
    assert!(row("silver.sales_places", "place").ends_with("NULL, array('here'))"), "nothing is sensitive there");
}

#[test]
fn what_is_sensitive_stays_so_wherever_it_goes() {
    let flow = flow(SHOP, true);
    for (table, column, word) in [
        ("bronze.shop_people", "town", "'pii'"),
        ("silver.sales_people", "city", "'pii'"),
        ("gold.dim_person", "city", "'pii'"),
        ("silver.sales_orders", "city", "'pii'"),
        ("gold.fact_orders", "city", "'pii'"),
        ("gold.fact_orders", "person_key", "'Confidential'"),
        ("silver.sales_people_quarantine", "_raw", "'pii'"),
        ("bronze.shop_people", "_rescued_data", "'pii'"),
        ("silver.sales_people_quarantine", "person", "'pii'"),
    ] {
        let row = row(&flow, table, column);
        assert!(row.ends_with(&format!("{word}, NULL)")), "{table}.{column}: {row}");
    }
    assert!(row(&flow, "silver.sales_orders", "amount").ends_with("NULL, NULL)"));
    assert!(row(&flow, "bronze.shop_people", "_batch_id").ends_with("NULL, NULL)"));
}

#[test]
fn another_word_is_another_dictionary_and_no_other_definition() {
    let other = SHOP.replace("The bill's number", "The number");
    let (project, _, columns) = read(SHOP);
    let (edited, _, _) = read(&other);
    let ((former, _), (now, _)) = (compile(&project, &columns), compile(&edited, &columns));
    assert_ne!(former.monitoring[0].fingerprint, now.monitoring[0].fingerprint);
    for (former, now) in former.flows.iter().zip(&now.flows) {
        assert_eq!((&former.definition, former.fingerprint), (&now.definition, now.fingerprint), "{}", now.name);
        let sql = |flow: &Flow| flow.step.as_ref().map(Step::sql);
        assert_eq!(sql(former), sql(now), "{}", now.name);
    }
    assert_eq!(flow(SHOP, true).fingerprint, former.monitoring[0].fingerprint, "the same project has the same");
    assert!(!flow(SHOP, false).step.unwrap().sql().contains("'fact_orders'"), "columns that are not known are not told");
}

#[test]
fn it_is_selected_by_its_name_and_its_layer() {
    let (project, _, columns) = read(SHOP);
    let (plan, _) = compile(&project, &columns);
    let chosen = |select: &[&str], exclude: &[&str]| -> Vec<String> {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let chosen = Selection { select: texts(select), exclude: texts(exclude) }.resolve(&plan, &project).unwrap();
        chosen
            .iter()
            .filter(|name| **name == TableName::parse("monitoring.data_dictionary").unwrap())
            .map(ToString::to_string)
            .collect()
    };
    for select in [&["monitoring.data_dictionary"][..], &["layer:monitoring"], &["data_*"], &[]] {
        assert_eq!(chosen(select, &[]), ["monitoring.data_dictionary"], "{select:?}");
    }
    assert!(chosen(&["layer:gold"], &[]).is_empty());
    assert!(chosen(&["+gold.fact_orders+"], &[]).is_empty());
    assert!(chosen(&[], &["layer:monitoring"]).is_empty());
}
