//! One SELECT.

use super::group::Groups;
use super::names::{Column, Names, Relation, quote};
use super::resolver::{Alias, Resolver, Typed};
use crate::syntax::bytes;
use crate::types::same_name;
use crate::{DataType, SqlError};
use sqlparser::ast::{
    Distinct, ExceptSelectItem, Expr, GroupByExpr, Ident, NamedWindowExpr, ObjectName, ObjectNamePart, OrderBy, OrderByKind,
    Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, Spanned, Value, WildcardAdditionalOptions,
};

impl Resolver<'_> {
    /// The columns that come out. `order_by` is that of the query, which may name what the SELECT reads.
    pub(super) fn select(
        &mut self,
        select: &mut Select,
        order_by: Option<&mut OrderBy>,
        outer: Option<&Names<'_>>,
    ) -> Vec<Column> {
        self.refused(select);
        let around = (
            std::mem::take(&mut self.aliases),
            std::mem::take(&mut self.windows),
            self.no_aggregate.take(),
            self.no_window.take(),
        );
        let mut names = self.from(&mut select.from, outer);
        for view in &mut select.lateral_views {
            self.lateral_view(view, &mut names);
        }
        if let Some(condition) = &mut select.selection {
            self.condition(condition, &names, "WHERE");
        }
        self.windows = select.named_window.iter().map(|window| window.0.value.clone()).collect();
        for window in &mut select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &mut window.1 {
                self.window(spec, &names);
            }
        }
        let mut columns = Vec::new();
        let mut items = Vec::new();
        let mut typed = Vec::new();
        let mut wildcards = Vec::new();
        for item in std::mem::take(&mut select.projection) {
            self.item(item, &names, &mut items, &mut columns, &mut typed, &mut wildcards);
        }
        select.projection = items;
        let keys = self.group_by(&mut select.group_by, &select.projection, &typed, &names);
        if let Some(having) = &mut select.having {
            let typed_having = self.expr(having, &names);
            self.convert(having, &typed_having, &DataType::Boolean);
            typed.push(typed_having);
        }
        if let Some(qualify) = &mut select.qualify {
            let typed_qualify = self.expr(qualify, &names);
            self.convert(qualify, &typed_qualify, &DataType::Boolean);
            typed.push(typed_qualify);
        }
        if let Some(order_by) = order_by {
            self.aliases_first = true;
            let twice = several(&outputs(&select.projection, &columns, &wildcards), &names);
            self.order_by(order_by, &columns, &twice, &names);
            self.aliases_first = false;
            let aggregated = typed.iter().any(|typed| typed.aggregate);
            self.grouped_order(keys.as_deref(), aggregated, order_by, &columns, &names);
        }
        if keys.is_some() || typed.iter().any(|typed| typed.aggregate) {
            self.grouped(keys.unwrap_or_default(), select, &names);
        }
        if let Some(written) = written_out(&select.projection, &wildcards) {
            select.projection = written;
        }
        (self.aliases, self.windows, self.no_aggregate, self.no_window) = around;
        columns
    }

    fn refused(&mut self, select: &Select) {
        let refused = [
            (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
            (select.top.is_some(), "TOP"),
            (select.into.is_some(), "SELECT INTO"),
            (!select.cluster_by.is_empty(), "CLUSTER BY"),
            (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
            (!select.sort_by.is_empty(), "SORT BY"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (
                select.prewhere.is_some() || select.value_table_mode.is_some() || select.select_modifiers.is_some(),
                "this form of SELECT",
            ),
            (select.exclude.is_some(), "EXCLUDE"),
            (!select.optimizer_hints.is_empty(), "an optimizer hint"),
            (!matches!(select.flavor, SelectFlavor::Standard), "FROM before SELECT"),
        ];
        for (_, what) in refused.iter().filter(|(refused, _)| *refused) {
            self.fault(SqlError::unsupported(format!("{what} is not supported")).at(bytes(select.select_token.0.span)));
        }
    }

    /// One item of the list; a wildcard is several columns.
    fn item(
        &mut self,
        item: SelectItem,
        names: &Names<'_>,
        items: &mut Vec<SelectItem>,
        columns: &mut Vec<Column>,
        typed: &mut Vec<Typed>,
        wildcards: &mut Vec<Wildcard>,
    ) {
        let (mut expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            SelectItem::ExprWithAliases { expr, .. } => {
                self.fault_at(
                    SqlError::unsupported("an expression with several names is not supported").help("write LATERAL VIEW"),
                    &expr,
                );
                return;
            }
            SelectItem::Wildcard(mut options) => {
                let all: Vec<&Relation> = names.relations.iter().collect();
                if all.is_empty() && !self.blind {
                    self.fault(
                        SqlError::new("unknown-column", "`*` has no meaning without FROM")
                            .at(bytes(options.wildcard_token.0.span)),
                    );
                }
                let found = self.wildcard(&all, &mut options, &names.merged);
                if self.spelled {
                    items.extend(found.iter().map(spelled));
                } else if names.merged.is_empty() {
                    wildcards.push(Wildcard { item: items.len(), columns: found.clone() });
                    items.push(SelectItem::Wildcard(options));
                } else {
                    // A column of USING comes once: written out, no engine can see that differently.
                    items.extend(
                        found
                            .iter()
                            .map(|(_, column)| SelectItem::UnnamedExpr(Expr::Identifier(Ident::with_quote('`', &column.name)))),
                    );
                }
                columns.extend(found.into_iter().map(|(_, column)| column));
                return;
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(mut name), mut options) => {
                let parts = identifiers(&name);
                let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
                let Some(relation) = names.relations.iter().find(|relation| relation.is(&texts)) else {
                    let error = SqlError::new("unknown-table", format!("there is no relation `{}` in FROM", parts.join(".")))
                        .at(bytes(name.span()));
                    let known: Vec<&str> =
                        names.relations.iter().filter_map(|relation| relation.qualifier.last()).map(String::as_str).collect();
                    self.fault(error.suggest(texts.last().copied().unwrap_or_default(), known));
                    return;
                };
                let skipped = relation.qualifier.len() - parts.len();
                for (part, declared) in name.0.iter_mut().zip(relation.qualifier.iter().skip(skipped)) {
                    if let ObjectNamePart::Identifier(ident) = part {
                        quote(ident, declared);
                    }
                }
                let found = self.wildcard(&[relation], &mut options, &[]);
                if self.spelled {
                    items.extend(found.iter().map(spelled));
                } else {
                    wildcards.push(Wildcard { item: items.len(), columns: found.clone() });
                    items.push(SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options));
                }
                columns.extend(found.into_iter().map(|(_, column)| column));
                return;
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                self.fault_at(SqlError::unsupported("`.*` of an expression is not supported"), &expr);
                return;
            }
        };
        let written = crate::Expr::new(expr.clone()).to_string().replace('`', "");
        let found = self.expr(&mut expr, names);
        let name = match (&alias, &found.column, &expr) {
            (Some(alias), ..) => alias.value.clone(),
            (None, Some(column), _) => column.clone(),
            (None, None, Expr::CompoundIdentifier(parts)) => parts.last().map(|part| part.value.clone()).unwrap_or(written),
            _ => written,
        };
        columns.push(Column {
            name: name.clone(),
            ty: found.ty.clone(),
            nullable: found.nullable,
            sources: found.sources.clone(),
        });
        if alias.is_some() {
            self.aliases.push(Alias { name: name.clone(), expr: expr.clone(), typed: found.clone() });
        }
        let plain =
            alias.is_none() && found.column.is_some() && matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        items.push(if plain {
            SelectItem::UnnamedExpr(expr)
        } else {
            let mut alias = alias.unwrap_or_else(|| Ident::new(""));
            quote(&mut alias, &name);
            SelectItem::ExprWithAlias { expr, alias }
        });
        typed.push(found);
    }

    /// The columns that `*` stands for, each as an expression too.
    fn wildcard(
        &mut self,
        relations: &[&Relation],
        options: &mut WildcardAdditionalOptions,
        merged: &[String],
    ) -> Vec<(Expr, Column)> {
        let at = bytes(options.wildcard_token.0.span);
        if options.opt_ilike.is_some()
            || options.opt_exclude.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some()
        {
            self.fault(SqlError::unsupported("after `*` only EXCEPT is supported").at(at));
        }
        let mut columns: Vec<(Expr, Column)> = Vec::new();
        for relation in relations {
            for column in &relation.columns {
                let again = merged.iter().any(|name| same_name(name, &column.name))
                    && columns.iter().any(|(_, known)| same_name(&known.name, &column.name));
                // Spelled out, `*` of a table is what the table is about, without what lakesmith notes beside it.
                let noted = self.spelled && relation.stored && column.name.starts_with('_');
                if !again && !noted {
                    columns.push((relation.expr(column), column.clone()));
                }
            }
        }
        // The columns of USING come first.
        columns.sort_by_key(|(_, column)| merged.iter().position(|name| same_name(name, &column.name)).unwrap_or(usize::MAX));
        if let Some(ExceptSelectItem { first_element, additional_elements }) = &mut options.opt_except {
            for ident in std::iter::once(first_element).chain(additional_elements) {
                match columns.iter().position(|(_, column)| same_name(&column.name, &ident.value)) {
                    Some(index) => quote(ident, &columns.remove(index).1.name),
                    None => {
                        let error = SqlError::new("unknown-column", format!("there is no column `{}`", ident.value))
                            .at(bytes(ident.span));
                        self.fault(error.suggest(&ident.value, columns.iter().map(|(_, column)| column.name.as_str())));
                    }
                }
            }
        }
        columns
    }

    /// The keys of GROUP BY, written out: ordinals and aliases replaced. None if there is no GROUP BY.
    fn group_by(
        &mut self,
        group_by: &mut GroupByExpr,
        items: &[SelectItem],
        typed: &[Typed],
        names: &Names<'_>,
    ) -> Option<Vec<Expr>> {
        let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = &*group_by;
        if let Some(modifier) = modifiers.first() {
            self.fault(SqlError::unsupported(format!("GROUP BY .. {modifier} is not supported")));
        }
        let listed: Vec<Option<&Expr>> = items.iter().map(item_expr).collect();
        match group_by {
            GroupByExpr::All(_) => {
                let exprs = listed
                    .iter()
                    .flatten()
                    .zip(typed)
                    .filter(|(_, typed)| !typed.aggregate && !typed.window)
                    .map(|(expr, _)| (*expr).clone());
                let keys: Vec<Expr> = exprs.collect();
                *group_by = GroupByExpr::Expressions(keys.clone(), Vec::new());
                Some(keys)
            }
            GroupByExpr::Expressions(exprs, _) if exprs.is_empty() => None,
            GroupByExpr::Expressions(exprs, _) => {
                let mut refused = false;
                for expr in exprs.iter_mut() {
                    if let Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) = expr {
                        let what = expr.to_string();
                        let what = what.split_once('(').map_or(what.as_str(), |(what, _)| what.trim_end());
                        let error = SqlError::unsupported(format!("{what} is not supported"));
                        self.fault_at(error, expr);
                        refused = true;
                        continue;
                    }
                    if let Some(number) = ordinal(expr) {
                        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                        let Some(item) = index.and_then(|index| listed.get(index)).copied().flatten() else {
                            let error = SqlError::new("unknown-column", format!("there is no select item {number}"));
                            self.fault_at(error, expr);
                            continue;
                        };
                        *expr = item.clone();
                    }
                    let typed = self.plain(expr, names, "GROUP BY");
                    if !crate::types::comparable(&typed.ty) {
                        let error = SqlError::new("type-mismatch", format!("rows cannot be grouped by {}", typed.ty));
                        self.fault_at(error, expr);
                    }
                    if let Expr::Nested(inner) = expr {
                        *expr = (**inner).clone();
                    }
                }
                // Nothing more can be said of groups that are not understood.
                Some(if refused { listed.into_iter().flatten().cloned().collect() } else { exprs.clone() })
            }
        }
    }

    /// Every item must be made of keys and aggregates.
    fn grouped(&mut self, keys: Vec<Expr>, select: &Select, names: &Names<'_>) {
        let groups = Groups::new(&keys, Vec::new(), names);
        let mut errors = Vec::new();
        for item in &select.projection {
            match item_expr(item) {
                Some(expr) => errors.extend(groups.check(expr)),
                None => errors.push(
                    SqlError::new("not-grouped", "`*` cannot stand beside GROUP BY or an aggregate").at(bytes(item.span())),
                ),
            }
        }
        for expr in select.having.iter().chain(&select.qualify) {
            errors.extend(groups.check(expr));
        }
        for error in errors {
            self.fault(error);
        }
    }

    fn grouped_order(
        &mut self,
        keys: Option<&[Expr]>,
        aggregated: bool,
        order_by: &OrderBy,
        columns: &[Column],
        names: &Names<'_>,
    ) {
        let OrderByKind::Expressions(exprs) = &order_by.kind else { return };
        if keys.is_none() && !aggregated {
            return;
        }
        let groups = Groups::new(keys.unwrap_or_default(), columns.iter().map(|column| column.name.as_str()).collect(), names);
        for error in exprs.iter().flat_map(|order| groups.check(&order.expr)) {
            self.fault(error);
        }
    }

    /// ORDER BY: an output column by name or number comes first, then what the SELECT reads.
    /// A name of several output columns, of `twice`, names none of them.
    pub(super) fn order_by(&mut self, order_by: &mut OrderBy, columns: &[Column], twice: &[String], names: &Names<'_>) {
        let OrderByKind::Expressions(exprs) = &mut order_by.kind else {
            self.fault(SqlError::unsupported("ORDER BY ALL is not supported").help("write the columns"));
            return;
        };
        if order_by.interpolate.is_some() || exprs.iter().any(|order| order.with_fill.is_some()) {
            self.fault(SqlError::unsupported("WITH FILL is not supported"));
        }
        for order in exprs {
            if let Some(number) = ordinal(&order.expr) {
                if usize::try_from(number).map_or(true, |number| number == 0 || number > columns.len()) {
                    let error = SqlError::new("unknown-column", format!("there is no output column {number}"));
                    self.fault_at(error, &order.expr);
                }
                continue;
            }
            if let Expr::Identifier(ident) = &mut order.expr
                && let Some(column) = columns.iter().find(|column| same_name(&column.name, &ident.value))
            {
                if twice.iter().any(|name| same_name(name, &ident.value)) {
                    let error = SqlError::new("ambiguous-column", format!("several columns come out as `{}`", ident.value))
                        .help("give each a name of its own, or write the column's number");
                    self.fault_at(error, &order.expr);
                    continue;
                }
                quote(ident, &column.name);
                let (ty, place) = (column.ty.clone(), order.expr.clone());
                self.ordered(&place, &Typed::new(ty, true));
                continue;
            }
            let typed = self.expr(&mut order.expr, names);
            self.ordered(&order.expr, &typed);
        }
    }
}

