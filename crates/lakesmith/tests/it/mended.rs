//! C7: a step that failed is mended by editing the project, and the next run takes the same input.

use crate::contents::{assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::tally;
use serde_json::Value;

/// What breaks a flow: a file of the shop, what is written in it instead of what, what it is mended to if not to what it was, the flow
/// that fails, and what is said of it.
struct Break {
    file: &'static str,
    written: &'static str,
    instead: &'static str,
    mended: Option<&'static str>,
    flow: &'static str,
    says: &'static str,
}

const BREAKS: [Break; 4] = [
    // An error of an expression: a line of the first delivery costs 4, one of the second 12.
    Break {
        file: "gold/fact_sales.yaml",
        written: "  amount: { unit: EUR }\n",
        instead: "  amount: { unit: EUR }\n  share: { expr: \"1 / ((amount - 4) * (amount - 12))\" }\n",
        // Of another type than the table was made with.
        mended: Some("  amount: { unit: EUR }\n  share: { expr: \"CAST(amount / 2 AS DOUBLE)\" }\n"),
        flow: "gold.fact_sales",
        says: "gold/fact_sales.yaml:11:18",
    },
    Break {
        file: "silver/sales/orders.yaml",
        written: "amount > 0 }",
        instead: "amount > 0, on_fail: fail }",
        mended: None,
        flow: "silver.sales_orders",
        says: "silver/sales/orders.yaml:12",
    },
    Break {
        file: "silver/sales/orders.yaml",
        written: "amount > 0 }",
        instead: "order_date IS NOT NULL AND day_of_week IS NOT NULL, on_fail: fail }",
        mended: None,
        flow: "",
        says: "day_of_week",
    },
    // Two lines of order A, and of order H in the second delivery, would be one row.
    Break {
        file: "gold/fact_sales.yaml",
        written: "grain_key: [order_id, line_number]",
        instead: "grain_key: [order_id]",
        mended: None,
        flow: "gold.fact_sales",
        says: "grain",
    },
];

fn batch_of(house: &House, flow: &str) -> Value {
    let tables = house.json(&["tables", "--format", "json"]);
    let tables = tables.as_array().unwrap();
    tables.iter().find(|table| table["table"] == flow).unwrap()["batches"].clone()
}

#[test]
fn c7_a_failed_step_is_mended_by_an_edit() {
    let deliveries = Deliveries::of_house("shop");
    let mut cases = 0;
    for later in [false, true] {
        let upto = usize::from(later);
        let before = House::after(&deliveries, upto);
        before.deliver(upto);
        for Break { file, written, instead, mended, flow, says } in BREAKS {
            let (house, undisturbed) = (before.copy(), before.copy());
            let good = house.text(file);
            assert!(good.contains(written), "{file}");
            let mended = good.replace(written, mended.unwrap_or(written));
            undisturbed.write(file, &mended);
            undisturbed.run();
            let expected = contents(&undisturbed);
            house.write(file, &good.replace(written, instead));
            let output = house.start(None).output();
            let told = String::from_utf8_lossy(&output.stderr);
            let case = format!("{flow} in delivery {}: {instead}", upto + 1);
            // What can be known without the data is refused before anything runs.
            assert_eq!(output.status.code(), Some(if flow.is_empty() { 2 } else { 1 }), "{case}: {told}");
            assert!(told.contains(says), "{case}: {told}");
            if !flow.is_empty() {
                assert_eq!(batch_of(&house, flow).as_u64().unwrap_or(0), upto as u64, "{case}: nothing of the batch was written");
            }
            house.write(file, &mended);
            house.run();
            assert_same(&contents(&house), &expected, &case);
            cases += 1;
        }
    }
    tally("c7_a_failed_step_is_mended_by_an_edit", &[("cases", cases)]);
}

/// The run died after the record; then somebody edited the project. The recorded batch stands as it was computed.
#[test]
fn c7_a_recorded_batch_outlives_an_edit() {
    let deliveries = Deliveries::of_house("shop");
    let house = House::after(&deliveries, 1);
    house.deliver(1);
    let expected = contents(&House::after(&deliveries, 2));
    assert!(house.run_and_abort("recorded silver.sales_orders 2"));
    let Break { file, written, instead, .. } = &BREAKS[1];
    let good = house.text(file);
    house.write(file, &good.replace(written, instead));
    house.run();
    house.write(file, &good);
    house.run();
    assert_same(&contents(&house), &expected, "a rule that would stop the batch came after its record");
    tally("c7_a_recorded_batch_outlives_an_edit", &[("cases", 1), ("aborts", 1)]);
}

/// A table and its quarantine are made before the first batch; when that fails, nothing but their columns is there, and they may change.
#[test]
fn c7_a_first_batch_that_failed_is_mended_to_another_type() {
    let deliveries = Deliveries::of_house("shop");
    let (house, undisturbed) = (House::new(&deliveries), House::new(&deliveries));
    house.deliver(0);
    undisturbed.deliver(0);
    let Break { file, written, instead, flow, .. } = &BREAKS[1];
    let good = house.text(file);
    house.write(file, &good.replace(written, instead));
    assert!(house.start(None).report().is_err());
    let mended = good
        .replace("amount: { type: \"decimal(18,2)\" }", "amount: { type: double }")
        .replace("  lines: { from: Lines }\n", "  note: { expr: \"'-'\" }\n  lines: { from: Lines }\n");
    assert!(mended.contains("double") && mended.contains("note"));
    for house in [&house, &undisturbed] {
        house.write(file, &mended);
        house.run();
    }
    assert_same(&contents(&house), &contents(&undisturbed), flow);
    tally("c7_a_first_batch_that_failed_is_mended_to_another_type", &[("cases", 1)]);
}
