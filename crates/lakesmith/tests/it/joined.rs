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

/// A shop whose orders of a day lie together: a day a month, one delivery a day, some orders each with two items.
struct Days {
    house: House,
    days: usize,
}

impl Days {
    const ORDERS: usize = 40;

    fn new(days: usize) -> Days {
        let house = House::new(&Deliveries::of_house("days"));
        house.deliver(0);
        house.write("landing/products/0.csv", "sku,kind\na,food\nb,drink\nc,drink\n");
        let days = Days { house, days };
        for day in 0..days.days {
            let (mut orders, mut items) = ("id,ordered,updated\n".to_owned(), "id,order_id,sku,price\n".to_owned());
            for n in 0..Self::ORDERS {
                let id = days.order(day, n);
                orders += &format!("{id},2025-{:02}-01,1\n", 1 + day);
                items += &format!("{id}/1,{id},a,3\n{id}/2,{id},b,4\n");
            }
            days.house.write(&format!("landing/orders/{day:03}.csv"), &orders);
            days.house.write(&format!("landing/items/{day:03}.csv"), &items);
            days.house.run();
        }
        days
    }

    fn order(&self, day: usize, n: usize) -> String {
        format!("{day:03}-{n:03}")
    }

    /// What each flow read of tables in a run: files and bytes.
    fn scanned(&self) -> std::collections::BTreeMap<String, (u64, u64)> {
        let report = self.house.run();
        let flows = report["flows"].as_array().unwrap().iter();
        let of = |flow: &serde_json::Value, what: &str| flow["scanned"][what].as_u64().unwrap();
        flows.map(|flow| (flow["flow"].as_str().unwrap().to_owned(), (of(flow, "files"), of(flow, "bytes")))).collect()
    }
}

/// The flows that read a query, or group by attributes.
const QUERIED: [&str; 4] = ["silver.s_sales", "silver.s_orders_of_kind", "gold.fact_sales", "gold.monthly_kinds"];

#[test]
fn what_a_change_does_not_concern_is_not_read() {
    let few = Days::new(amount(4, 6, 8));
    let many = Days::new(amount(8, 12, 12));
    let change = |days: &Days| {
        // One item of an order of the first day has another price.
        let id = days.order(0, 7);
        days.house.write("landing/items/late.csv", &format!("id,order_id,sku,price\n{id}/1,{id},c,9\n"));
        days.scanned()
    };
    let (of_few, of_many) = (change(&few), change(&many));
    for flow in QUERIED {
        let ((few_files, few_bytes), (files, bytes)) = (of_few[flow], of_many[flow]);
        assert!(files > 0 && bytes > 0, "{flow} read nothing");
        assert!(files <= few_files + 1, "{flow} reads {files} files of {} days, {few_files} of {}", many.days, few.days);
        assert!(bytes <= few_bytes * 5 / 4, "{flow} reads {bytes} bytes of {} days, {few_bytes} of {}", many.days, few.days);
    }
    let sold =
        "SELECT month_start, kind, sold, CAST(dearest AS DOUBLE) AS dearest FROM gold.monthly_kinds ORDER BY month_start, kind";
    let rows = many.house.query(sold);
    let kinds: Vec<(i64, f64)> =
        rows.iter().map(|row| (row["sold"].as_i64().unwrap(), row["dearest"].as_f64().unwrap())).collect();
    let orders = i64::try_from(Days::ORDERS).unwrap();
    assert_eq!(kinds[..2], [(orders + 1, 9.0), (orders - 1, 3.0)], "{rows:?}");
}