/// A `*` that stays as it is written.
pub(super) struct Wildcard {
    /// Its place in the list.
    item: usize,
    /// What it stands for.
    columns: Vec<(Expr, Column)>,
}

/// The columns that come out, each by its name and what it is.
fn outputs(items: &[SelectItem], columns: &[Column], wildcards: &[Wildcard]) -> Vec<(String, Expr)> {
    let exprs = items.iter().enumerate().flat_map(|(n, item)| match wildcards.iter().find(|wildcard| wildcard.item == n) {
        Some(wildcard) => wildcard.columns.iter().map(|(expr, _)| expr.clone()).collect(),
        None => item_expr(item).cloned().into_iter().collect::<Vec<_>>(),
    });
    columns.iter().map(|column| column.name.clone()).zip(exprs).collect()
}

/// The names that different columns come out by.
fn several(outputs: &[(String, Expr)], names: &Names<'_>) -> Vec<String> {
    let place = |expr: &Expr| {
        let parts = match expr {
            Expr::Identifier(name) => std::slice::from_ref(name),
            Expr::CompoundIdentifier(parts) => parts,
            _ => return None,
        };
        names.find(parts).ok().flatten().filter(|found| !found.field).map(|found| found.place)
    };
    let differ = |a: &Expr, b: &Expr| match (place(a), place(b)) {
        (Some(a), Some(b)) => a != b,
        _ => a != b,
    };
    let mut all = Vec::new();
    for (n, (name, expr)) in outputs.iter().enumerate() {
        if outputs.iter().skip(n + 1).any(|(other, again)| same_name(name, other) && differ(expr, again)) {
            all.push(name.clone());
        }
    }
    all
}

