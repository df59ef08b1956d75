//! `columns:` and `expect:`, checked against the parent's columns.

use super::{Parent, rescued, tombstones};
use crate::expression::{self, Compiled};
use crate::plan::scope;
use crate::select::quote;
use crate::step::Place;
use crate::table::{Column, schema};
use lakesmith_project::{ColumnValue, Entity, History, OnFail};
use lakesmith_sql::{DataType, Field, parse_expr};
use lakesmith_text::{Diagnostic, Diagnostics, Located, Span};

/// What is known of an entity once its expressions are checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    pub(crate) values: Vec<Value>,
    pub(crate) rules: Vec<Rule>,
    /// Whether the parent keeps what did not fit its columns.
    pub(crate) rescues: bool,
    /// Whether rows may say that their key is gone.
    pub(crate) feed: bool,
    /// Whether it matters what each row is: an append keeps it as it is said.
    pub(crate) asks_operation: bool,
    /// The parent's rows, exploded if the entity asks for it: the SQL of the list.
    pub(crate) explode: Option<(String, String)>,
    pub(crate) places: Vec<Place>,
}

impl Checked {
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.values.iter().map(|value| value.column.clone()).collect()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.column.name.as_str())
    }
}

/// One column and how it comes about.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) column: Column,
    pub(crate) compiled: Compiled,
    /// SQL of the default, of the column's type.
    pub(crate) default: Option<String>,
    /// The parent's column that it is, unchanged.
    pub(crate) passes: Option<String>,
}

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) message: String,
    /// A BOOLEAN that is never NULL: TRUE for a row that fails. A condition passes only when it is TRUE.
    pub(crate) failed: String,
    pub(crate) on_fail: OnFail,
    /// Whether it looks at nothing but key and sequence.
    pub(crate) of_identity: bool,
    pub(crate) at: Span,
}

/// Everything of the entity that depends on the parent's columns; `None` while those are not known, or with faults.
pub(crate) fn checked(entity: &Entity, parent: &Parent, faults: &mut Diagnostics) -> Option<Checked> {
    let Some(columns) = &parent.columns else {
        syntax(entity, faults);
        return None;
    };
    let before = faults.len();
    let rescues = columns.iter().any(|column| column.name == rescued::COLUMN);
    let feed = parent.feed && columns.iter().any(|column| column.name == tombstones::OPERATION);
    let asks_operation = feed && entity.history != History::Append;
    let mut checked = Checked { rescues, feed, asks_operation, ..Checked::default() };
    let mut columns = columns.clone();
    if let Some(explode) = &entity.explode
        && let Some((sql, ty)) = expression::source_column(&explode.path, &columns, None, faults)
    {
        let DataType::Array(element) = ty else {
            let fault = format!("`{}` is of type {ty}; only an ARRAY can be exploded", explode.path.text());
            faults.push(Diagnostic::error("type-mismatch", fault).at(explode.path.span()));
            return None;
        };
        columns.push(Column::new(explode.alias.value.clone(), *element));
        checked.explode = Some((sql, explode.alias.value.clone()));
    }
    for key in &entity.key {
        let listed = entity.columns.iter().any(|column| column.name.value == key.value);
        if !listed && let Some(column) = expression::find(&columns, &key.value) {
            checked.values.push(passed(column, &key.value));
        }
    }
    for column in &entity.columns {
        let mut told = Diagnostics::new();
        checked.values.extend(value(column, &columns, &mut told, &mut checked.places));
        faults.extend(told.into_iter().map(|fault| looked_up_later(entity, fault)));
    }
    if entity.star {
        rest(entity, &mut checked.values, &columns, faults);
    }
    for name in entity.key.iter().chain(&entity.sequence_by) {
        if !checked.names().any(|known| known == name.value) && before == faults.len() {
            let fault = format!("`{}` is not among the columns of this table", name.value);
            faults.push(Diagnostic::error("key-not-a-column", fault).at(name.span).help("list it under `columns:`"));
        }
    }
    for name in &entity.key {
        if let Some(value) = checked.values.iter_mut().find(|value| value.column.name == name.value) {
            without_sign(&mut value.compiled);
        }
    }
    rules(entity, &mut checked, faults);
    (before == faults.len()).then_some(checked)
}

