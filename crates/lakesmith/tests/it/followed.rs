//! Entities that follow an entity by a key of their own: rows of several of its rows stand against each other for one key. Whatever
//! is corrected, comes late or is gone, and however it is cut, the tables are those of one load of everything.

use crate::contents::{Contents, assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::{Dice, amount, seed, tally};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const DELIVERIES: usize = 5;

/// An order as it is now; some name no customer, some have no lines.
fn order(dice: &mut Dice) -> String {
    let lines: Vec<String> = (0..dice.below(3)).map(|_| format!(r#"{{"sku":"{}"}}"#, dice.pick(&["x", "y", "z"]))).collect();
    let customer = dice.pick(&["\"a\"", "\"b\"", "\"c\"", "null"]);
    format!(
        r#"{{"id":"{}","customer":{customer},"ordered":"2025-01-0{} 00:00:00","updated":{},"lines":[{}]}}"#,
        dice.below(4),
        1 + dice.below(4),
        dice.below(20),
        lines.join(",")
    )
}

/// The files of each delivery, with their places; the first one brings the project too.
fn deliveries(dice: &mut Dice, folder: &Path) -> Deliveries {
    let mut all = Deliveries::of_house("followed");
    for n in 0..DELIVERIES {
        let rows = |count: usize, row: &mut dyn FnMut() -> String| (0..count).map(|_| row() + "\n").collect::<String>();
        let mut files = vec![("orders", "json", rows(1 + dice.below(4), &mut || order(dice)))];
        if n == 0 || dice.chance(40) {
            let segments = ["a", "b", "c"].map(|customer| format!("{customer},{}\n", dice.pick(&["small", "large"])));
            files.push(("customers", "csv", format!("customer,segment\n{}", segments.concat())));
        }
        if n == 0 || dice.chance(60) {
            let items: String = ["1", "2", "3", "4"]
                .iter()
                .filter(|id| **id == "1" || dice.chance(70))
                .map(|id| format!("{id},{},{}\n", dice.pick(&["x", "y"]), dice.below(3)))
                .collect();
            files.push(("items", "csv", format!("id,sku,price\n{items}")));
        }
        if n > 0 {
            all.0.push(vec![]);
        }
        for (table, ending, text) in files {
            let place = PathBuf::from(format!("landing/{table}/{n}.{ending}"));
            let path = folder.join(&place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            all.0[n].push((place, path));
        }
    }
    all
}

/// What silver and gold say. Which of an order's former states were bad when they were read depends on the cut.
fn refined(house: &House) -> Contents {
    let told = |table: &String| !table.starts_with("bronze.") && !table.ends_with("_quarantine");
    let refined: Contents = contents(house).into_iter().filter(|(table, _)| told(table)).collect();
    assert_eq!(refined.len(), 10, "{:?}", refined.keys());
    refined
}

#[test]
fn h1_what_several_rows_of_a_parent_say_of_one_key_is_the_same_in_any_cut() {
    let cases = amount(2, 6, 60);
    for case in 0..cases {
        let folder = TempDir::new().unwrap();
        let all = deliveries(&mut Dice::of("followed", case), folder.path());
        let each = House::after(&all, all.len());
        let once = House::after(&Deliveries(vec![all.0.concat()]), 1);
        assert_same(&refined(&each), &refined(&once), &format!("case {case}, seed {}", seed()));
    }
    tally(
        "h1_what_several_rows_of_a_parent_say_of_one_key_is_the_same_in_any_cut",
        &[("histories", cases), ("deliveries", cases * DELIVERIES)],
    );
}
