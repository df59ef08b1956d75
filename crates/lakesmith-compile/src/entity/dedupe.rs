//! Which of several rows of a key stays: the highest sequence; of equal ones the columns decide in declared order, as
//! stored. The rows of the batch stand against each other and against the target's rows of the same keys.

use super::columns::Checked;
use super::lookup::Looked;
use super::{ARRIVAL, Parent, batch, sequence, shape, snapshot, tombstones};
use crate::select::{former, in_range, indent, items, list, named, of, quote, same};
use crate::step::{Beside, Check, Cte, Keyed, Step, Write, parameter};
use crate::table::Table;
use lakesmith_project::{Entity, History, OnFail};
use lakesmith_sql::DataType;
use std::collections::BTreeSet;

/// What the step of an entity is made of.
pub(crate) struct Making<'a> {
    pub(crate) entity: &'a Entity,
    pub(crate) parent: &'a Parent,
    pub(crate) checked: &'a Checked,
    pub(crate) target: &'a Table,
    pub(crate) quarantine: &'a Table,
    /// Where deletes are kept, if the parent tells of any.
    pub(crate) tombstones: Option<&'a Table>,
    pub(crate) lookups: &'a [Looked],
}

/// What of its parent's rows a step reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Those that no batch has read: they stand against what the target holds.
    New,
    /// All: for the first batch, and to make the table anew. There is nothing to stand against.
    All,
    /// All rows of the keys of which one reached bronze since a given time.
    Window,
}

