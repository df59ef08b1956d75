//! What one day brought: read from the tables that its run filled.

use super::screen::{Screen, grouped};
use super::shop::Day;
use crate::amounts::count;
use crate::exit::Stop;
use crate::grid::Grid;
use crate::progress::each;
use crate::rows::words;
use lakesmith_compile::{Flow, FlowKind};
use lakesmith_engine::Outcomes;
use lakesmith_run::{Lake, Report};

/// Prints it. `report` is that of the day's run, whose outcomes add up.
pub(super) async fn show(day: &Day, lake: &Lake, report: &Report, screen: &Screen<'_>) -> Result<(), Stop> {
    let lake = Asked { lake };
    let (mut arrived, mut rejected, mut unreadable, mut twice) = (vec![], vec![], vec![], vec![]);
    for flow in &report.flows {
        let Some(batches) = batches(&flow.batches) else { continue };
        let (name, Some(of)) = (flow.flow.to_string(), lake.lake.plan().flow(&flow.flow)) else { continue };
        if of.kind.is_bronze() {
            arrived.extend(lake.files(&name, &batches).await?);
            unreadable.extend(lake.unreadable(&name, &batches).await?);
            twice.extend(lake.twice(&name, &batches).await?);
        } else if is_entity(of) {
            rejected.extend(lake.rejected(&name, &batches).await?);
        }
    }
    screen.title(&format!("Day {}: {}", day.number, day.date.format("%A, %-d %B %Y")))?;
    screen.lines("arrived", &arrived)?;
    screen.lines("twice", &twice)?;
    screen.lines("unreadable", &unreadable)?;
    screen.lines("rejected", &rejected)?;
    screen.lines("in gold", &lake.gold().await?)?;
    screen.lines("all rows", &outcomes(report))
}

/// What became of all rows that the flows of a run read.
fn outcomes(report: &Report) -> [String; 2] {
    let mut all = Outcomes::default();
    report.flows.iter().for_each(|flow| all += flow.outcomes);
    let number = |n: u64| grouped(&n.to_string());
    let parts = each(&all).into_iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{} {word}", number(n)));
    let read = format!("{} read by {}, and each has one outcome:", number(all.read), count(report.flows.len(), "flow"));
    [read, parts.collect::<Vec<_>>().join(" + ")]
}

/// Which rows a run wrote: a condition on `_batch_id`.
fn batches(batches: &[i64]) -> Option<String> {
    let (first, last) = (batches.first()?, batches.last()?);
    Some(format!("_batch_id BETWEEN {first} AND {last}"))
}

fn is_entity(flow: &Flow) -> bool {
    matches!(flow.kind, FlowKind::Entity { .. })
}

/// Questions about the lake, and the lines that answer them.
struct Asked<'a> {
    lake: &'a Lake,
}

impl Asked<'_> {
    async fn files(&self, table: &str, batches: &str) -> Result<Vec<String>, Stop> {
        let sql = format!("SELECT count(*), coalesce(sum(rows), 0) FROM {table}_receipts WHERE {batches}");
        let line = |row: &[String]| beside(table, &format!("{:>8} {:>14}", things(&row[0], "file"), things(&row[1], "row")));
        Ok(self.rows(&sql).await?.iter().map(|row| line(row)).collect())
    }

    /// Files of which no row could be read.
    async fn unreadable(&self, table: &str, batches: &str) -> Result<Vec<String>, Stop> {
        let sql = format!("SELECT path, error FROM {table}_receipts WHERE {batches} AND error IS NOT NULL ORDER BY path");
        let lines = |row: &Vec<String>| [beside(table, &row[0]), beside("", &row[1])];
        Ok(self.rows(&sql).await?.iter().flat_map(lines).collect())
    }

    /// Files that say what another file said before.
    async fn twice(&self, table: &str, batches: &str) -> Result<Vec<String>, Stop> {
        let sql = format!("SELECT path, same_as FROM {table}_receipts WHERE {batches} AND same_as IS NOT NULL ORDER BY path");
        let lines = |row: &Vec<String>| [beside(table, &row[0]), beside("", &format!("says what {} said", row[1]))];
        Ok(self.rows(&sql).await?.iter().flat_map(lines).collect())
    }

    /// Rows in the quarantine, by the first of their reasons.
    async fn rejected(&self, table: &str, batches: &str) -> Result<Vec<String>, Stop> {
        let sql = format!(
            "SELECT reason, count(*) AS n FROM (SELECT element_at(_validation_errors, 1) AS reason \
             FROM {table}_quarantine WHERE {batches}) GROUP BY reason ORDER BY n DESC, reason"
        );
        let line = |row: &[String]| beside(table, &format!("{:>8}  {}", things(&row[1], "row"), row[0]));
        Ok(self.rows(&sql).await?.iter().map(|row| line(row)).collect())
    }

    /// What the star holds now.
    async fn gold(&self) -> Result<Vec<String>, Stop> {
        let customers = "SELECT count(*), count(DISTINCT customer_id) FROM gold.dim_customer WHERE customer_key <> -1";
        let sales = "SELECT count(*), coalesce(sum(total_amount), 0), coalesce(sum(CASE WHEN customer_key = -1 THEN 1 ELSE 0 END), 0) \
                     FROM gold.fact_sales";
        let mut lines = vec![];
        for row in self.rows(customers).await? {
            let held = format!("{} of {}", things(&row[0], "version"), things(&row[1], "customer"));
            lines.push(beside("gold.dim_customer", &held));
        }
        for row in self.rows(sales).await? {
            lines.push(beside("gold.fact_sales", &format!("{}, {} USD", things(&row[0], "line"), grouped(&row[1]))));
            if row[2] != "0" {
                lines.push(beside("", &format!("{} at customer_key -1: their customer has not arrived", grouped(&row[2]))));
            }
        }
        Ok(lines)
    }

    async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, Stop> {
        let rows = super::ask(self.lake, sql).await?;
        let grid = Grid::of(&rows.schema, &rows.batches);
        Ok((0..grid.len).map(|row| grid.row(row).iter().map(words).collect()).collect())
    }
}

/// A table, and what is said of it.
fn beside(table: &str, words: &str) -> String {
    format!("{table:<25} {words}")
}

/// `1 row`, `1,003 rows`.
fn things(n: &str, thing: &str) -> String {
    match n.parse() {
        Ok(number) => count(number, thing).replacen(n, &grouped(n), 1),
        Err(_) => format!("{n} {thing}s"),
    }
}
