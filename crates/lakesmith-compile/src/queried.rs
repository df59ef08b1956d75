//! What a flow reads that reads a query: `sql:` over several tables. Where the query allows it, the flow is incremental:
//! each input's change concerns certain keys, and the rows of these keys are computed again.

use crate::lineage::Lineage;
use crate::name::{Layer, TableName};
use crate::plan::{Input, Known};
use crate::select::{former, in_range, indent, list, quote};
use crate::step::Cte;
use crate::table::{Column, Table, schema};
use lakesmith_sql::{DataType, Follow, Part, Schema, Schemas, parse_query, resolve_spelled};
use lakesmith_text::{Diagnostic, Diagnostics, Located, Spanned, nearest};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A query, checked against the tables it reads.
#[derive(Clone, Debug)]
pub(crate) struct Queried {
    /// The tables, in the order in which they are named.
    pub(crate) inputs: Vec<Input>,
    /// What comes out, with `_source_system` and `_ingestion_timestamp`; `None` while the columns of a table are not known.
    pub(crate) columns: Option<Vec<Column>>,
    /// What each column is made of.
    pub(crate) lineage: Lineage,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// The columns are not known yet.
    Open,
    /// Key by key.
    Keys(Box<Follow>, BTreeMap<TableName, (usize, Vec<String>)>),
    /// As a whole, for a reason; the query, with all columns.
    Whole(String, String),
}

/// The tables that a query names, but for its own named queries. A fault is told where the query is compiled.
pub(crate) fn tables(written: &Located) -> Vec<Vec<String>> {
    let Ok(query) = parse_query(written.text()) else { return vec![] };
    let own: Vec<&str> =
        query.ast().with.iter().flat_map(|with| &with.cte_tables).map(|cte| cte.alias.name.value.as_str()).collect();
    let is_own = |parts: &Vec<String>| matches!(parts.as_slice(), [name] if own.iter().any(|own| own.eq_ignore_ascii_case(name)));
    let mut all: Vec<Vec<String>> = vec![];
    for parts in query.relations() {
        if !is_own(&parts) && !all.contains(&parts) {
            all.push(parts);
        }
    }
    all
}

/// The names of the tables that a query reads, as the project has them.
pub(crate) fn table_names(written: &Located, known: &Known) -> Vec<TableName> {
    tables(written).iter().filter_map(|parts| named(parts, known)).collect()
}

/// The table that a query names: with or without the lakehouse before it, in capitals or not.
fn named(parts: &[String], known: &Known) -> Option<TableName> {
    let parts = match parts {
        [own, rest @ ..] if rest.len() == 2 && own.eq_ignore_ascii_case(&known.plan.lakehouse) => rest,
        parts => parts,
    };
    let name = parts.join(".");
    let defined = known.names().into_iter().find(|defined| defined.eq_ignore_ascii_case(&name));
    TableName::parse(&defined.unwrap_or_else(|| name.to_lowercase()))
}