impl Making<'_> {
    /// The step of a batch that reads what is new, or all.
    pub(crate) fn step(&self, reads: Reads) -> Step {
        let Making { entity, parent, checked, target, .. } = self;
        let whole = reads == Reads::All;
        let mut with = vec![];
        let concerned = parent.query.as_ref().filter(|_| !whole).map(|query| {
            let name = if self.lookups.is_empty() { "keys" } else { "replaced" };
            with.extend(query.concerned(name, &[]));
            name
        });
        with.extend(batch::queries(entity, parent, checked, reads, concerned));
        let mut checks = checks(entity, checked);
        checks.extend(self.lookups.iter().filter_map(Looked::check));
        let (select, write) = if entity.history == History::Append {
            (self.appended(), Write::Append)
        } else {
            let identity = shape(entity).identity;
            let keys = if parent.has_arrival() || self.crosses() { identity.clone() } else { parent_keys(parent, checked) };
            let keyed =
                Keyed { keys: keys.clone(), identity: identity.clone(), surrogate: None, kept: vec![], stamps: stamps(parent) };
            let write = match (&parent.full, whole) {
                (Some(full), _) => {
                    with.extend(snapshot::queries(full, &identity, checked.rescues));
                    checks.extend(snapshot::check(full, target, &identity));
                    with.push(cte("rivals", snapshot::rivals(target, &self.stored(), &identity), true));
                    Write::ReplaceAll(Keyed { keys: vec![], ..keyed })
                }
                (None, true) => Write::ReplaceAll(Keyed { keys: vec![], ..keyed }),
                (None, false) => {
                    with.extend(self.against(&keys));
                    Write::ReplaceKeys(keyed)
                }
            };
            let rivals = with.iter().any(|cte| cte.name == "rivals");
            with.extend(self.candidates(&identity, rivals, !whole));
            (self.winners(&identity), write)
        };
        self.with_companions(with, checks, select, write, reads)
    }

    /// The step that reads again: what reached bronze since a given time concerns keys, and of these keys everything, every
    /// state too, is computed from all that bronze holds of them. So a row that wins no more gives way to the one before it,
    /// which the target does not hold. What the target and its companions hold of these keys is replaced.
    pub(crate) fn window(&self) -> Option<Step> {
        let Making { entity, parent, checked, target, .. } = self;
        if !parent.has_arrival() || parent.full.is_some() || entity.history == History::Append {
            return None;
        }
        let identity = shape(entity).identity;
        let keys = self.key();
        let mut with = batch::queries(entity, parent, checked, Reads::Window, None);
        let (columns, rows, again) = (list(&keys), quote(batch::WINDOW), quote(batch::AGAIN));
        let mut concerned = format!("SELECT {columns}\nFROM {rows}\nWHERE {again}");
        // Under today's definition those rows may have other keys.
        let former = format!("`_ingestion_timestamp` >= :{}", parameter::INGESTED_SINCE);
        for table in std::iter::once(*target).chain(self.tombstones) {
            concerned += &format!("\nUNION\nSELECT {columns}\nFROM {}\nWHERE {former}", table.name.quoted());
        }
        for lookup in self.lookups {
            concerned += &format!("\nUNION\n{}", lookup.concerned(&target.name, &keys));
        }
        with.push(cte("keys", concerned, true));
        let batch = format!("SELECT `r`.*\nFROM {rows} `r` LEFT SEMI JOIN `keys` ON {}", same("r", "keys", &keys));
        with.push(cte("batch", batch, true));
        with.extend(self.candidates(&identity, false, false));
        let mut checks = checks(entity, checked);
        checks.extend(self.lookups.iter().filter_map(Looked::check));
        let select = self.winners(&identity);
        let keyed = Keyed { keys, identity, surrogate: None, kept: vec![], stamps: stamps(parent) };
        Some(self.with_companions(with, checks, select, Write::ReplaceKeys(keyed), Reads::Window))
    }

    /// The columns that tell what rows are about, whichever state they are.
    fn key(&self) -> Vec<String> {
        self.entity.key.iter().map(|key| key.value.clone()).collect()
    }

    fn with_companions(&self, with: Vec<Cte>, checks: Vec<Check>, select: String, write: Write, reads: Reads) -> Step {
        let Making { entity, parent, checked, .. } = self;
        let quarantine = Beside {
            table: self.quarantine.name.clone(),
            select: self.quarantined(reads),
            replaces: (reads != Reads::New).then(|| batch::judged_again(parent, checked)),
        };
        let keys = if reads == Reads::Window { self.key() } else { shape(entity).identity };
        let buried = self.tombstones.map(|table| tombstones::added(entity, table, &keys, reads));
        Step {
            with,
            select,
            write,
            companions: std::iter::once(quarantine).chain(buried).collect(),
            outcomes: Some("SELECT `_outcome`, count(*) AS `rows`\nFROM `batch`\nGROUP BY `_outcome`".to_owned()),
            checks,
            counts: vec![],
            places: checked.places.clone(),
        }
    }

    /// The rows that go to the quarantine. When rows of a query are read again because another input changed, some are there
    /// already.
    fn quarantined(&self, reads: Reads) -> String {
        let rows = batch::quarantine(self.checked);
        if self.parent.query.is_none() || reads != Reads::New {
            return rows;
        }
        format!(
            "SELECT `q`.*\nFROM (\n{}\n) `q` LEFT ANTI JOIN {} `held` ON `q`.`_row_id` = `held`.`_row_id` AND `q`.`_raw` <=> `held`.`_raw`",
            indent(&rows),
            self.quarantine.name.quoted()
        )
    }

    /// The target's columns without those that are looked up.
    fn stored(&self) -> Vec<&str> {
        let looked = |name: &str| self.lookups.iter().any(|lookup| lookup.column(name).is_some());
        self.target.names().filter(|name| !looked(name)).collect()
    }

    /// Whether rows of several rows of the parent, an entity, stand against each other for one key. The one that did not
    /// stay is in no table but the parent, so what stays is computed again from all the parent's rows of that key.
    fn crosses(&self) -> bool {
        let identity = shape(self.entity).identity;
        !self.parent.has_arrival() && !parent_keys(self.parent, self.checked).iter().all(|key| identity.contains(key))
    }

    /// The keys concerned, where rows of several rows of the parent share one, and the parent's other rows of these keys.
    fn across(&self, keys: &[String]) -> Vec<Cte> {
        let Making { entity, parent, checked, target, .. } = self;
        let of_parent = parent_keys(parent, checked);
        let held: Vec<String> = keys.iter().map(|key| of("held", key)).collect();
        let mut concerned = format!(
            "SELECT {}\nFROM `batch`\nWHERE `_outcome` IS NULL\nUNION\nSELECT {}\nFROM {} `held` LEFT SEMI JOIN (\n{}\n) `moved` ON {}",
            list(keys),
            held.join(", "),
            target.name.quoted(),
            indent(&self::concerned(parent, checked, &of_parent)),
            same("held", "moved", &of_parent)
        );
        for lookup in self.lookups {
            concerned += &format!("\nUNION\n{}", lookup.concerned(&target.name, keys));
        }
        let mut with = vec![cte("keys", concerned, true)];
        with.extend(batch::earlier(entity, parent, checked));
        let stored: Vec<String> = self.stored().iter().map(|name| of("e", name)).collect();
        let rivals = format!(
            "SELECT {}\nFROM `earlier` `e` LEFT SEMI JOIN `keys` ON {}\nWHERE `e`.`_outcome` IS NULL",
            stored.join(", "),
            same("e", "keys", keys)
        );
        with.push(cte("rivals", rivals, true));
        with
    }

    /// The keys concerned, and what the target and its tombstones hold of them.
    fn against(&self, keys: &[String]) -> Vec<Cte> {
        if self.crosses() {
            return self.across(keys);
        }
        let target = &self.target.name;
        let mut with = vec![];
        let mut concerned = concerned(self.parent, self.checked, keys);
        let own = self.parent.has_arrival();
        if !own && !self.lookups.is_empty() {
            if self.parent.query.is_none() {
                with.push(cte("replaced", concerned, true));
            }
            concerned = format!("SELECT {}\nFROM `replaced`", list(keys));
        }
        for lookup in self.lookups {
            concerned += &format!("\nUNION\n{}", lookup.concerned(target, keys));
        }
        if self.parent.query.is_none() || !self.lookups.is_empty() {
            with.push(cte("keys", concerned, true));
        }
        // The rows of an entity that follows another are replaced together: of the target only those count whose
        // parent has not changed, for what they look up.
        if own || !self.lookups.is_empty() {
            let held: Vec<String> = self.stored().iter().map(|name| of("held", name)).collect();
            let mut rivals = format!(
                "SELECT {}\nFROM {} `held` LEFT SEMI JOIN `keys` ON {}",
                held.join(", "),
                target.quoted(),
                same("held", "keys", keys)
            );
            if !own {
                rivals += &format!(" LEFT ANTI JOIN `replaced` ON {}", same("held", "replaced", keys));
            }
            with.push(cte("rivals", rivals, true));
        }
        with.extend(self.tombstones.map(|table| cte("buried", tombstones::buried(self.entity, &table.name, keys), true)));
        with
    }
}

