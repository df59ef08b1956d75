//! Which flows a command is about: dbt's words. Several selectors are united; a comma means both.

use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Plan};
use lakesmith_project::Project;
use lakesmith_text::nearest;
use std::collections::BTreeSet;
use thiserror::Error;

/// Selectors as written: `silver.sales_orders`, `dim_customer+`, `+gold.fact_sales`, `@silver.sales_orders`,
/// `layer:gold`, `tag:daily`, `source:shop`, `path:silver/sales`, `bronze.*`, `layer:silver,tag:daily`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// What to take; nothing means everything.
    pub select: Vec<String>,
    /// What to leave out of it.
    pub exclude: Vec<String>,
}

/// A selector that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// No flow of that name.
    #[error("`{selector}` selects nothing{}", .near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Nothing {
        /// As written.
        selector: String,
        /// The nearest flow's name.
        near: Option<String>,
    },
    /// A method that does not exist.
    #[error("`{method}:` is no way to select; there are layer:, tag:, source: and path:")]
    Method {
        /// The word before the colon.
        method: String,
    },
}

impl Selection {
    /// The flows that are meant, of a plan.
    pub fn resolve(&self, plan: &Plan, project: &Project) -> Result<BTreeSet<TableName>, SelectionError> {
        let graph = Graph { plan, project };
        let mut chosen = match self.select.is_empty() {
            true => plan.all().map(|flow| flow.name.clone()).collect(),
            false => graph.union(&self.select)?,
        };
        for name in graph.union(&self.exclude)? {
            chosen.remove(&name);
        }
        Ok(chosen)
    }
}

struct Graph<'a> {
    plan: &'a Plan,
    project: &'a Project,
}

impl Graph<'_> {
    fn union(&self, selectors: &[String]) -> Result<BTreeSet<TableName>, SelectionError> {
        let mut all = BTreeSet::new();
        if let Some(blank) = selectors.iter().find(|written| written.trim().is_empty()) {
            return Err(SelectionError::Nothing { selector: blank.clone(), near: None });
        }
        for selector in selectors.iter().flat_map(|written| written.split_whitespace()) {
            let mut parts = selector.split(',').map(|part| self.one(part));
            let mut both = parts.next().unwrap_or_else(|| Ok(BTreeSet::new()))?;
            for part in parts {
                let part = part?;
                both.retain(|name| part.contains(name));
            }
            all.extend(both);
        }
        Ok(all)
    }

    fn one(&self, written: &str) -> Result<BTreeSet<TableName>, SelectionError> {
        let (at, rest) = written.strip_prefix('@').map_or((false, written), |rest| (true, rest));
        let (up, rest) = depth_before(rest);
        let (rest, down) = depth_after(rest);
        let named = self.named(rest)?;
        let mut all = named.clone();
        if let Some(depth) = up {
            all.extend(self.walk(&named, depth, Graph::parents));
        }
        if at || down.is_some() {
            let below = self.walk(&named, down.flatten(), Graph::children);
            all.extend(below.iter().cloned());
            if at {
                all.extend(self.walk(&below.union(&named).cloned().collect(), None, Graph::parents));
            }
        }
        Ok(all)
    }

    fn named(&self, written: &str) -> Result<BTreeSet<TableName>, SelectionError> {
        let matches: Box<dyn Fn(&Flow) -> bool> = match written.split_once(':') {
            Some(("layer", layer)) => {
                let layer = Layer::parse(layer);
                Box::new(move |flow| Some(flow.name.layer()) == layer)
            }
            Some(("tag", tag)) => Box::new(move |flow| flow.tags.iter().any(|known| known == tag)),
            Some(("source", source)) => {
                let (source, table) = source.split_once('.').map_or((source, None), |(source, table)| (source, Some(table)));
                Box::new(move |flow| self.of_source(flow, source, table))
            }
            Some(("path", path)) => {
                Box::new(move |flow| self.project.sources_text.path(flow.at.file).starts_with(path.trim_end_matches('/')))
            }
            Some((method, _)) => return Err(SelectionError::Method { method: method.to_owned() }),
            None => Box::new(move |flow| {
                let full = flow.name.to_string();
                let plain = written.strip_prefix(&format!("{}.", self.plan.lakehouse)).unwrap_or(written);
                wildcard(plain, &full) || wildcard(plain, flow.name.name())
            }),
        };
        let found: BTreeSet<TableName> = self.plan.all().filter(|flow| matches(flow)).map(|flow| flow.name.clone()).collect();
        if found.is_empty() {
            let names: Vec<String> = self.plan.all().map(|flow| flow.name.to_string()).collect();
            let near = nearest(written, names.iter().map(String::as_str)).map(str::to_owned);
            return Err(SelectionError::Nothing { selector: written.to_owned(), near });
        }
        Ok(found)
    }

    fn of_source(&self, flow: &Flow, source: &str, table: Option<&str>) -> bool {
        let FlowKind::Bronze { source: s, table: t } = flow.kind else { return false };
        let Some(known) = self.project.sources.get(s) else { return false };
        known.name.value == source && table.is_none_or(|table| known.tables.get(t).is_some_and(|known| known.name.value == table))
    }

    fn walk(
        &self,
        from: &BTreeSet<TableName>,
        depth: Option<usize>,
        next: fn(&Self, &TableName) -> Vec<TableName>,
    ) -> BTreeSet<TableName> {
        let mut all = BTreeSet::new();
        let mut edge: Vec<TableName> = from.iter().cloned().collect();
        let mut steps = depth.unwrap_or(usize::MAX);
        while steps > 0 && !edge.is_empty() {
            edge = edge.iter().flat_map(|name| next(self, name)).filter(|name| all.insert(name.clone())).collect();
            steps -= 1;
        }
        all
    }

    /// The flows that fill what a flow reads; a companion is filled by the flow that it belongs to.
    fn parents(&self, name: &TableName) -> Vec<TableName> {
        let filled_by = |table: &TableName| self.plan.table(table).map(|(flow, _)| flow.name.clone());
        self.plan.flow(name).map(|flow| flow.upstream().filter_map(filled_by).collect()).unwrap_or_default()
    }

    fn children(&self, name: &TableName) -> Vec<TableName> {
        self.plan.flows.iter().filter(|flow| self.parents(&flow.name).contains(name)).map(|flow| flow.name.clone()).collect()
    }
}

/// `+name`: everything upstream; `2+name`: two steps up.
fn depth_before(written: &str) -> (Option<Option<usize>>, &str) {
    match written.split_once('+') {
        Some(("", rest)) => (Some(None), rest),
        Some((depth, rest)) if depth.chars().all(|c| c.is_ascii_digit()) => (Some(depth.parse().ok()), rest),
        _ => (None, written),
    }
}

fn depth_after(written: &str) -> (&str, Option<Option<usize>>) {
    match written.rsplit_once('+') {
        Some((rest, "")) => (rest, Some(None)),
        Some((rest, depth)) if depth.chars().all(|c| c.is_ascii_digit()) => (rest, Some(depth.parse().ok())),
        _ => (written, None),
    }
}

/// `*` stands for any run of characters.
fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, same) in [
            ("bronze.*", "bronze.shop_orders", true),
            ("*.dim_*", "gold.dim_customer", true),
            ("gold.dim", "gold.dim_date", false),
            ("*", "gold.x", true),
            ("*orders", "silver.sales_orders", true),
            ("*orders", "silver.sales_order_lines", false),
            ("a*b*a", "aba", true),
        ] {
            assert_eq!(wildcard(pattern, name), same, "{pattern} {name}");
        }
    }
}
