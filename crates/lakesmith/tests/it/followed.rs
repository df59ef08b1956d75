//! Entities that follow an entity by a key of their own: rows of several of its rows stand against each other for one key. Whatever
//! is corrected, comes late or is gone, and however it is cut, the tables are those of one load of everything.

use crate::contents::{Contents, assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::{Dice, amount, seed, tally};
use serde_json::{Value, json};
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

/// The files of each delivery, with their places; the first one brings the project of a house too.
pub(crate) fn deliveries(house: &str, dice: &mut Dice, folder: &Path) -> Deliveries {
    let mut all = Deliveries::of_house(house);
    for n in 0..DELIVERIES {
        let rows = |count: usize, row: &mut dyn FnMut() -> String| (0..count).map(|_| row() + "\n").collect::<String>();
        let mut files = vec![("orders", "json", rows(1 + dice.below(4), &mut || order(dice)))];
        if n == 0 || dice.chance(40) {
            let segments = ["a", "b", "c"].map(|customer| format!("{customer},{}\n", dice.pick(&["small", "large"])));
            files.push(("customers", "csv", format!("customer,segment\n{}", segments.concat())));
        }
        if n == 0 || dice.chance(60) {
            let mut items = String::new();
            for id in ["1", "2", "3", "4"] {
                if id == "1" || dice.chance(70) {
                    items += &format!("{id},{},{}\n", dice.pick(&["x", "y"]), dice.below(3));
                }
            }
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
        let all = deliveries("followed", &mut Dice::of("followed", case), folder.path());
        let each = House::after(&all, all.len());
        let once = House::after(&Deliveries(vec![all.0.concat()]), 1);
        assert_same(&refined(&each), &refined(&once), &format!("case {case}, seed {}", seed()));
    }
    tally(
        "h1_what_several_rows_of_a_parent_say_of_one_key_is_the_same_in_any_cut",
        &[("histories", cases), ("deliveries", cases * DELIVERIES)],
    );
}

/// The project with one delivery of everything.
fn first_day() -> House {
    let house = House::new(&Deliveries::of_house("followed"));
    house.deliver(0);
    let order = |id: u8, day: u8, lines: &str| {
        format!(r#"{{"id":"{id}","customer":"B","ordered":"2025-01-0{day} 00:00:00","updated":1,"lines":[{lines}]}}"#) + "\n"
    };
    house.write("landing/orders/1.json", &(order(1, 2, r#"{"sku":"x"}"#) + &order(2, 3, r#"{"sku":"x"}"#)));
    house.write("landing/customers/1.csv", "customer,segment\nB,small\nD,large\n");
    house.write("landing/items/1.csv", "id,sku,price\n1,x,5\n2,x,5\n");
    house.run();
    house
}

fn outcomes(report: &Value, flow: &str) -> Value {
    let flows = report["flows"].as_array().unwrap();
    flows.iter().find(|report| report["flow"] == flow).unwrap()["outcomes"].clone()
}

#[test]
fn a_row_that_moves_to_another_key_leaves_the_one_before_it() {
    let house = first_day();
    let last_orders = "SELECT customer, order_id, segment FROM silver.s_last_orders ORDER BY customer";
    let last_sold = "SELECT sku, order_id FROM silver.s_last_sold ORDER BY sku";
    assert_eq!(house.query(last_orders), [json!({"customer": "B", "order_id": "2", "segment": "small"})]);
    assert_eq!(house.query(last_sold), [json!({"sku": "x", "order_id": "2"})]);
    // The second order was another customer's, and of another product.
    let moved = r#"{"id":"2","customer":"D","ordered":"2025-01-03 00:00:00","updated":2,"lines":[{"sku":"y"}]}"#;
    house.write("landing/orders/2.json", &format!("{moved}\n"));
    house.run();
    let both = [
        json!({"customer": "B", "order_id": "1", "segment": "small"}),
        json!({"customer": "D", "order_id": "2", "segment": "large"}),
    ];
    assert_eq!(house.query(last_orders), both);
    assert_eq!(house.query(last_sold), [json!({"sku": "x", "order_id": "1"}), json!({"sku": "y", "order_id": "2"})]);
    // A measure over a column that the dimension has too.
    let letters = "SELECT order_id, letters FROM gold.fact_last_orders ORDER BY order_id";
    assert_eq!(house.query(letters), [json!({"order_id": "1", "letters": 2}), json!({"order_id": "2", "letters": 2})]);
}

#[test]
fn what_a_full_load_says_again_is_unchanged() {
    let house = first_day();
    house.write("landing/items/2.csv", "id,sku,price\n2,x,5\n1,x,5\n");
    let report = house.run();
    let items = outcomes(&report, "silver.s_items");
    assert_eq!((&items["unchanged"], &items["updated"]), (&json!(2), &json!(0)));
    assert_eq!(outcomes(&report, "silver.s_dearest")["read"].as_u64().unwrap_or(0), 0);
    // The newest load counts, though what it changes stood elsewhere before.
    house.write("landing/items/3.csv", "id,sku,price\n1,x,7\n2,x,5\n");
    let items = outcomes(&house.run(), "silver.s_items");
    assert_eq!((&items["unchanged"], &items["updated"]), (&json!(1), &json!(1)));
    let dearest = "SELECT sku, price, item_id FROM silver.s_dearest";
    assert_eq!(house.query(dearest), [json!({"sku": "x", "price": 7, "item_id": "1"})]);
}
