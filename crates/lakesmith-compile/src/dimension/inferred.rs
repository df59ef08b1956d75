//! Inferred members: a fact names a member that its dimension does not have, and asks for a stand-in. The dimension's own
//! flow makes it from the keys in the fact's input: from the beginning of time to the first real version, for as long
//! as a fact needs it.

use super::Members;
use crate::gold::{BEGINNING, UNKNOWN_KEY, nothing_known, own, stamped};
use crate::name::TableName;
use crate::plan::{Input, Known};
use crate::select::{equal, former, in_range, indent, items, list, named, of, quote, same_pairs};
use crate::step::{Counted, Cte};
use lakesmith_project::{Dimension, MissingMember};
use lakesmith_text::Diagnostics;

/// What the number of members that are inferred is called.
pub const INFERRED: &str = "inferred members";

/// A condition that is TRUE for the versions of a dimension that were inferred: lakesmith made them itself, and they are not
/// the unknown member. A member has at most one of them.
pub fn inferred_members(surrogate_key: &str) -> String {
    format!("`_source_system` = {} AND NOT ({} <=> {UNKNOWN_KEY})", own(), quote(surrogate_key))
}

/// Counts them among the members of a batch.
pub(super) fn count(members: &Members<'_>) -> Option<Counted> {
    let inferred = inferred_members(&members.dimension.surrogate_key.value);
    let sql = format!("SELECT count(*) FROM `result` WHERE {inferred}");
    (!members.needing.is_empty()).then(|| Counted { name: INFERRED.to_owned(), sql })
}

/// A table whose rows need members of a dimension.
pub(super) struct Needing {
    table: TableName,
    /// Which input of the dimension's flow it is, from 1.
    input: usize,
    /// Its columns that name the member.
    on: Vec<String>,
    /// The column that says as of when; without it any version will do.
    as_of: Option<String>,
}

/// Who needs members inferred, and the inputs that they are, from number `first` on.
pub(super) fn needing(dimension: &Dimension, known: &Known, first: usize) -> (Vec<Needing>, Vec<Input>) {
    let (mut all, mut inputs): (Vec<Needing>, Vec<Input>) = (vec![], vec![]);
    for fact in &known.project.facts {
        let Some(from) = &fact.from else { continue };
        let roles = fact.dimensions.iter().filter(|role| {
            role.missing == MissingMember::Inferred && role.dimension.value.trim_start_matches("gold.") == dimension.name.value
        });
        for role in roles {
            // The fact's own flow says what is wrong with its input and its columns.
            let Some((flow, _)) = known.silver(from, &mut Diagnostics::default()) else { continue };
            let has = |name: &String| flow.target.names().any(|column| column == name);
            let on: Vec<String> = role.on.iter().map(|on| on.value.clone()).collect();
            let as_of = role.as_of.as_ref().map(|as_of| as_of.value.clone());
            if !flow.columns_known || on.len() != dimension.natural_key.len() || !on.iter().chain(&as_of).all(has) {
                continue;
            }
            let input = match inputs.iter().position(|input| input.table == flow.name) {
                Some(index) => first + index,
                None => {
                    inputs.push(Input::changes(flow.name.clone(), role.key.span));
                    first + inputs.len() - 1
                }
            };
            all.push(Needing { table: flow.name.clone(), input, on, as_of });
        }
    }
    (all, inputs)
}

impl Needing {
    /// Columns that name a member, each with that of the dimension's natural key.
    fn pairs(&self, members: &Members<'_>) -> Vec<(String, String)> {
        self.on.iter().cloned().zip(members.natural_key.iter().cloned()).collect()
    }

    /// The members that its rows name or named, of what it gained or lost.
    pub(super) fn concerned(&self) -> String {
        format!(
            "SELECT {}\nFROM {}\nWHERE {}\nUNION\n{}",
            list(&self.on),
            self.table.quoted(),
            in_range(None, self.input),
            former(self.input, &self.on)
        )
    }

    /// The members that its rows need and that have no version yet at that time.
    fn needed(&self, members: &Members<'_>, whole: bool) -> String {
        let pairs = self.pairs(members);
        let select: Vec<String> = pairs.iter().map(|(on, key)| named(&of("n", on), key)).collect();
        let restrict = match whole {
            true => String::new(),
            false => format!(" LEFT SEMI JOIN `keys` ON {}", same_pairs("n", "keys", &pairs)),
        };
        let present: Vec<String> = self.on.iter().map(|on| format!("{} IS NOT NULL", of("n", on))).collect();
        let lacks = match (&self.as_of, members.type2()) {
            // A version that would end before it begins is none.
            (Some(as_of), true) => format!(
                "(`m`.`_first` IS NULL OR ({} < `m`.`_first` AND `m`.`_first` > CAST('{BEGINNING}' AS {})))",
                of("n", as_of),
                members.day_type()
            ),
            _ => "`m`.`_first` IS NULL".to_owned(),
        };
        format!(
            "SELECT {}\nFROM (\n  SELECT `n`.*\n  FROM {} `n`{restrict}\n) `n` LEFT JOIN `firsts` `m` ON {}\nWHERE {} AND {lacks}",
            select.join(", "),
            self.table.quoted(),
            equal("n", "m", &pairs),
            present.join(" AND ")
        )
    }
}

/// `firsts`: when each real member begins. `needed`: the members to infer, with when the first real version begins.
pub(super) fn queries(needing: &[Needing], members: &Members<'_>, whole: bool) -> Vec<Cte> {
    let cte = |name: &str, sql| Cte { name: name.to_owned(), sql, kept: false };
    let keys = list(&members.natural_key);
    let first = if members.type2() { "min(`effective_start_date`)" } else { "max(1)" };
    let all: Vec<String> = needing.iter().map(|needing| needing.needed(members, whole)).collect();
    let pairs: Vec<(String, String)> = members.natural_key.iter().map(|key| (key.clone(), key.clone())).collect();
    let columns: Vec<String> = members.natural_key.iter().map(|key| of("n", key)).collect();
    vec![
        cte("firsts", format!("SELECT {keys}, {}\nFROM `members`\nGROUP BY {keys}", named(first, "_first"))),
        cte(
            "needed",
            format!(
                "SELECT DISTINCT {}, {}\nFROM (\n{}\n) `n` LEFT JOIN `firsts` `m` ON {}",
                columns.join(", "),
                quote("_first"),
                indent(&all.join("\nUNION\n")),
                equal("n", "m", &pairs)
            ),
        ),
    ]
}

impl Members<'_> {
    /// One row a member that facts need and that has no real version at their time.
    pub(super) fn inferred(&self) -> String {
        let mut select = vec![named("CAST(NULL AS BIGINT)", &self.dimension.surrogate_key.value)];
        select.extend(self.attributes.iter().map(|column| match self.natural_key.contains(&column.name) {
            true => quote(&column.name),
            false => named(&nothing_known(column), &column.name),
        }));
        if self.type2() {
            let ty = self.day_type();
            select.extend([
                named(&format!("CAST('{BEGINNING}' AS {ty})"), "effective_start_date"),
                named(&format!("coalesce(`_first`, CAST('9999-12-31' AS {ty}))"), "effective_end_date"),
                named("`_first` IS NULL", "is_current"),
            ]);
        }
        select.extend(stamped(&own(), true));
        format!("SELECT\n  {}\nFROM `needed`", items(&select))
    }
}
