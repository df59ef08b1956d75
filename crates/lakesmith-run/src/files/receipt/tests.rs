#![allow(clippy::unwrap_used)]

use super::*;
use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};
use std::sync::Arc;

/// Name, first letter of the hash, status, seconds, batch.
type Told<'a> = (&'a str, Option<char>, Status, i64, i64);

fn rows(told: &[Told<'_>]) -> RecordBatch {
    let numbers = |of: &dyn Fn(&Told<'_>) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values(told.iter().map(of))) };
    let texts = |of: &dyn Fn(&Told<'_>) -> Option<String>| -> ArrayRef { Arc::new(told.iter().map(of).collect::<StringArray>()) };
    let modified = told.iter().map(|told| told.3 * 1_000_000);
    let columns: [ArrayRef; 7] = [
        texts(&|told| Some(told.0.to_owned())),
        numbers(&|_| 1),
        Arc::new(TimestampMicrosecondArray::from_iter_values(modified).with_timezone("UTC")),
        texts(&|told| told.1.map(|letter| letter.to_string().repeat(64))),
        texts(&|told| Some(told.2.as_str().to_owned())),
        numbers(&|told| i64::from(told.2.is_read())),
        numbers(&|told| told.4),
    ];
    let names = ["path", "size", "modified", "hash", "status", "rows", "_batch_id"];
    RecordBatch::try_from_iter(names.into_iter().zip(columns)).unwrap()
}

fn content(letter: char) -> Option<ContentHash> {
    ContentHash::of(&letter.to_string().repeat(64))
}

fn receipts(purpose: Purpose, batches: &[&[Told<'_>]]) -> Receipts {
    let mut all = Receipts::none(purpose);
    batches.iter().for_each(|told| all.add(&rows(told)).unwrap());
    all.complete();
    all
}

#[test]
fn what_was_read_of_a_file_outlasts_receipts_that_read_nothing_in_whatever_order_they_come() {
    let first: &[Told<'_>] = &[("a", Some('1'), Status::Read, 5, 1), ("b", Some('1'), Status::Read, 5, 2)];
    let second: &[Told<'_>] = &[("a", Some('2'), Status::Failed, 6, 2)];
    for order in [[first, second], [second, first]] {
        let all = receipts(Purpose::default(), &order);
        let of = |name| all.of(name).map(|receipt| (receipt.status, receipt.hash, receipt.read));
        assert_eq!(of("a"), Some((Status::Failed, content('2'), content('1'))));
        assert_eq!(of("c"), None);
        assert_eq!(all.last_name.as_deref(), Some("b"));
        let first_with = |letter| all.first_with(content(letter).unwrap());
        assert_eq!((first_with('1'), first_with('2')), (Some(all.name("a")), None));
    }
    let all = receipts(Purpose::default(), &[&[("a", Some('3'), Status::NewVersion, 7, 3)], first, second]);
    let newest = all.of("a").unwrap();
    assert_eq!((newest.status, newest.read), (Status::NewVersion, content('3')));
    assert_eq!(all.first_with(content('3').unwrap()), Some(all.name("a")));
    assert_eq!(all.first_with(content('1').unwrap()), Some(all.name("a")));
}

#[test]
fn receipts_that_say_nothing_more_are_dropped() {
    let touched: Vec<Told<'_>> = (2..100).map(|batch| ("a", Some('1'), Status::Touched, batch, batch)).collect();
    let all = receipts(Purpose::default(), &[&touched, &[("a", Some('1'), Status::Read, 1, 1)]]);
    assert_eq!(all.rows.len(), 2);
    let newest = all.of("a").unwrap();
    assert_eq!((newest.status, newest.modified.timestamp(), newest.read), (Status::Touched, 99, content('1')));
}

#[test]
fn a_file_takes_56_bytes() {
    assert_eq!(size_of::<Row>(), 56);
}

#[test]
fn what_a_listing_does_not_show_is_gone_if_it_was_read() {
    let told: &[Told<'_>] = &[
        ("read", Some('1'), Status::Read, 5, 1),
        ("changed", Some('2'), Status::Read, 5, 1),
        ("changed", Some('3'), Status::Failed, 6, 2),
        ("there", Some('4'), Status::Read, 5, 1),
        ("failed", None, Status::Failed, 5, 1),
        ("mended", None, Status::Failed, 5, 1),
        ("mended", Some('5'), Status::Read, 5, 2),
    ];
    let all = receipts(Purpose { retry: true, ..Purpose::default() }, &[told]);
    let shown = all.shown();
    ["there", "unknown"].iter().for_each(|name| all.show(name, &shown));
    assert_eq!(all.gone(&shown), 3);
    assert_eq!(all.failed_and_gone(&shown), ["changed", "failed"]);
    all.show("failed", &shown);
    assert_eq!(all.failed_and_gone(&shown), ["changed"]);
}

#[test]
fn snapshots_follow_each_other_in_time() {
    assert_eq!(receipts(Purpose::default(), &[]).last_snapshot(), None);
    let told: &[Told<'_>] = &[
        ("a/1", Some('1'), Status::Read, 5, 1),
        ("a/2", Some('2'), Status::Read, 9, 1),
        ("b/1", Some('3'), Status::Read, 7, 2),
        ("b/2", Some('4'), Status::OlderSnapshot, 99, 3),
    ];
    let ninth = DateTime::from_timestamp(9, 0).unwrap();
    assert_eq!(receipts(Purpose::default(), &[told]).last_snapshot(), Some(after(ninth)));
}

#[test]
fn a_date_long_after_the_file_was_written_does_not_count() {
    let day = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp();
    let newest = |names: &[&str]| {
        let told: Vec<Told<'_>> = names.iter().map(|name| (*name, None, Status::Read, day("2026-03-01T06:00:00Z"), 1)).collect();
        let pattern = Some(Pattern::new("{yyyy}/{MM}/{dd}/*").unwrap());
        receipts(Purpose { pattern, ..Purpose::default() }, &[&told]).newest_date.map(|date| date.to_string())
    };
    assert_eq!(newest(&["2026/03/01/a", "2099/01/01/a"]).as_deref(), Some("2026-03-02 06:00:00"));
    assert_eq!(newest(&["2026/03/01/a", "2026/02/30/a"]).as_deref(), Some("2026-03-01 00:00:00"));
}

#[test]
fn times_of_buckets_are_compared_by_the_second() {
    let entry = |millis: i64| FileEntry {
        path: "a".to_owned(),
        size: 1,
        modified: DateTime::from_timestamp_millis(millis).unwrap(),
        etag: None,
    };
    let told: &[Told<'_>] = &[("a", Some('1'), Status::Read, 5, 1)];
    for (exact, same) in [(false, [true, true, false]), (true, [true, false, false])] {
        let all = receipts(Purpose { exact, ..Purpose::default() }, &[told]);
        let receipt = all.of("a").unwrap();
        assert_eq!([5_000, 5_400, 6_000].map(|millis| all.is_same(&receipt, &entry(millis))), same);
    }
}

#[test]
fn a_status_is_read_as_it_is_written() {
    for status in Status::ALL {
        assert_eq!(Status::of(status.as_str()), status);
    }
}