impl Queried {
    /// A query over entities of silver. `key`: the columns that make its rows unique.
    pub(crate) fn of_silver(
        written: &Located,
        key: &[Spanned<String>],
        known: &Known,
        faults: &mut Diagnostics,
    ) -> Option<Queried> {
        let before = faults.errors();
        let query = parse_query(written.text()).map_err(|error| faults.push(error.diagnostic(written))).ok()?;
        let canonical = |parts: &[String]| {
            let table = named(parts, known)?;
            Some(vec![table.layer().as_str().to_owned(), table.name().to_owned()])
        };
        let query = query.with_relations(&canonical);
        let mut inputs: Vec<Input> = vec![];
        let mut read: Vec<&Table> = vec![];
        let mut complete = true;
        for parts in tables(written) {
            let name = parts.join(".");
            let at = place(written, &parts);
            let spanned = Spanned::new(name.clone(), at);
            let Some(table) = named(&parts, known) else {
                let fault = format!("`{name}` is not the name of a table");
                let help = "tables are named `layer.name`, as in `silver.sales_orders`";
                faults.push(Diagnostic::error("unknown-table", fault).at(at).help(help));
                continue;
            };
            if table.layer() != Layer::Silver {
                let fault = format!("`sql` reads entities of silver, and `{table}` is none");
                let help = match table.layer() {
                    Layer::Bronze => {
                        "cleanse it in an entity of its own, with `from:`, and name that: rules and history belong there"
                    }
                    _ => "name the silver tables that it is made of",
                };
                faults.push(Diagnostic::error("layer-skipped", fault).at(at).help(help));
                continue;
            }
            match known.plan.flow(&table).filter(|_| known.entities.contains_key(&table)) {
                Some(_) if inputs.iter().any(|input| input.table == table) => {}
                Some(flow) => {
                    complete &= flow.columns_known;
                    inputs.push(Input::changes(table, at));
                    read.push(&flow.target);
                }
                None => known.unknown(&table, &spanned, faults),
            }
        }
        if inputs.is_empty() && before == faults.errors() {
            let fault = Diagnostic::error("missing-key", "the query reads no table").at(written.span());
            faults.push(fault.help("name the entities of silver that its rows come from: `FROM silver.sales_orders`"));
        }
        if before != faults.errors() {
            return None;
        }
        if !complete {
            return Some(Queried { inputs, columns: None, lineage: Lineage::new(), how: How::Open });
        }
        let resolved = match resolve_spelled(&query, &Tables(&read)) {
            Ok(resolved) => resolved,
            Err(errors) => {
                errors.iter().for_each(|error| faults.push(error.diagnostic(written)));
                return None;
            }
        };
        if !resolved.deterministic {
            let fault = Diagnostic::error("nondeterministic", "this query gives other rows each time it runs").at(written.span());
            faults.push(fault.help("a batch that is computed again must give the same rows: order by all that matters"));
        }
        let sql = resolved.query.to_string();
        let timely = ["current_date()", "current_timestamp()"].into_iter().find(|call| sql.to_lowercase().contains(call));
        if let Some(call) = timely {
            let fault = format!("`{call}` is the time of the batch: rows that change with it wait for the next one");
            let help = "compare with it in gold or where the table is read, or keep the date itself as a column";
            faults.push(Diagnostic::warning("nondeterministic", fault).at(written.span()).help(help));
        }
        let mut columns: Vec<Column> = vec![];
        for field in &resolved.schema.fields {
            let column = Column::new(field.name.clone(), field.ty.clone());
            if columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
                let fault = format!("the query has two columns `{}`", column.name);
                let help = "give one of them another name with AS, or leave it out";
                faults.push(Diagnostic::error("duplicate-column", fault).at(written.span()).help(help));
            } else if column.name.starts_with('_') && !is_origin(&column.name) {
                let fault = format!("the column `{}` of the query begins with `_`", column.name);
                let help = "columns that begin with `_` are kept by lakesmith: give it another name with AS";
                faults.push(Diagnostic::error("reserved-name", fault).at(written.span()).help(help));
            } else if column.ty == DataType::Null {
                let fault = format!("the column `{}` of the query is NULL in every row, and has no type", column.name);
                let help = format!("give it one: `CAST(NULL AS STRING) AS {}`", column.name);
                faults.push(Diagnostic::error("type-mismatch", fault).at(written.span()).help(help));
            }
            columns.push(column);
        }
        for name in key.iter().filter(|name| !columns.iter().any(|column| column.name == name.value)) {
            let fault = format!("the query has no column `{}`", name.value);
            let names = columns.iter().map(|column| column.name.as_str());
            let help = match nearest(&name.value, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
            };
            faults.push(Diagnostic::error("key-not-a-column", fault).at(name.span).help(help));
        }
        if before != faults.errors() {
            return None;
        }
        let lacks: Vec<Column> = (ORIGIN.into_iter())
            .filter(|(name, _)| !columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)))
            .map(|(name, ty)| Column::new(name, ty))
            .collect();
        describe(&mut columns, &resolved.lineage, &read);
        let key: Vec<String> = key.iter().map(|name| name.value.clone()).collect();
        let numbers = inputs.iter().zip(&read).enumerate();
        let numbers = numbers.map(|(n, (input, table))| (input.table.clone(), (n + 1, names(table)))).collect();
        let how = match (timely, Follow::of(&resolved.query, &key)) {
            (Some(call), _) => How::Whole(format!("its rows depend on `{call}`"), whole(&sql, &lacks)),
            (None, Ok(follow)) => How::Keys(Box::new(follow.with_origin()), numbers),
            (None, Err(why)) => How::Whole(why, whole(&sql, &lacks)),
        };
        columns.extend(lacks);
        let lineage = resolved.lineage.iter().map(|made| (made.name.clone(), sources(made))).collect();
        Some(Queried { inputs, columns: Some(columns), lineage, how })
    }

    /// A query that the compiler wrote, over tables of which every column is known; `by`: what its rows are grouped by.
    /// `None` where it cannot be followed.
    pub(crate) fn of_tables(sql: &str, tables: &[&Table], by: &[String]) -> Option<Queried> {
        let query = parse_query(sql).ok()?;
        let resolved = resolve_spelled(&query, &Tables(tables)).ok()?;
        let follow = Follow::of(&resolved.query, by).ok().filter(|follow| follow.by() == by)?;
        let numbers = tables.iter().enumerate().map(|(n, table)| (table.name.clone(), (n + 1, names(table)))).collect();
        let columns = resolved.schema.fields.iter().map(|field| Column::new(field.name.clone(), field.ty.clone())).collect();
        let lineage = resolved.lineage.iter().map(|made| (made.name.clone(), sources(made))).collect();
        Some(Queried { inputs: vec![], columns: Some(columns), lineage, how: How::Keys(Box::new(follow), numbers) })
    }

    /// The columns by which its rows are computed again, or why they are not.
    pub(crate) fn by(&self) -> Result<&[String], &str> {
        match &self.how {
            How::Open => Ok(&[]),
            How::Keys(follow, _) => Ok(follow.by()),
            How::Whole(why, _) => Err(why),
        }
    }

    /// The keys that the changes of the inputs concern: kept queries, of what changed in each input (`moved_1` …) and, as the
    /// last one, of the keys, with the columns of [`Queried::by`] and the keys of `further` queries. Where nothing changed in
    /// an input, what leads from it to the keys is not computed.
    pub(crate) fn concerned(&self, name: &str, further: &[String]) -> Vec<Cte> {
        let How::Keys(follow, numbers) = &self.how else { return vec![] };
        let asked: RefCell<BTreeMap<usize, BTreeSet<String>>> = RefCell::default();
        let read = |parts: &[String], part: Part, columns: &[String]| {
            let table = TableName::parse(&parts.join("."));
            let Some((table, (n, all))) = table.as_ref().and_then(|table| Some((table, numbers.get(table)?))) else {
                return parts.iter().map(|part| quote(part)).collect::<Vec<_>>().join(".");
            };
            // Where no column is asked for, that there are rows is.
            let columns = if columns.is_empty() { all.get(..1).unwrap_or_default() } else { columns };
            if part == Part::Changed {
                asked.borrow_mut().entry(*n).or_default().extend(columns.iter().cloned());
                return quote(&moved(*n));
            }
            let rows = format!("SELECT {}\nFROM {}\nUNION ALL\n{}", list(columns), table.quoted(), former(*n, columns));
            format!("(\n{}\n)", indent(&rows))
        };
        let keys: Vec<String> = follow.concerned(&read).into_iter().chain(further.iter().cloned()).collect();
        let columns = |n: &usize| asked.borrow().get(n).cloned();
        let of = numbers.iter().filter_map(|(table, (n, _))| Some((*n, table, columns(n)?)));
        let mut of: Vec<(usize, &TableName, BTreeSet<String>)> = of.collect();
        of.sort_by_key(|(n, ..)| *n);
        let mut with: Vec<Cte> = of.iter().map(|(n, table, columns)| changed(*n, table, columns)).collect();
        with.push(Cte { name: name.to_owned(), sql: keys.join("\nUNION\n"), kept: true });
        with
    }

    /// All its rows.
    pub(crate) fn rows(&self) -> String {
        match &self.how {
            How::Open => String::new(),
            How::Keys(follow, _) => follow.rows(None).sql,
            How::Whole(_, sql) => sql.clone(),
        }
    }

    /// Its rows of the keys in the relation `keys`, after the queries that they read.
    pub(crate) fn rows_of(&self, keys: &str) -> (Vec<Cte>, String) {
        let How::Keys(follow, _) = &self.how else { return (vec![], self.rows()) };
        let rows = follow.rows(Some(keys));
        (rows.with.into_iter().map(|(name, sql)| Cte { name, sql, kept: true }).collect(), rows.sql)
    }

    /// The table and its column that a column of the query is, unchanged.
    pub(crate) fn column_of(&self, name: &str) -> Option<(TableName, String)> {
        let How::Keys(follow, _) = &self.how else { return None };
        let (parts, column) = follow.column_of(name)?;
        Some((TableName::parse(&parts.join("."))?, column))
    }
}

