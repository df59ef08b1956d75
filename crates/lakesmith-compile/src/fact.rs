//! Facts: rows at one grain, each with the keys of its members. A member that is missing gives -1, and the row is
//! re-keyed when the member arrives or its versions change: no fact is ever lost for want of a dimension.

mod accumulating;
mod origin;
pub(crate) mod period;
mod role;

use crate::deletes::Deletes;
use crate::gold::{UNKNOWN_KEY, stamp_names, stamped, stamps};
use crate::layout;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known, scope};
use crate::select::{items, list, named, of, quote};
use crate::step::{Check, Counted, Cte, Keyed, Place, Step, Write};
use crate::table::{Column, Table, schema};
use crate::{date, expression, queried};
use lakesmith_project::{Fact, FactDimension, FactKind, Measure, MissingMember, OnDuplicate};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};
use origin::{Origin, source};
use role::{Role, by, inferable, role};

/// The relation of the fact's input within the step.
const ROWS: &str = "f";

/// How the rows of a fact come about from those of its input.
enum Rows {
    /// Each is a row of the input.
    Events,
    /// Each is a process, with the milestones that it has reached.
    Processes(accumulating::Processes),
    /// Each is a member in a period.
    Periods(period::Periods),
}

impl Rows {
    /// The columns that the rows have, but for measures that are sums.
    fn columns(&self, input: &[Column]) -> Vec<Column> {
        match self {
            Rows::Events => input.to_vec(),
            Rows::Processes(processes) => {
                input.iter().chain(processes.milestones.iter().map(|(column, _)| column)).cloned().collect()
            }
            Rows::Periods(periods) => periods.columns(),
        }
    }

    /// The columns that the fact keeps though nobody lists them.
    fn kept(&self) -> Vec<Column> {
        match self {
            Rows::Events => vec![],
            Rows::Processes(processes) => processes.milestones.iter().map(|(column, _)| column.clone()).collect(),
            Rows::Periods(periods) => periods.columns(),
        }
    }
}

/// A column of the fact that is not a key.
struct Value {
    column: Column,
    sql: String,
}

pub(crate) fn flow(fact: &Fact, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let before = faults.errors();
    if let Some(fault) = unsupported(fact) {
        faults.push(fault);
        return None;
    }
    let source = source(fact, known, faults)?;
    let mut roles: Vec<Role> = fact.dimensions.iter().filter_map(|written| role(written, known, faults)).collect();
    let mut places = vec![];
    let (origin, input) = (&source.origin, source.columns.as_deref().unwrap_or_default());
    let rows = match source.columns.as_deref() {
        Some(columns) => rows(fact, origin, columns, &source.identity, faults, &mut places)?,
        None => Rows::Events,
    };
    let columns = source.columns.as_deref().map(|columns| rows.columns(columns));
    for role in &mut roles {
        by(role, columns.as_deref().unwrap_or_default(), known, faults);
        inferable(role, &rows, input, faults);
    }
    let values = columns.map(|columns| values(fact, &origin.words(), &columns, &rows, &roles, faults, &mut places));
    if before != faults.errors() {
        return None;
    }
    let name = TableName::new(Layer::Gold, fact.name.value.clone());
    let mut inputs = source.inputs.clone();
    for role in roles.iter().filter(|role| role.known) {
        if !inputs.iter().any(|input| input.table == role.table) {
            inputs.push(Input::changes(role.table.clone(), role.written.dimension.span));
        }
    }
    let unique = match (&rows, origin) {
        (Rows::Events, Origin::Table(_)) => {
            source.unique && source.identity.iter().all(|key| fact.grain_key.iter().any(|grain| grain.value == *key))
        }
        (Rows::Events, Origin::Query(_)) => false,
        (Rows::Processes(_) | Rows::Periods(_), _) => true,
    };
    let deletes = source.deletes.as_ref();
    let made = Made { fact, origin, columns: input, inputs: &inputs, deletes, roles: &roles, rows: &rows };
    let why = match origin {
        Origin::Query(query) => query.by().err().map(str::to_owned),
        Origin::Table(_) => None,
    };
    let step = |whole: bool| values.as_ref().map(|values| made.step(&name, values, &places, unique, whole));
    Some(Flow {
        kind: FlowKind::Fact,
        at: fact.at,
        tags: fact.tags.iter().map(|tag| tag.value.clone()).collect(),
        companions: vec![],
        columns_known: values.is_some(),
        step: step(why.is_some()),
        first: step(true),
        whole: why,
        window: None,
        rebuilds: true,
        definition: Default::default(),
        lineage: match origin {
            Origin::Query(query) => query.lineage.clone(),
            Origin::Table(_) => Default::default(),
        },
        fingerprint: None,
        target: Table {
            path: format!("gold/facts/{}", fact.name.value),
            description: fact.description.as_ref().or(fact.grain.as_ref()).map(|words| words.value.clone()),
            columns: values.as_ref().map(|values| table_columns(fact, &roles, values)).unwrap_or_default(),
            partition_by: vec![],
            cluster_by: layout::clustered(&fact.cluster_by),
            append_only: false,
            change_data: false,
            name: name.clone(),
        },
        inputs,
        name,
    })
}