fn cte(name: &str, sql: String, kept: bool) -> Cte {
    Cte { name: name.to_owned(), sql, kept }
}

/// Columns that tell when a row came, not what it says. Where a row came from orders it among others, so elsewhere than
/// in snapshots, each of which is newer than what was read before, a row that came again counts as one that changed.
fn stamps(parent: &Parent) -> Vec<String> {
    let mut stamps: Vec<String> = ["_ingestion_timestamp", "_processing_timestamp", "_batch_id"].map(str::to_owned).to_vec();
    stamps.extend(ARRIVAL.iter().filter(|_| parent.snapshots).map(|name| (*name).to_owned()));
    stamps
}

/// Which columns of the entity are the parent's identity: its rows are replaced together with their parent's.
pub(super) fn parent_keys(parent: &Parent, checked: &Checked) -> Vec<String> {
    let column = |key: &String| checked.values.iter().find(|v| v.passes.as_ref() == Some(key)).map(|v| v.column.name.clone());
    parent.identity.iter().filter_map(column).collect()
}

/// The keys that the parent's rows concern. An entity that follows another one is concerned by every row of the parent
/// that was written, also one without any element left, and by those that are gone.
fn concerned(parent: &Parent, checked: &Checked, keys: &[String]) -> String {
    if parent.has_arrival() {
        return format!("SELECT DISTINCT {}\nFROM `batch`\nWHERE `_outcome` IS NULL", list(keys));
    }
    let source = |key: &String| {
        let value = checked.values.iter().find(|value| value.column.name == *key);
        value.map_or_else(|| quote(key), |value| named(&value.compiled.sql, key))
    };
    let select: Vec<String> = keys.iter().map(source).collect();
    format!(
        "SELECT {}\nFROM {}\nWHERE {}\nUNION\n{}",
        select.join(", "),
        parent.name.quoted(),
        in_range(None, 1),
        former(1, &parent.identity)
    )
}

