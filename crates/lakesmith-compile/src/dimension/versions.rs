//! The versions of a member, from all its states and deletes as they are known now: a late one can split, merge, move or
//! remove versions.

use super::Members;
use crate::deletes::Deletes;
use crate::gold::BEGINNING;
use crate::select::{items, list, named, of, quote, same};
use crate::step::{Cte, parameter};
use crate::table::Column;
use lakesmith_project::{DimensionKind, FirstVersion, Validity};
use lakesmith_sql::DataType;

/// The hidden column that is TRUE for a delete among the states of a member.
const GONE: &str = "_gone";

impl Members<'_> {
    pub(super) fn day_type(&self) -> DataType {
        match self.dimension.validity {
            Validity::Date => DataType::Date,
            Validity::Timestamp => DataType::Timestamp,
        }
    }

    /// Every state of those members. A row without a natural key is no member; of a junk dimension one without any value.
    pub(super) fn states(&self, whole: bool) -> String {
        let present: Vec<String> = self.natural_key.iter().map(|key| format!("`s`.{} IS NOT NULL", quote(key))).collect();
        let restrict = match whole {
            true => String::new(),
            false => format!("\nLEFT SEMI JOIN `keys` ON {}", same("s", "keys", &self.natural_key)),
        };
        let present = match self.dimension.kind {
            DimensionKind::Junk if present.len() > 1 => format!("({})", present.join(" OR ")),
            _ => present.join(" AND "),
        };
        let Some(tombstones) = &self.tombstones else {
            let stay = self.deletes.as_ref().map_or_else(String::new, Deletes::left_out);
            return format!("SELECT `s`.*\nFROM {} `s`{restrict}{stay}\nWHERE {present}", self.input.quoted());
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

    /// The attributes whose change opens a version: those listed, else every one that is not overwritten.
    fn tracked(&self) -> impl Iterator<Item = &str> {
        let track = &self.dimension.track;
        let listed = |name: &&str| track.iter().any(|track| track.value == *name);
        let every = |name: &&str| track.is_empty() && !self.natural_key.iter().any(|key| key == name) && !self.overwritten(name);
        self.attributes.iter().map(|column| column.name.as_str()).filter(move |name| listed(name) || every(name))
    }

    fn overwritten(&self, name: &str) -> bool {
        self.dimension.overwrite.iter().any(|overwrite| overwrite.value == name)
    }

    /// `current`: the states of days, each with the newest value of the attributes that are overwritten; those of a member
    /// that has nothing but deletes make no version. Gives the relation that holds what versions are made of.
    fn newest(&self, with: &mut Vec<Cte>) -> &'static str {
        if self.dimension.overwrite.is_empty() {
            return "days";
        }
        let mut cte = |name: &str, sql| with.push(Cte { name: name.to_owned(), sql, kept: false });
        let overwritten: Vec<&str> = self.dimension.overwrite.iter().map(|name| name.value.as_str()).collect();
        let stays = self.tombstones.as_ref().map_or_else(String::new, |_| format!("\n  WHERE NOT {}", quote(GONE)));
        let keys = list(&self.natural_key);
        cte(
            "newest",
            format!(
                "SELECT {keys}, {}\nFROM (\n  SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY `_day` DESC) AS `_newest`\n  FROM `days`{stays}\n)\nWHERE `_newest` = 1",
                list(&overwritten)
            ),
        );
        let mut columns: Vec<String> = self.attributes.iter().map(|column| column.name.clone()).collect();
        columns.extend(self.ordered.iter().map(|column| column.name.clone()).filter(|name| !self.has(name)));
        columns.push("_source_system".to_owned());
        columns.extend(self.tombstones.as_ref().map(|_| GONE.to_owned()));
        columns.push("_day".to_owned());
        let from = |name: &String| of(if self.overwritten(name) { "n" } else { "d" }, name);
        let select: Vec<String> = columns.iter().map(from).collect();
        cte(
            "current",
            format!("SELECT {}\nFROM `days` `d` JOIN `newest` `n` ON {}", select.join(", "), same("d", "n", &self.natural_key)),
        );
        "current"
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|column| column.name == name)
    }

    pub(super) fn descending(&self) -> String {
        let gone = self.tombstones.as_ref().map(|_| GONE.to_owned());
        let order: Vec<&String> =
            self.sequence.iter().chain(&gone).chain(self.attributes.iter().map(|column| &column.name)).collect();
        order.iter().map(|name| format!("{} DESC", quote(name))).collect::<Vec<_>>().join(", ")
    }

    /// One row a version: states of one day count as the last of them, a state that differs in a tracked attribute
    /// opens a version, and the attributes that are not tracked are those of the version's last state, or of the member's if they are overwritten.
    pub(super) fn versions(&self, with: &mut Vec<Cte>) -> String {
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
        let days = self.newest(with);
        let mut cte = |name: &str, sql| with.push(Cte { name: name.to_owned(), sql, kept: false });
        let before = |name: &str| format!("lag({}) OVER ({member} ORDER BY `_day`)", quote(name));
        let mut opens = vec![format!("{} IS NULL", before("_day"))];
        // A delete closes a version, and what comes after it opens one.
        if self.tombstones.is_some() {
            opens.extend([quote(GONE), before(GONE)]);
        }
        opens.extend(self.tracked().map(|name| format!("NOT ({} <=> {})", quote(name), before(name))));
        cte("changes", format!("SELECT *, CASE WHEN {} THEN 1 ELSE 0 END AS `_opens`\nFROM `{days}`", opens.join("\n  OR ")));
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
                let beginning = format!("CAST('{BEGINNING}' AS {})", self.day_type());
                // Of a member whose first event is a delete, the first version is the one that follows.
                let first = match &self.tombstones {
                    None => "`_version` = 1".to_owned(),
                    Some(_) => format!("`_version` = min(CASE WHEN NOT {} THEN `_version` END) OVER ({member})", quote(GONE)),
                };
                format!("CASE WHEN {first} THEN least({start}, {beginning}) ELSE {start} END")
            }
        };
        cte(
            "versions",
            format!(
                "SELECT *\nFROM (\n  SELECT *, {start} AS `_start`,\n    row_number() OVER ({version} ORDER BY `_day` DESC) AS `_last`\n  FROM `numbered`\n)\nWHERE `_last` = 1"
            ),
        );
        // The end of a version may be a delete, so it is found before the deletes are left out.
        let next = format!("lead(`_start`) OVER ({member} ORDER BY `_version`)");
        let (ends, next) = match &self.tombstones {
            None => ("`versions`".to_owned(), next),
            Some(_) => (format!("(\n  SELECT *, {next} AS `_next`\n  FROM `versions`\n)"), "`_next`".to_owned()),
        };
        let validity = [
            named("`_start`", "effective_start_date"),
            named(&format!("coalesce({next}, CAST('9999-12-31' AS {}))", self.day_type()), "effective_end_date"),
            named(&format!("{next} IS NULL"), "is_current"),
        ];
        let stays = self.tombstones.as_ref().map_or_else(String::new, |_| format!("\nWHERE NOT {}", quote(GONE)));
        format!("SELECT\n  {}\nFROM {ends}{stays}", items(&self.row(&validity)))
    }
}
