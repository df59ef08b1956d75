//! The keys that the changes of a table concern: the query's skeleton.

use super::tree::{Join, Node, Relation, Select, Source, Tree, aggregates, looks_around};
use super::{Part, Read};
use crate::quoted;
use sqlparser::ast::Expr;
use std::collections::BTreeSet;

/// For each table that the query names, a SELECT of the keys that its changes concern.
///
/// # Errors
/// Why they cannot be told, as words that follow "because".
pub(super) fn each(tree: &Tree, wanted: &[String], read: &Read<'_>) -> Result<Vec<String>, String> {
    (0..tree.tables).map(|table| of_node(&tree.root, wanted, Some(table), read)).collect()
}

/// The columns `wanted` of the rows that the query may have, or had: of all, or of those that the changes of one table concern.
fn of_node(node: &Node, wanted: &[String], changed: Option<usize>, read: &Read<'_>) -> Result<String, String> {
    let concerned = |select: &&Select| changed.is_none_or(|table| select.relations.iter().any(|relation| reads(relation, table)));
    let parts = node.selects().iter().filter(concerned).map(|select| Skeleton::of(select, wanted, changed)?.sql(read));
    Ok(parts.collect::<Result<Vec<_>, String>>()?.join("\nUNION ALL\n"))
}

fn reads(relation: &Relation, table: usize) -> bool {
    match &relation.source {
        Source::Table { number, .. } => *number == table,
        Source::Query(node) => node.reads(table),
        Source::Values(_) | Source::View(_) => false,
    }
}

/// What of one SELECT leads from the relation that changed to the columns wanted.
struct Skeleton<'a> {
    select: &'a Select,
    changed: Option<usize>,
    /// The relation that the changed table is, or is within.
    moved: Option<usize>,
    attached: BTreeSet<usize>,
    items: Vec<(String, Expr)>,
    needed: BTreeSet<usize>,
}

impl<'a> Skeleton<'a> {
    fn of(select: &'a Select, wanted: &[String], changed: Option<usize>) -> Result<Self, String> {
        let moved = changed.and_then(|table| select.relations.iter().position(|relation| reads(relation, table)));
        let attached = select.attached();
        let windows = select.windows();
        let mut items = vec![];
        for name in wanted {
            let Some((_, expr)) = select.items.iter().find(|(item, _)| item == name) else {
                return Err(format!("`{name}` is no column of it"));
            };
            if aggregates(expr) || looks_around(expr) {
                return Err(format!("`{name}` is made of several rows"));
            }
            if windows.iter().any(|parted| !parted.contains(expr)) {
                return Err(format!("a window is not parted by `{name}`"));
            }
            if let Some(relation) =
                select.refs(expr).iter().find(|at| attached.contains(at)).and_then(|at| select.relations.get(*at))
            {
                return Err(format!("`{name}` comes from `{}`, of which a join may find no row", relation.alias));
            }
            let nearer = || {
                let (relation, column) = select.plain(expr)?;
                let (at, column) = select.equal(relation, &column).into_iter().find(|(at, _)| Some(*at) == moved)?;
                crate::parse_expr(&format!("{}.{}", quoted(&select.relations.get(at)?.alias), quoted(&column))).ok()
            };
            items.push((name.clone(), nearer().map_or_else(|| expr.clone(), crate::Expr::into_ast)));
        }
        let mut needed: BTreeSet<usize> = items.iter().flat_map(|(_, expr)| select.refs(expr)).chain(moved).collect();
        if needed.is_empty() {
            needed.extend((!select.relations.is_empty()).then_some(0));
        }
        let mut skeleton = Skeleton { select, changed, moved, attached, items, needed };
        skeleton.connect()?;
        Ok(skeleton)
    }

