//! From a test's file as a tree to the model.

use super::keys::{BATCH, KEYS};
use super::{ByTable, Expected, Given, TestBatch, TestRow, UnitTest, rows};
use crate::fields::Fields;
use crate::names::{conflict, distinct};
use crate::scalar;
use crate::yaml::{Entry, Kind, Node};
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

/// The test that a map describes; none if it has no name.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<UnitTest> {
    let fields = Fields::of_file(node, &KEYS);
    conflict(&fields, "batches", "given", "put what is given under the first of the `batches`", diagnostics);
    let single = TestBatch { at: fields.at, now: None, given: given(&fields, diagnostics), expect: Expected::default() };
    let batches: Vec<TestBatch> = match fields.has("batches") {
        true => fields.items("batches", &BATCH).iter().map(|fields| batch(fields, diagnostics)).collect(),
        false => vec![single],
    };
    let test = UnitTest {
        name: fields.text("test").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        description: fields.text("description"),
        tags: fields.texts("tags"),
        now: fields.parsed("now", scalar::instant),
        types: by_table(&fields, "types", diagnostics, |entry, _| named(&entry.value, Node::text)),
        batches,
        expect: expected(&fields, diagnostics),
    };
    let nothing = test.expect.is_empty() && test.batches.iter().all(|batch| batch.expect.is_empty());
    if nothing && !["expect", "quarantine", "counts"].iter().any(|key| fields.present(key)) {
        let help = "say what holds: `expect: { silver.sales_orders: [ { order_id: A } ] }`";
        diagnostics.push(Diagnostic::error("missing-key", "the test expects nothing").at(fields.at).help(help));
    }
    if test.batches.iter().all(|batch| batch.given.is_empty()) && !fields.present("given") && !fields.present("batches") {
        let help = "say what arrives: `given: { bronze.shop_orders: [ { OrderID: A } ] }`";
        diagnostics.push(Diagnostic::error("missing-key", "the test is given nothing").at(fields.at).help(help));
    }
    (!test.name.is_empty()).then_some(test)
}

fn batch(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> TestBatch {
    TestBatch {
        at: fields.at,
        now: fields.parsed("now", scalar::instant),
        given: given(fields, diagnostics),
        expect: expected(fields, diagnostics),
    }
}

/// A text for a bronze table is a file of its source; for others it is rows.
fn given(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> ByTable<Given> {
    by_table(fields, "given", diagnostics, |entry, diagnostics| match &entry.value.kind {
        Kind::Scalar { text, .. } if entry.key.value.split('.').rev().nth(1) == Some("bronze") => {
            Given::File(Spanned::new(format!("{}\n", text.text()), entry.value.span))
        }
        _ => Given::Rows(read_rows(&entry.value, diagnostics)),
    })
}

fn expected(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Expected {
    let count = |node: &Node| scalar::whole(&node.text()?, 0);
    Expected {
        rows: by_table(fields, "expect", diagnostics, |entry, diagnostics| read_rows(&entry.value, diagnostics)),
        quarantine: by_table(fields, "quarantine", diagnostics, |entry, diagnostics| read_rows(&entry.value, diagnostics)),
        counts: by_table(fields, "counts", diagnostics, |entry, _| named(&entry.value, count)),
    }
}

fn read_rows(node: &Node, diagnostics: &mut Diagnostics) -> Vec<TestRow> {
    let rows = rows::read(node, diagnostics);
    for row in &rows {
        distinct(row.cells.iter().map(|(name, _)| name), "the column", diagnostics);
    }
    rows
}

fn by_table<T>(
    fields: &Fields<'_>,
    key: &str,
    diagnostics: &mut Diagnostics,
    mut of: impl FnMut(&Entry, &mut Diagnostics) -> T,
) -> ByTable<T> {
    fields.entries(key).iter().map(|entry| (entry.key.clone(), of(entry, diagnostics))).collect()
}

/// The entries of a map, each with what `of` makes of its value.
fn named<T>(node: &Node, of: impl Fn(&Node) -> Option<T>) -> Vec<(Spanned<String>, T)> {
    node.entries().iter().filter_map(|entry| Some((entry.key.clone(), of(&entry.value)?))).collect()
}