/// The query of what changed in input `n`.
pub(crate) fn moved(n: usize) -> String {
    format!("moved_{n}")
}

/// Columns of the rows that changed in input `n`: as they are, and as they were.
pub(crate) fn changed<'a>(n: usize, table: &TableName, columns: impl IntoIterator<Item = &'a String>) -> Cte {
    let columns: Vec<&String> = columns.into_iter().collect();
    let new = format!("SELECT {}\nFROM {}\nWHERE {}", list(&columns), table.quoted(), in_range(None, n));
    Cte { name: moved(n), sql: format!("{new}\nUNION\n{}", former(n, &columns)), kept: true }
}

/// Where a row comes from.
const ORIGIN: [(&str, DataType); 2] = [("_source_system", DataType::String), ("_ingestion_timestamp", DataType::Timestamp)];

fn is_origin(name: &str) -> bool {
    ORIGIN.iter().any(|(origin, _)| *origin == name)
}

/// The rows of a query, with columns that it lacks.
fn whole(sql: &str, lacks: &[Column]) -> String {
    let added = lacks.iter().map(|column| match &column.ty {
        DataType::String => format!(", 'lakesmith' AS {}", quote(&column.name)),
        ty => format!(", CAST(NULL AS {ty}) AS {}", quote(&column.name)),
    });
    format!("SELECT `q`.*{}\nFROM (\n{}\n) `q`", added.collect::<String>(), indent(sql))
}

