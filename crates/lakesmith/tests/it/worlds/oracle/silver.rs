//! What the silver tables hold: rules first, then of equal keys the state that counts for most.

use super::super::events::{Country, Customer, Day, Instant, Line, Order, Price, Product, Written};
use std::collections::{BTreeMap, BTreeSet};

type Text = Option<&'static str>;

/// A customer's state as it is stored, in the order of its columns: of two of one instant the larger counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CustomerState {
    pub(crate) name: Text,
    pub(crate) segment: Text,
    pub(crate) email: Text,
    pub(crate) country: Text,
    pub(crate) note: Text,
}

/// A product's state, likewise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProductState {
    pub(crate) name: Text,
    pub(crate) category: Text,
}

/// An order's state, likewise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OrderState {
    pub(crate) customer: Text,
    pub(crate) day: Day,
    pub(crate) status: Text,
    pub(crate) country: Text,
    pub(crate) lines: Option<Vec<Line>>,
}

/// What is known of the keys of one feed: by key and instant a state, or `None` where it ends.
#[derive(Debug)]
pub(crate) struct Entries<S> {
    pub(crate) by_key: BTreeMap<Text, BTreeMap<Instant, Option<S>>>,
}

impl<S: Ord> Entries<S> {
    /// The largest state of each instant; an end is larger than any of them.
    fn of(good: impl Iterator<Item = (Text, Instant, Option<S>)>) -> Self {
        let mut by_key: BTreeMap<Text, BTreeMap<Instant, Option<S>>> = BTreeMap::new();
        for (key, at, state) in good {
            let states = by_key.entry(key).or_default();
            match (states.remove(&at), state) {
                (Some(None), _) | (_, None) => states.insert(at, None),
                (Some(Some(held)), Some(state)) => states.insert(at, Some(held.max(state))),
                (None, state) => states.insert(at, state),
            };
        }
        Entries { by_key }
    }

    /// Every state of every key.
    pub(crate) fn states(&self) -> impl Iterator<Item = (Text, Instant, &S)> {
        self.by_key
            .iter()
            .flat_map(|(key, states)| states.iter().filter_map(|(at, state)| state.as_ref().map(|state| (*key, *at, state))))
    }

    /// The last state of every key that has not ended since.
    pub(crate) fn latest(&self) -> impl Iterator<Item = (Text, Instant, &S)> {
        self.by_key.iter().filter_map(|(key, states)| {
            let (at, state) = states.last_key_value()?;
            state.as_ref().map(|state| (*key, *at, state))
        })
    }
}

/// A row read, judged: good, or the names of the rules that it fails.
fn judge(rules: &[(&'static str, bool)]) -> Result<(), BTreeSet<&'static str>> {
    let failed: BTreeSet<&'static str> = rules.iter().filter(|(_, fails)| *fails).map(|(name, _)| *name).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}

type Judged = Result<(), BTreeSet<&'static str>>;

fn bad<T>(written: &Written<T>) -> bool {
    matches!(written, Written::Bad)
}

fn absent<T>(written: &Written<T>) -> bool {
    !matches!(written, Written::Good(_))
}

pub(crate) fn judge_customer(c: &Customer) -> Judged {
    judge(&[
        ("updated_at does not parse", bad(&c.at)),
        ("customer_id_present", c.id.is_none()),
        ("name_present", c.name.is_none() && !c.delete),
        ("stamp_present", absent(&c.at)),
    ])
}

pub(crate) fn judge_product(p: &Product) -> Judged {
    judge(&[("updated_at does not parse", bad(&p.at)), ("name_present", p.name.is_none()), ("stamp_present", absent(&p.at))])
}

pub(crate) fn judge_order(o: &Order) -> Judged {
    judge(&[
        ("order_date does not parse", bad(&o.day) && !o.delete),
        ("updated_at does not parse", bad(&o.at)),
        ("order_id_present", o.id.is_none()),
        ("date_present", absent(&o.day) && !o.delete),
        ("stamp_present", absent(&o.at)),
    ])
}

pub(crate) fn judge_country(c: &Country) -> Judged {
    judge(&[
        ("updated_at does not parse", bad(&c.at)),
        ("country_code_present", c.code.is_none()),
        ("stamp_present", absent(&c.at)),
    ])
}

pub(crate) fn customers<'a>(events: impl Iterator<Item = &'a Customer>) -> Entries<CustomerState> {
    Entries::of(events.filter(|c| judge_customer(c).is_ok()).filter_map(|c| {
        let state =
            CustomerState { name: c.name, segment: c.segment.or(Some("none")), email: c.email, country: c.country, note: c.note };
        Some((c.id, c.at.value()?, (!c.delete).then_some(state)))
    }))
}

pub(crate) fn products<'a>(events: impl Iterator<Item = &'a Product>) -> Entries<ProductState> {
    Entries::of(
        events
            .filter(|p| judge_product(p).is_ok())
            .filter_map(|p| Some((p.id, p.at.value()?, Some(ProductState { name: p.name, category: p.category })))),
    )
}

pub(crate) fn orders<'a>(events: impl Iterator<Item = &'a Order>) -> Entries<OrderState> {
    Entries::of(events.filter(|o| judge_order(o).is_ok()).filter_map(|o| {
        let state = || {
            Some(OrderState {
                customer: o.customer,
                day: o.day.value()?,
                status: o.status.or(Some("placed")),
                country: o.country,
                lines: o.lines.clone(),
            })
        };
        Some((o.id, o.at.value()?, if o.delete { None } else { state() }))
    }))
}

pub(crate) fn countries<'a>(events: impl Iterator<Item = &'a Country>) -> Entries<Text> {
    Entries::of(
        events
            .filter(|c| judge_country(c).is_ok())
            .filter_map(|c| Some((c.code, c.at.value()?, (!c.delete).then_some(c.region)))),
    )
}

/// An order's lines: of several of one number the largest.
pub(crate) fn lines(order: &OrderState) -> BTreeMap<Option<i64>, &Line> {
    let mut lines: BTreeMap<Option<i64>, &Line> = BTreeMap::new();
    for line in order.lines.iter().flatten() {
        let held = lines.entry(line.number).or_insert(line);
        *held = (*held).max(line);
    }
    lines
}

pub(crate) fn judge_price(p: &Price) -> Judged {
    judge(&[
        ("price does not parse", bad(&p.cents)),
        ("price_id_present", p.id.is_none()),
        ("price_positive", p.cents.value().is_none_or(|cents| cents <= 0)),
    ])
}

/// Snapshot after snapshot: the last good row of a key counts, a key of which all rows are bad stays as it was, and one that is not named goes.
pub(crate) fn prices(snapshots: &[Vec<Price>]) -> BTreeMap<&'static str, &Price> {
    let mut held: BTreeMap<&'static str, &Price> = BTreeMap::new();
    for snapshot in snapshots {
        let named: BTreeSet<&str> = snapshot.iter().filter_map(|price| price.id).collect();
        held.retain(|id, _| named.contains(id));
        for price in snapshot.iter().filter(|price| judge_price(price).is_ok()) {
            held.extend(price.id.map(|id| (id, price)));
        }
    }
    held
}
