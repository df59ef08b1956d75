//! `gold.dim_time`: the times of a day, for facts that are seen by the hour or the minute. It is there where the calendar
//! asks for it, and never changes.

use crate::gold::{UNKNOWN, own, stamp_names, stamped, stamps};
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind};
use crate::select::{items, literal, named};
use crate::step::{Cte, Keyed, Step, Write};
use crate::table::{Column, Table};
use lakesmith_project::TimeGrain;
use lakesmith_sql::DataType;
use lakesmith_text::Spanned;

/// The name that facts use.
pub(crate) const NAME: &str = "dim_time";
/// The key of a fact's time: the time as the number hhmmss.
pub(crate) const KEY: &str = "time_key";

/// The key of the time that a timestamp has, cut to the grain.
pub(crate) fn key_of(timestamp: &str, grain: TimeGrain) -> String {
    let mut parts = vec![format!("hour({timestamp}) * 10000")];
    if grain != TimeGrain::Hour {
        parts.push(format!("minute({timestamp}) * 100"));
    }
    if grain == TimeGrain::Second {
        parts.push(format!("second({timestamp})"));
    }
    format!("CAST({} AS INT)", parts.join(" + "))
}

/// Each column with its value for the time `h`:`m`:`s`.
fn definition() -> Vec<(Column, &'static str)> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    let (int, text) = (DataType::Int, DataType::String);
    vec![
        (
            column(KEY, int.clone(), "The time as hhmmss, from 0; -1 where a fact has no time"),
            "CAST(h * 10000 + m * 100 + s AS INT)",
        ),
        (
            column("time", text.clone(), "The time as 23:59:59"),
            "concat(lpad(CAST(h AS STRING), 2, '0'), ':', lpad(CAST(m AS STRING), 2, '0'), ':', lpad(CAST(s AS STRING), 2, '0'))",
        ),
        (column("hour", int.clone(), "0 to 23"), "h"),
        (column("minute", int.clone(), "0 to 59"), "m"),
        (column("second", int.clone(), "0 to 59"), "s"),
        (column("hour_12", int, "1 to 12"), "CAST((h + 11) % 12 + 1 AS INT)"),
        (column("am_pm", text.clone(), "AM or PM"), "CASE WHEN h < 12 THEN 'AM' ELSE 'PM' END"),
        (
            column("day_part", text, "night from 0, morning from 6, afternoon from 12, evening from 18"),
            "CASE WHEN h < 6 THEN 'night' WHEN h < 12 THEN 'morning' WHEN h < 18 THEN 'afternoon' ELSE 'evening' END",
        ),
    ]
}

/// The flow of `gold.dim_time`, which reads nothing and has one batch.
pub(crate) fn flow(grain: &Spanned<TimeGrain>) -> Flow {
    let name = TableName::new(Layer::Gold, NAME);
    let definition = definition();
    let mut columns: Vec<Column> = definition.iter().map(|(column, _)| column.clone()).collect();
    columns.extend(stamps());
    let step = step(&definition, grain.value);
    Flow {
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: Some(super::fingerprint(&step.sql())),
        first: Some(step.clone()),
        step: Some(step),
        whole: None,
        window: None,
        rebuilds: true,
        kind: FlowKind::DateDimension,
        at: grain.span,
        tags: vec![],
        inputs: vec![],
        companions: vec![],
        columns_known: true,
        target: Table {
            path: format!("gold/dimensions/{NAME}"),
            description: Some(format!("One row per {} of the day", grain.value.as_str())),
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

fn step(definition: &[(Column, &str)], grain: TimeGrain) -> Step {
    let seconds = match grain {
        TimeGrain::Hour => 3600,
        TimeGrain::Minute => 60,
        TimeGrain::Second => 1,
    };
    let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: false };
    let numbers = format!("SELECT n\nFROM (SELECT 1 AS one)\nLATERAL VIEW explode(sequence(0, 86399, {seconds})) v AS n");
    let parts =
        "SELECT CAST((n - n % 3600) / 3600 AS INT) AS h, CAST((n % 3600 - n % 60) / 60 AS INT) AS m, n % 60 AS s\nFROM `numbers`";
    let row = |mut select: Vec<String>| {
        select.extend(stamped(&own(), true));
        format!("SELECT\n  {}", items(&select))
    };
    let times = row(definition.iter().map(|(column, sql)| named(sql, &column.name)).collect());
    let unknown = row(definition.iter().map(|(column, _)| named(&unknown(column), &column.name)).collect());
    Step {
        with: vec![cte("numbers", numbers), cte("times", parts.to_owned())],
        select: format!("{times}\nFROM `times`\nUNION ALL\n{unknown}"),
        write: Write::ReplaceAll(Keyed {
            keys: vec![],
            identity: vec![KEY.to_owned()],
            surrogate: None,
            kept: vec!["_created_timestamp".to_owned()],
            stamps: stamp_names(),
        }),
        companions: vec![],
        outcomes: None,
        checks: vec![],
        counts: vec![],
        places: vec![],
    }
}

fn unknown(column: &Column) -> String {
    match (&column.ty, column.name.as_str()) {
        (_, KEY) => "CAST(-1 AS INT)".to_owned(),
        (DataType::String, _) => literal(UNKNOWN),
        (ty, _) => format!("CAST(NULL AS {ty})"),
    }
}
