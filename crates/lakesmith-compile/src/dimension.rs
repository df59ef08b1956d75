//! Dimensions: type 1, where a member is what it is now, and type 2, where every version of it is kept, in validity
//! ranges [start, end) of business time. Every dimension has the member -1, for facts whose member is not known.

mod inferred;

use self::inferred::Needing;
use crate::entity::Shape;
use crate::expression;
use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind, Input, Known};
use crate::select::{former, in_range, items, list, literal, named, of, quote, same};
use crate::step::{Cte, Keyed, Step, Write, parameter};
use crate::table::{Column, Table};
use lakesmith_project::{Dimension, DimensionHistory, FirstVersion, Validity};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

/// The text attributes of member -1.
pub(crate) const UNKNOWN: &str = "(unknown)";
/// The surrogate key of the member that stands for a missing one.
pub(crate) const UNKNOWN_KEY: i64 = -1;

/// The hidden column that is TRUE for a delete among the states of a member.
const GONE: &str = "_gone";

/// What stands for an attribute of a member of which nothing is known.
fn nothing_known(column: &Column) -> String {
    match &column.ty {
        DataType::String => literal(UNKNOWN),
        ty => format!("CAST(NULL AS {ty})"),
    }
}

/// The `_` columns of every gold table.
pub(crate) fn stamps() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
        column("_created_timestamp", DataType::Timestamp, "When the row was first written, UTC"),
        column("_updated_timestamp", DataType::Timestamp, "When the row last changed, UTC"),
        column("_source_system", DataType::String, "The source's name"),
        column("_batch_id", DataType::BigInt, "The batch that last wrote the row"),
    ]
}

pub(crate) fn stamp_names() -> Vec<String> {
    stamps().into_iter().map(|column| column.name).filter(|name| name != "_source_system").collect()
}

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
    /// The table that says when a member was deleted: the second input.
    tombstones: Option<TableName>,
    /// Who needs members inferred.
    needing: Vec<Needing>,
}