/// The tables' columns that a column is made of.
fn sources(made: &lakesmith_sql::OutputColumn) -> BTreeSet<(TableName, String)> {
    made.sources.iter().filter_map(|(table, column)| Some((TableName::parse(table)?, column.clone()))).collect()
}

fn names(table: &Table) -> Vec<String> {
    table.names().map(str::to_owned).collect()
}

/// A column that is made of one alone is described as that one.
fn describe(columns: &mut [Column], lineage: &[lakesmith_sql::OutputColumn], read: &[&Table]) {
    for column in columns {
        let Some(sources) = lineage.iter().find(|made| made.name == column.name).map(|made| &made.sources) else { continue };
        let mut sources = sources.iter();
        if let (Some((table, name)), None) = (sources.next(), sources.next()) {
            let table = read.iter().find(|known| known.name.to_string() == *table);
            let found = table.and_then(|table| table.columns.iter().find(|known| known.name == *name && known.ty == column.ty));
            column.description = found.and_then(|found| found.description.clone());
        }
    }
}

/// Where the query names a table; the whole query if that cannot be told.
fn place(written: &Located, parts: &[String]) -> lakesmith_text::Span {
    let name = parts.join(".");
    match written.text().find(&name) {
        Some(start) => written.at(start..start + name.len()),
        None => written.span(),
    }
}

/// The tables that a query may name.
struct Tables<'a>(&'a [&'a Table]);

impl Schemas for Tables<'_> {
    fn table(&self, parts: &[String]) -> Option<Schema> {
        let name = parts.join(".");
        self.0.iter().find(|table| table.name.to_string() == name).map(|table| schema(&table.columns))
    }
}
