//! Tests against the project: names of tables and columns, before anything runs.

use super::given;
use super::needs::{self, folded};
use super::stage::{Stage, is_table};
use crate::unit::COUNTED;
use lakesmith_compile::{Flow, FlowKind, Layer, Plan, Table, TableName, compile};
use lakesmith_project::{ByTable, Expected, Given, Project, TestRow, UnitTest};
use lakesmith_text::{Diagnostic, Diagnostics, Spanned, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is wrong with the tests of a project as far as it is known without running them, and the plan that their
/// names were checked against.
pub(super) fn check(project: &Project) -> (Plan, Diagnostics) {
    let (plan, _) = compile(project, &Stage::columns(project));
    let mut faults = Diagnostics::new();
    for test in &project.tests {
        Checking { project, plan: &plan, faults: &mut faults }.test(test);
    }
    (plan, faults)
}

/// The table of the plan that a test names, with the flow that fills it; the lakehouse's name may stand before it.
pub(super) fn table<'a>(plan: &'a Plan, written: &str) -> Option<(&'a Flow, &'a Table)> {
    let own = format!("{}.", plan.lakehouse);
    let find = |name: &str| plan.table(&TableName::parse(name)?);
    find(written).or_else(|| find(written.strip_prefix(&own)?))
}

/// The tables to which a test gives rows that stand in for what their flows would compute.
pub(super) fn stood_in(plan: &Plan, test: &UnitTest) -> BTreeSet<TableName> {
    let given = test.batches.iter().flat_map(|batch| &batch.given).filter_map(|(name, _)| table(plan, name));
    given.filter(|(flow, _)| !flow.kind.is_bronze()).map(|(flow, _)| flow.name.clone()).collect()
}

/// The flows that a test runs: those that fill what it expects, and all they are made of, up to tables that are given.
pub(super) fn needed(plan: &Plan, test: &UnitTest) -> BTreeSet<TableName> {
    let stood_in = stood_in(plan, test);
    let expected = expected_tables(test).filter_map(|name| table(plan, name));
    let mut waiting: Vec<TableName> = expected.map(|(flow, _)| flow.name.clone()).collect();
    let mut all = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let Some(flow) = plan.flow(&name).filter(|_| all.insert(name.clone())) else { continue };
        if !stood_in.contains(&name) {
            waiting.extend(flow.upstream().filter_map(|table| plan.table(table)).map(|(flow, _)| flow.name.clone()));
        }
    }
    all
}

/// The tables that a test says something about, as it writes them.
pub(super) fn expected_tables(test: &UnitTest) -> impl Iterator<Item = &Spanned<String>> {
    std::iter::once(&test.expect).chain(test.batches.iter().map(|batch| &batch.expect)).flat_map(|expect| {
        let rows = expect.rows.iter().chain(&expect.quarantine).map(|(name, _)| name);
        rows.chain(expect.counts.iter().map(|(name, _)| name))
    })
}

/// Whether a file of the project defines the table, or one that it belongs to, whatever is wrong with it.
fn is_defined(project: &Project, written: &str) -> bool {
    let bronze = project.sources.iter().flat_map(|source| source.tables.iter().map(|table| source.bronze_table(table)));
    let silver = project.entities.iter().map(|entity| entity.table());
    let gold = project.dimensions.iter().map(|dimension| dimension.table());
    let gold = gold.chain(project.facts.iter().map(|fact| fact.table()));
    let gold = gold.chain(project.aggregates.iter().map(|aggregate| aggregate.table()));
    let companions = ["", "_quarantine", "_tombstones", "_receipts"];
    let is = |name: String| companions.iter().any(|suffix| is_table(written, &format!("{name}{suffix}"), project));
    bronze.chain(silver).chain(gold).chain(project.incomplete.iter().cloned()).any(is)
}

struct Checking<'a> {
    project: &'a Project,
    plan: &'a Plan,
    faults: &'a mut Diagnostics,
}

