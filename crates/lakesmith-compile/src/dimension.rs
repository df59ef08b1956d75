//! Dimensions: type 1, where a member is what it is now, and type 2, where every version of it is kept, in validity
//! ranges [start, end) of business time. Every dimension has the member -1, for facts whose member is not known.

mod hierarchy;
mod inferred;
mod versions;

pub use self::inferred::{INFERRED, inferred_members};

use self::inferred::Needing;
use crate::deletes::Deletes;
use crate::entity::Shape;
use crate::expression;
use crate::gold::{BEGINNING, UNKNOWN_KEY, nothing_known, own, stamp_names, stamped, stamps};
use crate::layout;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known};
use crate::select::{former, in_range, items, list, named, quote};
use crate::step::{Cte, Keyed, Step, Write};
use crate::table::{Column, Table};
use lakesmith_project::{Dimension, DimensionHistory, DimensionKind};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};
use std::collections::BTreeSet;

/// A dimension whose columns are known, ready to be put into SQL.
struct Members<'a> {
    dimension: &'a Dimension,
    input: &'a TableName,
    natural_key: Vec<String>,
    attributes: Vec<Column>,
    /// The columns that order the states of a member; none where there is one state only.
    sequence: Vec<String>,
    /// Those columns with their types.
    ordered: Vec<Column>,
    /// The table that says when a member of several versions was deleted: the second input.
    tombstones: Option<TableName>,
    /// Who of the members without versions is gone, if the input keeps what was deleted: the second input.
    deletes: Option<Deletes>,
    /// Who needs members inferred.
    needing: Vec<Needing>,
}

pub(crate) fn flow(dimension: &Dimension, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let (input, shape) = known.silver(&dimension.from, faults)?;
    let type2 = dimension.history == DimensionHistory::Type2;
    if type2 && !shape.keeps_states {
        let keeps = match shape.unique {
            true => "the latest state of a key only",
            false => "rows as they came, not the states of a key",
        };
        faults.push(
            Diagnostic::error("history-dropped", format!("`{}` keeps {keeps}, so there are no versions to build", input.name))
                .at(dimension.from.span)
                .help(format!("set `history: changes` in {}, or `history: type1` here", input.name)),
        );
        return None;
    }
    if type2 && dimension.sequence_by.is_none() && shape.sequence_by.is_none() {
        faults.push(
            Diagnostic::error("missing-key", "a type 2 dimension needs `sequence_by`, the time of each change")
                .at(dimension.name.span)
                .help(format!("name the column that says when a state began, here or in `{}`", input.name)),
        );
        return None;
    }
    let name = TableName::new(Layer::Gold, dimension.name.value.clone());
    let columns = &input.target.columns;
    let mut inputs = vec![Input::changes(input.name.clone(), dimension.from.span)];
    let mut members = match input.columns_known {
        false => None,
        true => Some(members(dimension, &input.name, columns, shape, faults)?),
    };
    if let Some(members) = &mut members {
        inputs.extend(members.tombstones.clone().map(|table| Input::new(table, dimension.from.span)));
        // A combination of values is no key that a delete names.
        if !type2 && dimension.kind != DimensionKind::Junk {
            members.deletes = Deletes::of(&input.name, shape, known, inputs.len() + 1);
            inputs.extend(members.deletes.iter().map(|deletes| deletes.input(dimension.from.span)));
        }
        let (needing, read) = inferred::needing(dimension, known, inputs.len() + 1);
        members.needing = needing;
        inputs.extend(read);
    }
    let target = Table {
        path: format!("gold/dimensions/{}", dimension.name.value),
        description: dimension.description.as_ref().map(|words| words.value.clone()),
        columns: members.as_ref().map(Members::columns).unwrap_or_default(),
        partition_by: vec![],
        cluster_by: layout::clustered(&dimension.cluster_by),
        append_only: false,
        change_data: false,
        name: name.clone(),
    };
    Some(Flow {
        kind: FlowKind::Dimension { history: dimension.history },
        at: dimension.at,
        tags: dimension.tags.iter().map(|tag| tag.value.clone()).collect(),
        inputs,
        companions: vec![],
        columns_known: members.is_some(),
        step: members.as_ref().map(|members| members.step(false)),
        first: members.as_ref().map(|members| members.step(true)),
        whole: None,
        window: None,
        rebuilds: true,
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: None,
        name,
        target,
    })
}

