//! A query taken apart: what it selects, from which relations, under which conditions.

use crate::rewrite::tree::name;
use crate::signature::{Kind, lookup};
use crate::walk;
use sqlparser::ast::{
    self, BinaryOperator, Distinct, Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, ObjectNamePart, Query, SelectItem,
    SetExpr, SetOperator, SetQuantifier, TableFactor, WindowType,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// A whole query.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) root: Node,
    /// How often tables are named in it.
    pub(super) tables: usize,
}

/// A query within one.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Select(Box<Select>),
    /// UNION ALL; each gives its columns the names that the first has.
    Union(Vec<Select>),
}

#[derive(Debug, Clone)]
pub(super) struct Select {
    /// What comes out: name and expression.
    pub(super) items: Vec<(String, Expr)>,
    /// FROM, then the lateral views.
    pub(super) relations: Vec<Relation>,
    /// The conditions of WHERE, all of which hold.
    pub(super) filters: Vec<Expr>,
    /// GROUP BY; an aggregate without it has none.
    pub(super) groups: Option<Vec<Expr>>,
    pub(super) having: Option<Expr>,
    pub(super) qualify: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// The one name by which its columns are named.
    pub(super) alias: String,
    pub(super) source: Source,
    pub(super) join: Join,
    /// The conditions of ON, all of which hold.
    pub(super) on: Vec<Expr>,
}

#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A table, and which of the tables named it is.
    Table {
        parts: Vec<String>,
        number: usize,
    },
    Query(Box<Node>),
    /// VALUES, as text.
    Values(String),
    /// A lateral view.
    View(Box<ast::LateralView>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    Inner,
    Left,
    Semi,
    Anti,
}

/// Why a query is not taken apart, as words that follow "because".
type Why = String;

impl Tree {
    pub(super) fn of(query: &Query) -> Result<Self, Why> {
        let mut reading = Reading { tables: 0, ctes: vec![] };
        let root = reading.query(query)?;
        Ok(Tree { root, tables: reading.tables })
    }
}

/// What is in sight while a query is read.
struct Reading<'a> {
    tables: usize,
    ctes: Vec<(String, &'a Query)>,
}