impl<'a> Checking<'a> {
    fn test(&mut self, test: &UnitTest) {
        let needed = needed(self.plan, test);
        let traced = self.is_traced(test, &needed);
        for (name, given) in test.batches.iter().flat_map(|batch| &batch.given) {
            let Some((flow, found)) = self.table(name) else { continue };
            if found.name != flow.name {
                let help = format!("give what `{}` reads, and its flow fills the companion", flow.name);
                self.say("no-effect", format!("`{name}` belongs to `{}` and is not given", flow.name), name, help);
            } else if traced && !needed.contains(&flow.name) {
                let help = "take it out, or expect something of a table that reads it";
                self.say("no-effect", format!("`{name}` is given, and nothing that is expected is made of it"), name, help);
            }
            if let Given::Rows(rows) = given {
                self.given(flow, name, rows);
            }
        }
        self.mixed(test);
        self.types(test);
        let stood_in = stood_in(self.plan, test);
        for expected in std::iter::once(&test.expect).chain(test.batches.iter().map(|batch| &batch.expect)) {
            self.expected(expected, &stood_in);
        }
    }

    /// Whether it is known what the expected tables are made of: none of them, or of those they read, has a fault.
    fn is_traced(&self, test: &UnitTest, needed: &BTreeSet<TableName>) -> bool {
        let stood_in = stood_in(self.plan, test);
        let whole = |name: &TableName| {
            let flow = self.plan.flow(name);
            let reads = |flow: &Flow| flow.upstream().all(|table| self.plan.table(table).is_some());
            stood_in.contains(name) || flow.is_some_and(|flow| flow.kind.is_bronze() || (flow.step.is_some() && reads(flow)))
        };
        expected_tables(test).all(|name| table(self.plan, name).is_some()) && needed.iter().all(whole)
    }

    /// Rows of a source may have any columns but those that lakesmith adds. One that is called nearly as a column that is
    /// read or declared, and that no row has, is a slip.
    fn given(&mut self, flow: &Flow, name: &Spanned<String>, rows: &[TestRow]) {
        if !flow.kind.is_bronze() {
            if flow.columns_known {
                given::unknown(&flow.target, &format!("`{name}` has no column"), rows, self.faults);
            }
            return;
        }
        let added = lakesmith_compile::bronze_metadata();
        let known = self.known_columns(flow);
        let given: BTreeSet<String> = rows.iter().flat_map(|row| &row.cells).map(|(column, _)| folded(column)).collect();
        let missing: Vec<&str> = known.iter().map(String::as_str).filter(|name| !given.contains(&folded(name))).collect();
        let mut told = BTreeSet::new();
        for (column, _) in rows.iter().flat_map(|row| &row.cells) {
            let known = known.iter().any(|name| folded(name) == folded(column));
            if let Some(near) = nearest(column, missing.iter().copied()).filter(|_| !known && told.insert(folded(column))) {
                let message = format!("nothing reads `{column}` of `{name}`, and `{near}` is not given");
                self.say("unknown-column", message, column, format!("did you mean `{near}`?"));
                continue;
            }
            if added.iter().any(|known| known.name.eq_ignore_ascii_case(column)) {
                let help = "rows of a bronze table are those of its source; leave it out";
                self.say("reserved-name", format!("`{column}` is filled in by lakesmith"), column, help);
            }
        }
    }

    /// The columns of a bronze table that the project reads or declares; none where all that come are passed on.
    fn known_columns(&self, flow: &Flow) -> Vec<String> {
        let FlowKind::Bronze { source, table } = flow.kind else { return vec![] };
        let own = format!("{}.", self.plan.lakehouse);
        let name = flow.name.to_string();
        let reads = |from: &str| from.strip_prefix(&own).unwrap_or(from) == name;
        let readers = self.project.entities.iter().filter(|entity| entity.from.as_ref().is_some_and(|from| reads(&from.value)));
        if readers.clone().any(|entity| entity.star) {
            return vec![];
        }
        let need = needs::of_table(self.project, &name, &BTreeMap::new());
        let read = need.fields.into_iter().map(|(name, _)| name);
        let table = &self.project.sources[source].tables[table];
        read.chain(table.schema_hints.iter().map(|(name, _)| name.value.clone())).collect()
    }

    /// A source brings rows or files.
    fn mixed(&mut self, test: &UnitTest) {
        let given: ByTable<&Given> =
            test.batches.iter().flat_map(|batch| &batch.given).map(|(name, given)| (name.clone(), given)).collect();
        for (name, found) in &given {
            let other = given.iter().find(|(other, _)| other == name).map(|(_, first)| *first);
            if matches!((found, other), (Given::File(_), Some(Given::Rows(_))) | (Given::Rows(_), Some(Given::File(_)))) {
                let help = "write all batches of the table as rows, or all as texts";
                self.say("conflicting-keys", format!("`{name}` is given rows and files"), name, help);
            }
        }
    }

