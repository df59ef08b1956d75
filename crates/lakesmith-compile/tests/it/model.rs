//! The dimensional model of projects.

use crate::read;
use lakesmith_compile::{ColumnRole, Columns, Model, ModelColumn, ModelTable, TableName, compile};

/// A shop whose orders have two dates, a customer with versions, a product that is inferred, flags, a process and sums.
const SHOP: &str = r#"
```yaml lakehouse.yaml
lakehouse: shop
calendar: { start: 2024-01-01, end: 2024-12-31, time: minute }
```

```yaml sources/shop.yaml
source: shop
type: files
path: landing/
tables:
  orders: { path: "orders/*.csv" }
  customers: { path: "customers/*.csv" }
```

```yaml silver/sales/orders.yaml
from: bronze.shop_orders
key: [order_id]
history: changes
sequence_by: changed_at
columns:
  order_id:   { type: string, description: The number on the bill }
  customer:   { type: string }
  ordered_on: { type: date }
  shipped_on: { type: date }
  changed_at: { type: timestamp }
  amount:     { type: "decimal(18,2)" }
```

```yaml silver/sales/customers.yaml
from: bronze.shop_customers
key: [customer]
history: changes
sequence_by: changed_at
columns:
  customer:   { type: string, description: "The customer's number" }
  city:       { type: string }
  country:    { type: string }
  changed_at: { type: timestamp }
```

```yaml gold/dim_customer.yaml
dimension: dim_customer
description: Who buys
from: silver.sales_customers
natural_key: [customer]
surrogate_key: customer_key
history: type2
sequence_by: changed_at
hierarchies: { place: [country, city] }
```

```yaml gold/fact_orders.yaml
fact: fact_orders
description: What was sold
grain: one row per order and state
grain_key: [order_id, changed_at]
from: silver.sales_orders
surrogate_key: order_key
dimensions:
  order_date_key: { dimension: dim_date, on: ordered_on }
  ship_date_key:  { dimension: dim_date, on: shipped_on, missing: fail }
  customer_key:   { dimension: dim_customer, on: customer, as_of: ordered_on, missing: inferred }
degenerate: [order_id, changed_at]
measures:
  amount: { unit: EUR, additivity: semi_additive, description: What it cost, type: "decimal(20,2)" }
```

```yaml gold/fact_process.yaml
fact: fact_process
kind: accumulating_snapshot
grain_key: [order_id]
from: silver.sales_orders
sequence_by: changed_at
degenerate: [order_id]
milestones:
  paid_on: { when: amount > 0, type: date }
```

```yaml gold/fact_balance.yaml
fact: fact_balance
kind: periodic_snapshot
period: { every: month, on: ordered_on }
grain_key: [customer, period_start]
from: silver.sales_orders
dimensions:
  month_key: { dimension: dim_date, on: period_end }
measures: { amount: { expr: sum(amount) } }
```

```yaml gold/daily.yaml
aggregate: daily
from: gold.fact_orders
group_by: [order_date_key, order_id]
measures:
  revenue: { expr: max(amount), unit: EUR, description: What was taken }
  orders: count(*)
```

```columns bronze.shop_orders
order_id STRING
customer STRING
ordered_on STRING
shipped_on STRING
changed_at STRING
amount DOUBLE
```

```columns bronze.shop_customers
customer STRING
city STRING
country STRING
changed_at STRING
```
"#;

fn model(known: bool) -> Model {
    let (project, faults, columns) = read(SHOP);
    assert!(!faults.has_errors(), "{faults:?}");
    let none = Columns::new();
    let (plan, faults) = compile(&project, if known { &columns } else { &none });
    assert!(!faults.has_errors(), "{faults:?}");
    Model::of(&project, &plan)
}

fn table<'a>(model: &'a Model, name: &str) -> &'a ModelTable {
    model.table(&TableName::parse(name).unwrap()).unwrap_or_else(|| panic!("no {name}"))
}

/// `PK bigint order_key surrogate_key`, one a column, without those that lakesmith adds.
fn columns(table: &ModelTable) -> Vec<String> {
    let shown = |column: &ModelColumn| {
        let key = match (column.primary_key, column.unique_key) {
            (true, _) => "PK ",
            (_, true) => "UK ",
            _ => "",
        };
        let ty = column.ty.as_ref().map_or("?".to_owned(), |ty| ty.to_string().to_lowercase());
        format!("{key}{} {ty}, {}", column.name, column.role.words())
    };
    table.columns.iter().filter(|column| column.role != ColumnRole::Lakesmith).map(shown).collect()
}

