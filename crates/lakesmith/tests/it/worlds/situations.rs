//! What happens in the generated cases: a situation that never comes up is not tested by them.

use super::events::{Customer, DAY, Event, Instant};
use super::oracle::silver;
use super::oracle::versions::{Rules, versions};
use std::collections::{BTreeMap, BTreeSet};

/// How many cases hold each situation.
pub(crate) type Situations = BTreeMap<&'static str, usize>;

/// Counts a case in.
pub(crate) fn count(events: &[Event], situations: &mut Situations) {
    let mut found: BTreeSet<&'static str> = BTreeSet::new();
    let mut seen = |name: &'static str, is: bool| {
        situations.entry(name).or_default();
        if is && found.insert(name) {
            *situations.entry(name).or_default() += 1;
        }
    };
    let customers: Vec<&Customer> =
        events.iter().filter_map(|event| if let Event::Customer(c) = event { Some(c) } else { None }).collect();
    seen("the same row twice", events.iter().enumerate().any(|(n, event)| events[n + 1..].contains(event)));
    for id in customers.iter().map(|c| c.id).collect::<BTreeSet<_>>() {
        let of: Vec<&&Customer> = customers.iter().filter(|c| c.id == id).collect();
        let (good, bad): (Vec<&&Customer>, Vec<&&Customer>) = of.into_iter().partition(|c| silver::judge_customer(c).is_ok());
        let at = |c: &Customer| c.at.value();
        let states = || good.iter().filter(|c| !c.delete);
        let ends = || good.iter().filter(|c| c.delete);
        seen("a bad row of a key with good ones", !good.is_empty() && !bad.is_empty());
        seen("two states of one instant", states().any(|a| states().any(|b| at(a) == at(b) && a != b)));
        seen("a state and an end of one instant", states().any(|a| ends().any(|b| at(a) == at(b))));
        seen(
            "an end before the first state",
            ends().any(|end| states().next().is_some() && states().all(|state| at(state) > at(end))),
        );
        seen("a key that comes back", ends().any(|end| states().any(|s| at(s) < at(end)) && states().any(|s| at(s) > at(end))));
        seen("a key that is gone", good.iter().max_by_key(|c| (at(c), c.delete)).is_some_and(|last| last.delete));
    }
    let entries = silver::customers(customers.iter().copied());
    for entries in entries.by_key.values() {
        let day = |at: &Instant| at.div_euclid(DAY);
        let days: BTreeSet<i64> = entries.keys().map(day).collect();
        seen("several changes of one day", days.len() < entries.len());
        let tracked = |s: &silver::CustomerState| (s.name, s.segment, s.email);
        let found = versions(entries, Rules { by_day: true, from_beginning: false }, |a, b| tracked(a) != tracked(b));
        seen("several versions", found.len() > 1);
        seen("A, B, A", found.windows(3).any(|v| tracked(&v[0].state) == tracked(&v[2].state) && v[0].end == v[1].start));
        seen("a gap between versions", found.windows(2).any(|v| v[0].end < v[1].start));
        let states: Vec<&silver::CustomerState> = entries.values().flatten().collect();
        seen("a change of what is not tracked", states.windows(2).any(|s| tracked(s[0]) == tracked(s[1]) && s[0] != s[1]));
        seen("NULL to a value and back", states.windows(2).any(|s| s[0].email.is_none() != s[1].email.is_none()));
    }
    let orders: Vec<_> = events.iter().filter_map(|event| if let Event::Order(o) = event { Some(o) } else { None }).collect();
    let known = silver::orders(orders.iter().copied());
    for states in known.by_key.values() {
        let lines: Vec<usize> = states.values().flatten().map(|order| silver::lines(order).len()).collect();
        seen("a corrected order with other lines", lines.windows(2).any(|n| n[0] != n[1]));
        seen("an order that loses all lines", lines.windows(2).any(|n| n[0] > 0 && n[1] == 0));
    }
    for (_, _, order) in known.latest() {
        let day = i64::from(order.day) * DAY;
        let of = order.customer.and_then(|id| entries.by_key.get(&Some(id)));
        seen("a fact without a member", order.customer.is_some() && of.is_none());
        seen("a fact before its member", of.is_some_and(|of| of.keys().all(|at| *at >= day + DAY)));
        seen("a fact at the instant of a change", of.is_some_and(|of| of.contains_key(&day)));
        seen("two lines of one number", order.lines.as_ref().is_some_and(|lines| lines.len() > silver::lines(order).len()));
    }
}