pub(crate) fn flow(dimension: &Dimension, known: &Known, faults: &mut Diagnostics) -> Option<Flow> {
    let (input, shape) = known.silver(&dimension.from, faults)?;
    let type2 = dimension.history == DimensionHistory::Type2;
    if type2 && !shape.keeps_states {
        faults.push(
            Diagnostic::error(
                "history-dropped",
                format!("`{}` keeps the latest state of a key only, so there are no versions to build", input.name),
            )
            .at(dimension.from.span)
            .help(format!("set `history: changes` in {}, or `history: type1` here", input.name)),
        );
        return None;
    }
    if type2 && dimension.sequence_by.is_none() {
        faults.push(
            Diagnostic::error("missing-key", "a type 2 dimension needs `sequence_by`, the time of each change")
                .at(dimension.name.span)
                .help("name the column of the input that says when a state began"),
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
        let (needing, read) = inferred::needing(dimension, known, inputs.len() + 1);
        members.needing = needing;
        inputs.extend(read);
    }
    let target = Table {
        path: format!("gold/dimensions/{}", dimension.name.value),
        description: dimension.description.as_ref().map(|words| words.value.clone()),
        columns: members.as_ref().map(Members::columns).unwrap_or_default(),
        partition_by: vec![],
        cluster_by: dimension.cluster_by.iter().map(|column| column.name.value.clone()).collect(),
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
        rebuilds: true,
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
    let before = faults.len();
    let mut check = |written: &Spanned<String>| {
        if !columns.iter().any(|column| column.name == written.value) {
            faults.push(expression::no_such_column(input, columns, written));
        }
    };
    dimension.natural_key.iter().for_each(&mut check);
    dimension.sequence_by.iter().for_each(&mut check);
    dimension.track.iter().for_each(&mut check);
    dimension.attributes.iter().flatten().for_each(&mut check);
    if before != faults.len() {
        return None;
    }
    let named = |name: &str| {
        let own = |key: &Spanned<String>| key.value == name;
        dimension.natural_key.iter().any(own) || dimension.track.iter().any(own)
    };
    let sequence = dimension.sequence_by.as_ref().map(|column| column.value.clone());
    let kept = |column: &&Column| match &dimension.attributes {
        _ if named(&column.name) => true,
        Some(listed) => listed.iter().any(|name| name.value == column.name),
        None => !column.name.starts_with('_') && Some(&column.name) != sequence.as_ref(),
    };
    let attributes = columns.iter().filter(kept).cloned().collect();
    let natural_key: Vec<String> = dimension.natural_key.iter().map(|key| key.value.clone()).collect();
    let sequence = match sequence {
        Some(sequence) => vec![sequence],
        // One state per member already; or of several keys that share a member, the largest.
        None => shape.identity.iter().filter(|name| !natural_key.contains(name)).cloned().collect(),
    };
    let tombstones = match &shape.tombstones {
        Some((table, told)) if dimension.history == DimensionHistory::Type2 => {
            deletes_told(dimension, told, faults)?;
            Some(table.clone())
        }
        _ => None,
    };
    let ordered = columns.iter().filter(|column| sequence.contains(&column.name)).cloned().collect();
    Some(Members { dimension, input, natural_key, attributes, sequence, ordered, tombstones, needing: vec![] })
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

    fn day_type(&self) -> DataType {
        match self.dimension.validity {
            Validity::Date => DataType::Date,
            Validity::Timestamp => DataType::Timestamp,
        }
    }

    fn columns(&self) -> Vec<Column> {
        let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
        let mut columns =
            vec![column(&self.dimension.surrogate_key.value, DataType::BigInt, "Surrogate key; -1 is the unknown member")];
        columns.extend(self.attributes.iter().cloned());
        if self.type2() {
            columns.extend([
                column("effective_start_date", self.day_type(), "From when this version holds"),
                column(
                    "effective_end_date",
                    self.day_type(),
                    "Until when it holds, this instant excluded; 9999-12-31 while it is open",
                ),
                column("is_current", DataType::Boolean, "Whether this version is the open one"),
            ]);
        }
        columns.extend(stamps());
        columns
    }

    /// `whole`: for a dimension without members, where there is nothing to look up.
    fn step(&self, whole: bool) -> Step {
        let mut with = vec![];
        if !whole {
            with.push(Cte { name: "keys".to_owned(), sql: self.keys(), kept: true });
        }
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
            counts: vec![],
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
        for needing in &self.needing {
            concerned += &format!("\nUNION\n{}", needing.concerned());
        }
        format!("{concerned}\nUNION\nSELECT {}", none.join(", "))
    }

    /// Every state of those members. A row without a natural key is no member.
    fn states(&self, whole: bool) -> String {
        let present: Vec<String> = self.natural_key.iter().map(|key| format!("`s`.{} IS NOT NULL", quote(key))).collect();
        let restrict = match whole {
            true => String::new(),
            false => format!("\nLEFT SEMI JOIN `keys` ON {}", same("s", "keys", &self.natural_key)),
        };
        let present = present.join(" AND ");
        let Some(tombstones) = &self.tombstones else {
            return format!("SELECT `s`.*\nFROM {} `s`{restrict}\nWHERE {present}", self.input.quoted());
        };
        // Besides the states there are the deletes, of which nothing is known but when they were.
        let mut columns: Vec<&Column> = self.attributes.iter().collect();
        columns.extend(self.ordered.iter().filter(|column| !self.attributes.iter().any(|known| known.name == column.name)));
        let told = |name: &str| self.natural_key.iter().chain(&self.sequence).any(|own| own == name);
        let states: Vec<String> = columns.iter().map(|column| of("s", &column.name)).collect();
        let deletes: Vec<String> = columns
            .iter()
            .map(|column| match told(&column.name) {
                true => of("s", &column.name),
                false => named(&format!("CAST(NULL AS {})", column.ty), &column.name),
            })
            .collect();
        let rest = format!("`s`.`_source_system`, {{}} AS {}", quote(GONE));
        format!(
            "SELECT {}, {}\nFROM {} `s`{restrict}\nWHERE {present}\nUNION ALL\nSELECT {}, {}\nFROM {} `s`{restrict}\nWHERE {present} AND `s`.`_batch_id` <= :{}",
            states.join(", "),
            rest.replace("{}", "FALSE"),
            self.input.quoted(),
            deletes.join(", "),
            rest.replace("{}", "TRUE"),
            tombstones.quoted(),
            parameter::upto(2)
        )
    }

    fn descending(&self) -> String {
        let gone = self.tombstones.as_ref().map(|_| GONE.to_owned());
        let order: Vec<&String> =
            self.sequence.iter().chain(&gone).chain(self.attributes.iter().map(|column| &column.name)).collect();
        order.iter().map(|name| format!("{} DESC", quote(name))).collect::<Vec<_>>().join(", ")
    }

    fn latest(&self) -> String {
        let ranked = format!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS `_rank`\n  FROM `states`",
            list(&self.natural_key),
            self.descending()
        );
        format!("SELECT\n  {}\nFROM (\n  {ranked}\n)\nWHERE `_rank` = 1", items(&self.row(&[])))
    }

    /// One row a version: states of one day count as the last of them, a state that differs in a tracked attribute
    /// opens a version, and the attributes that are not tracked are those of the version's last state.
    fn versions(&self, with: &mut Vec<Cte>) -> String {
        let mut cte = |name: &str, sql| with.push(Cte { name: name.to_owned(), sql, kept: false });
        let member = format!("PARTITION BY {}", list(&self.natural_key));
        let sequence = list(&self.sequence);
        let day = format!("CAST({sequence} AS {})", self.day_type());
        cte(
            "days",
            format!(
                "SELECT *\nFROM (\n  SELECT *, {day} AS `_day`,\n    row_number() OVER (PARTITION BY {}, {day} ORDER BY {}) AS `_rank`\n  FROM `states`\n)\nWHERE `_rank` = 1",
                list(&self.natural_key),
                self.descending()
            ),
        );
        let before = |name: &str| format!("lag({}) OVER ({member} ORDER BY `_day`)", quote(name));
        let mut opens = vec![format!("{} IS NULL", before("_day"))];
        // A delete closes a version, and what comes after it opens one.
        if self.tombstones.is_some() {
            opens.extend([quote(GONE), before(GONE)]);
        }
        opens.extend(
            self.dimension.track.iter().map(|track| format!("NOT ({} <=> {})", quote(&track.value), before(&track.value))),
        );
        cte("changes", format!("SELECT *, CASE WHEN {} THEN 1 ELSE 0 END AS `_opens`\nFROM `days`", opens.join("\n  OR ")));
        cte(
            "numbered",
            format!(
                "SELECT *, sum(`_opens`) OVER ({member} ORDER BY `_day` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `_version`\nFROM `changes`"
            ),
        );
        let version = format!("PARTITION BY {}, `_version`", list(&self.natural_key));
        let start = format!("min(`_day`) OVER ({version})");
        let start = match self.dimension.first_version {
            FirstVersion::Change => start,
            FirstVersion::Beginning => {
                format!("CASE WHEN `_version` = 1 THEN CAST('1900-01-01' AS {}) ELSE {start} END", self.day_type())
            }
        };
        cte(
            "versions",
            format!(
                "SELECT *\nFROM (\n  SELECT *, {start} AS `_start`,\n    row_number() OVER ({version} ORDER BY `_day` DESC) AS `_last`\n  FROM `numbered`\n)\nWHERE `_last` = 1"
            ),
        );
        let next = format!("lead(`_start`) OVER ({member} ORDER BY `_start`)");
        let validity = [
            named("`_start`", "effective_start_date"),
            named(&format!("coalesce({next}, CAST('9999-12-31' AS {}))", self.day_type()), "effective_end_date"),
            named(&format!("{next} IS NULL"), "is_current"),
        ];
        let Some(_) = &self.tombstones else {
            return format!("SELECT\n  {}\nFROM `versions`", items(&self.row(&validity)));
        };
        // The end of a version may be a delete: it is known before the deletes are left out.
        let ends = format!("SELECT *, {next} AS `_next`\n  FROM `versions`");
        let validity = validity.map(|sql| sql.replace(&next, "`_next`"));
        format!("SELECT\n  {}\nFROM (\n  {ends}\n)\nWHERE NOT {}", items(&self.row(&validity)), quote(GONE))
    }

    /// One row a member that facts need and that has no real version at their time.
    fn inferred(&self) -> String {
        let mut select = vec![named("CAST(NULL AS BIGINT)", &self.dimension.surrogate_key.value)];
        select.extend(self.attributes.iter().map(|column| match self.natural_key.contains(&column.name) {
            true => quote(&column.name),
            false => named(&nothing_known(column), &column.name),
        }));
        if self.type2() {
            let ty = self.day_type();
            select.extend([
                named(&format!("CAST('1900-01-01' AS {ty})"), "effective_start_date"),
                named(&format!("coalesce(`_first`, CAST('9999-12-31' AS {ty}))"), "effective_end_date"),
                named("`_first` IS NULL", "is_current"),
            ]);
        }
        let now = format!(":{}", parameter::NOW);
        select.extend([
            named(&now, "_created_timestamp"),
            named(&now, "_updated_timestamp"),
            named(&literal("lakesmith"), "_source_system"),
            named(&format!(":{}", parameter::BATCH), "_batch_id"),
            named("1", "_new"),
            named("CAST(NULL AS STRING)", "_outcome"),
        ]);
        format!("SELECT\n  {}\nFROM `needed`", items(&select))
    }

    fn row(&self, validity: &[String]) -> Vec<String> {
        let now = format!(":{}", parameter::NOW);
        let mut select = vec![named("CAST(NULL AS BIGINT)", &self.dimension.surrogate_key.value)];
        select.extend(self.attributes.iter().map(|column| quote(&column.name)));
        select.extend_from_slice(validity);
        select.extend([
            named(&now, "_created_timestamp"),
            named(&now, "_updated_timestamp"),
            quote("_source_system"),
            named(&format!(":{}", parameter::BATCH), "_batch_id"),
            named("1", "_new"),
            named("CAST(NULL AS STRING)", "_outcome"),
        ]);
        select
    }

    /// Member -1: natural key NULL, texts `(unknown)`, the rest NULL, valid always.
    fn unknown(&self) -> String {
        let now = format!(":{}", parameter::NOW);
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
                named(&format!("CAST('1900-01-01' AS {ty})"), "effective_start_date"),
                named(&format!("CAST('9999-12-31' AS {ty})"), "effective_end_date"),
                named("TRUE", "is_current"),
            ]);
        }
        select.extend([
            named(&now, "_created_timestamp"),
            named(&now, "_updated_timestamp"),
            named(&literal("lakesmith"), "_source_system"),
            named(&format!(":{}", parameter::BATCH), "_batch_id"),
            named("0", "_new"),
            named("CAST(NULL AS STRING)", "_outcome"),
        ]);
        format!("SELECT\n  {}", items(&select))
    }
}
