//! FROM: tables, subqueries, joins and lateral views.

use super::names::{Column, Names, Relation, quote};
use super::resolver::Resolver;
use crate::rewrite::tree;
use crate::signature::{Argument, Kind, lookup, matching};
use crate::syntax::bytes;
use crate::types::{common_type, same_name};
use crate::{DataType, SqlError};
use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, LateralView, ObjectName, ObjectNamePart, Spanned,
    TableAlias, TableFactor, TableWithJoins,
};

/// Which sides of a join may be missing, and whether the right one is seen afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inner,
    Left,
    Right,
    Full,
    Filter,
}

impl Resolver<'_> {
    /// The relations of FROM, with `outer` for the queries around.
    pub(super) fn from<'n>(&mut self, from: &mut [TableWithJoins], outer: Option<&'n Names<'n>>) -> Names<'n> {
        let mut names = Names { outer, qualified: self.spelled, ..Names::default() };
        for table in from {
            self.tree(table, &mut names);
        }
        names
    }

    fn tree(&mut self, table: &mut TableWithJoins, names: &mut Names<'_>) {
        let start = names.relations.len();
        self.factor(&mut table.relation, names);
        for join in &mut table.joins {
            self.join(join, start, names);
        }
    }

    fn join(&mut self, join: &mut Join, start: usize, names: &mut Names<'_>) {
        let middle = names.relations.len();
        self.factor(&mut join.relation, names);
        let text = join.to_string();
        let (side, constraint) = match &mut join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint) => {
                (Side::Inner, constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (Side::Left, constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (Side::Right, constraint),
            JoinOperator::FullOuter(constraint) => (Side::Full, constraint),
            JoinOperator::Semi(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::Anti(constraint)
            | JoinOperator::LeftAnti(constraint) => (Side::Filter, constraint),
            _ => {
                let first = text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
                self.fault(
                    SqlError::unsupported(format!("this join (`{first} ..`) is not supported")).at(bytes(join.relation.span())),
                );
                return;
            }
        };
        match constraint {
            JoinConstraint::On(condition) => {
                self.condition(condition, names, "a join condition");
            }
            JoinConstraint::Using(columns) => {
                let conditions = self.using(columns, side, start, middle, names);
                if let Some(condition) = conditions.into_iter().reduce(|all, one| tree::binary(all, BinaryOperator::And, one))
                    && self.spelled
                {
                    *constraint = JoinConstraint::On(condition);
                }
            }
            JoinConstraint::None => {}
            JoinConstraint::Natural => {
                self.fault(
                    SqlError::unsupported("NATURAL JOIN is not supported")
                        .help("write `USING (..)`")
                        .at(bytes(join.relation.span())),
                );
            }
        }
        if side == Side::Filter {
            names.relations.truncate(middle);
        }
        let (left, right) = (matches!(side, Side::Right | Side::Full), matches!(side, Side::Left | Side::Full));
        for (index, relation) in names.relations.iter_mut().enumerate().skip(start) {
            if if index < middle { left } else { right } {
                relation.columns.iter_mut().for_each(|column| column.nullable = true);
            }
        }
    }

    /// The columns of USING, as the conditions that they stand for.
    fn using(&mut self, columns: &mut [ObjectName], side: Side, start: usize, middle: usize, names: &mut Names<'_>) -> Vec<Expr> {
        let mut conditions = Vec::new();
        for name in columns {
            let range = bytes(name.span());
            let [ObjectNamePart::Identifier(ident)] = name.0.as_mut_slice() else { continue };
            if matches!(side, Side::Right | Side::Full) {
                self.fault(
                    SqlError::unsupported("USING in a RIGHT or FULL join is not supported").help("write `ON ..`").at(range),
                );
                return conditions;
            }
            let sides = [names.relations.get(start..middle), names.relations.get(middle..)];
            let found = sides.map(|relations| {
                let all = relations.unwrap_or_default().iter();
                let mut columns = all.flat_map(|relation| relation.columns.iter().map(move |column| (relation, column)));
                let found = columns.find(|(_, column)| same_name(&column.name, &ident.value));
                found.map(|(relation, column)| (relation.expr(column), column.clone()))
            });
            match found {
                [Some((a, left)), Some((b, right))] if left.name == right.name && common_type(&left.ty, &right.ty).is_some() => {
                    quote(ident, &left.name);
                    conditions.push(tree::binary(a, BinaryOperator::Eq, b));
                    names.merged.push(left.name);
                }
                [Some(_), Some(_)] => {
                    self.fault(
                        SqlError::new("type-mismatch", format!("`{}` is not one column on both sides", ident.value))
                            .at(range)
                            .help("write `ON ..`"),
                    );
                }
                _ if self.blind => {}
                _ => {
                    self.fault(
                        SqlError::new("unknown-column", format!("`{}` is not a column of both sides", ident.value))
                            .at(range)
                            .suggest(&ident.value, names.all()),
                    );
                }
            }
        }
        conditions
    }

    fn factor(&mut self, factor: &mut TableFactor, names: &mut Names<'_>) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let refused = [
                    (args.is_some(), "a table function in FROM"),
                    (version.is_some(), "VERSION AS OF and TIMESTAMP AS OF"),
                    (sample.is_some(), "TABLESAMPLE"),
                    (
                        *with_ordinality
                            || json_path.is_some()
                            || !with_hints.is_empty()
                            || !partitions.is_empty()
                            || !index_hints.is_empty(),
                        "this form of a table",
                    ),
                ];
                if let Some((_, what)) = refused.iter().find(|(refused, _)| *refused) {
                    let verb = if what.contains(" and ") { "are" } else { "is" };
                    self.fault(SqlError::unsupported(format!("{what} {verb} not supported")).at(bytes(name.span())));
                }
                let relation = self.table(name);
                self.aliased(relation, alias, names);
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if *lateral || sample.is_some() {
                    let what = if *lateral { "a LATERAL subquery" } else { "TABLESAMPLE" };
                    self.fault(SqlError::unsupported(format!("{what} is not supported")).at(bytes(subquery.span())));
                }
                let columns = self.query(subquery, names.outer);
                self.aliased(Relation::computed(Vec::new(), columns), alias, names);
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.tree(table_with_joins, names),
            other => {
                let what = match other {
                    TableFactor::Pivot { .. } => "PIVOT",
                    TableFactor::Unpivot { .. } => "UNPIVOT",
                    _ => "this form in FROM",
                };
                let range = bytes(other.span());
                self.fault(SqlError::unsupported(format!("{what} is not supported")).at(range));
                self.blind = true;
            }
        }
    }

    /// A named subquery, or else a table.
    fn table(&mut self, name: &mut ObjectName) -> Relation {
        let range = bytes(name.span());
        let mut idents: Vec<&mut Ident> = name
            .0
            .iter_mut()
            .filter_map(|part| match part {
                ObjectNamePart::Identifier(ident) => Some(ident),
                ObjectNamePart::Function(_) => None,
            })
            .collect();
        let mut parts: Vec<String> = idents.iter().map(|ident| ident.value.clone()).collect();
        let cte = match parts.as_slice() {
            [single] => self.ctes.iter().rev().find(|(name, _)| same_name(name, single)).cloned(),
            _ => None,
        };
        if let (Some((name, columns)), Some(ident)) = (cte, idents.first_mut()) {
            quote(ident, &name);
            return Relation::computed(vec![name], columns);
        }
        let mut schema = self.schemas.table(&parts);
        if schema.is_none() {
            let lower: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
            schema = self.schemas.table(&lower);
            if schema.is_some() {
                parts = lower;
            }
        }
        for (ident, part) in idents.into_iter().zip(&parts) {
            quote(ident, part);
        }
        let table = parts.join(".");
        match schema {
            Some(schema) => {
                self.tables.insert(table.clone());
                Relation::table(parts, &table, schema)
            }
            None => {
                let ctes: Vec<&str> = self.ctes.iter().map(|(name, _)| name.as_str()).collect();
                let error =
                    SqlError::new("unknown-table", format!("there is no table `{table}`")).at(range).suggest(&table, ctes);
                self.fault(error);
                self.blind = true;
                Relation::computed(parts, Vec::new())
            }
        }
    }

    fn aliased(&mut self, mut relation: Relation, alias: &mut Option<TableAlias>, names: &mut Names<'_>) {
        if let Some(alias) = alias {
            relation.columns = self.renamed(relation.columns, alias);
            relation.qualifier = vec![alias.name.value.clone()];
        }
        let taken = names.relations.iter().any(|other| !relation.qualifier.is_empty() && other.qualifier == relation.qualifier);
        if taken {
            let name = relation.qualifier.join(".");
            let range = alias.as_ref().and_then(|alias| bytes(alias.name.span));
            self.fault(
                SqlError::new("ambiguous-column", format!("`{name}` stands for two relations"))
                    .at(range)
                    .help("give one of them an alias"),
            );
            return;
        }
        names.relations.push(relation);
    }

    /// Gives columns the names of an alias: `t (a, b)`.
    pub(super) fn renamed(&mut self, mut columns: Vec<Column>, alias: &mut TableAlias) -> Vec<Column> {
        let name = alias.name.value.clone();
        quote(&mut alias.name, &name);
        if !alias.columns.is_empty() && alias.columns.len() != columns.len() {
            let message = format!("`{name}` names {} columns, there are {}", alias.columns.len(), columns.len());
            self.fault(SqlError::new("type-mismatch", message).at(bytes(alias.name.span)));
        }
        for (column, new) in columns.iter_mut().zip(&mut alias.columns) {
            let name = new.name.value.clone();
            quote(&mut new.name, &name);
            column.name = name;
        }
        columns
    }

    /// `LATERAL VIEW [OUTER] explode(lines) t AS line`: one row per element.
    pub(super) fn lateral_view(&mut self, view: &mut LateralView, names: &mut Names<'_>) {
        let range = bytes(view.lateral_view_name.span());
        let Expr::Function(function) = &mut view.lateral_view else { return };
        let name = tree::name(function);
        if lookup(&name).and_then(<[_]>::first).is_none_or(|signature| signature.kind != Kind::Generator) {
            let error = SqlError::unsupported(format!("`{name}` in LATERAL VIEW is not supported"));
            self.fault(error.at(bytes(function.name.span())).help("LATERAL VIEW takes `explode` and `posexplode`"));
            return;
        }
        let mut argument = match tree::arguments(function).collect::<Vec<_>>().as_slice() {
            [argument] => (*argument).clone(),
            _ => {
                let error = SqlError::new("function-arguments", format!("`{name}` takes one array or map"));
                self.fault(error.at(bytes(function.name.span())));
                return;
            }
        };
        let typed = self.plain(&mut argument, names, "LATERAL VIEW");
        if matching(&name, &[Argument::Value { ty: typed.ty.clone() }]).is_none() {
            let error = SqlError::new("function-arguments", format!("`{name}` takes an array or a map, this is {}", typed.ty));
            self.fault_at(error, &argument);
        }
        view.lateral_view = tree::call(&name, vec![argument]);
        let column = |name: &str, ty: DataType, nullable: bool| Column {
            name: name.to_owned(),
            ty,
            nullable,
            sources: typed.sources.clone(),
        };
        let mut columns = match typed.ty.clone() {
            DataType::Array(element) => vec![column("col", *element, true)],
            DataType::Map(key, value) => vec![column("key", *key, view.outer), column("value", *value, true)],
            _ => vec![column("col", DataType::Null, true)],
        };
        if name == "posexplode" {
            columns.insert(0, column("pos", DataType::Int, view.outer));
        }
        if !view.lateral_col_alias.is_empty() && view.lateral_col_alias.len() != columns.len() {
            let message = format!("`{name}` gives {} columns here, {} are named", columns.len(), view.lateral_col_alias.len());
            self.fault(SqlError::new("function-arguments", message).at(range));
        }
        for (column, alias) in columns.iter_mut().zip(&mut view.lateral_col_alias) {
            let name = alias.value.clone();
            quote(alias, &name);
            column.name = name;
        }
        let mut qualifier = Vec::new();
        for part in &mut view.lateral_view_name.0 {
            if let ObjectNamePart::Identifier(ident) = part {
                let name = ident.value.clone();
                quote(ident, &name);
                qualifier.push(name);
            }
        }
        names.relations.push(Relation::computed(qualifier, columns));
    }
}