impl<'a> Reading<'a> {
    fn query(&mut self, query: &'a Query) -> Result<Node, Why> {
        if query.limit_clause.is_some() {
            return Err("LIMIT takes some of all rows".to_owned());
        }
        if query.order_by.is_some() {
            return Err("ORDER BY is about all rows; a table has no order".to_owned());
        }
        let known = self.ctes.len();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            if !cte.alias.columns.is_empty() {
                return Err(format!("`{}` gives its columns other names", cte.alias.name.value));
            }
            self.ctes.push((cte.alias.name.value.clone(), &cte.query));
        }
        let node = self.body(&query.body);
        self.ctes.truncate(known);
        node
    }

    fn body(&mut self, body: &'a SetExpr) -> Result<Node, Why> {
        match body {
            SetExpr::Select(select) => Ok(Node::Select(Box::new(self.select(select)?))),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } => {
                let mut all: Vec<Select> = vec![];
                for side in [self.body(left)?, self.body(right)?] {
                    match side {
                        Node::Union(selects) => all.extend(selects),
                        Node::Select(select) => all.push(*select),
                    }
                }
                let names = all.first().map(Select::names).unwrap_or_default();
                for select in &mut all {
                    select.items.iter_mut().zip(&names).for_each(|((own, _), name)| own.clone_from(name));
                }
                let union = Node::Union(all);
                match set_quantifier {
                    SetQuantifier::All => Ok(union),
                    _ => Ok(Node::Select(Box::new(Select::distinct(union)))),
                }
            }
            SetExpr::SetOperation { op, .. } => Err(format!("{op} compares all rows of two queries")),
            _ => Err("it is no SELECT".to_owned()),
        }
    }

    fn select(&mut self, select: &'a ast::Select) -> Result<Select, Why> {
        if !select.named_window.is_empty() {
            return Err("a window has a name; write it out after OVER".to_owned());
        }
        let mut names = vec![];
        let mut relations: Vec<Relation> = vec![];
        for table in &select.from {
            self.factor(&table.relation, Join::Inner, vec![], &mut relations, &mut names)?;
            for join in &table.joins {
                let (kind, constraint) = match &join.join_operator {
                    JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => (Join::Inner, on),
                    JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (Join::Left, on),
                    JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => (Join::Semi, on),
                    JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => (Join::Anti, on),
                    JoinOperator::Right(_) | JoinOperator::RightOuter(_) => {
                        return Err("of a RIGHT JOIN; write it as a LEFT JOIN".to_owned());
                    }
                    _ => return Err("of a FULL JOIN".to_owned()),
                };
                let on = match constraint {
                    JoinConstraint::On(condition) => conjuncts(condition),
                    _ => vec![],
                };
                self.factor(&join.relation, kind, on, &mut relations, &mut names)?;
            }
        }
        for view in &select.lateral_views {
            let qualifier: Vec<String> = view.lateral_view_name.0.iter().filter_map(ident).collect();
            let columns = view.lateral_col_alias.iter().map(|column| column.value.clone()).collect();
            let alias = unused(&relations, qualifier.last().map_or("view", String::as_str));
            names.push((qualifier, columns));
            relations.push(Relation { alias, source: Source::View(Box::new(view.clone())), join: Join::Inner, on: vec![] });
        }
        let group = match &select.group_by {
            GroupByExpr::Expressions(exprs, _) if !exprs.is_empty() => Some(exprs.clone()),
            _ => None,
        };
        let mut items = vec![];
        for item in &select.projection {
            items.push(match item {
                SelectItem::UnnamedExpr(expr) => (last(expr).unwrap_or_default(), expr.clone()),
                SelectItem::ExprWithAlias { expr, alias } => (alias.value.clone(), expr.clone()),
                _ => return Err("`*` is not written out".to_owned()),
            });
        }
        let mut made = Select {
            items,
            relations,
            filters: select.selection.iter().flat_map(conjuncts).collect(),
            groups: group,
            having: select.having.clone(),
            qualify: select.qualify.clone(),
        };
        made.rename(&names);
        if made.groups.is_none() && made.items.iter().any(|(_, expr)| aggregates(expr)) {
            made.groups = Some(vec![]);
        }
        if made.all().any(asks) {
            return Err("an expression asks a query of its own; join it instead".to_owned());
        }
        match &select.distinct {
            None | Some(Distinct::All) => Ok(made),
            Some(_) => Ok(Select::distinct(Node::Select(Box::new(made)))),
        }
    }

    /// Adds a relation of FROM. `names`: for each, how it was named before, and its columns if it had no name.
    fn factor(
        &mut self,
        factor: &'a TableFactor,
        join: Join,
        on: Vec<Expr>,
        relations: &mut Vec<Relation>,
        names: &mut Vec<(Vec<String>, Vec<String>)>,
    ) -> Result<(), Why> {
        let (source, alias, qualifier) = match factor {
            TableFactor::Table { name, alias, .. } => {
                let parts: Vec<String> = name.0.iter().filter_map(ident).collect();
                let cte = match parts.as_slice() {
                    [single] => self.ctes.iter().rposition(|(known, _)| known == single),
                    _ => None,
                };
                let source = match cte {
                    Some(at) => {
                        // A named query sees those before it.
                        let later = self.ctes.split_off(at);
                        let node = later.first().map_or(Err(String::new()), |(_, query)| self.query(query));
                        self.ctes.extend(later);
                        Source::Query(Box::new(node?))
                    }
                    None => {
                        self.tables += 1;
                        Source::Table { parts: parts.clone(), number: self.tables - 1 }
                    }
                };
                (source, alias, parts)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let source = match &*subquery.body {
                    SetExpr::Values(_) => Source::Values(crate::Query::new((**subquery).clone()).to_string()),
                    _ => Source::Query(Box::new(self.query(subquery)?)),
                };
                (source, alias, vec![])
            }
            _ => return Err("joins are nested in parentheses".to_owned()),
        };
        if let Some(alias) = alias.as_ref().filter(|alias| !alias.columns.is_empty()) {
            return Err(format!("`{}` gives its columns other names", alias.name.value));
        }
        let qualifier = alias.as_ref().map_or(qualifier, |alias| vec![alias.name.value.clone()]);
        let columns = match &source {
            Source::Query(node) if qualifier.is_empty() => node.names(),
            Source::Values(_) if qualifier.is_empty() => return Err("VALUES have no name".to_owned()),
            _ => vec![],
        };
        let alias = unused(relations, qualifier.last().map_or("rows", String::as_str));
        names.push((qualifier, columns));
        relations.push(Relation { alias, source, join, on });
        Ok(())
    }
}

