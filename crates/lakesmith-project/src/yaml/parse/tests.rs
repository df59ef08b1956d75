use super::*;
use lakesmith_text::Sources;

/// Every way to write a value, with characters of several bytes.
const TEXT: &str = "a: &x plain größe\n\
                    b: 'single '' größe\n  folded'\n\
                    c: \"double \\\" \\u00e9 \\x41 \\\n   joined\n\n  größe\"\n\
                    d: |\n    one größe\n      two\n\n    three\n\
                    e: >+\n    one\n    größe\n\n      more\n    last\n\n\
                    f: |2\n      kept\n    less\n\
                    g: [*x, {h: ~, i: }, !!str 5, \"ü\"]\n\
                    ? k\n: v\n";

fn parsed(text: &str) -> (Option<Node>, Diagnostics, FileId, Sources) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let file = sources.add("x.yaml", text);
    (parse(file, text, &mut diagnostics), diagnostics, file, sources)
}

/// Every scalar of a tree.
fn scalars(node: &Node, all: &mut Vec<Located>) {
    match &node.kind {
        Kind::Scalar { text, .. } => all.push(text.clone()),
        Kind::Seq(items) => items.iter().for_each(|item| scalars(item, all)),
        Kind::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.value, all)),
        Kind::Null(_) => {}
    }
}

/// Each visible character of a scalar stands where it says, or is written as an escape.
fn check_places(text: &str) {
    let (node, _, _, sources) = parsed(text);
    let mut all = Vec::new();
    if let Some(node) = node {
        scalars(&node, &mut all);
    }
    for located in all {
        for (at, character) in located.text().char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let span = located.at(at..at + character.len_utf8());
            let written = sources.slice(span);
            let escaped = written.starts_with('\\') || written == "''";
            assert!(written == character.to_string() || escaped, "{character} is not {written:?} in {text}");
        }
    }
}

#[test]
fn every_character_knows_its_place() {
    check_places(TEXT);
    check_places(&TEXT.replace('\n', "\r\n"));
    check_places(&format!("\u{feff}{TEXT}"));
}

#[test]
fn broken_text_is_told_and_never_breaks_the_reader() {
    for (at, character) in TEXT.char_indices() {
        check_places(&TEXT[..at]);
        check_places(&format!("{}{}", &TEXT[..at], &TEXT[at + character.len_utf8()..]));
        for inserted in ["\"", "'", "[", "}", ": ", "\t", "\n", "- ", "&", "*", "!"] {
            check_places(&format!("{}{inserted}{}", &TEXT[..at], &TEXT[at..]));
        }
    }
}

#[test]
fn spans_cover_what_was_written() {
    let text = "a:\n  b: [1, 2]\n  c: { d: x }\n";
    let (node, diagnostics, _, sources) = parsed(text);
    assert!(diagnostics.is_empty());
    let Some(node) = node else { unreachable!("it is valid") };
    let a = &node.entries()[0];
    assert_eq!(sources.slice(a.key.span), "a");
    assert_eq!(sources.slice(a.value.span), "b: [1, 2]\n  c: { d: x }");
    assert_eq!(sources.slice(a.value.entries()[0].value.span), "[1, 2]");
    assert_eq!(sources.slice(a.value.entries()[1].value.span), "{ d: x }");
}
