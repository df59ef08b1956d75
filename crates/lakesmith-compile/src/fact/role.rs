//! The dimensions of a fact: how a row finds its member.

use super::{ROWS, Rows};
use crate::name::{Layer, TableName};
use crate::plan::Known;
use crate::select::{equal, former, in_range, list, of, same_pairs};
use crate::table::Column;
use crate::{conform, date};
use lakesmith_project::{DimensionHistory, DimensionKind, FactDimension, MissingMember, TimeGrain};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Spanned, nearest};

/// A dimension as a fact refers to it.
pub(super) struct Role<'a> {
    pub(super) written: &'a FactDimension,
    pub(super) table: TableName,
    pub(super) natural_key: Vec<String>,
    pub(super) surrogate_key: String,
    pub(super) key_type: DataType,
    pub(super) type2: bool,
    /// How the columns of `on` are compared with the natural key.
    pub(super) by: By,
    /// Whether the dimension has columns: not before its source has given rows. Until then every fact has member -1.
    pub(super) known: bool,
}

/// How a fact's columns are compared with a dimension's natural key.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum By {
    /// As they are.
    Value,
    /// As they are, where NULL is a value like others.
    Combination,
    /// The day of an instant, UTC.
    Day,
    /// The time of an instant's day, UTC, cut to the grain of `dim_time`.
    Time(TimeGrain),
}

pub(super) fn role<'a>(written: &'a FactDimension, known: &Known, faults: &mut Diagnostics) -> Option<Role<'a>> {
    let name = &written.dimension.value;
    let table = TableName::new(Layer::Gold, name.strip_prefix("gold.").unwrap_or(name));
    let defined = known.project.dimensions.iter().find(|dimension| dimension.name.value == table.name());
    let calendar = known.project.lakehouse.calendar.as_ref();
    let days = calendar.filter(|_| table.name() == date::NAME);
    let times = calendar.filter(|_| table.name() == date::time::NAME).and_then(|calendar| calendar.time.as_ref());
    let role = match defined {
        Some(dimension) => Role {
            written,
            table,
            natural_key: dimension.natural_key.iter().map(|key| key.value.clone()).collect(),
            surrogate_key: dimension.surrogate_key.value.clone(),
            key_type: DataType::BigInt,
            type2: dimension.history == DimensionHistory::Type2,
            by: if dimension.kind == DimensionKind::Junk { By::Combination } else { By::Value },
            known: false,
        },
        None if times.is_some() => Role {
            written,
            table,
            natural_key: vec![date::time::KEY.to_owned()],
            surrogate_key: date::time::KEY.to_owned(),
            key_type: DataType::Int,
            type2: false,
            by: By::Time(times.map_or(TimeGrain::Minute, |grain| grain.value)),
            known: false,
        },
        None if days.is_some() => Role {
            written,
            table,
            natural_key: vec![date::NATURAL_KEY.to_owned()],
            surrogate_key: date::KEY.to_owned(),
            key_type: DataType::Int,
            type2: false,
            by: By::Value,
            known: false,
        },
        None => {
            // A dimension with a fault of its own is not unknown.
            if !known.project.incomplete.contains(&format!("gold.{}", written.dimension.value)) {
                faults.push(unknown_dimension(written, known));
            }
            return None;
        }
    };
    if role.natural_key.len() != written.on.len() {
        let fault = format!("`{}` is found by {}, so `on` takes as many columns", role.table, role.natural_key.join(", "));
        faults.push(Diagnostic::error("invalid-value", fault).at(written.on.first().map_or(written.key.span, |on| on.span)));
        return None;
    }
    if role.by == By::Combination && written.missing == MissingMember::Inferred {
        let fault = Diagnostic::error("invalid-value", "a combination of values has nothing to be inferred");
        faults.push(fault.at(written.key.span).help("leave `missing` out here"));
        return None;
    }
    let flow = known.plan.flow(&role.table)?;
    Some(Role { known: flow.columns_known, ..role })
}

/// Settles how the role's column is compared: an instant has a day, and a time of the day.
pub(super) fn by(role: &mut Role, columns: &[Column], known: &Known, faults: &mut Diagnostics) {
    let find = |name: &str| columns.iter().find(|column| column.name == name);
    let is_day = role.table.name() == date::NAME && role.key_type == DataType::Int;
    if let Some(dimension) = known.plan.flow(&role.table).filter(|_| !is_day && !matches!(role.by, By::Time(_))) {
        for (on, key) in role.written.on.iter().zip(&role.natural_key) {
            let key = dimension.target.columns.iter().find(|column| column.name == *key);
            if let (Some(column), Some(key)) = (find(&on.value), key)
                && !conform::comparable(&column.ty, &key.ty)
            {
                faults.push(conform::not_comparable(on, &column.ty, key, &role.table.to_string()));
            }
        }
    }
    let Some(on) = role.written.on.first() else { return };
    let Some(column) = find(&on.value) else { return };
    match (role.by, &column.ty) {
        (By::Value, DataType::Timestamp) if is_day => role.by = By::Day,
        (By::Time(_), ty) if *ty != DataType::Timestamp => {
            let fault = format!("`{}` is of type {ty}, which has no time of day", on.value);
            faults.push(
                Diagnostic::error("type-mismatch", fault).at(on.span).help("`dim_time` is found by a column of type TIMESTAMP"),
            );
        }
        _ => {}
    }
}