    /// Adds the relations that join those needed to each other.
    fn connect(&mut self) -> Result<(), String> {
        loop {
            let before = self.needed.len();
            // A view is made of the relations in its argument; what is attached hangs on those in its condition.
            for at in self.needed.clone() {
                let Some(relation) = self.select.relations.get(at) else { continue };
                if let Source::View(view) = &relation.source {
                    self.needed.extend(self.select.refs(&view.lateral_view));
                }
                if self.needed.len() > 1 && self.attached.contains(&at) {
                    self.needed.extend(relation.on.iter().flat_map(|on| self.select.refs(on)));
                }
            }
            let Some(first) = self.needed.iter().next().copied() else { return Ok(()) };
            let links = self.links();
            let mut reached = vec![(first, None)];
            let mut at = 0;
            while let Some((here, _)) = reached.get(at).copied() {
                for link in links.iter().filter(|link| link.contains(&here)) {
                    for next in link {
                        if !reached.iter().any(|(known, _)| known == next) {
                            reached.push((*next, Some(at)));
                        }
                    }
                }
                at += 1;
            }
            for wanted in self.needed.clone() {
                let Some(mut at) = reached.iter().position(|(known, _)| *known == wanted) else {
                    return Err("its tables are not joined by conditions that could be followed".to_owned());
                };
                while let Some((relation, from)) = reached.get(at).copied() {
                    self.needed.insert(relation);
                    match from {
                        Some(from) => at = from,
                        None => break,
                    }
                }
            }
            if before == self.needed.len() {
                return Ok(());
            }
        }
    }

    /// The sets of relations that a condition, or a view, holds together.
    fn links(&self) -> Vec<BTreeSet<usize>> {
        let select = self.select;
        let conditions = select.conditions().filter(|(on, of)| self.can_tell(on) && self.holds(on, *of)).map(|(on, of)| {
            let mut link = select.refs(on);
            link.extend(of.filter(|of| self.attached.contains(of)));
            link
        });
        let views = select.relations.iter().enumerate().filter_map(|(at, relation)| match &relation.source {
            Source::View(view) => {
                let mut link = select.refs(&view.lateral_view);
                link.insert(at);
                Some(link)
            }
            _ => None,
        });
        conditions.chain(views).collect()
    }

    /// Whether a condition holds for the rows that there are and were: none does that looks at what may be missing, but
    /// for that by which the missing is found.
    fn holds(&self, on: &Expr, of: Option<usize>) -> bool {
        let refs = self.select.refs(on);
        match of.filter(|of| self.attached.contains(of)) {
            Some(of) => refs.iter().all(|at| *at == of || !self.attached.contains(at) || self.needed.contains(at)),
            None => refs.is_disjoint(&self.attached),
        }
    }

    /// Whether all columns of a condition can be told without summing up.
    fn can_tell(&self, on: &Expr) -> bool {
        self.select.refs(on).iter().all(|at| match self.select.relations.get(*at).map(|relation| &relation.source) {
            Some(Source::Query(node)) => {
                let columns = self.columns_of(*at, std::iter::once(on));
                columns.is_empty() || of_node(node, &columns, None, &|_, _, _| String::new()).is_ok()
            }
            _ => true,
        })
    }

