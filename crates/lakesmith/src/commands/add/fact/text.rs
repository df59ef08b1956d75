//! The text of a fact's file.

use super::super::table::Input;
use super::super::yaml;
use super::measures::Line;
use super::template::Template;
use super::{Kind, Parts};
use std::fmt::Write;

/// The file that makes `gold.<name>`.
pub(super) fn text(name: &str, input: &Input, template: Option<&Template>, parts: &Parts) -> String {
    let mut text =
        format!("# gold.{name}: what is measured, and by which dimensions it can be seen. Written by `lakesmith add fact`;\n");
    text += "# what was guessed says so: check it, and remove the comment.\n";
    let _ = writeln!(text, "fact: {name}");
    let _ = match template {
        Some(template) => writeln!(text, "description: {}", yaml::scalar(template.about)),
        None => writeln!(text, "# description: What it measures"),
    };
    let _ = match parts.kind {
        Kind::Transaction => writeln!(text, "kind: transaction"),
        Kind::Factless => {
            writeln!(text, "kind: factless   # that it took place is the fact: no column is a number to be summed up")
        }
        Kind::Snapshot { .. } => writeln!(text, "kind: periodic_snapshot"),
    };
    for line in template.map(|template| template.advice).unwrap_or_default() {
        let _ = writeln!(text, "# {line}");
    }
    let usual = template.filter(|template| template.grain != parts.grain);
    let usual = usual.map(|template| format!("; usual is {}", template.grain)).unwrap_or_default();
    let _ = writeln!(text, "grain: {}   # in words, for people{usual}", yaml::scalar(&parts.grain));
    let _ = writeln!(text, "grain_key: {}   # {}", yaml::list(&parts.grain_key), parts.reason);
    let _ = writeln!(text, "from: {}", input.name);
    if let Kind::Snapshot { on } = &parts.kind {
        let _ = writeln!(text, "period: {{ every: day, on: {} }}   # a guess: when the customer did it", yaml::scalar(on));
    }
    dimensions(&mut text, input, parts);
    if !parts.degenerate.is_empty() {
        let _ = writeln!(
            text,
            "# What is kept beside keys and measures: numbers of documents, by which one finds the row in the source."
        );
        let _ = writeln!(text, "degenerate: {}", yaml::list(&parts.degenerate));
        for note in &parts.notes {
            let _ = writeln!(text, "# {note}");
        }
    }
    if let Some(template) = template.filter(|template| input.column(template.surrogate_key).is_none()) {
        let _ =
            writeln!(text, "surrogate_key: {}   # a number of its own; leave it out if nobody needs it", template.surrogate_key);
    }
    measures(&mut text, parts);
    if !parts.left.is_empty() {
        let _ = writeln!(text, "# Not taken, as what describes belongs to a dimension: {}", parts.left.join(", "));
    }
    text
}

fn dimensions(text: &mut String, input: &Input, parts: &Parts) {
    if parts.roles.found.is_empty() {
        let _ =
            writeln!(text, "# No dimension of the project has its natural key among the columns: add one, then name it here.");
        let _ = writeln!(text, "# dimensions:");
        if parts.roles.asked.is_empty() {
            let _ = writeln!(text, "#   customer_key: {{ dimension: dim_customer, on: customer_id }}");
        }
    } else {
        let _ = writeln!(
            text,
            "# Keys of members, found by the columns in `on`. A fact whose member is not there has -1, until it arrives."
        );
        let _ = writeln!(text, "dimensions:");
        let lines: Vec<Line> = parts.roles.found.iter().map(super::roles::Role::line).collect();
        entries(text, &lines);
    }
    if !parts.roles.asked.is_empty() {
        let _ = writeln!(text, "# To decide, then to uncomment under `dimensions`:");
        questions(text, &parts.roles.asked);
    }
    if input.lake.project().lakehouse.calendar.is_none() && !parts.roles.asked.iter().any(|line| line.name == "date_key") {
        let _ = writeln!(
            text,
            "# With a `calendar: {{ start: 2025-01-01, end: 2025-12-31 }}` in lakehouse.yaml there is dim_date, to be found by a DATE."
        );
    }
}

fn measures(text: &mut String, parts: &Parts) {
    if parts.measures.found.is_empty() {
        let _ = writeln!(text, "# measures:");
    } else {
        let _ = match parts.kind {
            Kind::Snapshot { .. } => {
                writeln!(
                    text,
                    "# What a customer did on the day, 0 where it was nothing; with `over: to_date` all up to that day."
                )
            }
            _ => writeln!(
                text,
                "# What may be summed up along all dimensions is additive; a stock is semi_additive, a price non_additive."
            ),
        };
        let _ = writeln!(text, "measures:");
        entries(text, &parts.measures.found);
    }
    if !parts.measures.asked.is_empty() {
        let _ = writeln!(text, "# To decide, as no column is called so, then to uncomment under `measures`:");
        questions(text, &parts.measures.asked);
    }
}

fn entries(text: &mut String, lines: &[Line]) {
    *text += &yaml::entries(2, lines.iter().map(|line| (line.name.as_str(), line.value.clone(), line.comment.clone())));
}

/// Lines that do nothing until they are uncommented.
fn questions(text: &mut String, lines: &[Line]) {
    let mut plain = String::new();
    entries(&mut plain, lines);
    *text += &yaml::commented(&plain);
}
