//! Tables that are made of a query over several: joins, sums, windows, unions. Whatever is corrected, comes late or is gone, and
//! however it is cut, they are those of one load of everything; and what a change does not concern is not read.

use crate::contents::{assert_same, contents};
use crate::followed::deliveries;
use crate::house::{Deliveries, House};
use crate::tier::{Dice, amount, seed, tally};
use tempfile::TempDir;

/// The tables that are compared: bronze is as it was cut, and which former states were bad when they were read depends on it.
fn refined(house: &House) -> crate::contents::Contents {
    let told = |table: &String| !table.starts_with("bronze.") && !table.ends_with("_quarantine");
    let refined: crate::contents::Contents = contents(house).into_iter().filter(|(table, _)| told(table)).collect();
    assert_eq!(refined.len(), 18, "{:?}", refined.keys());
    refined
}

#[test]
fn h3_what_queries_join_is_the_same_in_any_cut() {
    let cases = amount(2, 8, 60);
    let mut rows = 0;
    for case in 0..cases {
        let folder = TempDir::new().unwrap();
        let all = deliveries("joined", &mut Dice::of("joined", case), folder.path());
        let each = House::after(&all, all.len());
        let once = House::after(&Deliveries(vec![all.0.concat()]), 1);
        let told = refined(&once);
        assert_same(&refined(&each), &told, &format!("case {case}, seed {}", seed()));
        rows += told.values().map(Vec::len).sum::<usize>();
    }
    assert!(rows > cases * 20, "{rows} rows in {cases} cases show little");
    tally("h3_what_queries_join_is_the_same_in_any_cut", &[("histories", cases)]);
}
