//! What every table is to hold, worked out case by case from all that has come, in plain Rust. It knows nothing of batches, keys or the
//! order of arrival, apart from the one table that is ordered by arrival.

pub(crate) mod silver;
pub(crate) mod versions;

use self::silver::{CustomerState, Entries, OrderState, ProductState};
use self::versions::{BEGINNING, Rules, Version, versions};
use super::events::{DAY, Event, Instant, Line, Price, date, money, stamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// When a file was changed, which file, which row in it.
type Arrival = (u64, String, usize);

/// An event, and its place in the order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) event: Event,
    /// When its file was last changed, the file, and where it stood in it.
    pub(crate) place: (u64, String, usize),
}

/// The rows of a case, by table. A row is what the table's query gives, without the case.
pub(crate) type Rows = BTreeMap<&'static str, Vec<String>>;

/// A customer's attributes: those of the feed, and what was looked up.
type Customer = (CustomerState, Option<&'static str>);

/// The rows of a case. `snapshots`: what each of them says of it, in order.
pub(crate) fn rows(events: &[Arrived], snapshots: &[Vec<Price>]) -> Rows {
    let case = Case::of(events);
    let mut rows = Rows::new();
    case.silver(events, &mut rows);
    case.dimensions(&mut rows);
    case.facts(&mut rows);
    for price in silver::prices(snapshots).into_values() {
        put(&mut rows, "silver.sales_prices", json!([price.id, price.cents.value().map(money), price.currency]));
    }
    for price in snapshots.iter().flatten() {
        if let Err(failed) = silver::judge_price(price) {
            put(&mut rows, "silver.sales_prices_quarantine", json!([price.id, failed]));
        }
    }
    for rows in rows.values_mut() {
        rows.sort();
    }
    rows
}

struct Case {
    customers: Entries<CustomerState>,
    products: Entries<ProductState>,
    orders: Entries<OrderState>,
    countries: Entries<Option<&'static str>>,
    /// Versions of customers by day, and by instant from the beginning.
    by_day: BTreeMap<&'static str, Vec<Version<Customer>>>,
    by_instant: BTreeMap<&'static str, Vec<Version<Customer>>>,
    of_products: BTreeMap<&'static str, Vec<Version<ProductState>>>,
}

fn each<'a, T: 'a>(events: &'a [Arrived], of: impl Fn(&'a Event) -> Option<&'a T>) -> impl Iterator<Item = &'a T> {
    events.iter().filter_map(move |arrived| of(&arrived.event))
}

macro_rules! feed {
    ($events:expr, $kind:ident) => {
        each($events, |event| match event {
            Event::$kind(row) => Some(row),
            _ => None,
        })
    };
}

impl Case {
    fn of(events: &[Arrived]) -> Self {
        let mut case = Case {
            customers: silver::customers(feed!(events, Customer)),
            products: silver::products(feed!(events, Product)),
            orders: silver::orders(feed!(events, Order)),
            countries: silver::countries(feed!(events, Country)),
            by_day: BTreeMap::new(),
            by_instant: BTreeMap::new(),
            of_products: BTreeMap::new(),
        };
        let tracked = |state: &Customer| (state.0.name, state.0.segment, state.0.email, state.1);
        for (id, entries) in &case.customers.by_key {
            let Some(id) = *id else { continue };
            let entries: BTreeMap<Instant, Option<Customer>> = entries
                .iter()
                .map(|(at, state)| (*at, state.clone().map(|state| (state.clone(), case.region(state.country)))))
                .collect();
            let walk =
                |by_day, from_beginning| versions(&entries, Rules { by_day, from_beginning }, |a, b| tracked(a) != tracked(b));
            case.by_day.insert(id, walk(true, false));
            case.by_instant.insert(id, walk(false, true));
        }
        for (id, entries) in &case.products.by_key {
            let Some(id) = *id else { continue };
            let rules = Rules { by_day: true, from_beginning: false };
            case.of_products.insert(id, versions(entries, rules, |a, b| a != b));
        }
        case
    }

    /// What is looked up of a country today.
    fn region(&self, code: Option<&'static str>) -> Option<&'static str> {
        let found = self.countries.latest().find(|(known, ..)| known.is_some() && *known == code);
        found.and_then(|(_, _, region)| *region)
    }

    fn silver(&self, events: &[Arrived], rows: &mut Rows) {
        for (id, at, s) in self.customers.states() {
            let row = json!([id, s.name, s.segment, s.email, s.country, s.note, stamp(at), self.region(s.country)]);
            put(rows, "silver.sales_customers", row);
        }
        for (id, at, s) in self.products.states() {
            put(rows, "silver.sales_products", json!([id, s.name, s.category, stamp(at)]));
        }
        for (id, at, s) in self.orders.latest() {
            let row = json!([id, s.customer, date(s.day), s.status, s.country, stamp(at), self.region(s.country)]);
            put(rows, "silver.sales_orders", row);
            for (number, line) in silver::lines(s) {
                let row =
                    json!([id, number, s.customer, date(s.day), line.product, line.quantity, line.cents.map(money), stamp(at)]);
                put(rows, "silver.sales_order_lines", row);
            }
        }
        for (code, at, region) in self.countries.latest() {
            put(rows, "silver.sales_countries", json!([code, region, stamp(at)]));
        }
        self.bad(events, rows);
        let mut last: BTreeMap<Option<&str>, (&Arrival, Value)> = BTreeMap::new();
        for arrived in events {
            let Event::Product(p) = &arrived.event else { continue };
            // The rule on the name warns, the one on the key drops.
            if p.id.is_some() {
                let row = json!([p.id, p.name, p.category, p.name.is_some()]);
                put(rows, "silver.sales_product_log", row.clone());
                let held = last.entry(p.id).or_insert((&arrived.place, row.clone()));
                if held.0 <= &arrived.place {
                    *held = (&arrived.place, row);
                }
            }
        }
        for (_, row) in last.into_values() {
            put(rows, ARRIVAL, row);
        }
    }

    /// One row in the quarantine for every bad row read.
    fn bad(&self, events: &[Arrived], rows: &mut Rows) {
        let mut judged = |table, key: Option<&str>, failed: Result<(), BTreeSet<&'static str>>| {
            if let Err(failed) = failed {
                put(rows, table, json!([key, failed]));
            }
        };
        for arrived in events {
            match &arrived.event {
                Event::Customer(c) => judged("silver.sales_customers_quarantine", c.id, silver::judge_customer(c)),
                Event::Product(p) => judged("silver.sales_products_quarantine", p.id, silver::judge_product(p)),
                Event::Order(o) => judged("silver.sales_orders_quarantine", o.id, silver::judge_order(o)),
                Event::Country(c) => judged("silver.sales_countries_quarantine", c.code, silver::judge_country(c)),
            }
        }
    }

    fn dimensions(&self, rows: &mut Rows) {
        for (id, versions) in &self.by_day {
            for v in versions {
                let (s, region) = &v.state;
                let row = json!([
                    id,
                    s.name,
                    s.segment,
                    s.email,
                    s.country,
                    s.note,
                    region,
                    &stamp(v.start)[..10],
                    &stamp(v.end)[..10],
                    v.is_current()
                ]);
                put(rows, "gold.dim_customer", row);
            }
        }
        for (id, versions) in &self.by_instant {
            for v in versions {
                let row = json!([id, v.state.0.name, v.state.0.note, stamp(v.start), stamp(v.end), v.is_current()]);
                put(rows, "gold.dim_customer_instant", row);
            }
        }
        for (id, versions) in &self.of_products {
            for v in versions {
                let row = json!([id, v.state.name, v.state.category, &stamp(v.start)[..10], &stamp(v.end)[..10], v.is_current()]);
                put(rows, "gold.dim_product", row);
            }
        }
        for id in self.inferred() {
            let end = self.of_products.get(id).and_then(|versions| versions.first()).map_or(versions::OPEN, |first| first.start);
            let row = json!([id, "(unknown)", "(unknown)", "1900-01-01", &stamp(end)[..10], end == versions::OPEN]);
            put(rows, "gold.dim_product", row);
        }
        // Of an entity that keeps its states, also those that have ended, a member that has ended is gone.
        for (id, _, s) in self.customers.latest().filter(|(id, ..)| id.is_some()) {
            put(rows, "gold.dim_person", json!([id, s.name, s.segment]));
        }
        for (id, _, s) in self.products.latest().filter(|(id, ..)| id.is_some()) {
            put(rows, "gold.dim_item", json!([id, s.name, s.category]));
        }
    }

    /// Every line of every order that is there.
    fn lines(&self) -> impl Iterator<Item = (Option<&'static str>, Instant, &OrderState, Option<i64>, &Line)> {
        self.orders
            .latest()
            .flat_map(|(id, at, order)| silver::lines(order).into_iter().map(move |(number, line)| (id, at, order, number, line)))
    }

    /// The products that facts name before their first version.
    fn inferred(&self) -> BTreeSet<&'static str> {
        let mut needed = BTreeSet::new();
        for (_, _, order, _, line) in self.lines() {
            let Some(id) = line.product else { continue };
            let at = i64::from(order.day) * DAY;
            if !self.of_products.get(id).is_some_and(|versions| versions.iter().any(|version| version.holds(at))) {
                needed.insert(id);
            }
        }
        needed
    }

    fn facts(&self, rows: &mut Rows) {
        let mut daily: BTreeMap<String, Group> = BTreeMap::new();
        let mut by_customer: BTreeMap<String, Group> = BTreeMap::new();
        for (id, at, order, number, line) in self.lines() {
            let day = i64::from(order.day) * DAY;
            let as_of = |of: &BTreeMap<&'static str, Vec<Version<Customer>>>, at| {
                order.customer.and_then(|id| Some((id, of.get(id)?.iter().find(|v| v.holds(at))?.start)))
            };
            let current =
                order.customer.filter(|id| self.by_day.get(id).is_some_and(|v| v.last().is_some_and(Version::is_current)));
            // Where no version holds, one is inferred.
            let product = line.product.map(|id| {
                let version = self.of_products.get(id).and_then(|versions| versions.iter().find(|v| v.holds(day)));
                json!([id, stamp(version.map_or(BEGINNING, |version| version.start))[..10]])
            });
            let person = order.customer.filter(|known| self.customers.latest().any(|(id, ..)| id == Some(known)));
            let item = line.product.filter(|id| self.of_products.contains_key(id));
            let key: i64 = date(order.day).replace('-', "").parse().unwrap();
            let member = |found: Option<Value>| found.unwrap_or_else(|| json!([null, "1900-01-01"]));
            let customer = member(as_of(&self.by_day, day).map(|(id, start)| json!([id, stamp(start)[..10]])));
            let product = member(product);
            for (groups, group) in [(&mut daily, json!([key, product])), (&mut by_customer, customer.clone())] {
                groups.entry(flat(group).to_string()).or_default().add(id, key, line.cents);
            }
            let row = json!([
                id,
                number,
                key,
                customer,
                as_of(&self.by_instant, at)
                    .map_or_else(|| json!([null, stamp(BEGINNING)]), |(id, start)| json!([id, stamp(start)])),
                current,
                product,
                item,
                person,
                line.quantity,
                line.cents.map(money),
            ]);
            put(rows, "gold.fact_sales", flat(row));
        }
        for (key, group) in daily {
            let key: Value = serde_json::from_str(&key).unwrap();
            put(
                rows,
                "gold.daily_sales",
                flat(json!([key, group.revenue.map(money), group.orders.len(), group.largest.map(money)])),
            );
        }
        for (key, group) in by_customer {
            let key: Value = serde_json::from_str(&key).unwrap();
            put(rows, "gold.customer_sales", flat(json!([key, group.revenue.map(money), group.lines, group.last])));
        }
    }
}

/// What is added up of facts.
#[derive(Default)]
struct Group {
    revenue: Option<i64>,
    largest: Option<i64>,
    orders: BTreeSet<Option<&'static str>>,
    lines: u64,
    last: i64,
}

impl Group {
    fn add(&mut self, order: Option<&'static str>, day: i64, cents: Option<i64>) {
        self.lines += 1;
        self.orders.insert(order);
        self.last = self.last.max(day);
        self.largest = self.largest.max(cents);
        self.revenue = cents.map(|cents| cents + self.revenue.unwrap_or(0)).or(self.revenue);
    }
}

/// The table in which the order of arrival decides: it differs with the order.
pub(crate) const ARRIVAL: &str = "silver.sales_product_arrivals";

fn put(rows: &mut Rows, table: &'static str, row: Value) {
    rows.entry(table).or_default().push(row.to_string());
}

/// The values of a row, a member's key and its version's start one after the other.
fn flat(row: Value) -> Value {
    let Value::Array(values) = row else { return row };
    let each = |value| match value {
        Value::Array(several) => several,
        one => vec![one],
    };
    values.into_iter().flat_map(each).collect()
}
