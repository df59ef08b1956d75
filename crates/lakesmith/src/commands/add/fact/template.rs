//! Facts that most lakehouses have: what one usually measures of them, under which names sources have it, and what is
//! asked where it is not found.

use super::super::guess;
use lakesmith_compile::Column;

/// Words before which a name says what it says without them: `order_total` is a total.
const BEFORE: [&str; 6] = ["order_line", "order", "line", "item", "sales", "sale"];
/// Last words that say in which currency an amount is.
const CURRENCIES: [&str; 8] = ["usd", "eur", "gbp", "chf", "jpy", "cad", "aud", "cny"];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A number of things, which may be summed up.
    Count,
    /// An amount of money, which may be summed up.
    Money,
    /// An amount of money that must not be summed up.
    Price,
    /// A part of something, which must not be summed up.
    Share,
    /// A number of a document or a word: no measure.
    Text,
}

/// A column by its usual name.
pub(super) struct Usual {
    pub(super) name: &'static str,
    /// Other names that mean the same, likely ones first.
    others: &'static [&'static str],
    pub(super) holds: Holds,
    pub(super) about: &'static str,
    /// What is to be decided where no column is called so.
    pub(super) question: &'static str,
}

impl Usual {
    /// The column that is meant, if one is called so.
    pub(super) fn find<'a>(&self, columns: &[&'a Column], thing: &str) -> Option<&'a Column> {
        called(self.name, self.others, columns, thing)
    }
}

/// The column that has a name or one of others, likely ones first; in a table of `thing`s, `id` is `<thing>_id`.
pub(super) fn called<'a>(name: &str, others: &[&str], columns: &[&'a Column], thing: &str) -> Option<&'a Column> {
    let plain = |column: &Column| match bare(&column.name).0 {
        id if id == "id" => format!("{thing}_id"),
        plain => plain,
    };
    let without = |column: &Column| {
        let plain = plain(column);
        let rest = BEFORE.iter().find_map(|word| plain.strip_prefix(word)?.strip_prefix('_').map(str::to_owned));
        rest.unwrap_or(plain)
    };
    [name].iter().chain(others).find_map(|name| {
        let exact = columns.iter().find(|column| plain(column) == *name);
        exact.or_else(|| columns.iter().find(|column| without(column) == *name)).copied()
    })
}

/// A name in snake case without a currency at its end, and the currency.
pub(super) fn bare(name: &str) -> (String, Option<String>) {
    let name = guess::name(name);
    let currency = CURRENCIES.iter().find(|word| name.strip_suffix(*word).is_some_and(|rest| rest.ends_with('_')));
    match currency {
        Some(word) => (name[..name.len() - word.len() - 1].to_owned(), Some(word.to_ascii_uppercase())),
        None => (name, None),
    }
}

/// A key that a fact usually has.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) dimension: &'static str,
    /// What is to be decided where nothing leads to the dimension.
    pub(super) question: &'static str,
}

/// What the rows of a fact are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Those of the table.
    Events,
    /// Customers by day.
    CustomerDays,
}

/// What a fact is about.
pub(super) struct Template {
    /// Its name without `fact_`.
    name: &'static str,
    pub(super) shape: Shape,
    pub(super) about: &'static str,
    pub(super) grain: &'static str,
    pub(super) surrogate_key: &'static str,
    pub(super) keys: &'static [Key],
    /// What is kept beside keys and measures.
    pub(super) degenerate: &'static [Usual],
    /// Whether the moment is kept too, by which events of a visit follow each other.
    pub(super) keeps_time: bool,
    pub(super) measures: &'static [Usual],
    pub(super) advice: &'static [&'static str],
}

impl Template {
    /// The template of a fact's name.
    pub(super) fn of(name: &str) -> Option<&'static Template> {
        let name = name.strip_prefix("fact_").unwrap_or(name);
        TEMPLATES.iter().find(|template| template.name == name)
    }
}

const fn usual(
    name: &'static str,
    others: &'static [&'static str],
    holds: Holds,
    about: &'static str,
    question: &'static str,
) -> Usual {
    Usual { name, others, holds, about, question }
}

