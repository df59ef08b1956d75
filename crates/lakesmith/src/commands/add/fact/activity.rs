//! A row per customer and day: a periodic snapshot of events such as orders, visits or questions.

use super::super::dimension::subject::Subject;
use super::super::table::Input;
use super::super::yaml;
use super::measures::{Line, Measures};
use super::roles::{Role, Roles, Times};
use super::template::{ORDER, PAGE, QUANTITY, SESSION, TICKET, TOTAL, Template, Usual, called};
use super::{Kind, Parts};
use crate::exit::Stop;
use lakesmith_compile::Column;

/// The first day of a row's period, a column that every periodic snapshot has.
const START: &str = "period_start";
/// Its last day.
const END: &str = "period_end";

/// What the table says of customers, summed up by day.
///
/// # Errors
/// In words if it does not tell who did something, or when.
pub(super) fn parts(input: &Input, template: &Template, columns: &[&Column], thing: &str) -> Result<Parts, Stop> {
    let project = input.lake.project();
    let sequence = input.entity().and_then(|entity| entity.sequence_by.as_ref()).map(|name| name.value.as_str());
    let times = Times::of(columns, sequence);
    let roles = Roles::of(project, input.lake.plan(), None, columns, &times);
    let customer = roles.found.iter().find(|role| role.dimension == "dim_customer" && role.on.len() == 1).cloned();
    let named = || {
        let subject = Subject::of("customer")?;
        called(subject.natural_key, subject.keys, columns, thing).map(|column| column.name.clone())
    };
    let who = customer.as_ref().and_then(|role| role.on.first().cloned()).or_else(named);
    let Some(who) = who else { return Err(lacks(input, columns, "names the customer, such as `customer_id`")) };
    let Some(when) = times.day() else {
        return Err(lacks(input, columns, "says when a customer did something, a DATE or a TIMESTAMP"));
    };
    let day = |key: &str| Role {
        key: key.to_owned(),
        dimension: "dim_date".to_owned(),
        on: vec![START.to_owned()],
        as_of: None,
        reason: None,
    };
    let (mut found, mut asked) = (vec![], vec![]);
    if project.lakehouse.calendar.is_some() {
        found.push(day("date_key"));
    } else {
        asked.push(Line { comment: question(template, "date_key"), ..day("date_key").line() });
    }
    match customer {
        Some(role) => {
            let as_of = role.as_of.map(|_| END.to_owned());
            found.push(Role { key: "customer_key".to_owned(), as_of, ..role });
        }
        None => {
            let value = format!("{{ dimension: dim_customer, on: {} }}", yaml::scalar(&who));
            asked.push(Line { comment: question(template, "customer_key"), ..Line::new("customer_key", value, "") });
        }
    }
    Ok(Parts {
        kind: Kind::Snapshot { on: when.name.clone() },
        grain: template.grain.to_owned(),
        grain_key: vec![who.clone(), START.to_owned()],
        reason: "the customer and the first day of the period",
        roles: Roles { found, asked },
        degenerate: vec![],
        notes: vec![],
        measures: measures(columns, thing),
        left: vec![],
    })
}

fn question(template: &Template, key: &str) -> Option<String> {
    template.keys.iter().find(|known| known.name == key).map(|key| key.question.to_owned())
}

fn lacks(input: &Input, columns: &[&Column], what: &str) -> Stop {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Stop::Argument(format!(
        "customer-activity has a row per customer and day, and no column of `{}` {what}: it has {}. Take a table of events with \
         `--from`, such as orders or page views, or add the column in {}",
        input.name,
        names.join(", "),
        input.path()
    ))
}

/// How often customers did what, and for how much.
fn measures(columns: &[&Column], thing: &str) -> Measures {
    let mut measures = Measures::default();
    let mut add = |name: &str, usual: &Usual, numbers: bool, expression: &dyn Fn(&str) -> String, options: &str, about: &str| {
        let fitting: Vec<&Column> = columns.iter().copied().filter(|column| !numbers || column.ty.is_numeric()).collect();
        let column = usual.find(&fitting, thing);
        let sql = expression(&column.map_or_else(|| "COLUMN".to_owned(), |column| yaml::name(&column.name)));
        let value = |sql: &str| format!("{{ expr: {}{options} }}", yaml::scalar(sql));
        match column {
            Some(column) => {
                let cents = if numbers && !options.is_empty() && column.ty.is_integral() {
                    format!("; of cents, write `sum({}) / 100`", yaml::name(&column.name))
                } else {
                    String::new()
                };
                measures.found.push(Line::new(name, value(&sql), format!("{about}; a guess: by {}{cents}", column.name)));
            }
            None => measures.asked.push(Line::new(name, value(&sql), format!("{about}: by which column?"))),
        }
    };
    let distinct = |column: &str| format!("count(DISTINCT {column})");
    let sum = |column: &str| format!("sum({column})");
    let money = ", type: \"decimal(18,2)\"";
    add("orders", &ORDER, false, &distinct, "", "orders placed");
    add("order_amount", &TOTAL, true, &sum, money, "what they cost");
    add("quantity", &QUANTITY, true, &sum, "", "how many were bought");
    add("sessions", &SESSION, false, &distinct, "", "visits of the web site");
    add("page_views", &PAGE, false, &|column| format!("count({column})"), "", "pages seen");
    add("support_tickets", &TICKET, false, &distinct, "", "questions asked");
    measures.found.push(Line::new("events", "{ expr: count(*) }", "rows of the day"));
    measures
}
