#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Field, Schema, Schemas, parse_query, resolve, resolve_spelled};

struct Tables;

impl Schemas for Tables {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        let columns = match parts.last()?.as_str() {
            "orders" => "order_id STRING, customer_id STRING, ordered_at TIMESTAMP, store_id STRING",
            "items" => "item_id STRING, order_id STRING, sku STRING, quantity INT, price DECIMAL(18,2), tags ARRAY<STRING>",
            "products" => "sku STRING, name STRING, kind STRING",
            "days" => "date_key INT, date DATE, month INT",
            _ => return None,
        };
        let mut schema = Schema::parse(columns).unwrap();
        schema.fields.push(Field::new("_source_system", crate::DataType::String));
        schema.fields.push(Field::new("_ingestion_timestamp", crate::DataType::Timestamp));
        Some(schema)
    }
}

fn follow(sql: &str, key: &[&str]) -> Result<Follow, String> {
    let query = resolve_spelled(&parse_query(sql).unwrap(), &Tables).unwrap().query;
    let key: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
    Follow::of(&query, &key)
}

fn part(parts: &[String], part: Part, _: &[String]) -> String {
    format!("{}_{}", parts.join("_"), if part == Part::Changed { "changed" } else { "ever" })
}

/// One line a key query, blanks squeezed.
fn concerned(sql: &str, key: &[&str]) -> Vec<String> {
    let squeeze = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
    follow(sql, key).unwrap().concerned(&part).into_iter().map(squeeze).collect()
}

const LINES: &str = "SELECT i.item_id, o.order_id, o.customer_id, p.name, i.price * i.quantity AS amount
    FROM silver.items i JOIN silver.orders o ON i.order_id = o.order_id LEFT JOIN silver.products p ON p.sku = i.sku
    WHERE i.quantity > 0 AND p.kind <> 'x'";

#[test]
fn a_change_of_each_table_is_traced_to_the_key() {
    assert_eq!(
        concerned(LINES, &["item_id"]),
        [
            "SELECT i.item_id AS item_id FROM silver_items_changed i WHERE i.quantity > 0",
            "SELECT i.item_id AS item_id FROM silver_items_ever i JOIN silver_orders_changed o ON i.order_id = o.order_id WHERE i.quantity > 0",
            "SELECT i.item_id AS item_id FROM silver_items_ever i JOIN silver_products_changed p ON p.sku = i.sku WHERE i.quantity > 0",
        ]
    );
    // The key of an order is a column of each, so that nothing has to be joined.
    assert_eq!(
        concerned(LINES, &["order_id"])[..2],
        [
            "SELECT i.order_id AS order_id FROM silver_items_changed i WHERE i.quantity > 0",
            "SELECT o.order_id AS order_id FROM silver_orders_changed o",
        ]
    );
}

#[test]
fn what_may_be_missing_is_no_key() {
    let why = |sql: &str, key: &str| follow(sql, &[key]).unwrap_err();
    assert_eq!(why(LINES, "name"), "`name` comes from `p`, of which a join may find no row");
    assert_eq!(why("SELECT max(order_id) AS last FROM silver.orders", "last"), "`last` is made of several rows");
    assert_eq!(why("SELECT order_id FROM silver.orders LIMIT 3", "order_id"), "LIMIT takes some of all rows");
    let full = "SELECT o.order_id FROM silver.orders o FULL JOIN silver.items i ON i.order_id = o.order_id";
    assert_eq!(why(full, "order_id"), "of a FULL JOIN");
    let asks = "SELECT order_id FROM silver.orders WHERE order_id IN (SELECT order_id FROM silver.items)";
    assert_eq!(why(asks, "order_id"), "an expression asks a query of its own; join it instead");
    let loose = "SELECT o.order_id, p.sku FROM silver.orders o CROSS JOIN silver.products p";
    assert_eq!(why(loose, "order_id"), "its tables are not joined by conditions that could be followed");
}

#[test]
fn a_sum_is_traced_by_its_group_and_a_window_by_its_partition() {
    let summed = "WITH totals AS (SELECT order_id, sum(price) AS total FROM silver.items GROUP BY order_id)
        SELECT o.order_id, t.total FROM silver.orders o LEFT JOIN totals t USING (order_id) WHERE t.total > 3 OR t.total IS NULL";
    assert_eq!(
        concerned(summed, &["order_id"]),
        [
            "SELECT o.order_id AS order_id FROM silver_orders_changed o",
            "SELECT t.order_id AS order_id FROM ( SELECT items.order_id AS order_id FROM silver_items_changed items ) t",
        ]
    );
    let ranked = "SELECT item_id, order_id, row_number() OVER (PARTITION BY order_id ORDER BY item_id) AS n FROM silver.items";
    let found = follow(ranked, &["item_id", "order_id"]).unwrap();
    assert_eq!(found.by(), ["order_id"]);
    assert_eq!(follow(ranked, &["item_id"]).unwrap_err(), "a window is not parted by `item_id`");
    let joined = "WITH ranked AS (SELECT item_id, order_id, row_number() OVER (ORDER BY item_id) AS n FROM silver.items)
        SELECT o.order_id, r.n FROM silver.orders o JOIN ranked r ON r.order_id = o.order_id";
    assert!(follow(joined, &["order_id"]).is_err());
}

#[test]
fn a_window_with_an_order_says_what_comes_first() {
    let is_repeatable = |over: &str| {
        let sql = format!("SELECT first_value(sku) {over} AS first FROM silver.items");
        resolve(&parse_query(&sql).unwrap(), &Tables).unwrap().deterministic
    };
    assert!(is_repeatable("OVER (PARTITION BY order_id ORDER BY item_id)"));
    assert!(!is_repeatable("OVER (PARTITION BY order_id)") && !is_repeatable(""));
}

