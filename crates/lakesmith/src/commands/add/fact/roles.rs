//! The keys of a fact: by which of its columns the members of each dimension are found.

use super::super::dimension::subject::Subject;
use super::super::{guess, yaml};
use super::measures::Line;
use super::template::{Template, called};
use lakesmith_compile::{Column, Layer, Plan, TableName};
use lakesmith_project::{Dimension, DimensionHistory, Project};
use lakesmith_sql::DataType;

/// A key to a dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Role {
    pub(super) key: String,
    pub(super) dimension: String,
    pub(super) on: Vec<String>,
    pub(super) as_of: Option<String>,
    /// What the guess rests on, where names alone do not say it.
    pub(super) reason: Option<String>,
}

impl Role {
    fn new(key: impl Into<String>, dimension: &str, on: &[&str]) -> Role {
        let on = on.iter().map(|on| (*on).to_owned()).collect();
        Role { key: key.into(), dimension: dimension.to_owned(), on, as_of: None, reason: None }
    }

    /// What stands in the file for it.
    pub(super) fn line(&self) -> Line {
        let on = if let [one] = self.on.as_slice() { yaml::scalar(one) } else { yaml::list(&self.on) };
        let as_of = self.as_of.iter().map(|time| format!(", as_of: {}", yaml::scalar(time))).collect::<String>();
        let words = self.as_of.iter().map(|_| "the version that was valid then".to_owned()).chain(self.reason.clone());
        Line::new(
            &self.key,
            format!("{{ dimension: {}, on: {on}{as_of} }}", self.dimension),
            words.collect::<Vec<_>>().join("; "),
        )
    }
}

/// The keys that are found, and those that one usually has and that wait for a decision.
#[derive(Debug, Default)]
pub(super) struct Roles {
    pub(super) found: Vec<Role>,
    pub(super) asked: Vec<Line>,
}

/// When the events of a table happened.
pub(super) struct Times<'a> {
    /// Its days.
    pub(super) days: Vec<&'a Column>,
    /// The moment, to the second.
    pub(super) instant: Option<&'a Column>,
}

