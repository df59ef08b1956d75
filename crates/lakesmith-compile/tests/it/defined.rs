//! What an edit of a dimension changes in the definitions of tables: what is not seen is not made anew.

use crate::read;
use lakesmith_compile::{Columns, TableName, compile, redefined};

const SHOP: &str = r#"
```yaml lakehouse.yaml
lakehouse: shop
```

```yaml sources/shop.yaml
source: shop
type: files
path: landing/
tables: { orders: { path: "orders/*.csv" } }
```

```yaml silver/sales/orders.yaml
from: bronze.shop_orders
key: [order_id]
columns: { order_id: { type: string }, customer: { type: string }, payer: { type: string } }
```

```yaml gold/dim_customer.yaml
dimension: dim_customer
from: silver.sales_orders
natural_key: [customer]
surrogate_key: customer_key
attributes: [customer]
```

```yaml gold/fact_orders.yaml
fact: fact_orders
grain_key: [order_id]
surrogate_key: order_key
from: silver.sales_orders
dimensions: { customer_key: { dimension: dim_customer, on: customer, missing: inferred } }
degenerate: [order_id]
```
"#;

/// The parts of a table that an edit of the project defines otherwise.
fn edited(table: &str, from: &str, to: &str) -> Vec<String> {
    assert!(SHOP.contains(from), "{from}");
    let of = |page: &str| {
        let (project, faults, _) = read(page);
        assert!(!faults.has_errors(), "{faults:?}");
        let (plan, faults) = compile(&project, &Columns::new());
        assert!(!faults.has_errors(), "{faults:?}");
        plan.flow(&TableName::parse(table).unwrap()).unwrap().definition.clone()
    };
    redefined(&of(SHOP), &of(&SHOP.replace(from, to)))
}

#[test]
fn a_surrogate_key_of_another_name_is_another_definition() {
    assert_eq!(edited("gold.dim_customer", "surrogate_key: customer_key", "surrogate_key: client_key"), ["surrogate_key"]);
    assert_eq!(edited("gold.fact_orders", "surrogate_key: order_key", "surrogate_key: sale_key"), ["surrogate_key"]);
}

#[test]
fn a_fact_that_no_longer_infers_members_defines_their_dimension_otherwise() {
    let inferred = "inferred members `fact_orders.customer_key`";
    assert_eq!(edited("gold.dim_customer", "missing: inferred", "missing: unknown"), [inferred]);
    assert_eq!(edited("gold.dim_customer", "on: customer, missing", "on: payer, missing"), [inferred]);
    assert_eq!(edited("gold.dim_customer", "attributes: [customer]", "attributes: [customer] # words"), Vec::<String>::new());
}