/// A name that no relation has yet, nor one of those that are joined with them to find rows by keys.
fn unused(relations: &[Relation], wanted: &str) -> String {
    let lower = wanted.to_lowercase();
    let joined = ["keys", "replaced"].contains(&lower.as_str()) || lower.starts_with("near_") || lower.starts_with("moved_");
    let wanted = if joined { format!("of_{wanted}") } else { wanted.to_owned() };
    let taken = |name: &str| relations.iter().any(|relation| relation.alias.eq_ignore_ascii_case(name));
    let mut name = wanted.clone();
    for n in 2.. {
        if !taken(&name) {
            break;
        }
        name = format!("{wanted}_{n}");
    }
    name
}

impl Node {
    /// The names of what comes out.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Node::Select(select) => select.names(),
            Node::Union(selects) => selects.first().map(Select::names).unwrap_or_default(),
        }
    }

    /// The parts of a union, or the query alone.
    pub(super) fn selects(&self) -> &[Select] {
        match self {
            Node::Select(select) => std::slice::from_ref(select),
            Node::Union(selects) => selects,
        }
    }

    fn selects_mut(&mut self) -> &mut [Select] {
        match self {
            Node::Select(select) => std::slice::from_mut(select),
            Node::Union(selects) => selects,
        }
    }

    /// Calls `each` with the parts of every table's name and its number.
    pub(super) fn each_table(&self, each: &mut dyn FnMut(&[String], usize)) {
        for relation in self.selects().iter().flat_map(|select| &select.relations) {
            match &relation.source {
                Source::Table { parts, number } => each(parts, *number),
                Source::Query(node) => node.each_table(each),
                Source::Values(_) | Source::View(_) => {}
            }
        }
    }

    /// Whether a table of that number is in it.
    pub(super) fn reads(&self, number: usize) -> bool {
        let mut found = false;
        self.each_table(&mut |_, own| found |= own == number);
        found
    }

    /// Adds a column that tells where a row comes from.
    pub(super) fn add_origin(&mut self, name: &str, ty: &str) {
        if self.names().iter().any(|known| known == name) {
            return;
        }
        for select in self.selects_mut() {
            let found = select.relations.iter_mut().find_map(|relation| match &mut relation.source {
                Source::Table { .. } => Some(relation.alias.clone()),
                Source::Query(node) => {
                    node.add_origin(name, ty);
                    Some(relation.alias.clone())
                }
                Source::Values(_) | Source::View(_) => None,
            });
            let text = match (found, &select.groups) {
                (None, _) => format!("CAST(NULL AS {ty})"),
                (Some(alias), None) => format!("{}.`{name}`", crate::quoted(&alias)),
                (Some(alias), Some(_)) => format!("max({}.`{name}`)", crate::quoted(&alias)),
            };
            if let Ok(expr) = crate::parse_expr(&text) {
                select.items.push((name.to_owned(), expr.into_ast()));
            }
        }
    }
}