impl<'a> Times<'a> {
    /// The times among the columns, but for what orders states. What says when a row was noted is taken where nothing else
    /// tells a time.
    pub(super) fn of(columns: &[&'a Column], sequence: Option<&str>) -> Times<'a> {
        let all = || columns.iter().copied().filter(|column| sequence != Some(column.name.as_str()));
        let happened = |column: &&Column| guess::is_business_time(&column.name, &column.ty);
        let noted = |column: &&Column| guess::is_noted_time(&column.name, &column.ty);
        let times: Vec<&Column> = all().filter(happened).collect();
        let times = if times.is_empty() { all().filter(noted).collect() } else { times };
        let days = times.iter().copied().filter(|column| column.ty == DataType::Date).collect();
        Times { days, instant: times.iter().copied().find(|column| column.ty == DataType::Timestamp) }
    }

    /// What leads to a day. A day comes before an instant: an instant is rarely equal to a day of the calendar.
    pub(super) fn day(&self) -> Option<&'a Column> {
        self.days.first().copied().or(self.instant)
    }
}

impl Roles {
    /// The keys of facts with `columns`.
    pub(super) fn of(project: &Project, plan: &Plan, template: Option<&Template>, columns: &[&Column], times: &Times) -> Roles {
        let mut roles = Roles { found: calendar(project, times), asked: vec![] };
        for dimension in &project.dimensions {
            let mut found = roles_of(dimension, columns, times.day());
            rename(&mut found, template, &dimension.name.value);
            for role in found {
                match misfit(plan, dimension, &role, columns) {
                    None => roles.found.push(role),
                    Some(words) => roles.asked.push(Line { comment: Some(words), ..role.line() }),
                }
            }
        }
        for key in template.map(|template| template.keys).unwrap_or_default() {
            let known =
                roles.found.iter().any(|role| role.key == key.name) || roles.asked.iter().any(|line| line.name == key.name);
            if known {
                continue;
            }
            let one = key.dimension.trim_start_matches("dim_");
            let column = Subject::of(one).and_then(|subject| called(subject.natural_key, subject.keys, columns, ""));
            let missing = !project.dimensions.iter().any(|dimension| dimension.name.value == key.dimension);
            let on = match (key.name, column) {
                (_, Some(column)) => column.name.clone(),
                ("time_key", None) => times.instant.map_or("COLUMN", |time| &time.name).to_owned(),
                ("date_key", None) => times.day().map_or("COLUMN", |time| &time.name).to_owned(),
                _ => "COLUMN".to_owned(),
            };
            let question = match (missing, column) {
                (true, Some(_)) => format!("once there is {}: `lakesmith add dimension {one}`", key.dimension),
                (true, None) if key.name == "date_key" && on != "COLUMN" => {
                    "once lakehouse.yaml has a `calendar: { start: 2025-01-01, end: 2025-12-31 }`, which makes dim_date"
                        .to_owned()
                }
                _ => key.question.to_owned(),
            };
            roles.asked.push(Line::new(
                key.name,
                format!("{{ dimension: {}, on: {} }}", key.dimension, yaml::scalar(&on)),
                question,
            ));
        }
        roles
    }
}

impl Roles {
    /// Whether a key that waits for a decision would be found by that column.
    pub(super) fn asks_for(&self, column: &str) -> bool {
        let on = format!("on: {} }}", yaml::scalar(column));
        self.asked.iter().any(|line| line.value.ends_with(&on))
    }
}

/// The keys to the days and, if the calendar tells times of the day, to the time.
fn calendar(project: &Project, times: &Times) -> Vec<Role> {
    let Some(calendar) = &project.lakehouse.calendar else { return vec![] };
    let mut roles: Vec<Role> = vec![];
    for (n, day) in times.days.iter().enumerate() {
        let key = if n == 0 { "date_key".to_owned() } else { format!("{}_key", day.name.trim_end_matches("_key")) };
        roles.push(Role::new(key, "dim_date", &[&day.name]));
    }
    if let (true, Some(time)) = (roles.is_empty(), times.instant) {
        roles.push(Role::new("date_key", "dim_date", &[&time.name]));
    }
    if let (true, Some(time)) = (calendar.time.is_some(), times.instant) {
        roles.push(Role::new("time_key", "dim_time", &[&time.name]));
    }
    roles
}

/// The keys to a dimension: where its natural key is among the columns, also under a role such as `ship_customer_id`, or
/// under another usual name such as `cust_id`.
fn roles_of(dimension: &Dimension, columns: &[&Column], time: Option<&Column>) -> Vec<Role> {
    let has = |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.name.clone());
    let table = &dimension.name.value;
    let one = table.trim_start_matches("dim_");
    let as_of = time.filter(|_| dimension.history == DimensionHistory::Type2).map(|time| time.name.clone());
    let role = |key: String, on: &[&str]| Role { as_of: as_of.clone(), ..Role::new(key, table, on) };
    let surrogate = &dimension.surrogate_key.value;
    match dimension.natural_key.as_slice() {
        [key] => {
            // `id` means little by itself: it is looked for as `customer_id`, or as `customer`.
            let general = !key.value.contains('_') && guess::is_id(&key.value);
            let wanted = if general { format!("{one}_{}", key.value) } else { key.value.clone() };
            let plain = has(&wanted).or_else(|| has(one).filter(|_| general));
            let suffix = format!("_{wanted}");
            let others: Vec<Role> = columns
                .iter()
                .filter(|_| guess::is_id(&wanted))
                .filter_map(|column| {
                    Some(role(format!("{}_{surrogate}", column.name.strip_suffix(suffix.as_str())?), &[&column.name]))
                })
                .collect();
            let usual = || {
                let subject = Subject::of(one).filter(|_| others.is_empty())?;
                let column = called(subject.natural_key, subject.keys, columns, "")?;
                let reason = Some(format!("a guess: {} is {}'s {}", column.name, table, key.value));
                Some(Role { reason, ..role(surrogate.clone(), &[&column.name]) })
            };
            let plain = plain.map(|on| role(surrogate.clone(), &[&on])).or_else(usual);
            plain.into_iter().chain(others).collect()
        }
        keys => {
            let on =
                |before: &str| -> Option<Vec<String>> { keys.iter().map(|key| has(&format!("{before}{}", key.value))).collect() };
            let first = keys.first().map(|key| format!("_{}", key.value)).unwrap_or_default();
            let words = columns.iter().filter_map(|column| Some(format!("{}_", column.name.strip_suffix(first.as_str())?)));
            let all = std::iter::once(String::new()).chain(words);
            let found = all.filter_map(|before| {
                let on = on(&before)?;
                Some(role(format!("{before}{surrogate}"), &on.iter().map(String::as_str).collect::<Vec<_>>()))
            });
            found.collect()
        }
    }
}

