//! Mermaid's `erDiagram`: https://mermaid.js.org/syntax/entityRelationshipDiagram.html
//!
//! Its grammar takes little: names and types are words of letters, digits, `_` and `-` that begin with a letter or `_`, and
//! a comment has no double quote. What does not fit is written otherwise, and the comment says how it is really called.

use super::{columns, grain, keys, line, words};
use lakesmith_compile::{Model, ModelColumn, ModelTable};
use std::fmt::Write;

/// The model as an `erDiagram`.
pub(super) fn diagram(model: &Model) -> String {
    let mut out = "erDiagram\n".to_owned();
    for table in &model.tables {
        entity(&mut out, table);
    }
    for table in &model.tables {
        relationships(&mut out, model, table);
    }
    out
}

fn entity(out: &mut String, table: &ModelTable) {
    let said = table.description.iter().map(|words| format!("{}: {}", table.table, line(words)));
    let key = format!("{}: grain key {}", table.table, table.grain_key.join(", "));
    let hierarchies = table
        .hierarchies
        .iter()
        .map(|hierarchy| format!("{}: hierarchy {}, {}", table.table, hierarchy.name, hierarchy.levels.join(" > ")));
    for comment in said.chain([key]).chain(hierarchies) {
        let _ = writeln!(out, "  %% {}", unbraced(&comment));
    }
    let heading = quoted(&format!("{} ({})", table.table.name(), grain(table))).replace('%', " percent");
    let _ = writeln!(out, "  {}[{heading}] {{", name(table));
    for column in columns(table) {
        attribute(out, table, column);
    }
    let _ = writeln!(out, "  }}");
}

fn attribute(out: &mut String, table: &ModelTable, column: &ModelColumn) {
    let ty = column.ty.as_ref().map_or_else(|| "unknown".to_owned(), |ty| type_word(&ty.to_string()));
    let shown = word(&column.name);
    let mut about = words(table, column);
    if shown != column.name {
        about = format!("`{}`{}{about}", column.name, if about.is_empty() { "" } else { ": " });
    }
    let _ = write!(out, "    {ty} {shown}");
    for part in [keys(column), if about.is_empty() { String::new() } else { quoted(&about) }] {
        if !part.is_empty() {
            let _ = write!(out, " {part}");
        }
    }
    out.push('\n');
}

/// Each row of a fact or an aggregate refers to exactly one member; each fact is summed up in exactly one row.
fn relationships(out: &mut String, model: &Model, table: &ModelTable) {
    for reference in &table.refers_to {
        let Some(dimension) = model.table(&reference.dimension) else { continue };
        let label = match &reference.as_of {
            Some(as_of) => format!("{} as of {as_of}", reference.column),
            None => reference.column.clone(),
        };
        let _ = writeln!(out, "  {} }}o--|| {} : {}", name(table), name(dimension), quoted(&label));
    }
    if let Some(from) = table.sums_up.as_ref().and_then(|from| model.table(from)) {
        let _ = writeln!(out, "  {} }}|..|| {} : {}", name(from), name(table), quoted("summed up"));
    }
}

/// The name of an entity. Words of the grammar may begin a name (`to_day`, `one_week`), so that all but the usual ones are quoted.
fn name(table: &ModelTable) -> String {
    let name = table.table.name();
    let usual = ["fact_", "dim_"].iter().any(|prefix| name.starts_with(prefix)) && word(name) == name;
    if usual { name.to_owned() } else { quoted(name) }
}

/// A type as one word: `decimal(18,2)` is `decimal_18_2`; of lists, maps and structs what they are.
fn type_word(ty: &str) -> String {
    let outer = ty.split('<').next().unwrap_or(ty).to_lowercase();
    word(outer.replace(", ", ",").trim_end_matches(')'))
}

/// A name of letters of ASCII, digits and `_`, that begins with no digit.
fn word(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    match plain.starts_with(|c: char| c.is_ascii_digit()) || plain.is_empty() {
        true => format!("_{plain}"),
        false => plain,
    }
}

/// A text in double quotes, which cannot hold one itself; nor what begins a directive (`%%{`) or is the code of a character
/// (`#35;`).
fn quoted(text: &str) -> String {
    format!("\"{}\"", unbraced(&line(text)).replace(['"', '\\'], "'").replace('#', "# "))
}

/// A text in which no directive (`%%{`) begins, and no comment (`%%`).
fn unbraced(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("%%") {
        text = text.replace("%%", "%");
    }
    text
}