impl Select {
    /// The names of what comes out.
    fn names(&self) -> Vec<String> {
        self.items.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The rows of a query, each once.
    fn distinct(of: Node) -> Self {
        let column = |name: &String| {
            let parts = ["rows", name].map(|part| Ident::with_quote('`', part));
            (name.clone(), Expr::CompoundIdentifier(parts.to_vec()))
        };
        let items: Vec<(String, Expr)> = of.names().iter().map(column).collect();
        let groups = items.iter().map(|(_, expr)| expr.clone()).collect();
        let source = Source::Query(Box::new(of));
        Select {
            items,
            relations: vec![Relation { alias: "rows".to_owned(), source, join: Join::Inner, on: vec![] }],
            filters: vec![],
            groups: Some(groups),
            having: None,
            qualify: None,
        }
    }

    /// All expressions, those of lateral views too.
    fn all(&self) -> impl Iterator<Item = &Expr> {
        let relations = self.relations.iter().flat_map(|relation| {
            let view = match &relation.source {
                Source::View(view) => Some(&view.lateral_view),
                _ => None,
            };
            relation.on.iter().chain(view)
        });
        let items = self.items.iter().map(|(_, expr)| expr);
        let groups = self.groups.iter().flatten();
        items.chain(relations).chain(&self.filters).chain(groups).chain(&self.having).chain(&self.qualify)
    }

    /// Names each relation's columns by its alias.
    fn rename(&mut self, names: &[(Vec<String>, Vec<String>)]) {
        let aliases: Vec<String> = self.relations.iter().map(|relation| relation.alias.clone()).collect();
        let mut each = |expr: &mut Expr| {
            let parts = match expr {
                Expr::Identifier(ident) => vec![ident.clone()],
                Expr::CompoundIdentifier(parts) => parts.clone(),
                _ => return ControlFlow::Continue(()),
            };
            let means = |(qualifier, columns): &(Vec<String>, Vec<String>)| match qualifier.is_empty() {
                false => parts.len() > qualifier.len() && qualifier.iter().zip(&parts).all(|(own, part)| *own == part.value),
                true => columns.iter().any(|column| parts.first().is_some_and(|part| part.value == *column)),
            };
            if let Some((at, (qualifier, _))) = names.iter().enumerate().find(|(_, name)| means(name))
                && let Some(alias) = aliases.get(at)
            {
                let mut renamed = vec![Ident::with_quote('`', alias)];
                renamed.extend(parts.into_iter().skip(qualifier.len()));
                *expr = Expr::CompoundIdentifier(renamed);
            }
            ControlFlow::Continue(())
        };
        for expr in self.items.iter_mut().map(|(_, expr)| expr).chain(&mut self.filters) {
            let _ = walk::expressions(expr, &mut each);
        }
        for expr in self.groups.iter_mut().flatten().chain(&mut self.having).chain(&mut self.qualify) {
            let _ = walk::expressions(expr, &mut each);
        }
        for relation in &mut self.relations {
            for expr in &mut relation.on {
                let _ = walk::expressions(expr, &mut each);
            }
            if let Source::View(view) = &mut relation.source {
                let _ = walk::expressions(&mut view.lateral_view, &mut each);
                view.lateral_view_name.0 = vec![ObjectNamePart::Identifier(Ident::with_quote('`', &relation.alias))];
            }
        }
    }

    /// The relations that an expression names.
    pub(super) fn refs(&self, expr: &Expr) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let _ = walk::expressions(&mut expr.clone(), &mut |expr| {
            if let Expr::CompoundIdentifier(parts) = expr {
                let alias = parts.first().map(|part| part.value.as_str());
                found.extend(self.relations.iter().position(|relation| Some(relation.alias.as_str()) == alias));
            }
            ControlFlow::Continue(())
        });
        found
    }