/// The list with its wildcards written out, where a column of one comes out once more: no engine can take that for one of them.
/// Wildcards stay over relations whose own columns have one name twice, which nothing can name.
fn written_out(items: &[SelectItem], wildcards: &[Wildcard]) -> Option<Vec<SelectItem>> {
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|name| name.value.clone()),
        _ => None,
    };
    let mut explicit = items.iter().filter_map(name);
    let has = |wildcard: &Wildcard, name: &str| wildcard.columns.iter().any(|(_, column)| column.name == name);
    let named = explicit.any(|name| wildcards.iter().any(|wildcard| has(wildcard, &name)));
    let shared = wildcards.iter().enumerate().any(|(n, one)| {
        wildcards.iter().skip(n + 1).any(|other| one.columns.iter().any(|(expr, _)| other.columns.iter().any(|(e, _)| e == expr)))
    });
    let nameless = |wildcard: &Wildcard| {
        let exprs = wildcard.columns.iter().enumerate();
        exprs.clone().any(|(n, (expr, _))| exprs.clone().skip(n + 1).any(|(_, (other, _))| expr == other))
    };
    if !(named || shared) || wildcards.iter().any(nameless) {
        return None;
    }
    let written = items.iter().enumerate().flat_map(|(n, item)| match wildcards.iter().find(|wildcard| wildcard.item == n) {
        Some(wildcard) => wildcard.columns.iter().map(|(expr, _)| SelectItem::UnnamedExpr(expr.clone())).collect(),
        None => vec![item.clone()],
    });
    Some(written.collect())
}

/// One column of a wildcard, written out.
fn spelled((expr, column): &(Expr, Column)) -> SelectItem {
    SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('`', &column.name) }
}

/// The expression of an item; None for a wildcard.
fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } | SelectItem::ExprWithAliases { expr, .. } => {
            Some(expr)
        }
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => None,
    }
}

fn ordinal(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn identifiers(name: &ObjectName) -> Vec<String> {
    let ident = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => ident.value.clone(),
        ObjectNamePart::Function(function) => function.to_string(),
    };
    name.0.iter().map(ident).collect()
}