#[test]
fn every_column_has_its_role_and_its_key() {
    let model = model(true);
    let names: Vec<String> = model.tables.iter().map(|table| table.table.to_string()).collect();
    let expected = ["dim_date", "dim_time", "dim_customer", "fact_orders", "fact_process", "fact_balance", "daily"];
    // Facts stand in the order of their files.
    let mut sorted = names.clone();
    sorted[3..6].sort();
    let mut wanted = expected.map(|name| format!("gold.{name}"));
    wanted[3..6].sort();
    assert_eq!(sorted, wanted);

    assert_eq!(
        columns(table(&model, "gold.fact_orders")),
        [
            "PK order_key bigint, surrogate key",
            "order_date_key int, foreign key",
            "ship_date_key int, foreign key",
            "customer_key bigint, foreign key",
            "UK order_id string, degenerate dimension",
            "UK changed_at timestamp, degenerate dimension",
            "amount decimal(20,2), measure",
        ]
    );
    assert_eq!(
        columns(table(&model, "gold.dim_customer")),
        [
            "PK customer_key bigint, surrogate key",
            "UK customer string, natural key",
            "city string, attribute",
            "country string, attribute",
            "UK effective_start_date date, validity",
            "effective_end_date date, validity",
            "is_current boolean, validity",
        ]
    );
    assert_eq!(columns(table(&model, "gold.dim_date"))[..2], ["PK date_key int, surrogate key", "UK date date, natural key"]);
    assert_eq!(columns(table(&model, "gold.dim_time"))[..2], ["PK time_key int, surrogate key", "time string, attribute"]);
    assert_eq!(
        columns(table(&model, "gold.fact_process")),
        ["PK order_id string, degenerate dimension", "paid_on date, milestone"]
    );
    assert_eq!(
        columns(table(&model, "gold.fact_balance")),
        [
            "month_key int, foreign key",
            "PK customer string, degenerate dimension",
            "PK period_start date, period",
            "period_end date, period",
            "amount decimal(28,2), measure",
        ]
    );
    assert_eq!(
        columns(table(&model, "gold.daily")),
        [
            "PK order_date_key int, foreign key",
            "PK order_id string, group",
            "revenue decimal(20,2), measure",
            "orders bigint, measure"
        ]
    );
}

#[test]
fn tables_say_what_a_row_is_and_what_they_refer_to() {
    let model = model(true);
    let fact = table(&model, "gold.fact_orders");
    assert_eq!((fact.grain.as_str(), fact.fact_kind), ("one row per order and state", Some("transaction")));
    assert_eq!(fact.grain_key, ["order_id", "changed_at"]);
    let told: Vec<String> = (fact.refers_to.iter())
        .map(|r| format!("{} {}.{} {:?} {:?}", r.column, r.dimension, r.key, r.as_of.as_deref(), r.missing))
        .collect();
    assert_eq!(
        told,
        [
            "order_date_key gold.dim_date.date_key None None",
            "ship_date_key gold.dim_date.date_key None Some(\"fail\")",
            "customer_key gold.dim_customer.customer_key Some(\"ordered_on\") Some(\"inferred\")",
        ]
    );
    let amount = fact.column("amount").unwrap();
    assert_eq!((amount.unit.as_deref(), amount.additivity), (Some("EUR"), Some("semi_additive")));
    assert_eq!(amount.description.as_deref(), Some("What it cost"));
    assert_eq!(fact.column("order_id").unwrap().description.as_deref(), Some("The number on the bill"));

    let customer = table(&model, "gold.dim_customer");
    assert_eq!((customer.history, customer.grain.as_str()), (Some("type2"), "one row per version of a member"));
    assert_eq!(customer.grain_key, ["customer", "effective_start_date"]);
    assert_eq!(customer.hierarchies[0].levels, ["country", "city"]);
    assert_eq!(table(&model, "gold.dim_date").history, Some("calendar"));

    let daily = table(&model, "gold.daily");
    assert_eq!(daily.sums_up, TableName::parse("gold.fact_orders"));
    assert_eq!((daily.refers_to.len(), daily.refers_to[0].column.as_str()), (1, "order_date_key"));
    assert_eq!(daily.column("revenue").unwrap().unit.as_deref(), Some("EUR"));
    assert_eq!(daily.column("orders").unwrap().description.as_deref(), Some("count(*)"));
}

#[test]
fn a_model_is_there_before_any_column_is_known() {
    let model = model(false);
    let fact = table(&model, "gold.fact_orders");
    assert!(!fact.columns_known);
    assert_eq!(
        columns(fact),
        [
            "PK order_key bigint, surrogate key",
            "order_date_key int, foreign key",
            "ship_date_key int, foreign key",
            "customer_key bigint, foreign key",
            "UK order_id ?, degenerate dimension",
            "UK changed_at ?, degenerate dimension",
            "amount decimal(20,2), measure",
        ]
    );
    assert_eq!(
        columns(table(&model, "gold.dim_customer")),
        [
            "PK customer_key bigint, surrogate key",
            "UK customer ?, natural key",
            "country ?, attribute",
            "city ?, attribute",
            "UK effective_start_date date, validity",
            "effective_end_date date, validity",
            "is_current boolean, validity",
        ]
    );
    let daily = table(&model, "gold.daily");
    assert_eq!(columns(daily)[..2], ["PK order_date_key ?, foreign key", "PK order_id ?, group"]);
    assert_eq!(daily.refers_to.len(), 1);
}

#[test]
fn around_a_table_stands_what_it_refers_to_and_what_refers_to_it() {
    let model = model(true);
    let around = |name: &str| -> Vec<String> {
        let part = model.around(&TableName::parse(name).unwrap()).unwrap();
        part.tables.iter().map(|table| table.table.name().to_owned()).collect()
    };
    assert_eq!(around("gold.dim_customer"), ["dim_customer", "fact_orders"]);
    assert_eq!(around("gold.fact_orders"), ["dim_date", "dim_customer", "fact_orders", "daily"]);
    assert_eq!(around("gold.daily"), ["dim_date", "fact_orders", "daily"]);
    assert_eq!(around("gold.dim_time"), ["dim_time"]);
    assert!(model.around(&TableName::parse("silver.sales_orders").unwrap()).is_none());
}
