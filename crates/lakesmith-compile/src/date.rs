//! `gold.dim_date`, from the calendar of `lakehouse.yaml`. The week begins on Monday, weeks are ISO weeks.

mod holiday;
pub(crate) mod time;

use crate::expression;
use crate::fact::period;
use crate::gold::{UNKNOWN, own, stamp_names, stamped, stamps};
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known, scope};
use crate::queried::Queried;
use crate::select::{in_range, indent, items, literal, named, quote};
use crate::step::{Keyed, Step, Write};
use crate::table::{Column, Table};
use lakesmith_project::{Calendar, Fact, FactKind, PeriodLength};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostics, Located};

/// The name that facts use.
pub(crate) const NAME: &str = "dim_date";
/// The key of a fact's date: the day as the number yyyymmdd.
pub(crate) const KEY: &str = "date_key";
/// What a fact's date is matched with.
pub(crate) const NATURAL_KEY: &str = "date";
/// The key of the day `d`.
const KEY_OF_DAY: &str = "CAST(year(d) * 10000 + month(d) * 100 + day(d) AS INT)";

/// Each column with its value for the day `d`, which is `f` in the fiscal calendar.
fn definition(calendar: &Calendar) -> Vec<(Column, String)> {
    let (int, text, date) = (DataType::Int, DataType::String, DataType::Date);
    // A fiscal year is called by the calendar year in which it ends.
    let fiscal_year = if first_month(calendar) == 1 { "year(f)" } else { "year(f) + 1" };
    let plain = [
        (KEY, int.clone(), "The day as yyyymmdd; -1 where a fact has no date", KEY_OF_DAY),
        (NATURAL_KEY, date.clone(), "The day", "d"),
        ("year", int.clone(), "Calendar year", "year(d)"),
        ("quarter", int.clone(), "1 to 4", "quarter(d)"),
        ("quarter_name", text.clone(), "Q1 2025", "concat('Q', CAST(quarter(d) AS STRING), ' ', CAST(year(d) AS STRING))"),
        ("month", int.clone(), "1 to 12", "month(d)"),
        ("month_name", text.clone(), "January", "date_format(d, 'MMMM')"),
        ("month_abbr", text.clone(), "Jan", "date_format(d, 'MMM')"),
        ("week_of_year", int.clone(), "ISO week, 1 to 53", "weekofyear(d)"),
        (
            "iso_year",
            int.clone(),
            "The year that the ISO week belongs to: that of its Thursday",
            "year(date_add(d, 3 - weekday(d)))",
        ),
        ("day_of_month", int.clone(), "1 to 31", "day(d)"),
        ("day_of_year", int.clone(), "1 to 366", "dayofyear(d)"),
        ("day_of_week", int.clone(), "1 = Monday to 7 = Sunday", "weekday(d) + 1"),
        ("day_of_week_name", text.clone(), "Monday", "date_format(d, 'EEEE')"),
        ("day_of_week_abbr", text, "Mon", "date_format(d, 'EEE')"),
        ("is_weekend", DataType::Boolean, "Saturday or Sunday", "weekday(d) >= 5"),
        ("week_start", date.clone(), "The Monday of its week", "date_sub(d, weekday(d))"),
        // The last week ends beyond what a date of four digits can say.
        (
            "week_end",
            date.clone(),
            "The Sunday of its week; at most 9999-12-31",
            "least(date_add(d, 6 - weekday(d)), DATE '9999-12-31')",
        ),
        ("month_start", date.clone(), "The first day of its month", "trunc(d, 'MM')"),
        ("month_end", date.clone(), "The last day of its month", "last_day(d)"),
        ("quarter_start", date.clone(), "The first day of its quarter", "trunc(d, 'QUARTER')"),
        ("quarter_end", date, "The last day of its quarter", "last_day(add_months(trunc(d, 'QUARTER'), 2))"),
        ("fiscal_year", int.clone(), "The calendar year in which the fiscal year ends", fiscal_year),
        ("fiscal_quarter", int.clone(), "1 to 4, from the first month of the fiscal year", "quarter(f)"),
        ("fiscal_month", int, "1 to 12, from the first month of the fiscal year", "month(f)"),
    ];
    let column = |(name, ty, words, sql): (&str, DataType, &str, &str)| {
        (Column::new(name, ty).described(Some(words.to_owned())), sql.to_owned())
    };
    plain.into_iter().map(column).chain(holiday::columns(calendar)).collect()
}

/// The month that a fiscal year begins with.
fn first_month(calendar: &Calendar) -> u32 {
    calendar.fiscal_year_start.as_ref().map_or(1, |month| month.value.number_from_month())
}

/// Columns of silver tables whose days the calendar must have, because facts refer to it by them.
struct Days {
    inputs: Vec<Input>,
    /// Number of the input, and what of its rows are days.
    of: Vec<(usize, Of)>,
    /// Days that a query makes of several rows or of an expression: its rows and the column. They are read as a whole.
    made: Vec<(String, String)>,
}