    /// The relation and its column that an expression is.
    pub(super) fn plain(&self, expr: &Expr) -> Option<(usize, String)> {
        match expr {
            Expr::Nested(inner) => self.plain(inner),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [alias, column] => {
                    let at = self.relations.iter().position(|relation| relation.alias == alias.value)?;
                    Some((at, column.value.clone()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The conditions that equate a column of one relation with one of another: as `ON a.x = b.y` or in WHERE. For a
    /// relation that may be missing, what it is found by: the other one does not depend on it.
    pub(super) fn equal(&self, relation: usize, column: &str) -> Vec<(usize, String)> {
        let mut known = vec![(relation, column.to_owned())];
        let mut at = 0;
        while let Some((relation, column)) = known.get(at).cloned() {
            for (condition, of) in self.conditions() {
                let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { continue };
                let (Some(left), Some(right)) = (self.plain(left), self.plain(right)) else { continue };
                for (from, to) in [(&left, &right), (&right, &left)] {
                    // What is missing says nothing of others.
                    let away = |of: usize| self.relations.get(of).is_some_and(|r| r.join != Join::Inner) && to.0 != of;
                    if *from == (relation, column.clone()) && !of.is_some_and(away) && !known.contains(to) {
                        known.push(to.clone());
                    }
                }
            }
            at += 1;
        }
        known
    }

    /// Every condition, with the relation in whose ON it stands.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&Expr, Option<usize>)> {
        let on = self.relations.iter().enumerate().flat_map(|(at, relation)| relation.on.iter().map(move |on| (on, Some(at))));
        on.chain(self.filters.iter().map(|filter| (filter, None)))
    }

    /// The relations whose rows may be missing, or only decide about others.
    pub(super) fn attached(&self) -> BTreeSet<usize> {
        let mut attached = BTreeSet::new();
        for (at, relation) in self.relations.iter().enumerate() {
            let leans = |on: &Expr| self.refs(on).iter().any(|other| attached.contains(other));
            let view = match &relation.source {
                Source::View(view) => leans(&view.lateral_view),
                _ => false,
            };
            if relation.join != Join::Inner || view || relation.on.iter().any(leans) {
                attached.insert(at);
            }
        }
        attached
    }

    /// The expressions by which each window is parted.
    pub(super) fn windows(&self) -> Vec<Vec<Expr>> {
        let mut all = vec![];
        for expr in self.items.iter().map(|(_, expr)| expr).chain(&self.qualify) {
            let _ = walk::expressions(&mut expr.clone(), &mut |expr| {
                if let Expr::Function(function) = expr
                    && let Some(WindowType::WindowSpec(spec)) = &function.over
                {
                    all.push(spec.partition_by.clone());
                }
                ControlFlow::Continue(())
            });
        }
        all
    }
}

/// The conditions of which all must hold.
fn conjuncts(condition: &Expr) -> Vec<Expr> {
    match condition {
        Expr::Nested(inner) => conjuncts(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        other => vec![other.clone()],
    }
}

fn any(expr: &Expr, is: &dyn Fn(&Expr) -> bool) -> bool {
    let end = walk::expressions(&mut expr.clone(), &mut |expr| match is(expr) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    end.is_break()
}

/// Whether an expression sums rows up.
pub(super) fn aggregates(expr: &Expr) -> bool {
    any(expr, &|expr| match expr {
        Expr::Function(function) => {
            let kind = lookup(&name(function)).and_then(<[_]>::first).map(|signature| signature.kind);
            function.over.is_none() && kind == Some(Kind::Aggregate)
        }
        _ => false,
    })
}

/// Whether an expression looks at other rows.
pub(super) fn looks_around(expr: &Expr) -> bool {
    any(expr, &|expr| matches!(expr, Expr::Function(function) if function.over.is_some()))
}

/// Whether an expression asks a query of its own.
fn asks(expr: &Expr) -> bool {
    any(expr, &|expr| matches!(expr, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. }))
}

fn last(expr: &Expr) -> Option<String> {
    crate::Expr::new(expr.clone()).last_name().map(str::to_owned)
}

fn ident(part: &ObjectNamePart) -> Option<String> {
    match part {
        ObjectNamePart::Identifier(ident) => Some(ident.value.clone()),
        ObjectNamePart::Function(_) => None,
    }
}
