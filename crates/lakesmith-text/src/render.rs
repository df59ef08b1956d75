//! Diagnostics as text for people and as JSON for programs. Nothing else in the program lays out an error.

use crate::{Diagnostic, Diagnostics, Severity, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::ops::Range;

/// The diagnostics as text, one after the other with an empty line between them; empty if there are none.
///
/// Each opens with its severity and code and the place as `path:line:column`, so that editors and terminals can jump
/// there, shows the line with a caret under the place, and ends with what to do. `color` adds ANSI colours.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let shown = diagnostics.iter().map(|diagnostic| match diagnostic.span {
        Some(_) => renderer.render(&report(diagnostic, sources)),
        // Without a line to show the parts need no frame.
        None => report(diagnostic, sources)
            .iter()
            .map(|part| renderer.render(std::slice::from_ref(part)))
            .collect::<Vec<_>>()
            .join("\n"),
    });
    let mut text = shown.collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The diagnostics as a JSON array, one object each:
/// `code`, `severity`, `message`, `path`, `line`, `column`, `end_line`, `end_column`, `label`, `help`,
/// `related: [{path, line, column, end_line, end_column, label}]`. Lines and columns count from 1, columns in characters;
/// what a diagnostic does not have is left out.
pub fn render_json(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let all = diagnostics.iter().map(|diagnostic| as_json(diagnostic, sources)).collect();
    format!("{:#}", Value::Array(all))
}

fn report<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    if let Some(span) = diagnostic.span {
        let place = AnnotationKind::Primary.span(one_line(span, sources)).label(diagnostic.label.as_deref());
        let mut snippet = snippet(span, sources).annotation(place);
        let (near, far): (Vec<_>, Vec<_>) = diagnostic.related.iter().partition(|(other, _)| other.file == span.file);
        for (other, label) in near {
            snippet = snippet.annotation(AnnotationKind::Context.span(one_line(*other, sources)).label(label.as_str()));
        }
        main = main.element(snippet);
        for (other, label) in far {
            let place = AnnotationKind::Context.span(one_line(*other, sources)).label(label.as_str());
            main = main.element(self::snippet(*other, sources).annotation(place));
        }
    }
    let help = diagnostic.help.as_deref().map(|help| Group::with_title(Level::HELP.secondary_title(printable(help))));
    std::iter::once(main).chain(help).collect()
}

/// A text without characters that steer a terminal: names in data are shown, not obeyed. Titles that are not the first one are
/// printed as they are.
fn printable(text: &str) -> String {
    let shown = |c: char| match u32::from(c) {
        _ if c == '\n' => c,
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(c),
        0x7f => '\u{2421}',
        0x80..0xa0 => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    text.chars().map(shown).collect()
}

fn snippet<'a, T: Clone>(span: Span, sources: &'a Sources) -> Snippet<'a, T> {
    Snippet::source(sources.text(span.file)).path(sources.path(span.file)).fold(true)
}

/// The part of a span on its first line: a place is where to look, not all that is concerned.
fn one_line(span: Span, sources: &Sources) -> Range<usize> {
    let text = sources.text(span.file);
    let start = (span.start as usize).min(text.len());
    let end = (span.end as usize).min(text.len()).max(start);
    let length = text.get(start..end).map_or(0, |text| text.lines().next().map_or(0, |line| line.trim_end().len()));
    start..start + length
}

fn as_json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut value = json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
    });
    let related = diagnostic.related.iter().map(|(span, label)| {
        let mut place = json!({});
        put_place(&mut place, *span, sources);
        place["label"] = json!(label);
        place
    });
    let related: Vec<Value> = related.collect();
    if let Some(span) = diagnostic.span {
        put_place(&mut value, span, sources);
    }
    if let Some(label) = &diagnostic.label {
        value["label"] = json!(label);
    }
    if let Some(help) = &diagnostic.help {
        value["help"] = json!(help);
    }
    if !related.is_empty() {
        value["related"] = Value::Array(related);
    }
    value
}

fn put_place(value: &mut Value, span: Span, sources: &Sources) {
    let ((line, column), (end_line, end_column)) = (sources.position(span), sources.end_position(span));
    value["path"] = json!(sources.path(span.file));
    value["line"] = json!(line);
    value["column"] = json!(column);
    value["end_line"] = json!(end_line);
    value["end_column"] = json!(end_column);
}

#[cfg(test)]
mod tests;