/// What days facts have of a row of their input.
#[derive(PartialEq)]
enum Of {
    /// The day of this expression.
    Row(String),
    /// Every day from that of this expression to the end of the period in which the batch's day lies.
    Through(String, PeriodLength),
}

/// What days a fact has by a column `on`, which is a column of its input, a milestone or the end of a period.
fn of_fact(fact: &Fact, on: &str, input: &Table) -> Option<Of> {
    let column = |name: &str| input.columns.iter().find(|column| column.name == name);
    let time = |name: &str| {
        column(name).filter(|column| matches!(column.ty, DataType::Date | DataType::Timestamp)).map(|column| quote(&column.name))
    };
    if let Some(period) = fact.period.as_ref().filter(|_| fact.kind == FactKind::PeriodicSnapshot) {
        return [period::START, period::END]
            .contains(&on)
            .then(|| time(&period.on.value))
            .flatten()
            .map(|day| Of::Through(day, period.every));
    }
    if let Some(milestone) = fact.milestones.iter().find(|milestone| milestone.name.value == on) {
        // The fact's own flow says what is wrong with an expression.
        let resolved = |written: &Located| {
            let scope = scope(None, &input.schema());
            expression::expression(written, &scope, &mut Diagnostics::default()).map(|found| found.expr.to_string())
        };
        return match &milestone.time {
            Some(written) => resolved(written).map(Of::Row),
            None => fact.sequence_by.as_ref().and_then(|sequence| time(&sequence.value)).map(Of::Row),
        };
    }
    time(on).map(Of::Row)
}

impl Days {
    /// Adds the days that a column of a query has.
    fn make(&mut self, query: &Queried, on: &str) {
        let is_day = |column: &&Column| column.name == on && matches!(column.ty, DataType::Date | DataType::Timestamp);
        let made = (query.rows(), on.to_owned());
        if query.columns.iter().flatten().find(is_day).is_none() || self.made.contains(&made) {
            return;
        }
        for input in &query.inputs {
            if !self.inputs.iter().any(|known| known.table == input.table) {
                self.inputs.push(Input::new(input.table.clone(), input.at));
            }
        }
        self.made.push(made);
    }
}

fn days(known: &Known) -> Days {
    let mut days = Days { inputs: vec![], of: vec![], made: vec![] };
    for fact in &known.project.facts {
        let roles = fact.dimensions.iter().filter(|role| role.dimension.value.trim_start_matches("gold.") == NAME);
        // A fact's own flow says what is wrong with its input.
        let mut quiet = Diagnostics::default();
        let query = fact.sql.as_ref().and_then(|sql| Queried::of_silver(sql, &fact.grain_key, known, &mut quiet));
        for on in roles.filter_map(|role| role.on.first()) {
            let (input, column) = match (&fact.from, &query) {
                (Some(from), _) => match known.silver(from, &mut quiet) {
                    Some((input, _)) => (input, on.value.clone()),
                    None => continue,
                },
                (None, Some(query)) => match query.column_of(&on.value) {
                    Some((table, column)) => match known.plan.flow(&table) {
                        Some(input) => (input, column),
                        None => continue,
                    },
                    None => {
                        days.make(query, &on.value);
                        continue;
                    }
                },
                (None, None) => continue,
            };
            let Some(of_fact) = of_fact(fact, &column, &input.target) else { continue };
            let n = match days.inputs.iter().position(|known| known.table == input.name) {
                Some(index) => index + 1,
                None => {
                    days.inputs.push(Input::new(input.name.clone(), on.span));
                    days.inputs.len()
                }
            };
            let day = (n, of_fact);
            if !days.of.contains(&day) {
                days.of.push(day);
            }
        }
    }
    days
}

/// The flow of `gold.dim_date`: the days of the calendar, and those beyond it that facts have.
pub(crate) fn flow(calendar: &Calendar, known: &Known) -> Flow {
    let days = days(known);
    let name = TableName::new(Layer::Gold, NAME);
    let definition = definition(calendar);
    let mut columns: Vec<Column> = definition.iter().map(|(column, _)| column.clone()).collect();
    columns.extend(stamps());
    let calendar_alone = step(calendar, &definition, &Days { inputs: vec![], of: vec![], made: vec![] }, true);
    let step = |whole: bool| Some(step(calendar, &definition, &days, whole));
    Flow {
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: Some(fingerprint(&calendar_alone.sql())),
        first: step(true),
        step: step(false),
        whole: None,
        window: None,
        rebuilds: true,
        kind: FlowKind::DateDimension,
        at: calendar.start.span,
        tags: vec![],
        inputs: days.inputs,
        companions: vec![],
        columns_known: true,
        target: Table {
            path: format!("gold/dimensions/{NAME}"),
            description: Some("One row per day of the calendar".to_owned()),
            columns,
            partition_by: vec![],
            cluster_by: vec![KEY.to_owned()],
            append_only: false,
            change_data: false,
            name: name.clone(),
        },
        name,
    }
}

