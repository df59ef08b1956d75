//! Facts: rows at one grain, each with the keys of its members. A member that is missing gives -1, and the row is
//! re-keyed when the member arrives or its versions change: no fact is ever lost for want of a dimension.

use crate::gold::{UNKNOWN_KEY, stamp_names, stamped, stamps};
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known, scope};
use crate::select::{equal, former, in_range, indent, items, list, named, of, quote, same};
use crate::step::{Check, Counted, Cte, Keyed, Place, Step, Write};
use crate::table::{Column, Table, schema};
use crate::{date, expression};
use lakesmith_project::{DimensionHistory, Fact, FactDimension, FactKind, MissingMember, OnDuplicate};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned, nearest};

/// The relation of the fact's input within the step.
const ROWS: &str = "f";

/// A dimension as a fact refers to it.
struct Role<'a> {
    written: &'a FactDimension,
    table: TableName,
    natural_key: Vec<String>,
    surrogate_key: String,
    key_type: DataType,
    type2: bool,
    /// Whether the dimension has columns: not before its source has given rows. Until then every fact has member -1.
    known: bool,
}

/// A column of the fact that is not a key.
struct Value {
    column: Column,
    sql: String,
}

pub(crate) fn flow(fact: &Fact, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let before = faults.len();
    if let Some(fault) = unsupported(fact) {
        faults.push(fault);
        return None;
    }
    let from = fact.from.as_ref()?;
    let (input, shape) = known.silver(from, faults)?;
    let roles: Vec<Role> = fact.dimensions.iter().filter_map(|written| role(written, known, faults)).collect();
    let columns = input.columns_known.then_some(&input.target.columns);
    let mut places = vec![];
    let values = columns.map(|columns| values(fact, &input.name, columns, &roles, faults, &mut places));
    if before != faults.len() {
        return None;
    }
    let name = TableName::new(Layer::Gold, fact.name.value.clone());
    let mut inputs = vec![Input::changes(input.name.clone(), from.span)];
    for role in roles.iter().filter(|role| role.known) {
        if !inputs.iter().any(|input| input.table == role.table) {
            inputs.push(Input::changes(role.table.clone(), role.written.dimension.span));
        }
    }
    let unique = shape.identity.iter().all(|key| fact.grain_key.iter().any(|grain| grain.value == *key));
    let step =
        |whole: bool| values.as_ref().map(|values| step(fact, &input.name, &inputs, &roles, values, &places, unique, whole));
    Some(Flow {
        kind: FlowKind::Fact,
        at: fact.at,
        tags: fact.tags.iter().map(|tag| tag.value.clone()).collect(),
        companions: vec![],
        columns_known: values.is_some(),
        step: step(false),
        first: step(true),
        rebuilds: true,
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: None,
        target: Table {
            path: format!("gold/facts/{}", fact.name.value),
            description: fact.description.as_ref().or(fact.grain.as_ref()).map(|words| words.value.clone()),
            columns: values.as_ref().map(|values| table_columns(fact, &roles, values)).unwrap_or_default(),
            partition_by: vec![],
            cluster_by: fact.cluster_by.iter().map(|column| column.name.value.clone()).collect(),
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
    if fact.kind != FactKind::Transaction {
        return Some(later("this kind of fact", fact.at).help("`kind: transaction` is, with one row per event"));
    }
    if let Some(sql) = &fact.sql {
        return Some(later("a fact from `sql:`", sql.span()).help("read one silver table with `from:`"));
    }
    let calendar = |dimension: &&FactDimension| dimension.dimension.value.trim_start_matches("gold.") == date::NAME;
    let inferred = |dimension: &&FactDimension| dimension.missing == MissingMember::Inferred;
    if let Some(dimension) = fact.dimensions.iter().filter(inferred).find(calendar) {
        let fault = Diagnostic::error("invalid-value", "days of the calendar are not inferred: it grows by itself");
        return Some(fault.at(dimension.key.span).help("leave `missing` out here"));
    }
    if fact.on_duplicate == OnDuplicate::Quarantine {
        return Some(
            later("`on_duplicate: quarantine`", fact.at).help("`on_duplicate: fail` stops the flow before anything is written"),
        );
    }
    None
}

fn role<'a>(written: &'a FactDimension, known: &Known, faults: &mut Diagnostics) -> Option<Role<'a>> {
    let name = &written.dimension.value;
    let table = TableName::new(Layer::Gold, name.strip_prefix("gold.").unwrap_or(name));
    let defined = known.project.dimensions.iter().find(|dimension| dimension.name.value == table.name());
    let calendar = table.name() == date::NAME && known.project.lakehouse.calendar.is_some();
    let role = match defined {
        Some(dimension) => Role {
            written,
            table,
            natural_key: dimension.natural_key.iter().map(|key| key.value.clone()).collect(),
            surrogate_key: dimension.surrogate_key.value.clone(),
            key_type: DataType::BigInt,
            type2: dimension.history == DimensionHistory::Type2,
            known: false,
        },
        None if calendar => Role {
            written,
            table,
            natural_key: vec![date::NATURAL_KEY.to_owned()],
            surrogate_key: date::KEY.to_owned(),
            key_type: DataType::Int,
            type2: false,
            known: false,
        },
        None => {
            faults.push(unknown_dimension(written, known));
            return None;
        }
    };
    if role.natural_key.len() != written.on.len() {
        let fault = format!("`{}` is found by {}, so `on` takes as many columns", role.table, role.natural_key.join(", "));
        faults.push(Diagnostic::error("invalid-value", fault).at(written.on.first().map_or(written.key.span, |on| on.span)));
        return None;
    }
    let flow = known.plan.flow(&role.table)?;
    Some(Role { known: flow.columns_known, ..role })
}

fn unknown_dimension(written: &FactDimension, known: &Known) -> Diagnostic {
    let fault = Diagnostic::error("unknown-dimension", format!("there is no dimension `{}`", written.dimension.value))
        .at(written.dimension.span);
    if written.dimension.value == date::NAME {
        return fault.help("give lakehouse.yaml a `calendar: { start: …, end: … }`, and dim_date is there");
    }
    let names: Vec<&str> = known.project.dimensions.iter().map(|dimension| dimension.name.value.as_str()).collect();
    match nearest(&written.dimension.value, names.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(format!("the project defines: {}", names.join(", "))),
    }
}

fn values(
    fact: &Fact,
    input: &TableName,
    columns: &[Column],
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
    let scope = scope(Some(ROWS), &schema(columns));
    for measure in &fact.measures {
        let want = measure.ty.as_ref().map(|ty| expression::data_type(ty, faults));
        let (sql, ty) = match (&measure.expr, &measure.from) {
            (Some(written), _) => {
                let Some(found) = expression::expression(written, &scope, faults) else { continue };
                let (expr, ty) = (found.expr, found.ty);
                places.push(Place { sql: expr.to_string(), over: ROWS.to_owned(), at: written.span() });
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
        let unit = measure.unit.as_ref().map(|unit| format!("in {}", unit.value));
        let words: Vec<String> = measure.description.iter().map(|words| words.value.clone()).chain(unit).collect();
        let described = (!words.is_empty()).then(|| words.join(", "));
        values.push(Value { column: Column::new(measure.name.value.clone(), ty).described(described), sql });
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

#[allow(clippy::too_many_arguments)] // every argument is a part of one sentence: the fact's SELECT
fn step(
    fact: &Fact,
    input: &TableName,
    inputs: &[Input],
    roles: &[Role],
    values: &[Value],
    places: &[Place],
    unique: bool,
    whole: bool,
) -> Step {
    let grain: Vec<String> = fact.grain_key.iter().map(|key| key.value.clone()).collect();
    let mut with = vec![];
    if !whole {
        with.push(Cte { name: "keys".to_owned(), sql: keys(input, inputs, roles, &grain), kept: true });
    }
    let restrict = match whole {
        true => String::new(),
        false => format!(" LEFT SEMI JOIN `keys` ON {}", same("s", "keys", &grain)),
    };
    with.push(Cte { name: ROWS.to_owned(), sql: format!("SELECT `s`.*\nFROM {} `s`{restrict}", input.quoted()), kept: false });

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
        keys: if whole { vec![] } else { grain.clone() },
        identity: grain.clone(),
        surrogate: fact.surrogate_key.as_ref().map(|key| key.value.clone()),
        kept: vec!["_created_timestamp".to_owned()],
        stamps: stamp_names(),
    };
    Step {
        with,
        select: format!("SELECT\n  {}\nFROM {}{joins}", items(&select), quote(ROWS)),
        write: if whole { Write::ReplaceAll(keyed) } else { Write::ReplaceKeys(keyed) },
        companions: vec![],
        outcomes: None,
        checks: checks(fact, roles, &grain, unique),
        counts: roles.iter().map(unknown).collect(),
        places: places.to_vec(),
    }
}

/// Facts of which the input gained or lost a row, and those whose members changed.
fn keys(input: &TableName, inputs: &[Input], roles: &[Role], grain: &[String]) -> String {
    let mut keys = format!("SELECT {}\nFROM {}\nWHERE {}", list(grain), input.quoted(), in_range(None, 1));
    keys += &format!("\nUNION\n{}", former(1, grain));
    for role in roles {
        let Some(n) = inputs.iter().position(|input| input.table == role.table) else { continue };
        let columns: Vec<String> = grain.iter().map(|name| of("s", name)).collect();
        let members = format!(
            "SELECT {}\nFROM {}\nWHERE {}\nUNION\n{}",
            list(&role.natural_key),
            role.table.quoted(),
            in_range(None, n + 1),
            former(n + 1, &role.natural_key)
        );
        keys += &format!(
            "\nUNION\nSELECT {}\nFROM {} `s` LEFT SEMI JOIN (\n{}\n) `m` ON {}",
            columns.join(", "),
            input.quoted(),
            indent(&members),
            equal("s", "m", &role.pairs())
        );
    }
    keys
}

impl Role<'_> {
    /// The columns of the fact's input, each with that of the dimension's natural key.
    fn pairs(&self) -> Vec<(String, String)> {
        self.written.on.iter().map(|on| on.value.clone()).zip(self.natural_key.iter().cloned()).collect()
    }

    /// How a fact finds its member: by the natural key, and in a type 2 dimension the version as of the fact's time.
    fn condition(&self, dimension: &str) -> String {
        let mut all = vec![equal(ROWS, dimension, &self.pairs())];
        match (&self.written.as_of, self.type2) {
            (Some(as_of), true) => {
                let time = of(ROWS, &as_of.value);
                all.push(format!("{time} >= {}", of(dimension, "effective_start_date")));
                all.push(format!("{time} < {}", of(dimension, "effective_end_date")));
            }
            (None, true) => all.push(of(dimension, "is_current")),
            (_, false) => {}
        }
        all.join(" AND ")
    }
}

fn unknown(role: &Role) -> Counted {
    let key = &role.written.key.value;
    Counted { name: format!("unknown {key}"), sql: format!("SELECT count(*) FROM `result` WHERE {} = {UNKNOWN_KEY}", quote(key)) }
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