impl Making<'_> {
    fn appended(&self) -> String {
        let rows = format!("SELECT {}, 1 AS `_new`, `_outcome`\nFROM `batch`\nWHERE `_outcome` IS NULL", list(self.stored()));
        self.looked_up(&rows)
    }

    /// The rows of which one stays: those of the batch, and those of the target and of the tombstones with the same keys;
    /// and the keys that have several of them.
    fn candidates(&self, identity: &[String], rivals: bool, buried: bool) -> Vec<Cte> {
        let stored = self.stored();
        let feed = self.tombstones.is_some();
        let named_by = tombstones::identity(self.entity);
        let names = |name: &str| named_by.iter().any(|own| own == name);
        let typed_null = |name: &str| {
            let column = self.target.columns.iter().find(|column| column.name == name);
            named(&format!("CAST(NULL AS {})", column.map_or(&DataType::String, |column| &column.ty)), name)
        };
        let gone = |value: &str| if feed { format!(", {}", named(value, tombstones::GONE)) } else { String::new() };
        // What else than its key and its sequence a delete carries does not count.
        let told = stored.iter().map(|name| match feed && self.checked.names().any(|own| own == *name) && !names(name) {
            true => named(&format!("CASE WHEN NOT {} THEN {} END", quote(tombstones::GONE), quote(name)), name),
            false => quote(name),
        });
        let mut rows = format!(
            "SELECT {}{}, 1 AS `_new`\nFROM `batch`\nWHERE `_outcome` IS NULL",
            told.collect::<Vec<_>>().join(", "),
            gone(&quote(tombstones::GONE))
        );
        if rivals {
            rows += &format!("\nUNION ALL\nSELECT {}{}, 0 AS `_new`\nFROM `rivals`", list(&stored), gone("FALSE"));
        }
        if feed && buried {
            let columns = stored.iter().map(|name| if names(name) { quote(name) } else { typed_null(name) });
            let columns = columns.collect::<Vec<_>>().join(", ");
            rows += &format!("\nUNION ALL\nSELECT {columns}{}, 0 AS `_new`\nFROM `buried`", gone("TRUE"));
        }
        let keys = list(identity);
        vec![
            cte("candidates", rows, false),
            cte("contested", format!("SELECT {keys}\nFROM `candidates`\nGROUP BY {keys}\nHAVING count(*) > 1"), true),
        ]
    }

    /// A row that is the only one of its key stays; of several the one that counts for most. Where that one says that
    /// the key is gone, none stays.
    fn winners(&self, identity: &[String]) -> String {
        let stored = self.stored();
        let feed = self.tombstones.is_some();
        let columns = list(&stored);
        let alone = stored.iter().map(|name| of("c", name)).collect::<Vec<_>>().join(", ");
        let contested = same("c", "contested", identity);
        let partition = format!("PARTITION BY {}", list(identity));
        let mut order: Vec<String> = self.weight(identity).iter().map(|name| format!("{} DESC", quote(name))).collect();
        let tie = match order.is_empty() {
            true => "1".to_owned(),
            false => format!("rank() OVER ({partition} ORDER BY {})", order.join(", ")),
        };
        order.push("`_new`".to_owned());
        let order = order.join(", ");
        let gone = quote(tombstones::GONE);
        let (kept, first, only, stays) = match feed {
            false => ("CAST(NULL AS STRING)".to_owned(), String::new(), String::new(), String::new()),
            true => (
                format!("CASE WHEN `c`.{gone} THEN 'deleted' END"),
                format!(" WHEN `_rank` = 1 AND {gone} THEN 'deleted'"),
                format!("\nWHERE `c`.`_new` = 1 OR NOT `c`.{gone}"),
                format!(" AND NOT {gone}"),
            ),
        };
        let rows = format!(
            "SELECT {alone}, `c`.`_new`, {kept} AS `_outcome`
FROM `candidates` `c` LEFT ANTI JOIN `contested` ON {contested}{only}
UNION ALL
SELECT {columns}, `_new`,
  CASE{first} WHEN `_rank` = 1 THEN CAST(NULL AS STRING) WHEN `_tie` = 1 THEN 'unchanged' ELSE 'superseded' END AS `_outcome`
FROM (
  SELECT *,
    row_number() OVER ({partition} ORDER BY {order}) AS `_rank`,
    {tie} AS `_tie`
  FROM (
    SELECT `c`.* FROM `candidates` `c` LEFT SEMI JOIN `contested` ON {contested}
  )
)
WHERE (`_rank` = 1{stays}) OR `_new` = 1"
        );
        self.looked_up(&rows)
    }

    /// Rows with what they look up, as the target's columns.
    fn looked_up(&self, rows: &str) -> String {
        if self.lookups.is_empty() {
            return rows.to_owned();
        }
        // A row of the target that now finds something else is written by this batch; one that does not stays as it is.
        let column = |name: &str| match (name, self.lookups.iter().find_map(|lookup| lookup.column(name))) {
            (_, Some(looked)) => named(&looked, name),
            ("_batch_id", None) => named(&format!(":{}", parameter::BATCH), name),
            ("_processing_timestamp", None) => named(&format!(":{}", parameter::NOW), name),
            (_, None) => of("w", name),
        };
        let select: Vec<String> = self.target.names().map(column).chain(["_new", "_outcome"].map(|name| of("w", name))).collect();
        let joins: String = self.lookups.iter().map(Looked::join).collect();
        format!("SELECT\n  {}\nFROM (\n{}\n) `w`{joins}", items(&select), indent(rows))
    }

    /// What a row says, in order of weight: its sequence, whether it says that the key is gone, then its columns as they
    /// are stored.
    fn weight(&self, identity: &[String]) -> Vec<String> {
        let mut weight = sequence(self.entity);
        weight.extend(self.tombstones.map(|_| tombstones::GONE.to_owned()));
        weight.extend(self.checked.names().map(str::to_owned));
        let stored = |name: &String| {
            name == tombstones::GONE || self.target.columns.iter().any(|column| column.name == *name && comparable(&column.ty))
        };
        let mut seen = BTreeSet::new();
        weight.retain(|name| !identity.contains(name) && stored(name) && seen.insert(name.clone()));
        weight
    }
}

/// Spark orders every type but MAP.
fn comparable(ty: &DataType) -> bool {
    match ty {
        DataType::Map(..) => false,
        DataType::Array(element) => comparable(element),
        DataType::Struct(fields) => fields.iter().all(|field| comparable(&field.ty)),
        _ => true,
    }
}

fn checks(entity: &Entity, checked: &Checked) -> Vec<Check> {
    let strict: Vec<_> = checked.rules.iter().filter(|rule| rule.on_fail == OnFail::Fail).collect();
    let Some(first) = strict.first() else { return vec![] };
    let names: Vec<&str> = strict.iter().map(|rule| rule.name.as_str()).collect();
    vec![Check {
        code: "rule-failed",
        sql: "SELECT count(*) FROM `batch` WHERE `_outcome` = 'failed'".to_owned(),
        message: format!("{{count}} rows fail a rule of {} that stops the flow: {}", super::name(entity), names.join(", ")),
        help: "mend the source or the rule and run again; nothing of this batch was written".to_owned(),
        at: Some(first.at),
    }]
}