    /// The columns of a relation that expressions name.
    fn columns_of<'b>(&self, at: usize, exprs: impl Iterator<Item = &'b Expr>) -> Vec<String> {
        let Some(relation) = self.select.relations.get(at) else { return vec![] };
        let mut found = BTreeSet::new();
        for expr in exprs {
            let _ = crate::walk::expressions(&mut expr.clone(), &mut |expr| {
                if let Expr::CompoundIdentifier(parts) = expr
                    && let [alias, column, ..] = parts.as_slice()
                    && alias.value == relation.alias
                {
                    found.insert(column.value.clone());
                }
                std::ops::ControlFlow::Continue(())
            });
        }
        found.into_iter().collect()
    }

    fn sql(&self, read: &Read<'_>) -> Result<String, String> {
        let select = self.select;
        let within = |on: &Expr| select.refs(on).is_subset(&self.needed);
        let mut joins: Vec<(usize, Vec<&Expr>)> = self.needed.iter().map(|at| (*at, vec![])).collect();
        let mut filters = vec![];
        for (on, of) in select.conditions().filter(|(on, of)| within(on) && self.holds(on, *of)) {
            let last = of.filter(|of| self.needed.contains(of)).or_else(|| select.refs(on).last().copied());
            if of.is_some_and(|of| self.attached.contains(&of) && !self.needed.contains(&of)) {
                continue;
            }
            if !self.can_tell(on) {
                // What only narrows down is left out; what joins cannot be.
                match of {
                    Some(_) if select.refs(on).len() > 1 => return Err("a join compares what is made of several rows".to_owned()),
                    _ => continue,
                }
            }
            let first = joins.first().map(|(at, _)| *at);
            match joins.iter_mut().find(|(at, _)| Some(*at) == last) {
                Some((at, conditions)) if of.is_some() && Some(*at) != first => conditions.push(on),
                _ => filters.push(on),
            }
        }
        let used = || {
            let conditions = joins.iter().flat_map(|(_, conditions)| conditions.iter().copied());
            let views = self.needed.iter().filter_map(|at| match &select.relations.get(*at)?.source {
                Source::View(view) => Some(&view.lateral_view),
                _ => None,
            });
            self.items.iter().map(|(_, expr)| expr).chain(conditions).chain(filters.iter().copied()).chain(views)
        };
        let mut from = String::new();
        let mut views = String::new();
        for (at, conditions) in &joins {
            let Some(relation) = select.relations.get(*at) else { continue };
            let source = match &relation.source {
                Source::Table { parts, number } => {
                    let part = if Some(*number) == self.changed { Part::Changed } else { Part::Ever };
                    read(parts, part, &self.columns_of(*at, used()))
                }
                Source::Query(node) => {
                    let mut columns = self.columns_of(*at, used());
                    if columns.is_empty() {
                        let told =
                            |name: &String| of_node(node, std::slice::from_ref(name), None, &|_, _, _| String::new()).is_ok();
                        columns.extend(node.names().into_iter().find(told));
                    }
                    let changed = self.changed.filter(|table| node.reads(*table));
                    format!("(\n{}\n)", indent(&of_node(node, &columns, changed, read)?))
                }
                Source::Values(text) => format!("({text})"),
                Source::View(view) => {
                    views += &format!("\n{}", view_text(view));
                    continue;
                }
            };
            let on = all(conditions.iter().copied());
            let optional = relation.join == Join::Left && Some(*at) != self.moved;
            from += &match (from.is_empty(), on.is_empty()) {
                (true, _) => format!("FROM {source} {}", quoted(&relation.alias)),
                (false, true) => format!("\nCROSS JOIN {source} {}", quoted(&relation.alias)),
                (false, false) => {
                    let join = if optional { "LEFT JOIN" } else { "JOIN" };
                    format!("\n{join} {source} {} ON {on}", quoted(&relation.alias))
                }
            };
        }
        let items: Vec<String> = self.items.iter().map(|(name, expr)| format!("{} AS {}", text(expr), quoted(name))).collect();
        let mut sql = format!("SELECT {}", items.join(", "));
        if !from.is_empty() {
            sql += &format!("\n{from}");
        }
        sql += &views;
        if !filters.is_empty() {
            sql += &format!("\nWHERE {}", all(filters.iter().copied()));
        }
        Ok(sql)
    }
}

pub(super) fn text(expr: &Expr) -> String {
    crate::Expr::new(expr.clone()).to_string()
}

/// The text of conditions that must all hold.
pub(super) fn all<'a>(conditions: impl ExactSizeIterator<Item = &'a Expr>) -> String {
    let alone = conditions.len() == 1;
    let each = conditions.map(|on| if alone { text(on) } else { text(&crate::rewrite::tree::nested(on.clone())) });
    each.collect::<Vec<_>>().join(" AND ")
}

pub(super) fn view_text(view: &sqlparser::ast::LateralView) -> String {
    let outer = if view.outer { " OUTER" } else { "" };
    let columns: Vec<String> = view.lateral_col_alias.iter().map(|column| quoted(&column.value)).collect();
    let named = if columns.is_empty() { String::new() } else { format!(" AS {}", columns.join(", ")) };
    format!("LATERAL VIEW{outer} {} {}{named}", text(&view.lateral_view), view.lateral_view_name)
}

/// Each line moved two to the right.
pub(super) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