#[test]
fn unions_are_followed_part_by_part() {
    let sql = "SELECT order_id AS id, 'o' AS kind FROM silver.orders UNION ALL SELECT item_id, 'i' FROM silver.items";
    assert_eq!(
        concerned(sql, &["id", "kind"]),
        [
            "SELECT orders.order_id AS id, 'o' AS kind FROM silver_orders_changed orders",
            "SELECT items.item_id AS id, 'i' AS kind FROM silver_items_changed items",
        ]
    );
    let distinct = "SELECT customer_id FROM silver.orders UNION SELECT sku FROM silver.items";
    assert_eq!(
        concerned(distinct, &["customer_id"])[1],
        "SELECT rows.customer_id AS customer_id FROM ( SELECT items.sku AS customer_id FROM silver_items_changed items ) rows"
    );
}

#[test]
fn an_attribute_groups_what_refers_to_it() {
    let sql = "SELECT d.month AS month, p.kind AS kind, max(i.price) AS dearest
        FROM silver.items i JOIN silver.orders o ON o.order_id = i.order_id
        JOIN gold.days d ON CAST(o.ordered_at AS DATE) = d.date JOIN silver.products p ON p.sku = i.sku
        GROUP BY d.month, p.kind";
    let keys = concerned(sql, &["month", "kind"]);
    assert_eq!(keys.len(), 4);
    assert!(keys[2].contains("gold_days_changed d ON CAST(o.ordered_at AS DATE) = d.date"), "{keys:?}");
    assert!(keys.iter().all(|keys| keys.starts_with("SELECT d.month AS month, p.kind AS kind FROM")), "{keys:?}");
}

#[test]
fn rows_of_keys_are_read_where_the_keys_are() {
    let squeeze = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
    let found = follow(LINES, &["order_id"]).unwrap().with_origin();
    assert_eq!(
        squeeze(found.rows(Some("keys")).sql),
        "SELECT i.item_id AS item_id, o.order_id AS order_id, o.customer_id AS customer_id, p.name AS name, i.price * i.quantity AS amount, \
         i._source_system AS _source_system, i._ingestion_timestamp AS _ingestion_timestamp \
         FROM ( SELECT i.* FROM silver.items i LEFT SEMI JOIN keys ON i.order_id <=> keys.order_id ) i \
         JOIN ( SELECT o.* FROM silver.orders o LEFT SEMI JOIN keys ON o.order_id <=> keys.order_id ) o ON i.order_id = o.order_id \
         LEFT JOIN ( SELECT p.* FROM silver.products p LEFT SEMI JOIN near_1 ON p.sku = near_1.sku ) p ON p.sku = i.sku WHERE (i.quantity > 0) AND (p.kind <> 'x')"
    );
    // A table that has no key is read where what it is joined with is.
    let by_item = follow(LINES, &["item_id"]).unwrap().rows(Some("keys"));
    let with: Vec<(String, String)> = by_item.with.into_iter().map(|(name, sql)| (name, squeeze(sql))).collect();
    let of = |column: &str| {
        format!("SELECT DISTINCT i.{column} AS {column} FROM silver.items i LEFT SEMI JOIN keys ON i.item_id <=> keys.item_id")
    };
    assert_eq!(with, [("near_1".to_owned(), of("order_id")), ("near_2".to_owned(), of("sku"))]);
    assert!(
        squeeze(by_item.sql)
            .contains("SELECT p.* FROM silver.products p LEFT SEMI JOIN near_2 ON p.sku = near_2.sku ) p ON p.sku = i.sku")
    );
    // Two tables have a part of the key each.
    let both = follow(
        "SELECT o.store_id, p.kind, count(*) AS n FROM silver.orders o JOIN silver.items i ON i.order_id = o.order_id JOIN silver.products p ON p.sku = i.sku GROUP BY ALL",
        &["store_id", "kind"],
    )
    .unwrap();
    assert!(
        squeeze(both.rows(Some("keys")).sql)
            .ends_with("q LEFT SEMI JOIN keys ON q.store_id <=> keys.store_id AND q.kind <=> keys.kind")
    );
    // What is printed is a query that is understood.
    for sql in [found.rows(None).sql, both.rows(None).sql] {
        resolve(&parse_query(&sql).unwrap(), &Tables).unwrap();
    }
}

#[test]
fn star_is_written_out_without_what_is_noted() {
    let sql = "SELECT o.*, i.* EXCEPT (order_id) FROM silver.orders o JOIN silver.items i USING (order_id)";
    let query = resolve_spelled(&parse_query(sql).unwrap(), &Tables).unwrap();
    let names: Vec<&str> = query.schema.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["order_id", "customer_id", "ordered_at", "store_id", "item_id", "sku", "quantity", "price", "tags"]);
    let followed = follow(sql, &["item_id"]).unwrap();
    assert_eq!(followed.column_of("sku"), Some((vec!["silver".to_owned(), "items".to_owned()], "sku".to_owned())));
    let exploded = "SELECT i.item_id, t.tag FROM silver.items i LATERAL VIEW explode(i.tags) t AS tag";
    assert_eq!(
        concerned(exploded, &["item_id", "tag"]),
        ["SELECT i.item_id AS item_id, t.tag AS tag FROM silver_items_changed i LATERAL VIEW explode(i.tags) t AS tag"]
    );
}