fn syntax(entity: &Entity, faults: &mut Diagnostics) {
    for column in &entity.columns {
        if let ColumnValue::Expr(written) = &column.value {
            expression::syntax(written, faults);
        }
        column.ty.as_ref().map(|ty| expression::data_type(ty, faults));
    }
    entity.expect.iter().for_each(|rule| expression::syntax(&rule.check, faults));
}

fn passed(column: &Column, name: &str) -> Value {
    let described = Column { name: name.to_owned(), ..column.clone() };
    Value {
        compiled: Compiled { sql: quote(&column.name), ty: column.ty.clone(), fails: None },
        passes: Some(column.name.clone()),
        column: described,
        default: None,
    }
}

fn value(
    column: &lakesmith_project::Column,
    columns: &[Column],
    faults: &mut Diagnostics,
    places: &mut Vec<Place>,
) -> Option<Value> {
    let want = column.ty.as_ref().map(|ty| expression::data_type(ty, faults));
    let want = match want {
        Some(None) => return None,
        Some(Some(ty)) => Some(ty),
        None => None,
    };
    let scope = scope(None, &schema(columns));
    let mut read: Vec<String> = vec![];
    let (expr, ty, passes) = match &column.value {
        ColumnValue::Expr(written) => {
            let found = expression::expression(written, &scope, faults)?;
            places.push(Place { sql: found.expr.to_string(), over: "read".to_owned(), at: written.span() });
            read = found.columns.into_iter().map(|(_, name)| name).collect();
            (found.expr, found.ty, None)
        }
        ColumnValue::From(written) => named(written, columns, faults)?,
        ColumnValue::Same => {
            named(&Located::verbatim(column.name.value.clone(), column.name.span.file, column.name.span.start), columns, faults)?
        }
    };
    let fault = |error: lakesmith_sql::SqlError| Diagnostic::error("type-mismatch", error.message).at(column.name.span);
    let mut compiled = expression::lenient(&expr, &ty, want.as_ref()).map_err(|error| faults.push(fault(error))).ok()?;
    if columns.iter().any(|column| column.name == rescued::COLUMN) {
        compiled = match passes.as_ref().and_then(|name| columns.iter().find(|column| column.name == *name)) {
            Some(column) => rescued::column(compiled, column),
            None => rescued::expression(compiled, columns.iter().filter(|column| read.contains(&column.name))),
        };
    }
    let default = column.default.as_ref().map(|default| default_value(&default.value, &compiled.ty));
    if let Some(written) = column.default.as_ref().filter(|written| !fits(&written.value, &compiled.ty)) {
        let fault = format!("the default is no value of type {}", compiled.ty);
        faults.push(Diagnostic::error("type-mismatch", fault).at(written.span).help("write one that is, or another `type`"));
    }
    // A column that is passed on is what its input says it is, where the project does not say.
    let passed = passes.as_ref().and_then(|name| columns.iter().find(|column| column.name == *name));
    let description = column.description.as_ref().map(|words| words.value.clone());
    let description = description.or_else(|| passed.and_then(|column| column.description.clone()));
    let passes = passes.filter(|_| want.as_ref().is_none_or(|want| *want == ty));
    Some(Value {
        column: Column::new(column.name.value.clone(), compiled.ty.clone()).described(description),
        compiled,
        default,
        passes,
    })
}

/// Zero is one key, and has no sign.
fn without_sign(key: &mut Compiled) {
    if matches!(key.ty, DataType::Float | DataType::Double) {
        key.sql = format!("({} + CAST(0 AS {}))", key.sql, key.ty);
    }
}

type Named = (lakesmith_sql::Expr, DataType, Option<String>);

fn named(written: &Located, columns: &[Column], faults: &mut Diagnostics) -> Option<Named> {
    let (sql, ty) = expression::source_column(written, columns, None, faults)?;
    let plain = columns.iter().find(|column| quote(&column.name) == sql).map(|column| column.name.clone());
    let expr = parse_expr(&sql).map_err(|error| faults.push(error.diagnostic(written))).ok()?;
    Some((expr, ty, plain))
}

fn default_value(default: &lakesmith_project::Scalar, ty: &DataType) -> String {
    use lakesmith_project::Scalar;
    let value = match default {
        Scalar::Text(text) => crate::select::literal(text),
        Scalar::Number(text) => text.clone(),
        Scalar::Bool(true) => "TRUE".to_owned(),
        Scalar::Bool(false) => "FALSE".to_owned(),
    };
    format!("CAST({value} AS {ty})")
}