fn unsupported(fact: &Fact) -> Option<Diagnostic> {
    let later = |what: &str, at| Diagnostic::error("unsupported", format!("{what} is not built yet")).at(at);
    let calendar = |dimension: &&FactDimension| {
        [date::NAME, date::time::NAME].contains(&dimension.dimension.value.trim_start_matches("gold."))
    };
    let inferred = |dimension: &&FactDimension| dimension.missing == MissingMember::Inferred;
    if let Some(sql) = fact.sql.as_ref().filter(|_| fact.kind == FactKind::PeriodicSnapshot) {
        let fault = later("a periodic snapshot of a query", sql.span());
        return Some(fault.help("put the query into an entity of silver, `sql:` with a `key`, and read that with `from:`"));
    }
    if let Some(dimension) = fact.dimensions.iter().find(inferred).filter(|_| fact.sql.is_some()) {
        let fault = later("`missing: inferred` for the rows of a query", dimension.key.span);
        return Some(fault.help("put the query into an entity of silver, `sql:` with a `key`, and read that with `from:`"));
    }
    if let Some(dimension) = fact.dimensions.iter().filter(inferred).find(calendar) {
        let fault = Diagnostic::error("invalid-value", "days and times are not inferred: the calendar grows by itself");
        return Some(fault.at(dimension.key.span).help("leave `missing` out here"));
    }
    if fact.on_duplicate == OnDuplicate::Quarantine {
        return Some(
            later("`on_duplicate: quarantine`", fact.at).help("`on_duplicate: fail` stops the flow before anything is written"),
        );
    }
    None
}

