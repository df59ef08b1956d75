//! The project of the worlds, and how each of its tables is read.

/// Its files.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let cdc = ", change_capture: cdc";
    let hints = |names: &[&str], further: &str| {
        let texts: Vec<String> = names.iter().map(|name| format!("{name}: string")).collect();
        format!("schema_hints: {{ Case: bigint, {}{further} }}", texts.join(", "))
    };
    let customers = hints(&["CustomerID", "Name", "Segment", "Email", "CountryCode", "Note", "UpdatedAt"], "");
    let products = hints(&["ProductID", "ProductName", "Category", "UpdatedAt"], "");
    let orders = hints(
        &["OrderID", "CustomerID", "OrderDate", "Status", "CountryCode", "UpdatedAt"],
        ", Lines: \"array<struct<LineNo: bigint, ProductID: string, Qty: bigint, Amount: double>>\"",
    );
    let countries = hints(&["CountryCode", "Region", "UpdatedAt"], "");
    let prices = hints(&["PriceID", "Price", "Currency"], "");
    let lookup = "lookup:\n  country: { table: silver.sales_countries, on: [case_id, country_code], columns: [region] }\n";
    vec![
        ("lakehouse.yaml", "lakehouse: worlds\ncalendar: { start: 2023-01-01, end: 2025-12-31 }\n".to_owned()),
        (
            "sources/shop.yaml",
            format!(
                "source: shop
type: files
path: landing/
tables:
  customers: {{ path: \"customers/*.json\", format: json, {customers}{cdc} }}
  products: {{ path: \"products/*.json\", format: json, {products} }}
  orders: {{ path: \"orders/*.json\", format: json, {orders}{cdc} }}
  countries: {{ path: \"countries/*.json\", format: json, {countries}{cdc} }}
  prices: {{ path: \"prices/*.json\", format: json, {prices}, change_capture: full, deletes: missing_keys, max_delete_fraction: 1 }}
"
            ),
        ),
        (
            "silver/sales/customers.yaml",
            format!(
                "from: bronze.shop_customers
key: [case_id, customer_id]
sequence_by: updated_at
history: changes
columns:
  case_id:      {{ from: Case, type: bigint }}
  customer_id:  {{ from: CustomerID, type: string }}
  name:         {{ from: Name, type: string }}
  segment:      {{ from: Segment, type: string, default: none }}
  email:        {{ from: Email, type: string }}
  country_code: {{ from: CountryCode, type: string }}
  note:         {{ from: Note, type: string }}
  updated_at:   {{ from: UpdatedAt, type: timestamp }}
expect:
  customer_id_present: {{ check: customer_id IS NOT NULL }}
  name_present:        {{ check: name IS NOT NULL }}
  stamp_present:       {{ check: updated_at IS NOT NULL }}
{lookup}"
            ),
        ),
        (
            "silver/sales/products.yaml",
            "from: bronze.shop_products
key: [case_id, product_id]
sequence_by: updated_at
history: changes
columns:
  case_id:      { from: Case, type: bigint }
  product_id:   { from: ProductID, type: string }
  product_name: { from: ProductName, type: string }
  category:     { from: Category, type: string }
  updated_at:   { from: UpdatedAt, type: timestamp }
expect:
  name_present:  { check: product_name IS NOT NULL }
  stamp_present: { check: updated_at IS NOT NULL }
"
            .to_owned(),
        ),
        (
            "silver/sales/product_log.yaml",
            "from: bronze.shop_products
history: append
columns:
  case_id:      { from: Case, type: bigint }
  product_id:   { from: ProductID, type: string }
  product_name: { from: ProductName, type: string }
  category:     { from: Category, type: string }
expect:
  product_id_present: { check: product_id IS NOT NULL, on_fail: drop }
  name_present:       { check: product_name IS NOT NULL, on_fail: warn }
"
            .to_owned(),
        ),
        (
            "silver/sales/product_arrivals.yaml",
            "from: bronze.shop_products
key: [case_id, product_id]
columns:
  case_id:      { from: Case, type: bigint }
  product_id:   { from: ProductID, type: string }
  product_name: { from: ProductName, type: string }
  category:     { from: Category, type: string }
expect:
  product_id_present: { check: product_id IS NOT NULL, on_fail: drop }
  name_present:       { check: product_name IS NOT NULL, on_fail: warn }
"
            .to_owned(),
        ),
        (
            "silver/sales/orders.yaml",
            format!(
                "from: bronze.shop_orders
key: [case_id, order_id]
sequence_by: updated_at
columns:
  case_id:      {{ from: Case, type: bigint }}
  order_id:     {{ from: OrderID, type: string }}
  customer_id:  {{ from: CustomerID, type: string }}
  order_date:   {{ expr: \"to_date(OrderDate, 'yyyy-MM-dd')\" }}
  status:       {{ from: Status, type: string, default: placed }}
  country_code: {{ from: CountryCode, type: string }}
  lines:        {{ from: Lines }}
  updated_at:   {{ from: UpdatedAt, type: timestamp }}
expect:
  order_id_present: {{ check: order_id IS NOT NULL }}
  date_present:     {{ check: order_date IS NOT NULL }}
  stamp_present:    {{ check: updated_at IS NOT NULL }}
{lookup}"
            ),
        ),
        (
            "silver/sales/order_lines.yaml",
            "from: silver.sales_orders
explode: { line: lines }
key: [case_id, order_id, order_line_number]
columns:
  case_id:           {}
  order_id:          {}
  order_line_number: { from: line.LineNo, type: bigint }
  customer_id:       {}
  order_date:        {}
  product_id:        { from: line.ProductID, type: string }
  quantity:          { from: line.Qty, type: bigint }
  amount:            { from: line.Amount, type: \"decimal(18,2)\" }
  updated_at:        {}
"
            .to_owned(),
        ),
        (
            "silver/sales/countries.yaml",
            "from: bronze.shop_countries
key: [case_id, country_code]
sequence_by: updated_at
columns:
  case_id:      { from: Case, type: bigint }
  country_code: { from: CountryCode, type: string }
  region:       { from: Region, type: string }
  updated_at:   { from: UpdatedAt, type: timestamp }
expect:
  country_code_present: { check: country_code IS NOT NULL }
  stamp_present:        { check: updated_at IS NOT NULL }
"
            .to_owned(),
        ),
        (
            "gold/dim_customer.yaml",
            "dimension: dim_customer
from: silver.sales_customers
natural_key: [case_id, customer_id]
surrogate_key: customer_key
history: type2
sequence_by: updated_at
track: [name, segment, email, region]
".to_owned(),
        ),
        (
            "gold/dim_customer_instant.yaml",
            "dimension: dim_customer_instant
from: silver.sales_customers
natural_key: [case_id, customer_id]
surrogate_key: customer_instant_key
history: type2
validity: timestamp
first_version: beginning
sequence_by: updated_at
track: [name, segment, email, region]
".to_owned(),
        ),
        (
            "gold/dim_product.yaml",
            "dimension: dim_product
from: silver.sales_products
natural_key: [case_id, product_id]
surrogate_key: product_key
history: type2
sequence_by: updated_at
"
            .to_owned(),
        ),
        (
            "gold/dim_person.yaml",
            "dimension: dim_person
from: silver.sales_customers
natural_key: [case_id, customer_id]
surrogate_key: person_key
attributes: [name, segment]
sequence_by: updated_at
"
            .to_owned(),
        ),
        (
            "gold/dim_item.yaml",
            "dimension: dim_item
from: silver.sales_products
natural_key: [case_id, product_id]
surrogate_key: item_key
sequence_by: updated_at
"
            .to_owned(),
        ),
        (
            "gold/fact_sales.yaml",
            "fact: fact_sales
grain: one row per order line
grain_key: [case_id, order_id, order_line_number]
from: silver.sales_order_lines
degenerate: [case_id, order_id, order_line_number]
surrogate_key: sales_key
dimensions:
  date_key:             { dimension: dim_date, on: order_date }
  customer_key:         { dimension: dim_customer, on: [case_id, customer_id], as_of: order_date }
  customer_instant_key: { dimension: dim_customer_instant, on: [case_id, customer_id], as_of: updated_at }
  customer_now_key:     { dimension: dim_customer, on: [case_id, customer_id] }
  product_key:          { dimension: dim_product, on: [case_id, product_id], as_of: order_date, missing: inferred }
  item_key:             { dimension: dim_item, on: [case_id, product_id] }
  person_key:           { dimension: dim_person, on: [case_id, customer_id] }
measures:
  quantity: { type: bigint }
  amount:   { type: \"decimal(18,2)\" }
".to_owned(),
        ),
        (
            "silver/sales/prices.yaml",
            "from: bronze.shop_prices
key: [case_id, price_id]
columns:
  case_id:  { from: Case, type: bigint }
  price_id: { from: PriceID, type: string }
  price:    { from: Price, type: \"decimal(18,2)\" }
  currency: { from: Currency, type: string }
expect:
  price_id_present: { check: price_id IS NOT NULL }
  price_positive:   { check: price > 0 }
"
            .to_owned(),
        ),
        (
            "gold/daily_sales.yaml",
            "aggregate: daily_sales
from: gold.fact_sales
group_by: [case_id, date_key, product_key]
measures: { revenue: sum(amount), orders: count(DISTINCT order_id), largest: max(amount) }
"
            .to_owned(),
        ),
        (
            "gold/customer_sales.yaml",
            "aggregate: customer_sales
from: gold.fact_sales
group_by: [case_id, customer_key]
measures: { revenue: sum(amount), lines: count(*), last_date_key: max(date_key) }
"
            .to_owned(),
        ),
    ]
}

/// Every table that is compared, and the query that gives its rows: first the case, then what the oracle says of it.
pub(crate) fn queries() -> Vec<(&'static str, String)> {
    let day = |name: &str| format!("CAST({name} AS STRING) AS {name}");
    let validity = format!("{}, {}, is_current", day("effective_start_date"), day("effective_end_date"));
    let silver = |columns: &str| format!("SELECT case_id, {columns} FROM ");
    let mut queries: Vec<(&str, String)> = vec![
        (
            "silver.sales_customers",
            silver(&format!("customer_id, name, segment, email, country_code, note, {}, region", day("updated_at"))),
        ),
        ("silver.sales_products", silver(&format!("product_id, product_name, category, {}", day("updated_at")))),
        (
            "silver.sales_orders",
            silver(&format!("order_id, customer_id, {}, status, country_code, {}, region", day("order_date"), day("updated_at"))),
        ),
        (
            "silver.sales_order_lines",
            silver(&format!(
                "order_id, order_line_number, customer_id, {}, product_id, quantity, amount, {}",
                day("order_date"),
                day("updated_at")
            )),
        ),
        ("silver.sales_countries", silver(&format!("country_code, region, {}", day("updated_at")))),
        ("silver.sales_product_log", silver("product_id, product_name, category, _is_valid")),
        ("silver.sales_product_arrivals", silver("product_id, product_name, category, _is_valid")),
        ("silver.sales_prices", silver("price_id, price, currency")),
        ("silver.sales_prices_quarantine", silver("price_id, sort_array(_failed_rules) AS rules")),
        ("silver.sales_customers_quarantine", silver("customer_id, sort_array(_failed_rules) AS rules")),
        ("silver.sales_products_quarantine", silver("product_id, sort_array(_failed_rules) AS rules")),
        ("silver.sales_orders_quarantine", silver("order_id, sort_array(_failed_rules) AS rules")),
        ("silver.sales_countries_quarantine", silver("country_code, sort_array(_failed_rules) AS rules")),
        ("gold.dim_customer", silver(&format!("customer_id, name, segment, email, country_code, note, region, {validity}"))),
        ("gold.dim_customer_instant", silver(&format!("customer_id, name, note, {validity}"))),
        ("gold.dim_product", silver(&format!("product_id, product_name, category, {validity}"))),
        ("gold.dim_item", silver("product_id, product_name, category")),
        ("gold.dim_person", silver("customer_id, name, segment")),
    ];
    for (table, query) in &mut queries {
        query.push_str(table);
    }
    let version = |of: &str, key: &str| format!("{of}.{key} AS {of}_id, CAST({of}.effective_start_date AS STRING) AS {of}_start");
    let fact = format!(
        "SELECT f.case_id, f.order_id, f.order_line_number, f.date_key, {}, {}, n.customer_id AS n, {}, i.product_id AS i, o.customer_id AS o, f.quantity, f.amount
         FROM gold.fact_sales f
         JOIN gold.dim_customer c ON f.customer_key = c.customer_key
         JOIN gold.dim_customer_instant t ON f.customer_instant_key = t.customer_instant_key
         JOIN gold.dim_customer n ON f.customer_now_key = n.customer_key
         JOIN gold.dim_product p ON f.product_key = p.product_key
         JOIN gold.dim_item i ON f.item_key = i.item_key
         JOIN gold.dim_person o ON f.person_key = o.person_key",
        version("c", "customer_id"),
        version("t", "customer_id"),
        version("p", "product_id")
    );
    let daily = format!(
        "SELECT a.case_id, a.date_key, {}, a.revenue, a.orders, a.largest FROM gold.daily_sales a
             JOIN gold.dim_product p ON a.product_key = p.product_key",
        version("p", "product_id")
    );
    let customers = format!(
        "SELECT a.case_id, {}, a.revenue, a.lines, a.last_date_key FROM gold.customer_sales a
             JOIN gold.dim_customer c ON a.customer_key = c.customer_key",
        version("c", "customer_id")
    );
    queries.extend([("gold.fact_sales", fact), ("gold.daily_sales", daily), ("gold.customer_sales", customers)]);
    queries
}

/// The dimensions, their surrogate key, and what it belongs to.
pub(crate) const KEYS: [(&str, &str, &str); 5] = [
    ("gold.dim_customer", "customer_key", "case_id, customer_id, effective_start_date"),
    ("gold.dim_customer_instant", "customer_instant_key", "case_id, customer_id, effective_start_date"),
    ("gold.dim_product", "product_key", "case_id, product_id, effective_start_date"),
    ("gold.dim_item", "item_key", "case_id, product_id"),
    ("gold.dim_person", "person_key", "case_id, customer_id"),
];