/// Whether a default is a value of a type, as far as that can be told from its text.
fn fits(default: &lakesmith_project::Scalar, ty: &DataType) -> bool {
    use lakesmith_project::Scalar;
    let (Scalar::Text(text) | Scalar::Number(text)) = default else {
        return matches!(ty, DataType::Boolean | DataType::String);
    };
    let text = text.trim();
    match ty {
        DataType::TinyInt => text.parse::<i8>().is_ok(),
        DataType::SmallInt => text.parse::<i16>().is_ok(),
        DataType::Int => text.parse::<i32>().is_ok(),
        DataType::BigInt => text.parse::<i64>().is_ok(),
        DataType::Float | DataType::Double | DataType::Decimal { .. } => text.parse::<f64>().is_ok(),
        DataType::Boolean => ["true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"].contains(&text.to_lowercase().as_str()),
        DataType::Date => text.get(..10).unwrap_or(text).parse::<chrono::NaiveDate>().is_ok(),
        _ => true,
    }
}

/// `'*'`: the columns that no other column is made of, in snake_case. A column that the project defines takes the place of
/// one of the same name; of two that only become the same, the later one gets a number.
fn rest(entity: &Entity, values: &mut Vec<Value>, columns: &[Column], faults: &mut Diagnostics) {
    let defined = values.len();
    for (n, column) in columns.iter().enumerate().filter(|(_, column)| !column.name.starts_with('_')) {
        let mut name = snake_case(&column.name);
        if name.is_empty() {
            name = format!("column_{}", n + 1);
        }
        let used = values.iter().take(defined).any(|v| {
            v.passes.as_deref() == Some(&column.name) || v.column.name == name || v.compiled.sql.contains(&quote(&column.name))
        });
        if used {
            continue;
        }
        if let Some(other) = values.iter().find(|v| v.column.name == name).and_then(|v| v.passes.clone()) {
            let taken = |name: &str| values.iter().any(|v| v.column.name == name);
            let numbered = (2..).map(|n| format!("{name}_{n}")).find(|name| !taken(name)).unwrap_or_default();
            let fault = format!("`{other}` and `{}` are both `{name}` in snake_case, so this one is `{numbered}`", column.name);
            let help = format!("name it under `columns:`: `… : {{ from: \"{}\" }}`", column.name);
            faults.push(Diagnostic::warning("duplicate-column", fault).at(entity.at).help(help));
            name = numbered;
        }
        values.push(passed(column, &name));
    }
}

/// `ShipTo` → `ship_to`, `Order ID` → `order_id`, `HTTPCode` → `http_code`.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
            continue;
        }
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        let starts = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_numeric() || (b.is_uppercase() && after.is_some_and(char::is_lowercase))
            });
        if starts && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

fn rules(entity: &Entity, checked: &mut Checked, faults: &mut Diagnostics) {
    let identity = tombstones::identity(entity);
    let built_in = |value: &Value| {
        value.compiled.fails.as_ref()?;
        let name = format!("{} does not parse", value.column.name);
        let failed = quote(&lost(&value.column.name));
        let of_identity = identity.contains(&value.column.name);
        Some(Rule { message: name.clone(), name, failed, on_fail: OnFail::Quarantine, of_identity, at: entity.at })
    };
    checked.rules = checked.values.iter().filter_map(built_in).collect();
    if checked.rescues {
        let name = "row does not parse".to_owned();
        let failed = quote(rescued::CORRUPT);
        let on_fail = OnFail::Quarantine;
        checked.rules.insert(0, Rule { message: name.clone(), name, failed, on_fail, of_identity: true, at: entity.at });
    }
    checked.rules.extend(unknown_operation(entity, checked));
    let mut known = schema(&checked.columns());
    known.fields.push(Field { name: "_source_system".to_owned(), ty: DataType::String, nullable: true });
    let scope = scope(None, &known);
    for rule in &entity.expect {
        let mut told = Diagnostics::new();
        let found = expression::expression(&rule.check, &scope, &mut told);
        faults.extend(told.into_iter().map(|fault| looked_up_later(entity, fault)));
        let Some(found) = found else { continue };
        let of_identity = found.columns.iter().all(|(_, name)| identity.contains(name));
        let (expr, ty) = (found.expr, found.ty);
        if !matches!(ty, DataType::Boolean | DataType::Null) {
            let fault = format!("a rule is a condition, and this one is of type {ty}");
            faults.push(Diagnostic::error("type-mismatch", fault).at(rule.check.span()));
            continue;
        }
        checked.places.push(Place { sql: expr.to_string(), over: "typed".to_owned(), at: rule.check.span() });
        checked.rules.push(Rule {
            name: rule.name.value.clone(),
            message: rule.message.as_ref().map_or_else(|| in_words(&rule.name.value, rule.check.text()), |m| m.value.clone()),
            failed: format!("NOT coalesce({expr}, FALSE)"),
            on_fail: rule.on_fail,
            of_identity,
            at: rule.check.span(),
        });
    }
    checked.rules.extend(nameless(entity, checked));
}