fn members<'a>(
    dimension: &'a Dimension,
    input: &'a TableName,
    columns: &[Column],
    shape: &Shape,
    faults: &mut Diagnostics,
) -> Option<Members<'a>> {
    let before = faults.errors();
    let mut check = |written: &Spanned<String>| {
        if !columns.iter().any(|column| column.name == written.value) {
            faults.push(expression::no_such_column(&input.words(), columns, written));
        }
    };
    dimension.natural_key.iter().for_each(&mut check);
    dimension.sequence_by.iter().for_each(&mut check);
    dimension.track.iter().for_each(&mut check);
    dimension.overwrite.iter().for_each(&mut check);
    dimension.attributes.iter().flatten().for_each(&mut check);
    if before != faults.errors() {
        return None;
    }
    let named = |name: &str| {
        let own = |key: &Spanned<String>| key.value == name;
        dimension.natural_key.iter().any(own) || dimension.track.iter().any(own) || dimension.overwrite.iter().any(own)
    };
    let junk = dimension.kind == DimensionKind::Junk;
    let written = dimension.sequence_by.as_ref().map(|column| column.value.clone());
    let type2 = dimension.history == DimensionHistory::Type2;
    // Of versions the time of each state is no attribute: every state would open one.
    let time = written.as_ref().or(shape.sequence_by.as_ref().filter(|_| type2));
    let kept = |column: &&Column| match &dimension.attributes {
        _ if named(&column.name) => true,
        _ if junk => false,
        Some(listed) => listed.iter().any(|name| name.value == column.name),
        None => !column.name.starts_with('_') && Some(&column.name) != time,
    };
    let attributes: Vec<Column> = columns.iter().filter(kept).cloned().collect();
    for level in dimension.hierarchies.iter().flat_map(|(_, levels)| levels) {
        if !attributes.iter().any(|column| column.name == level.value) {
            faults.push(expression::no_such_column(&input.words(), &attributes, level));
        }
    }
    if before != faults.errors() {
        return None;
    }
    let natural_key: Vec<String> = dimension.natural_key.iter().map(|key| key.value.clone()).collect();
    let sequence = match (written, &shape.sequence_by) {
        (Some(sequence), _) => vec![sequence],
        (None, Some(sequence)) if type2 => vec![sequence.clone()],
        // One state per member already; or of several keys that share a member, the latest, and of those the largest.
        (None, sequence) => {
            let mut order: Vec<String> = sequence.iter().chain(&shape.identity).cloned().collect();
            let mut seen = BTreeSet::new();
            order.retain(|name| !natural_key.contains(name) && seen.insert(name.clone()));
            order
        }
    };
    let tombstones = match &shape.tombstones {
        Some((table, told)) if type2 => {
            deletes_told(dimension, told, faults)?;
            Some(table.clone())
        }
        _ => None,
    };
    let ordered = columns.iter().filter(|column| sequence.contains(&column.name)).cloned().collect();
    let members =
        Members { dimension, input, natural_key, attributes, sequence, ordered, tombstones, deletes: None, needing: vec![] };
    members.distinct(faults)?;
    Some(members)
}

/// A delete says nothing but its key and its sequence.
fn deletes_told(dimension: &Dimension, told: &[String], faults: &mut Diagnostics) -> Option<()> {
    let asked = dimension.natural_key.iter().chain(&dimension.sequence_by);
    let untold: Vec<&Spanned<String>> = asked.filter(|name| !told.contains(&name.value)).collect();
    for name in &untold {
        let fault = format!("`{}` is not known of a row that was deleted, only {}", name.value, told.join(", "));
        faults.push(
            Diagnostic::error("deletes-not-told", fault)
                .at(name.span)
                .help("the versions of a dimension end where its rows are deleted: use the entity's key and its `sequence_by`"),
        );
    }
    untold.is_empty().then_some(())
}

