//! Facts that most lakehouses have, and what one usually measures of them.

/// A measure by its usual name.
pub(super) struct Usual {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
}

/// What a fact is about.
pub(super) struct Template {
    /// Its name on the command line.
    pub(super) word: &'static str,
    /// Its name without `fact_`.
    name: &'static str,
    pub(super) about: &'static str,
    pub(super) grain: &'static str,
    pub(super) surrogate_key: &'static str,
    pub(super) measures: &'static [Usual],
    /// Keys that it usually has, with what they lead to.
    pub(super) keys: &'static [(&'static str, &'static str)],
    pub(super) advice: &'static [&'static str],
}

impl Template {
    /// The template of a fact's name.
    pub(super) fn of(name: &str) -> Option<&'static Template> {
        let name = name.strip_prefix("fact_").unwrap_or(name);
        TEMPLATES.iter().find(|template| template.name == name)
    }
}

const fn usual(name: &'static str, about: &'static str) -> Usual {
    Usual { name, about }
}

const TEMPLATES: &[Template] = &[
    Template {
        word: "sales",
        name: "sales",
        about: "What was sold",
        grain: "one row per order line",
        surrogate_key: "sales_key",
        measures: &[
            usual("quantity", "how many were sold"),
            usual("unit_price", "what one costs; not to be summed up"),
            usual("discount_amount", "taken off"),
            usual("tax_amount", "on top"),
            usual("total_amount", "what the customer pays"),
            usual("cost_amount", "what it cost to make or buy"),
            usual("profit_amount", "total_amount without tax_amount and cost_amount"),
        ],
        keys: &[
            ("date_key", "dim_date, of the day of the order"),
            ("customer_key", "dim_customer"),
            ("product_key", "dim_product"),
            ("geography_key", "dim_geography, where it was sent; -1 where that is not known"),
        ],
        advice: &[
            "The finest grain answers most questions: an order line rather than an order. Where orders hold their lines as a list,",
            "`explode` in a silver table of its own makes a row of each.",
        ],
    },
    Template {
        word: "customer-activity",
        name: "customer_activity",
        about: "What customers did, by day",
        grain: "one row per customer and day",
        surrogate_key: "activity_key",
        measures: &[
            usual("sessions", "visits of the day"),
            usual("page_views", "pages seen"),
            usual("orders", "orders placed"),
            usual("order_amount", "what they cost"),
            usual("support_tickets", "questions asked"),
        ],
        keys: &[("date_key", "dim_date"), ("customer_key", "dim_customer")],
        advice: &[
            "Where the source tells single events, keep a fact of events and sum it up with `lakesmith add aggregate`, by date_key and",
            "customer_key: then no event is lost, and late ones change their day.",
        ],
    },
    Template {
        word: "web-events",
        name: "web_events",
        about: "What happened on the web site",
        grain: "one row per page view",
        surrogate_key: "event_key",
        measures: &[
            usual("duration_seconds", "how long the page was seen"),
            usual("page_load_ms", "how long it took to load"),
            usual("scroll_depth", "how far it was read; not to be summed up"),
        ],
        keys: &[
            ("date_key", "dim_date"),
            ("customer_key", "dim_customer; -1 for visitors who are not known"),
            ("product_key", "dim_product, of pages about one"),
        ],
        advice: &["Events never change: their source has `change_capture: event`, their silver table the event's id as its key."],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_found_by_the_facts_name() {
        let found = |name: &str| Template::of(name).map(|template| template.word);
        assert_eq!(found("fact_customer_activity"), Some("customer-activity"));
        assert_eq!((found("sales"), found("fact_web_events"), found("orders")), (Some("sales"), Some("web-events"), None));
    }
}
