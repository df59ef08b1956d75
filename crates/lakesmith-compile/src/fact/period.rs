//! Periodic snapshots: a row per member and period, from the member's first event to the batch's date, also for periods in
//! which nothing happened.
//!
//! A measure sums up the events of the period, or all events up to its end. A late event therefore concerns its own period
//! and those that follow it; time that goes on concerns the periods that it begins, and those who had an event in one
//! before it began.

use super::{ROWS, Role, Value, described};
use crate::expression;
use crate::gold::own;
use crate::name::TableName;
use crate::plan::{Input, scope};
use crate::select::{equal, former, in_range, indent, items, list, named, of, quote, same};
use crate::step::{Counted, Cte, Place, parameter};
use crate::table::{Column, schema};
use lakesmith_project::{Additivity, Fact, Measure, MeasureOver, PeriodLength};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};

/// The first day of a row's period.
pub(crate) const START: &str = "period_start";
/// Its last day.
pub(crate) const END: &str = "period_end";

/// How the periods of a length lie on the calendar, in SQL.
#[derive(Clone, Copy)]
pub(crate) struct Calendar(pub(crate) PeriodLength);

impl Calendar {
    /// The first day of the period in which a day lies.
    pub(crate) fn start(self, day: &str) -> String {
        match self.0 {
            PeriodLength::Day => day.to_owned(),
            PeriodLength::Week => format!("date_sub({day}, weekday({day}))"),
            PeriodLength::Month => format!("trunc({day}, 'MM')"),
            PeriodLength::Quarter => format!("trunc({day}, 'QUARTER')"),
            PeriodLength::Year => format!("trunc({day}, 'YEAR')"),
        }
    }

    /// The last day of the period that begins on a day.
    pub(crate) fn end(self, start: &str) -> String {
        match self.0 {
            PeriodLength::Day => start.to_owned(),
            PeriodLength::Week => format!("date_add({start}, 6)"),
            PeriodLength::Month => format!("last_day({start})"),
            PeriodLength::Quarter => format!("last_day(add_months({start}, 2))"),
            PeriodLength::Year => format!("last_day(add_months({start}, 11))"),
        }
    }

    /// The first day of the period after the one that begins on a day.
    fn next(self, start: &str) -> String {
        match self.0 {
            PeriodLength::Day => format!("date_add({start}, 1)"),
            PeriodLength::Week => format!("date_add({start}, 7)"),
            PeriodLength::Month => format!("add_months({start}, 1)"),
            PeriodLength::Quarter => format!("add_months({start}, 3)"),
            PeriodLength::Year => format!("add_months({start}, 12)"),
        }
    }

    fn length(self) -> &'static str {
        match self.0 {
            PeriodLength::Day => "INTERVAL 1 DAY",
            PeriodLength::Week => "INTERVAL 7 DAY",
            PeriodLength::Month => "INTERVAL 1 MONTH",
            PeriodLength::Quarter => "INTERVAL 3 MONTH",
            PeriodLength::Year => "INTERVAL 12 MONTH",
        }
    }
}

/// The batch's day: no row is of a period that begins after it.
pub(crate) fn today() -> String {
    format!("CAST(:{} AS DATE)", parameter::NOW)
}

/// The rows of a periodic snapshot.
pub(super) struct Periods {
    calendar: Calendar,
    /// The input's column that tells when something happened.
    on: String,
    /// The columns that name a member.
    members: Vec<Column>,
    measures: Vec<Summed>,
}

/// A measure over the events of a member.
struct Summed {
    column: Column,
    /// An aggregate over the columns of [`ROWS`].
    sql: String,
    over: MeasureOver,
    /// Whether it is 0 where nothing happened, not unknown.
    zero: bool,
}