const fn text(name: &'static str, others: &'static [&'static str]) -> Usual {
    Usual { name, others, holds: Holds::Text, about: "", question: "" }
}

const fn key(name: &'static str, dimension: &'static str, question: &'static str) -> Key {
    Key { name, dimension, question }
}

/// What a customer pays.
pub(super) const TOTAL: Usual = usual(
    "total_amount",
    &[
        "total",
        "amount",
        "total_price",
        "extended_price",
        "sales_amount",
        "sales",
        "revenue",
        "turnover",
        "net_amount",
        "gross_amount",
        "subtotal",
        "sub_total",
    ],
    Holds::Money,
    "what the customer pays",
    "which column says what the customer pays, and is tax in it?",
);
/// How many were sold.
pub(super) const QUANTITY: Usual = usual(
    "quantity",
    &["qty", "units", "unit_count", "pieces", "pcs", "count", "number_of_items"],
    Holds::Count,
    "how many were sold",
    "is each row one piece? Then `expr: \"1\"` says it",
);
/// The number of an order.
pub(super) const ORDER: Usual =
    text("order_id", &["order_no", "order_number", "invoice_id", "invoice_no", "invoice_number", "transaction_id", "receipt_no"]);
/// The number of a visit to a web site.
pub(super) const SESSION: Usual = text("session_id", &["session", "visit_id", "session_token", "visit_token", "visit"]);
/// A page of a web site.
pub(super) const PAGE: Usual = text("page_url", &["page", "url", "page_path", "path", "uri", "request_uri"]);
/// The number of a question that a customer asked.
pub(super) const TICKET: Usual =
    text("ticket_id", &["ticket_no", "ticket_number", "support_ticket_id", "case_id", "case_number"]);

const TEMPLATES: &[Template] = &[
    Template {
        name: "sales",
        shape: Shape::Events,
        about: "What was sold",
        grain: "one row per order line",
        surrogate_key: "sales_key",
        keys: &[
            key("date_key", "dim_date", "on which day was it sold? It takes a DATE or a TIMESTAMP"),
            key("customer_key", "dim_customer", "which column names the customer?"),
            key("product_key", "dim_product", "which column names the product? An order as a whole has none: see `grain`"),
            key("geography_key", "dim_geography", "where was it sold or sent to? -1 where that is not known"),
        ],
        degenerate: &[
            ORDER,
            text(
                "order_line_number",
                &["line_number", "line_no", "line_nr", "line", "line_id", "position", "pos", "row_number", "row_id"],
            ),
        ],
        keeps_time: false,
        measures: &[
            QUANTITY,
            usual(
                "unit_price",
                &["price", "price_each", "selling_price", "sale_price", "list_price"],
                Holds::Price,
                "what one costs",
                "what does one piece cost?",
            ),
            usual(
                "discount_amount",
                &["discount_total", "discount_value", "rebate", "rebate_amount"],
                Holds::Money,
                "taken off",
                "what was taken off?",
            ),
            usual(
                "tax_amount",
                &["tax", "tax_paid", "tax_total", "vat", "vat_amount"],
                Holds::Money,
                "tax",
                "how much of it is tax?",
            ),
            TOTAL,
            usual(
                "cost_amount",
                &["cost", "total_cost", "cogs", "cost_of_goods", "cost_of_goods_sold"],
                Holds::Money,
                "what it cost to make or buy",
                "what did it cost to make or buy? A price list may be joined in silver, by `lookup`",
            ),
            usual(
                "profit_amount",
                &["profit", "gross_profit", "profit_total", "margin_amount"],
                Holds::Money,
                "what remains",
                "it is total_amount less cost_amount, once both are there",
            ),
        ],
        advice: &[
            "The finest grain answers most questions: an order line rather than an order. Where orders hold their lines as a list,",
            "`explode` in a silver table of its own makes a row of each.",
        ],
    },
    Template {
        name: "customer_activity",
        shape: Shape::CustomerDays,
        about: "What customers did, by day",
        grain: "one row per customer and day, from the day the customer first did something, also where nothing happened",
        surrogate_key: "activity_key",
        keys: &[
            key("date_key", "dim_date", "it takes the `calendar` of lakehouse.yaml"),
            key("customer_key", "dim_customer", "`lakesmith add dimension customer` adds it"),
        ],
        degenerate: &[],
        keeps_time: false,
        measures: &[],
        advice: &[
            "A row per customer and day answers who did nothing. For a row only where something happened, keep a fact of events and",
            "sum it up: `lakesmith add aggregate`, by date_key and customer_key. Weeks or months (`every`) make fewer rows.",
        ],
    },
    Template {
        name: "web_events",
        shape: Shape::Events,
        about: "What happened on the web site",
        grain: "one row per page view",
        surrogate_key: "event_key",
        keys: &[
            key("date_key", "dim_date", "when was the page seen? It takes a DATE or a TIMESTAMP"),
            key(
                "time_key",
                "dim_time",
                "`time: minute` in the `calendar` of lakehouse.yaml makes dim_time; it takes a TIMESTAMP",
            ),
            key("customer_key", "dim_customer", "which column names the customer? -1 for visitors who are not known"),
            key("product_key", "dim_product", "which column names the product, of pages about one?"),
        ],
        degenerate: &[
            text("event_id", &["page_view_id", "pageview_id", "view_id", "hit_id", "event_uuid"]),
            SESSION,
            text("visitor_id", &["anonymous_id", "cookie_id", "visitor", "device_id"]),
            PAGE,
            text("referrer", &["referer", "ref", "referrer_url", "http_referer"]),
            text("event_type", &["event_name", "event", "action", "type"]),
            text("device_type", &["device", "platform"]),
            text("browser", &["user_agent", "agent"]),
            text("campaign", &["utm_campaign", "campaign_id"]),
        ],
        keeps_time: true,
        measures: &[
            usual(
                "duration_seconds",
                &["duration", "seconds", "seconds_on_page", "time_on_page", "dwell_seconds", "duration_s"],
                Holds::Count,
                "how long the page was seen",
                "how long was the page seen?",
            ),
            usual(
                "page_load_ms",
                &["load_ms", "load_time_ms", "load_time", "response_time_ms", "latency_ms", "ms"],
                Holds::Count,
                "how long it took to load",
                "how long did it take to load?",
            ),
            usual(
                "scroll_depth",
                &["scroll_pct", "scroll_percent", "scroll"],
                Holds::Share,
                "how far it was read",
                "how far was it read?",
            ),
        ],
        advice: &["Events never change: their source has `change_capture: event`, their silver table the event's id as its key."],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use lakesmith_sql::DataType;

    #[test]
    fn a_template_is_found_by_the_facts_name() {
        let found = |name: &str| Template::of(name).map(|template| template.surrogate_key);
        assert_eq!(found("fact_customer_activity"), Some("activity_key"));
        assert_eq!((found("sales"), found("fact_web_events"), found("orders")), (Some("sales_key"), Some("event_key"), None));
    }

    #[test]
    fn columns_are_found_by_what_they_are_usually_called() {
        let found = |usual: &Usual, names: &[&str], thing: &str| {
            let columns: Vec<Column> = names.iter().map(|name| Column::new(*name, DataType::Int)).collect();
            usual.find(&columns.iter().collect::<Vec<_>>(), thing).map(|column| column.name.clone())
        };
        for (usual, names, thing, column) in [
            (&QUANTITY, &["price", "qty"][..], "line", Some("qty")),
            (&QUANTITY, &["order_qty", "discount"], "line", Some("order_qty")),
            (&TOTAL, &["subtotal", "order_total"], "order", Some("order_total")),
            (&TOTAL, &["amount_eur"], "order", Some("amount_eur")),
            (&TOTAL, &["line_amount", "total_amount"], "order", Some("total_amount")),
            (&ORDER, &["id", "customer"], "order", Some("id")),
            (&ORDER, &["id", "customer"], "customer", None),
            (&SESSION, &["event_id", "visit_id"], "event", Some("visit_id")),
        ] {
            assert_eq!(found(usual, names, thing).as_deref(), column, "{names:?}");
        }
        assert_eq!(bare("Amount_EUR"), ("amount".to_owned(), Some("EUR".to_owned())));
        assert_eq!(bare("eur"), ("eur".to_owned(), None));
    }
}