/// How the rows come about; none if that cannot be told.
fn rows(
    fact: &Fact,
    origin: &Origin,
    columns: &[Column],
    identity: &[String],
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Option<Rows> {
    let before = faults.errors();
    let rows = match fact.kind {
        FactKind::PeriodicSnapshot => Rows::Periods(period::periods(fact, &origin.words(), columns, faults, places)?),
        FactKind::AccumulatingSnapshot if !fact.milestones.is_empty() => {
            Rows::Processes(accumulating::processes(fact, &origin.words(), columns, identity, faults)?)
        }
        FactKind::Transaction | FactKind::AccumulatingSnapshot | FactKind::Factless => Rows::Events,
    };
    (before == faults.errors()).then_some(rows)
}

/// What a measure is about, with its unit.
fn described(measure: &Measure) -> Option<String> {
    let unit = measure.unit.as_ref().map(|unit| format!("in {}", unit.value));
    let words: Vec<String> = measure.description.iter().map(|words| words.value.clone()).chain(unit).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn values(
    fact: &Fact,
    input: &str,
    columns: &[Column],
    rows: &Rows,
    roles: &[Role],
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Vec<Value> {
    let column = |written: &Spanned<String>, faults: &mut Diagnostics| {
        let found = columns.iter().find(|column| column.name == written.value).cloned();
        if found.is_none() {
            faults.push(expression::no_such_column(input, columns, written));
        }
        found
    };
    for role in roles {
        role.written.on.iter().chain(&role.written.as_of).for_each(|written| {
            column(written, faults);
        });
    }
    let mut values: Vec<Value> = vec![];
    let taken = |values: &[Value], name: &str| {
        values.iter().any(|value| value.column.name == name) || roles.iter().any(|role| role.written.key.value == name)
    };
    let measured = |name: &str| fact.measures.iter().any(|measure| measure.name.value == name);
    for written in fact.degenerate.iter().chain(&fact.grain_key) {
        if let Some(found) = column(written, faults)
            && !taken(&values, &found.name)
            && !measured(&found.name)
        {
            values.push(Value { sql: of(ROWS, &found.name), column: found });
        }
    }
    for column in rows.kept() {
        if !taken(&values, &column.name) {
            values.push(Value { sql: of(ROWS, &column.name), column });
        }
    }
    if let Rows::Periods(periods) = rows {
        values.extend(periods.measures());
        return values;
    }
    let scope = scope(Some(ROWS), &schema(columns));
    for measure in &fact.measures {
        let want = measure.ty.as_ref().map(|ty| expression::data_type(ty, faults));
        let (sql, ty) = match (&measure.expr, &measure.from) {
            (Some(written), _) => {
                let Some(found) = expression::expression(written, &scope, faults) else { continue };
                let (expr, ty) = (found.expr, found.ty);
                places.push(Place { sql: expr.to_string(), over: ROWS.to_owned(), at: written.span() });
                let expr = expression::qualified(&expr, columns, ROWS);
                expression::strict(&expr, &ty, want.flatten().as_ref())
            }
            (None, from) => {
                let own = lakesmith_text::Located::verbatim(
                    measure.name.value.clone(),
                    measure.name.span.file,
                    measure.name.span.start,
                );
                let written = from.as_ref().unwrap_or(&own);
                let Some((sql, ty)) = expression::source_column(written, columns, Some(ROWS), faults) else { continue };
                match want.flatten() {
                    Some(want) if want != ty => {
                        places.push(Place { sql: format!("CAST({sql} AS {want})"), over: ROWS.to_owned(), at: written.span() });
                        (format!("CAST({sql} AS {want})"), want)
                    }
                    _ => (sql, ty),
                }
            }
        };
        // A name that is there twice has been told where the file was read.
        if taken(&values, &measure.name.value) {
            continue;
        }
        values.push(Value { column: Column::new(measure.name.value.clone(), ty).described(described(measure)), sql });
    }
    values
}

fn table_columns(fact: &Fact, roles: &[Role], values: &[Value]) -> Vec<Column> {
    let words = |words: String| Some(words);
    let mut columns: Vec<Column> = vec![];
    if let Some(key) = &fact.surrogate_key {
        columns.push(Column::new(key.value.clone(), DataType::BigInt).described(words("Surrogate key".to_owned())));
    }
    for role in roles {
        let described = words(format!("Member of {}; -1 where it is not known", role.table));
        columns.push(Column::new(role.written.key.value.clone(), role.key_type.clone()).described(described));
    }
    columns.extend(values.iter().map(|value| value.column.clone()));
    columns.extend(stamps());
    columns
}

/// What the step of a fact is made of.
struct Made<'a> {
    fact: &'a Fact,
    origin: &'a Origin<'a>,
    /// The columns of the input.
    columns: &'a [Column],
    inputs: &'a [Input],
    deletes: Option<&'a Deletes>,
    roles: &'a [Role<'a>],
    rows: &'a Rows,
}

impl Made<'_> {
    fn grain(&self) -> Vec<String> {
        self.fact.grain_key.iter().map(|key| key.value.clone()).collect()
    }

    /// The columns by which rows are computed again: the grain, or those of it that all inputs can be followed by.
    fn concerned_by(&self) -> Vec<String> {
        match self.origin {
            Origin::Query(query) => query.by().map(<[String]>::to_vec).unwrap_or_default(),
            Origin::Table(_) => self.grain(),
        }
    }

    fn step(&self, target: &TableName, values: &[Value], places: &[Place], unique: bool, whole: bool) -> Step {
        let (fact, roles) = (self.fact, self.roles);
        let grain = self.grain();
        let with = self.queries(target, whole);
        let mut select: Vec<String> = vec![];
        if let Some(key) = &fact.surrogate_key {
            select.push(named("CAST(NULL AS BIGINT)", &key.value));
        }
        let mut joins = String::new();
        for (n, role) in roles.iter().enumerate() {
            if !role.known {
                select.push(named(&format!("CAST({UNKNOWN_KEY} AS {})", role.key_type), &role.written.key.value));
                continue;
            }
            let dimension = format!("d{}", n + 1);
            let key = format!("coalesce({}, CAST({UNKNOWN_KEY} AS {}))", of(&dimension, &role.surrogate_key), role.key_type);
            select.push(named(&key, &role.written.key.value));
            joins += &format!("\nLEFT JOIN {} {} ON {}", role.table.quoted(), quote(&dimension), role.condition(&dimension));
        }
        select.extend(values.iter().map(|value| named(&value.sql, &value.column.name)));
        select.extend(stamped(&of(ROWS, "_source_system"), true));
        let keyed = Keyed {
            keys: if whole { vec![] } else { self.concerned_by() },
            identity: grain.clone(),
            surrogate: fact.surrogate_key.as_ref().map(|key| key.value.clone()),
            kept: vec!["_created_timestamp".to_owned()],
            stamps: stamp_names(),
        };
        // A milestone that has not come yet is no member that is missing.
        let awaited = |role: &&Role| !(fact.kind == FactKind::AccumulatingSnapshot && role.is_calendar());
        let mut counts: Vec<Counted> = roles.iter().filter(awaited).map(unknown).collect();
        if let Rows::Periods(periods) = self.rows {
            counts.extend(self.table().map(|input| periods.count(input)));
        }
        Step {
            with,
            select: format!("SELECT\n  {}\nFROM {}{joins}", items(&select), quote(ROWS)),
            write: if whole { Write::ReplaceAll(keyed) } else { Write::ReplaceKeys(keyed) },
            companions: vec![],
            outcomes: None,
            checks: checks(fact, roles, &grain, unique),
            counts,
            places: places.to_vec(),
        }
    }

    /// The table of the input, where it is one.
    fn table(&self) -> Option<&TableName> {
        match self.origin {
            Origin::Table(table) => Some(table),
            Origin::Query(_) => None,
        }
    }

    /// The queries up to [`ROWS`], the last of them.
    fn queries(&self, target: &TableName, whole: bool) -> Vec<Cte> {
        let grain = self.grain();
        let mut with = vec![];
        match self.rows {
            _ if whole => {}
            Rows::Periods(periods) => {
                let sql = periods.keys(target, self.inputs, self.roles);
                with.push(Cte { name: "keys".to_owned(), sql, kept: true });
            }
            Rows::Events | Rows::Processes(_) => with.extend(self.keys()),
        }
        if let (Rows::Periods(periods), Some(input)) = (self.rows, self.table()) {
            with.extend(periods.rows(input, whole));
            return with;
        }
        let (near, mut from) = if whole { (vec![], self.origin.all()) } else { self.origin.of_keys(&grain) };
        with.extend(near);
        if let Some(deletes) = self.deletes {
            with.push(deletes.gone(&grain, whole));
            from += &deletes.left_out();
        }
        let rows = match self.rows {
            Rows::Processes(processes) => processes.rows(&from),
            Rows::Events | Rows::Periods(_) => format!("SELECT `s`.*\nFROM {from}"),
        };
        with.push(Cte { name: ROWS.to_owned(), sql: rows, kept: false });
        with
    }

    /// `keys`: facts of which the input gained or lost a row, and those whose members changed.
    fn keys(&self) -> Vec<Cte> {
        let concerned_by = self.concerned_by();
        let columns: Vec<String> = concerned_by.iter().map(|name| of("s", name)).collect();
        let (mut members, mut further): (Vec<Cte>, Vec<String>) = (vec![], vec![]);
        // The calendar has every day of a milestone before the fact has it.
        let by_input = |role: &&Role| role.written.on.iter().all(|on| self.columns.iter().any(|column| column.name == on.value));
        for role in self.roles.iter().filter(by_input) {
            let Some(n) = self.inputs.iter().position(|input| input.table == role.table) else { continue };
            let moved = queried::moved(n + 1);
            if !members.iter().any(|cte| cte.name == moved) {
                members.push(queried::changed(n + 1, &role.table, &role.natural_key));
            }
            further.push(format!(
                "SELECT {}\nFROM {} LEFT SEMI JOIN {} ON {}",
                columns.join(", "),
                self.origin.all(),
                quote(&moved),
                role.matches("s", &moved)
            ));
        }
        further.extend(self.deletes.map(|deletes| deletes.concerned(&concerned_by)));
        members.extend(self.origin.concerned(&concerned_by, &further));
        members
    }
}