/// The rows that a periodic snapshot is made of; none if that cannot be told.
pub(super) fn periods(
    fact: &Fact,
    input: &str,
    columns: &[Column],
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Option<Periods> {
    let period = fact.period.as_ref()?;
    let find = |name: &str| columns.iter().find(|column| column.name == name);
    match find(&period.on.value) {
        None => faults.push(expression::no_such_column(input, columns, &period.on)),
        Some(column) if !matches!(column.ty, DataType::Date | DataType::Timestamp) => {
            let fault = format!("`{}` is of type {}, which is no time", period.on, column.ty);
            let help = "`on` names the date or the timestamp of what happened";
            faults.push(Diagnostic::error("type-mismatch", fault).at(period.on.span).help(help));
        }
        Some(_) => {}
    }
    let mut members = vec![];
    for key in fact.grain_key.iter().filter(|key| key.value != START) {
        match find(&key.value) {
            Some(column) => members.push(column.clone()),
            None => faults.push(expression::no_such_column(input, columns, key)),
        }
    }
    if members.is_empty() {
        let fault = Diagnostic::error("missing-key", "a periodic snapshot needs a member besides the period");
        let at = fact.grain_key.first().map_or(fact.at, |key| key.span);
        faults.push(fault.at(at).help("name in `grain_key` what is looked at in each period: `[product_id, period_start]`"));
    }
    for measure in &fact.measures {
        let name = &measure.name.value;
        if [START, END].contains(&name.as_str()) || members.iter().any(|member| member.name == *name) {
            let fault = format!("`{name}` is a column of this fact already");
            faults.push(Diagnostic::error("duplicate-column", fault).at(measure.name.span).help("call the measure otherwise"));
        }
    }
    let measures = fact.measures.iter().filter_map(|measure| summed(measure, columns, faults, places)).collect();
    Some(Periods { calendar: Calendar(period.every), on: period.on.value.clone(), members, measures })
}

fn summed(measure: &Measure, columns: &[Column], faults: &mut Diagnostics, places: &mut Vec<Place>) -> Option<Summed> {
    let Some(written) = &measure.expr else {
        let fault = "a measure of a periodic snapshot says how the events of a member become one value";
        faults.push(
            Diagnostic::error("not-an-aggregate", fault).at(measure.name.span).help(
                "give it an aggregate: `{ expr: sum(quantity) }`, `{ expr: \"max_by(balance, updated_at)\", over: to_date }`",
            ),
        );
        return None;
    };
    let scope = scope(Some(ROWS), &schema(columns)).allow_aggregates();
    let want = measure.ty.as_ref().map(|ty| expression::data_type(ty, faults));
    let found = expression::aggregate(written, &scope, faults)?;
    places.push(Place { sql: found.expr.to_string(), over: "events".to_owned(), at: written.span() });
    let (sql, ty) = expression::strict(&found.expr, &found.ty, want.flatten().as_ref());
    let over = measure.over();
    let zero = over == MeasureOver::Period && measure.additivity == Additivity::Additive && ty.is_numeric();
    Some(Summed { column: Column::new(measure.name.value.clone(), ty).described(described(measure)), sql, over, zero })
}

impl Periods {
    /// The columns of the rows, but for the measures.
    pub(super) fn columns(&self) -> Vec<Column> {
        let day = |name: &str, words: &str| Column::new(name, DataType::Date).described(Some(words.to_owned()));
        let mut columns = self.members.clone();
        columns.extend([day(START, "The first day of the period"), day(END, "The last day of the period")]);
        columns
    }

    /// The measures as columns of the fact.
    pub(super) fn measures(&self) -> Vec<Value> {
        self.measures.iter().map(|m| Value { column: m.column.clone(), sql: of(ROWS, &m.column.name) }).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.members.iter().map(|column| column.name.as_str()).collect()
    }

    /// The day of an event.
    fn day(&self, relation: Option<&str>) -> String {
        let column = relation.map_or_else(|| quote(&self.on), |relation| of(relation, &self.on));
        format!("CAST({column} AS DATE)")
    }

    /// Events that tell no time are in no period: they are counted.
    pub(super) fn count(&self, input: &TableName) -> Counted {
        let sql = format!("SELECT count(*) FROM {} WHERE {} IS NULL", input.quoted(), quote(&self.on));
        Counted { name: format!("rows without {}", self.on), sql }
    }

    /// `keys`: the members and periods that the batch concerns.
    pub(super) fn keys(&self, target: &TableName, inputs: &[Input], roles: &[Role]) -> String {
        let members = list(self.names());
        let input = inputs.first().map(|input| input.table.quoted()).unwrap_or_default();
        let from = named(&self.calendar.start(&self.day(None)), "_from");
        let now = self.calendar.start(&today());
        let gained = format!("SELECT {members}, {from}\nFROM {input}\nWHERE {}", in_range(None, 1));
        let lost = former(1, &self.names()).replacen(&members, &format!("{members}, {from}"), 1);
        // Every member has rows up to the batch's date, whether or not something happened to it.
        let next = named(&self.calendar.next(&format!("max({})", quote(START))), "_from");
        let begun = format!("SELECT {members}, {next}\nFROM {}\nGROUP BY {members}", target.quoted());
        // What was read before its period had begun is counted once it has.
        let before = format!("CAST(:{} AS DATE)", parameter::PERIOD_BEFORE);
        let come = format!(
            "SELECT {members}, {from}\nFROM {input}\nWHERE {day} > {} AND {day} <= {}",
            self.calendar.end(&before),
            self.last_day(),
            day = self.day(None)
        );
        let firsts = format!(
            "SELECT {members}, min(`_from`) AS `_first`\nFROM (\n{}\n)\nGROUP BY {members}\nHAVING min(`_from`) <= {now}",
            indent(&[gained, lost, begun, come].join("\nUNION ALL\n"))
        );
        let grain = format!("{members}, {}", quote(START));
        let mut keys = format!(
            "SELECT {grain}\nFROM (\n{}\n)\nLATERAL VIEW explode(sequence(`_first`, {now}, {})) v AS {}",
            indent(&firsts),
            self.calendar.length(),
            quote(START)
        );
        for role in roles {
            let Some(n) = inputs.iter().position(|input| input.table == role.table) else { continue };
            let columns: Vec<String> = self.names().into_iter().chain([START]).map(|name| of("t", name)).collect();
            keys += &format!(
                "\nUNION\nSELECT {}\nFROM {} `t` LEFT SEMI JOIN (\n{}\n) `m` ON {}",
                columns.join(", "),
                target.quoted(),
                indent(&role.changed(n + 1)),
                role.matches("t", "m")
            );
        }
        keys
    }

    /// The queries that make [`ROWS`], the last of them.
    pub(super) fn rows(&self, input: &TableName, whole: bool) -> Vec<Cte> {
        let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: false };
        let mut with = vec![cte("events", self.events(input, whole)), cte("spine", self.spine(whole))];
        let members = list(self.names());
        if self.sums(MeasureOver::Period).next().is_some() {
            let select: Vec<String> = self.sums(MeasureOver::Period).map(|m| named(&m.sql, &m.column.name)).collect();
            with.push(cte(
                "during",
                format!(
                    "SELECT {members}, `_period`,\n  {}\nFROM `events` `{ROWS}`\nGROUP BY {members}, `_period`",
                    items(&select)
                ),
            ));
        }
        if self.sums(MeasureOver::ToDate).next().is_some() {
            let select: Vec<String> = self.sums(MeasureOver::ToDate).map(|m| named(&m.sql, &m.column.name)).collect();
            // The names of a moment are its own, so that those of a measure are the event's.
            let own = |n: usize| format!("_member_{}", n + 1);
            let moment: Vec<String> = self.names().iter().enumerate().map(|(n, name)| named(&quote(name), &own(n))).collect();
            let group: Vec<String> = (0..self.members.len()).map(|n| of("a", &own(n))).collect();
            let group = group.join(", ");
            let back: Vec<String> = self.names().iter().enumerate().map(|(n, name)| named(&of("a", &own(n)), name)).collect();
            let same: Vec<String> =
                self.names().iter().enumerate().map(|(n, name)| format!("{} <=> {}", of("a", &own(n)), of(ROWS, name))).collect();
            with.push(cte("moments", format!("SELECT DISTINCT {}, `_period` AS `_until`\nFROM `events`", moment.join(", "))));
            with.push(cte(
                "until",
                format!(
                    "SELECT {}, `a`.`_until`,\n  {}\nFROM `moments` `a` JOIN `events` `{ROWS}` ON {} AND `{ROWS}`.`_period` <= `a`.`_until`\nGROUP BY {group}, `a`.`_until`",
                    back.join(", "),
                    items(&select),
                    same.join(" AND ")
                ),
            ));
            with.push(cte(
                "spans",
                format!("SELECT *, lead(`_until`) OVER (PARTITION BY {members} ORDER BY `_until`) AS `_next`\nFROM `until`"),
            ));
        }
        with.push(cte(ROWS, self.joined()));
        with
    }

    fn sums(&self, over: MeasureOver) -> impl Iterator<Item = &Summed> {
        self.measures.iter().filter(move |measure| measure.over == over)
    }

    /// The last day of the period in which the batch runs: later events wait.
    fn last_day(&self) -> String {
        self.calendar.end(&self.calendar.start(&today()))
    }

    /// Every event of the members concerned, but for those of periods that have not begun.
    fn events(&self, input: &TableName, whole: bool) -> String {
        let day = self.day(Some("s"));
        let restrict = match whole {
            true => String::new(),
            false => format!(
                " LEFT SEMI JOIN (\n  SELECT DISTINCT {}\n  FROM `keys`\n) `k` ON {}",
                list(self.names()),
                same("s", "k", &self.names())
            ),
        };
        let period = named(&self.calendar.start(&day), "_period");
        format!("SELECT `s`.*, {period}\nFROM {} `s`{restrict}\nWHERE {day} <= {}", input.quoted(), self.last_day())
    }

    /// Every member in every period since its first event.
    fn spine(&self, whole: bool) -> String {
        let members = list(self.names());
        let all = format!(
            "SELECT {members}, {start}\nFROM (\n  SELECT {members}, min(`_period`) AS `_first`\n  FROM `events`\n  GROUP BY {members}\n)\nLATERAL VIEW explode(sequence(`_first`, {}, {})) v AS {start}",
            self.calendar.start(&today()),
            self.calendar.length(),
            start = quote(START)
        );
        if whole {
            return all;
        }
        let grain: Vec<&str> = self.names().into_iter().chain([START]).collect();
        format!("SELECT `r`.*\nFROM (\n{}\n) `r` LEFT SEMI JOIN `keys` ON {}", indent(&all), same("r", "keys", &grain))
    }

    fn joined(&self) -> String {
        let mut select: Vec<String> = self.names().into_iter().map(|name| of("r", name)).collect();
        select.push(of("r", START));
        select.push(named(&self.calendar.end(&of("r", START)), END));
        for measure in &self.measures {
            let name = &measure.column.name;
            select.push(match (measure.over, measure.zero) {
                (MeasureOver::ToDate, _) => of("u", name),
                (MeasureOver::Period, false) => of("d", name),
                (MeasureOver::Period, true) => {
                    let zero = format!("CAST(0 AS {})", measure.column.ty);
                    named(&format!("CASE WHEN `d`.`_period` IS NULL THEN {zero} ELSE {} END", of("d", name)), name)
                }
            });
        }
        select.push(named(&own(), "_source_system"));
        let mut joins = String::new();
        if self.sums(MeasureOver::Period).next().is_some() {
            let at = equal("r", "d", &[(START.to_owned(), "_period".to_owned())]);
            joins += &format!("\nLEFT JOIN `during` `d` ON {} AND {at}", same("r", "d", &self.names()));
        }
        if self.sums(MeasureOver::ToDate).next().is_some() {
            let start = of("r", START);
            joins += &format!(
                "\nLEFT JOIN `spans` `u` ON {} AND {start} >= `u`.`_until` AND ({start} < `u`.`_next` OR `u`.`_next` IS NULL)",
                same("r", "u", &self.names())
            );
        }
        format!("SELECT\n  {}\nFROM `spine` `r`{joins}", items(&select))
    }
}