impl Members<'_> {
    fn type2(&self) -> bool {
        self.dimension.history == DimensionHistory::Type2
    }

    /// Says which attributes have the name of a column that the dimension has of its own.
    fn distinct(&self, faults: &mut Diagnostics) -> Option<()> {
        let before = faults.errors();
        let Dimension { surrogate_key, natural_key, track, attributes: listed, from, .. } = self.dimension;
        let is = |own: &str, attribute: &Column| expression::same_name(own, &attribute.name);
        // That it is the natural key's too has been told where the file was read.
        let named_so = |attribute: &&Column| is(surrogate_key, attribute) && !self.natural_key.contains(&attribute.name);
        if let Some(attribute) = self.attributes.iter().find(named_so) {
            let fault = format!("the surrogate key has the name of an attribute, `{}` of `{}`", attribute.name, self.input);
            faults.push(
                Diagnostic::error("duplicate-column", fault)
                    .at(surrogate_key.span)
                    .help("name the key otherwise, or list `attributes` without that column"),
            );
        }
        let own: Vec<Column> = self.validity().into_iter().chain(stamps()).collect();
        for attribute in self.attributes.iter().filter(|attribute| own.iter().any(|own| is(&own.name, attribute))) {
            let written = natural_key.iter().chain(track).chain(listed.iter().flatten());
            let at = written.clone().find(|name| name.value == attribute.name).map_or(from.span, |name| name.span);
            let fault =
                format!("`{}` of `{}` has the name of a column that the dimension has of its own", attribute.name, self.input);
            faults.push(
                Diagnostic::error("duplicate-column", fault)
                    .at(at)
                    .help(format!("give it another name in `{}`, or list `attributes` without it", self.input)),
            );
        }
        (before == faults.errors()).then_some(())
    }

    fn columns(&self) -> Vec<Column> {
        let key = Column::new(self.dimension.surrogate_key.value.clone(), DataType::BigInt)
            .described(Some("Surrogate key; -1 is the unknown member".to_owned()));
        let attributes = self.attributes.iter().cloned();
        std::iter::once(key).chain(attributes).chain(self.validity()).chain(stamps()).collect()
    }

    /// The columns that say when a version holds.
    fn validity(&self) -> Vec<Column> {
        let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
        if !self.type2() {
            return vec![];
        }
        vec![
            column("effective_start_date", self.day_type(), "From when this version holds"),
            column(
                "effective_end_date",
                self.day_type(),
                "Until when it holds, this instant excluded; 9999-12-31 while it is open",
            ),
            column("is_current", DataType::Boolean, "Whether this version is the open one"),
        ]
    }

    /// `whole`: for a dimension without members, where there is nothing to look up.
    fn step(&self, whole: bool) -> Step {
        let mut with = vec![];
        if !whole {
            with.push(Cte { name: "keys".to_owned(), sql: self.keys(), kept: true });
        }
        with.extend(self.deletes.iter().map(|deletes| deletes.gone(&self.natural_key, whole)));
        with.push(Cte { name: "states".to_owned(), sql: self.states(whole), kept: false });
        let mut members = match self.type2() {
            true => self.versions(&mut with),
            false => self.latest(),
        };
        if !self.needing.is_empty() {
            with.push(Cte { name: "members".to_owned(), sql: members, kept: true });
            with.extend(inferred::queries(&self.needing, self, whole));
            members = format!("SELECT *\nFROM `members`\nUNION ALL\n{}", self.inferred());
        }
        let identity = match self.type2() {
            true => [self.natural_key.clone(), vec!["effective_start_date".to_owned()]].concat(),
            false => self.natural_key.clone(),
        };
        let keyed = Keyed {
            keys: if whole { vec![] } else { self.natural_key.clone() },
            identity,
            surrogate: Some(self.dimension.surrogate_key.value.clone()),
            kept: vec!["_created_timestamp".to_owned()],
            stamps: stamp_names(),
        };
        Step {
            with,
            select: format!("{members}\nUNION ALL\n{}", self.unknown()),
            write: if whole { Write::ReplaceAll(keyed) } else { Write::ReplaceKeys(keyed) },
            companions: vec![],
            outcomes: None,
            checks: vec![],
            counts: hierarchy::counts(self).into_iter().chain(inferred::count(self)).collect(),
            places: vec![],
        }
    }

    /// Members of which the input gained a state or lost all; and the unknown one, whose natural key is NULL.
    fn keys(&self) -> String {
        let ty = |name: &String| {
            self.attributes.iter().find(|column| column.name == *name).map_or(DataType::String, |column| column.ty.clone())
        };
        let none: Vec<String> = self.natural_key.iter().map(|name| named(&format!("CAST(NULL AS {})", ty(name)), name)).collect();
        let keys = list(&self.natural_key);
        let mut concerned = format!(
            "SELECT {keys}\nFROM {}\nWHERE {}\nUNION\n{}",
            self.input.quoted(),
            in_range(None, 1),
            former(1, &self.natural_key)
        );
        if let Some(tombstones) = &self.tombstones {
            concerned += &format!("\nUNION\nSELECT {keys}\nFROM {}\nWHERE {}", tombstones.quoted(), in_range(None, 2));
        }
        if let Some(deletes) = &self.deletes {
            concerned += &format!("\nUNION\n{}", deletes.concerned(&self.natural_key));
        }
        for needing in &self.needing {
            concerned += &format!("\nUNION\n{}", needing.concerned());
        }
        format!("{concerned}\nUNION\nSELECT {}", none.join(", "))
    }

    fn latest(&self) -> String {
        let ranked = format!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS `_rank`\n  FROM `states`",
            list(&self.natural_key),
            self.descending()
        );
        format!("SELECT\n  {}\nFROM (\n  {ranked}\n)\nWHERE `_rank` = 1", items(&self.row(&[])))
    }

    fn row(&self, validity: &[String]) -> Vec<String> {
        let mut select = vec![named("CAST(NULL AS BIGINT)", &self.dimension.surrogate_key.value)];
        select.extend(self.attributes.iter().map(|column| quote(&column.name)));
        select.extend_from_slice(validity);
        select.extend(stamped(&quote("_source_system"), true));
        select
    }

    /// Member -1: natural key NULL, texts `(unknown)`, the rest NULL, valid always.
    fn unknown(&self) -> String {
        let mut select = vec![named(&format!("CAST({UNKNOWN_KEY} AS BIGINT)"), &self.dimension.surrogate_key.value)];
        for column in &self.attributes {
            let value = match self.natural_key.contains(&column.name) {
                true => format!("CAST(NULL AS {})", column.ty),
                false => nothing_known(column),
            };
            select.push(named(&value, &column.name));
        }
        if self.type2() {
            let ty = self.day_type();
            select.extend([
                named(&format!("CAST('{BEGINNING}' AS {ty})"), "effective_start_date"),
                named(&format!("CAST('9999-12-31' AS {ty})"), "effective_end_date"),
                named("TRUE", "is_current"),
            ]);
        }
        select.extend(stamped(&own(), false));
        format!("SELECT\n  {}", items(&select))
    }
}