fn unknown_dimension(written: &FactDimension, known: &Known) -> Diagnostic {
    let fault = Diagnostic::error("unknown-dimension", format!("there is no dimension `{}`", written.dimension.value))
        .at(written.dimension.span);
    match written.dimension.value.as_str() {
        date::NAME => return fault.help("give lakehouse.yaml a `calendar: { start: …, end: … }`, and dim_date is there"),
        date::time::NAME => {
            return fault.help("give the `calendar` of lakehouse.yaml the key `time: minute`, and dim_time is there");
        }
        _ => {}
    }
    let names: Vec<&str> = known.project.dimensions.iter().map(|dimension| dimension.name.value.as_str()).collect();
    match nearest(&written.dimension.value, names.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => fault.help("the project defines none: `lakesmith add dimension` makes one"),
        None => fault.help(format!("the project defines: {}", names.join(", "))),
    }
}

/// A member is inferred from the columns of the fact's input, and named by them. Milestones and periods name days alone.
pub(super) fn inferable(role: &Role, rows: &Rows, input: &[Column], faults: &mut Diagnostics) {
    let there = |name: &Spanned<String>| input.iter().any(|column| column.name == name.value);
    let made = |name: &&Spanned<String>| !there(name) && rows.kept().iter().any(|column| column.name == name.value);
    let written = role.written;
    if let Some(name) = written.as_of.iter().find(made).filter(|_| written.missing == MissingMember::Inferred) {
        let fault = format!("members cannot be inferred as of `{name}`, which the input does not have");
        let help = "leave `missing` out: such facts have member -1 until the member arrives";
        faults.push(Diagnostic::error("unsupported", fault).at(name.span).help(help));
    }
    if let Some(name) = written.on.iter().find(made).filter(|_| matches!(rows, Rows::Processes(_)) && !role.is_calendar()) {
        let fault = format!("`{name}` tells a time, which `{}` is not found by", role.table);
        faults.push(Diagnostic::error("invalid-value", fault).at(name.span).help("`dim_date` is; or name a column of the input"));
    }
}

impl Role<'_> {
    /// The columns of the fact's input, each with that of the dimension's natural key.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        self.written.on.iter().map(|on| on.value.clone()).zip(self.natural_key.iter().cloned()).collect()
    }

    /// Whether it is a role of `dim_date` or `dim_time`.
    pub(super) fn is_calendar(&self) -> bool {
        matches!(self.by, By::Day | By::Time(_)) || (self.table.name() == date::NAME && self.key_type == DataType::Int)
    }

    /// The natural keys of the members that changed, of the dimension as input `n`.
    pub(super) fn changed(&self, n: usize) -> String {
        format!(
            "SELECT {}\nFROM {}\nWHERE {}\nUNION\n{}",
            list(&self.natural_key),
            self.table.quoted(),
            in_range(None, n),
            former(n, &self.natural_key)
        )
    }

    /// Whether a row of `left`, with the columns of the fact's input, names the member that `right` holds.
    pub(super) fn matches(&self, left: &str, right: &str) -> String {
        let pairs = self.pairs();
        match (self.by, pairs.as_slice()) {
            (By::Day, [(on, key)]) => format!("CAST({} AS DATE) = {}", of(left, on), of(right, key)),
            (By::Time(grain), [(on, key)]) => format!("{} = {}", date::time::key_of(&of(left, on), grain), of(right, key)),
            (By::Combination, _) => same_pairs(left, right, &pairs),
            _ => equal(left, right, &pairs),
        }
    }

    /// How a fact finds its member: by the natural key, and in a type 2 dimension the version as of the fact's time.
    pub(super) fn condition(&self, dimension: &str) -> String {
        let mut all = vec![self.matches(ROWS, dimension)];
        match (&self.written.as_of, self.type2) {
            (Some(as_of), true) => {
                let time = of(ROWS, &as_of.value);
                all.push(format!("{time} >= {}", of(dimension, "effective_start_date")));
                all.push(format!("{time} < {}", of(dimension, "effective_end_date")));
            }
            (None, true) => all.push(of(dimension, "is_current")),
            (_, false) => {}
        }
        all.join(" AND ")
    }
}