/// `whole`: the calendar with all days beyond it; else the days that came with what the inputs gained.
fn step(calendar: &Calendar, definition: &[(Column, String)], beyond: &Days, whole: bool) -> Step {
    let stamped = |mut select: Vec<String>| {
        select.extend(stamped(&own(), true));
        select
    };
    let days = stamped(definition.iter().map(|(column, sql)| named(sql, &column.name)).collect());
    let unknown = stamped(definition.iter().map(|(column, _)| named(&unknown(column), &column.name)).collect());
    // The fiscal calendar is the plain one, moved so that its first month is January: f is the day in that calendar.
    let shift = i64::from(first_month(calendar)) - 1;
    let (start, end) = (calendar.start.value, calendar.end.value);
    let fiscal = format!("SELECT d, add_months(trunc(d, 'MM'), {}) AS f", -shift);
    let within = format!("LATERAL VIEW explode(sequence(DATE '{start}', DATE '{end}', INTERVAL 1 DAY)) v AS d");
    let outside = beyond.of.iter().map(|(n, of)| {
        let table = beyond.inputs[n - 1].table.quoted();
        let gained = if whole { String::new() } else { in_range(None, *n) };
        match of {
            Of::Row(time) => {
                let rows = if whole { String::new() } else { format!(" AND {gained}") };
                let day = format!("CAST({time} AS DATE)");
                format!("SELECT {day} AS d\nFROM {table}\nWHERE NOT ({day} BETWEEN DATE '{start}' AND DATE '{end}'){rows}")
            }
            Of::Through(time, every) => {
                let periods = period::Calendar(*every);
                let rows = if whole { String::new() } else { format!("\n  WHERE {gained}") };
                let today = period::today();
                // Time goes on without events: the days after the calendar's end are there up to the batch's own.
                let first = format!("least(coalesce(min(CAST({time} AS DATE)), {today}), {today}, DATE '{end}')");
                format!(
                    "SELECT v.d AS d\nFROM (\n  SELECT {first} AS `_first`\n  FROM {table}{rows}\n)\nLATERAL VIEW explode(sequence({}, {}, INTERVAL 1 DAY)) v AS d\nWHERE NOT (v.d BETWEEN DATE '{start}' AND DATE '{end}')",
                    periods.start("`_first`"),
                    periods.end(&periods.start(&today))
                )
            }
        }
    });
    let made = beyond.made.iter().map(|(rows, on)| {
        let day = format!("CAST({} AS DATE)", quote(on));
        format!("SELECT {day} AS d\nFROM (\n{}\n)\nWHERE NOT ({day} BETWEEN DATE '{start}' AND DATE '{end}')", indent(rows))
    });
    let outside: Vec<String> = outside.chain(made).collect();
    let cte = |name: &str, sql, kept| crate::Cte { name: name.to_owned(), sql, kept };
    let mut with = vec![];
    let mut sources = vec![];
    if whole {
        sources.push(format!("{fiscal}\nFROM (SELECT 1 AS one)\n{within}"));
    }
    if !outside.is_empty() {
        with.push(cte("beyond", outside.join("\nUNION\n"), false));
        sources.push(format!("{fiscal}\nFROM (SELECT DISTINCT d FROM `beyond`)"));
    }
    if sources.is_empty() {
        sources.push(format!("{fiscal}\nFROM (SELECT DATE '{start}' AS d)\nWHERE FALSE"));
    }
    with.push(cte("days", sources.join("\nUNION ALL\n"), false));
    let names = holiday::names(calendar);
    let rows = match names.is_empty() {
        true => "days",
        false => {
            with.push(cte("named", format!("SELECT *,\n  {}\nFROM `days`", items(&names)), false));
            "named"
        }
    };
    let mut select = format!("SELECT\n  {}\nFROM `{rows}`", items(&days));
    let mut keyed = Keyed {
        keys: vec![],
        identity: vec![KEY.to_owned()],
        surrogate: None,
        kept: vec!["_created_timestamp".to_owned()],
        stamps: stamp_names(),
    };
    let write = if whole {
        select += &format!("\nUNION ALL\nSELECT\n  {}", items(&unknown));
        Write::ReplaceAll(keyed)
    } else {
        with.push(cte("keys", format!("SELECT {}\nFROM `days`", named(KEY_OF_DAY, KEY)), true));
        keyed.keys = vec![KEY.to_owned()];
        Write::ReplaceKeys(keyed)
    };
    Step { with, select, write, companions: vec![], outcomes: None, checks: vec![], counts: vec![], places: vec![] }
}

fn unknown(column: &Column) -> String {
    match (&column.ty, column.name.as_str()) {
        (_, KEY) => "CAST(-1 AS INT)".to_owned(),
        (DataType::String, _) => literal(UNKNOWN),
        (ty, _) => format!("CAST(NULL AS {ty})"),
    }
}

/// A number that another definition does not share, so that a changed calendar is seen (FNV-1a, 63 bits).
pub(crate) fn fingerprint(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 1) as i64
}