/// A column that is not there and that a lookup takes over comes too late for columns and rules.
fn looked_up_later(entity: &Entity, fault: Diagnostic) -> Diagnostic {
    let missing = |name: &str| fault.code == "unknown-column" && fault.message.contains(&quote(name));
    let lookup = entity.lookup.iter().find_map(|lookup| Some((lookup, lookup.columns.iter().find(|name| missing(name))?)));
    let Some((lookup, name)) = lookup else { return fault };
    let help = format!(
        "the lookup `{}` takes over `{}` after columns and rules: use it in gold, or in an entity that reads this one",
        lookup.name.value, name.value
    );
    fault.help(help)
}

/// A row whose operation is none of those that are known can be neither a state nor a delete.
fn unknown_operation(entity: &Entity, checked: &Checked) -> Option<Rule> {
    let mut failed = quote(tombstones::UNKNOWN);
    if checked.rescues {
        failed += &format!(" AND NOT {}", quote(rescued::CORRUPT));
    }
    let (name, message) = ("operation is not known".to_owned(), "_operation is none of those that are known".to_owned());
    let at = entity.at;
    checked.asks_operation.then_some(Rule { name, message, failed, on_fail: OnFail::Quarantine, of_identity: true, at })
}

/// A row that says that its key is gone must say which, and since when; a rule that says so by itself comes first.
fn nameless(entity: &Entity, checked: &Checked) -> Option<Rule> {
    let missing: Vec<String> = (tombstones::identity(entity).iter())
        .filter(|name| checked.names().any(|known| known == *name))
        .map(|name| format!("{} IS NULL", quote(name)))
        .collect();
    let strict = |rule: &&Rule| rule.of_identity && matches!(rule.on_fail, OnFail::Quarantine | OnFail::Fail | OnFail::Drop);
    let others: Vec<String> = checked.rules.iter().filter(strict).map(|rule| rule.failed.clone()).collect();
    let failed = match others.is_empty() {
        true => format!("{} AND ({})", quote(tombstones::GONE), missing.join(" OR ")),
        false => format!("{} AND ({}) AND NOT ({})", quote(tombstones::GONE), missing.join(" OR "), others.join(" OR ")),
    };
    let name = "a delete names no row".to_owned();
    let at = entity.at;
    checked.feed.then(|| Rule { message: name.clone(), name, failed, on_fail: OnFail::Quarantine, of_identity: true, at })
}

/// The hidden column that is TRUE where the value of a column was there and is gone.
pub(crate) fn lost(column: &str) -> String {
    format!("_lost_{column}")
}

/// `order_id IS NOT NULL` fails as "order_id is null"; another rule says its name and its condition.
fn in_words(name: &str, check: &str) -> String {
    let words: Vec<&str> = check.split_whitespace().collect();
    match words.as_slice() {
        [column, is, not, null] if [is, not, null].iter().zip(["is", "not", "null"]).all(|(a, b)| a.eq_ignore_ascii_case(b)) => {
            format!("{} is null", column.trim_matches('`'))
        }
        _ => format!("{name}: not true that {}", words.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case() {
        let cases = [
            ("OrderID", "order_id"),
            ("Order ID", "order_id"),
            ("ShipTo", "ship_to"),
            ("HTTPCode", "http_code"),
            ("E-Mail", "e_mail"),
            ("lastName", "last_name"),
            ("SEGMENT", "segment"),
            ("Line2No", "line2_no"),
            ("a__b", "a_b"),
        ];
        for (name, snake) in cases {
            assert_eq!(snake_case(name), snake, "{name}");
        }
    }

    #[test]
    fn a_rule_without_a_message_speaks_for_itself() {
        assert_eq!(in_words("present", "order_id is NOT null"), "order_id is null");
        assert_eq!(in_words("positive", "amount  > 0"), "positive: not true that amount > 0");
    }
}
