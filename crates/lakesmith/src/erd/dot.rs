//! Graphviz: https://graphviz.org/doc/info/lang.html and its labels like HTML.

use super::{columns, grain, keys, line, words};
use lakesmith_compile::{Model, ModelKind, ModelTable};
use std::fmt::Write;

/// The model as a `digraph`: a node a table, an edge a reference.
pub(super) fn diagram(model: &Model) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&model.lakehouse));
    out += "  graph [rankdir=LR, nodesep=0.4, ranksep=1.2];\n";
    out += "  node [shape=plain, fontname=\"Helvetica\", fontsize=10];\n";
    out += "  edge [dir=both, fontname=\"Helvetica\", fontsize=9];\n";
    for table in &model.tables {
        node(&mut out, table);
    }
    for table in &model.tables {
        edges(&mut out, model, table);
    }
    out += "}\n";
    out
}

fn node(out: &mut String, table: &ModelTable) {
    let color = match table.kind {
        ModelKind::Fact => "#fde9c8",
        ModelKind::Dimension => "#d9e8f6",
        ModelKind::Aggregate => "#e2efd9",
    };
    for hierarchy in &table.hierarchies {
        let _ = writeln!(out, "  // hierarchy {}: {}", line(&hierarchy.name), hierarchy.levels.join(" > "));
    }
    let mut tooltip = format!("{}, grain key {}", table.table, table.grain_key.join(", "));
    tooltip.extend(table.description.iter().map(|words| format!(": {words}")));
    let _ = writeln!(out, "  {} [tooltip={}, label=<", quoted(table.table.name()), quoted(&tooltip));
    out.push_str("    <table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">\n");
    let (name, grain) = (escaped(table.table.name()), escaped(&grain(table)));
    let _ = writeln!(out, "      <tr><td colspan=\"4\" bgcolor=\"{color}\"><b>{name}</b><br/>{grain}</td></tr>");
    for column in columns(table) {
        let ty = column.ty.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let cell = |text: &str| format!("<td align=\"left\">{}</td>", escaped(text));
        let _ = writeln!(
            out,
            "      <tr><td align=\"left\" port=\"{name}\">{name}</td>{}{}{}</tr>",
            cell(&ty),
            cell(&keys(column)),
            cell(&words(table, column)),
            name = escaped(&column.name)
        );
    }
    out.push_str("    </table>>];\n");
}

/// `crow` stands for many, `tee` for one, `odot` for none or more.
fn edges(out: &mut String, model: &Model, table: &ModelTable) {
    for reference in &table.refers_to {
        if model.table(&reference.dimension).is_none() {
            continue;
        }
        let as_of = reference.as_of.iter().map(|as_of| format!(" as of {as_of}")).collect::<String>();
        let _ = writeln!(
            out,
            "  {}:{} -> {}:{} [arrowtail=crowodot, arrowhead=teetee, label={}];",
            quoted(table.table.name()),
            quoted(&reference.column),
            quoted(reference.dimension.name()),
            quoted(&reference.key),
            quoted(&format!("{}{as_of}", reference.column))
        );
    }
    if let Some(from) = table.sums_up.as_ref().and_then(|from| model.table(from)) {
        let (from, to) = (quoted(from.table.name()), quoted(table.table.name()));
        let _ = writeln!(out, "  {from} -> {to} [style=dashed, arrowtail=crowtee, arrowhead=teetee, label=\"summed up\"];");
    }
}

/// An identifier or a text in double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text within a label like HTML.
fn escaped(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