    fn types(&mut self, test: &UnitTest) {
        for (name, columns) in &test.types {
            let Some((flow, _)) = self.table(name) else { continue };
            if !flow.kind.is_bronze() {
                let help = "tell the types of the bronze table that it is made of, or its own in the project";
                self.say("no-effect", format!("the columns of `{name}` have the types that the project tells"), name, help);
            }
            for (_, ty) in columns {
                if lakesmith_sql::parse_type(ty).is_err() {
                    let help = "such as `bigint`, `decimal(18,2)`, `timestamp`, `array<struct<LineNo: int>>`";
                    self.say("invalid-value", format!("`{ty}` is no Spark SQL type"), ty, help);
                }
            }
        }
    }

    fn expected(&mut self, expected: &Expected, stood_in: &BTreeSet<TableName>) {
        for (name, rows) in &expected.rows {
            let Some((flow, found)) = self.table(name) else { continue };
            if stood_in.contains(&flow.name) {
                let help = "expect something of a table that reads it";
                self.say("no-effect", format!("`{name}` is given, so that it holds what it is given"), name, help);
            } else if flow.columns_known && !flow.kind.is_bronze() {
                given::unknown(found, &format!("`{name}` has no column"), rows, self.faults);
            }
        }
        for (name, rows) in &expected.quarantine {
            let Some((flow, _)) = self.table(name) else { continue };
            let Some((_, quarantine)) = self.plan.table(&flow.name.companion("quarantine")) else {
                let help = "entities of silver have one";
                self.say("unknown-table", format!("`{name}` has no quarantine"), name, help);
                continue;
            };
            let mut rows = rows.clone();
            for row in &mut rows {
                row.cells.retain(|(name, _)| !matches!(name.value.as_str(), "reasons" | "rules"));
            }
            if flow.columns_known {
                given::unknown(quarantine, &format!("the quarantine of `{name}` has no column"), &rows, self.faults);
            }
        }
        for (name, counts) in &expected.counts {
            let Some((flow, _)) = self.table(name) else { continue };
            let own: Vec<&str> = flow.step.iter().flat_map(|step| &step.counts).map(|count| count.name.as_str()).collect();
            let known: Vec<&str> = match flow.name.layer() {
                Layer::Bronze => COUNTED.iter().copied().chain(["files", "failed files", "rescued rows"]).collect(),
                // What a flow counts is not known where a fault keeps it from its step.
                _ if flow.step.is_none() => continue,
                _ => COUNTED.iter().copied().chain(own).collect(),
            };
            let lost = self.lost_keys(flow);
            let follows = |count: &str| lost.iter().any(|key| count.ends_with(&format!(" {key}")));
            for (count, _) in counts.iter().filter(|(count, _)| !known.contains(&count.value.as_str()) && !follows(count)) {
                let help = match nearest(count, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", known.join(", ")),
                };
                self.say("unknown-key", format!("`{count}` is not counted for `{}`", flow.name), count, help);
            }
        }
    }

    /// The keys of a fact that lead to a dimension whose own file has a fault, so that nothing is counted by them.
    fn lost_keys(&self, flow: &Flow) -> Vec<&'a str> {
        let facts = self.project.facts.iter().filter(|fact| fact.table() == flow.name.to_string());
        let is_lost = |dimension: &str| table(self.plan, &format!("gold.{dimension}")).is_none();
        let keys = facts.flat_map(|fact| &fact.dimensions).filter(|role| is_lost(&role.dimension.value));
        keys.map(|role| role.key.value.as_str()).collect()
    }

    /// The table that is named. One that is not there is a fault, unless its own file has one.
    fn table(&mut self, written: &Spanned<String>) -> Option<(&'a Flow, &'a Table)> {
        let plan = self.plan;
        let found = table(plan, written);
        if found.is_none() && !is_defined(self.project, written) {
            let names: Vec<String> = plan.tables().map(|(_, table)| table.name.to_string()).collect();
            let help = match nearest(written, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`lakesmith tables` lists them all".to_owned(),
            };
            self.say("unknown-table", format!("there is no table `{written}`"), written, help);
        }
        found
    }

    /// What has no effect does not keep a test from running.
    fn say<T>(&mut self, code: &'static str, message: String, at: &Spanned<T>, help: impl Into<String>) {
        let fault = match code {
            "no-effect" => Diagnostic::warning(code, message),
            _ => Diagnostic::error(code, message),
        };
        self.faults.push(fault.at(at.span).help(help));
    }
}