/// The only key to a dimension has the name that the template gives it: `geography_key` rather than `ship_geography_key`.
fn rename(roles: &mut [Role], template: Option<&Template>, dimension: &str) {
    let mut keys = template.map(|template| template.keys).unwrap_or_default().iter();
    if let ([role], Some(key)) = (roles, keys.find(|key| key.dimension == dimension)) {
        role.key = key.name.to_owned();
    }
}

/// Why the columns cannot be compared with the dimension's natural key, as their types are now.
fn misfit(plan: &Plan, dimension: &Dimension, role: &Role, columns: &[&Column]) -> Option<String> {
    let table = TableName::new(Layer::Gold, dimension.name.value.clone());
    let members = &plan.flows.iter().find(|flow| flow.name == table)?.target.columns;
    role.on.iter().zip(&dimension.natural_key).find_map(|(on, key)| {
        let own = &columns.iter().find(|column| column.name == *on)?.ty;
        let other = &members.iter().find(|column| column.name == key.value)?.ty;
        let alike = own == other || (own.is_numeric() && other.is_numeric());
        (!alike).then(|| format!("{on} is {own}, and {} of {table} is {other}: give both one type in silver", key.value))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The keys that facts with `columns` have to a dimension, each with the column that leads to it.
    fn found(dimension: &str, columns: &[&str]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let file = ("gold/d.yaml".to_owned(), format!("{dimension}\nfrom: silver.a_b\n"));
        std::fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: x\n").unwrap();
        let (project, faults) = lakesmith_project::load_with(folder.path(), &[file]);
        assert!(faults.is_empty(), "{faults:?}");
        let columns: Vec<Column> = columns.iter().map(|name| Column::new(*name, DataType::String)).collect();
        let roles = roles_of(&project.dimensions[0], &columns.iter().collect::<Vec<_>>(), None);
        roles.into_iter().map(|role| (role.key, role.on.join(","))).collect()
    }

    #[test]
    fn a_dimension_is_found_by_its_natural_key() {
        let pair = |key: &str, on: &str| (key.to_owned(), on.to_owned());
        let customer = |key: &str| format!("dimension: dim_customer\nnatural_key: {key}\nsurrogate_key: customer_key");
        assert_eq!(found(&customer("customer_id"), &["customer_id", "amount"]), [pair("customer_key", "customer_id")]);
        let roles = [pair("customer_key", "customer_id"), pair("ship_customer_key", "ship_customer_id")];
        assert_eq!(found(&customer("customer_id"), &["customer_id", "ship_customer_id"]), roles);
        assert_eq!(found(&customer("id"), &["id", "customer"]), [pair("customer_key", "customer")]);
        assert!(found(&customer("id"), &["id", "order_id"]).is_empty());
        assert_eq!(found(&customer("[country, city]"), &["country", "city"]), [pair("customer_key", "country,city")]);
        assert!(found(&customer("[country, city]"), &["country"]).is_empty());
    }

    #[test]
    fn other_usual_names_lead_to_a_dimension_too() {
        let pair = |key: &str, on: &str| (key.to_owned(), on.to_owned());
        let customer = "dimension: dim_customer\nnatural_key: customer_id\nsurrogate_key: customer_key";
        assert_eq!(found(customer, &["order_id", "cust_id"]), [pair("customer_key", "cust_id")]);
        assert_eq!(found(customer, &["bill_customer_id", "user_id"]), [pair("bill_customer_key", "bill_customer_id")]);
        let product = "dimension: dim_product\nnatural_key: product_id\nsurrogate_key: product_key";
        assert_eq!(found(product, &["order_id", "sku"]), [pair("product_key", "sku")]);
        let store = "dimension: dim_store\nnatural_key: store_id\nsurrogate_key: store_key";
        assert!(found(store, &["order_id", "shop"]).is_empty());
        let geography = "dimension: dim_geography\nnatural_key: [country, city]\nsurrogate_key: geography_key";
        let columns = ["ship_country", "ship_city", "city"];
        assert_eq!(found(geography, &columns), [pair("ship_geography_key", "ship_country,ship_city")]);
    }
}