/// What the number of facts without a member is called, before the name of their key.
const COUNTED: &str = "unknown ";

/// The keys of a fact whose facts without a member are counted: not those of milestones that have not come yet.
pub fn counted_keys(step: &Step) -> impl Iterator<Item = &str> {
    step.counts.iter().filter_map(|counted| counted.name.strip_prefix(COUNTED))
}

fn unknown(role: &Role) -> Counted {
    let key = &role.written.key.value;
    Counted {
        name: format!("{COUNTED}{key}"),
        sql: format!("SELECT count(*) FROM `result` WHERE {} = {UNKNOWN_KEY}", quote(key)),
    }
}

fn checks(fact: &Fact, roles: &[Role], grain: &[String], unique: bool) -> Vec<Check> {
    let mut checks = vec![];
    if !unique {
        let keys = list(grain);
        checks.push(Check {
            code: "grain-not-unique",
            sql: format!("SELECT count(*) FROM (SELECT {keys} FROM `result` GROUP BY {keys} HAVING count(*) > 1)"),
            message: format!("{{count}} keys ({}) of fact `{}` stand in several rows", grain.join(", "), fact.name.value),
            help:
                "the grain must be one row per key: add the column that tells the rows apart to `grain_key`, or cleanse the input"
                    .to_owned(),
            at: fact.grain_key.first().map(|key| key.span),
        });
    }
    for role in roles.iter().filter(|role| role.written.missing == MissingMember::Fail) {
        checks.push(Check {
            code: "member-missing",
            sql: unknown(role).sql,
            message: format!("{{count}} facts have no member in `{}` for `{}`", role.table, role.written.key.value),
            help: "load the members first, or let such facts go to member -1 with `missing: unknown`".to_owned(),
            at: Some(role.written.key.span),
        });
    }
    checks
}
