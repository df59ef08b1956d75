//! `lakesmith files`: receipts as an answer, in every form.

use crate::house::{Deliveries, House};

fn house() -> House {
    let house = House::new(&Deliveries(vec![]));
    house.write("lakehouse.yaml", "lakehouse: shop\n");
    house
        .write("sources/shop.yaml", "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"orders/*.csv\" }\n");
    house.write("landing/orders/a.csv", "id,size\n1,10\n2,20\n");
    house.write("landing/orders/b.csv", "id,size\n3,\"30\n");
    house
}

#[test]
fn receipts_are_listed_newest_first() {
    let house = house();
    house.run();
    house.write("landing/orders/c.csv", "id,size\n1,10\n2,20\n");
    house.run();
    let all = house.json(&["files", "bronze.shop_orders", "--format", "json"]);
    let all = all.as_array().unwrap();
    let told: Vec<_> = all.iter().map(|file| (file["path"].as_str().unwrap(), file["status"].as_str().unwrap())).collect();
    assert_eq!(told, [("orders/c.csv", "read"), ("orders/b.csv", "failed"), ("orders/a.csv", "read")]);
    assert_eq!((&all[0]["batch"], &all[0]["rows"], &all[0]["same_as"]), (&2.into(), &2.into(), &"orders/a.csv".into()));
    assert_eq!(all[1]["error"], "the quote opened on line 2 is never closed");
    assert_eq!((&all[2]["size_bytes"], &all[2]["rescued_rows"]), (&18.into(), &0.into()));
    assert!(all[2]["read_at"].as_str().unwrap().ends_with('Z') && all[2]["modified"].as_str().unwrap().ends_with('Z'));

    let failed = house.json(&["files", "bronze.shop_orders", "--failed", "--format", "json"]);
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["path"], "orders/b.csv");
    let newest = house.json(&["files", "bronze.shop_orders_receipts", "--limit", "1", "--format", "json"]);
    assert_eq!((newest.as_array().unwrap().len(), &newest[0]["path"]), (1, &"orders/c.csv".into()));

    let csv = house.command(&["files", "shop.bronze.shop_orders", "--format", "csv"]).output().unwrap();
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert_eq!(csv.lines().next(), Some("path,status,batch,read_at,size_bytes,modified,rows,rescued_rows,same_as,note,error"));
    assert_eq!(csv.lines().count(), 4);
    let table = house.command(&["files", "bronze.shop_orders"]).output().unwrap();
    assert!(String::from_utf8(table.stdout).unwrap().contains("orders/b.csv"));
}

#[test]
fn a_table_without_receipts_has_no_data_yet() {
    let output = house().command(&["files", "bronze.shop_orders"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("table `bronze.shop_orders` has no data yet: run `lakesmith run bronze.shop_orders`"), "{told}");
}

/// Rows of a large file are on their way before its end is seen. If it breaks there, the batch is read again without it.
#[test]
fn f9_a_large_file_that_breaks_at_its_end_has_no_rows_and_the_others_have_all() {
    let house = house();
    let rows: String = (0..700_000).map(|n| format!("{n},\"a text of {n} that is long enough\"\n")).collect();
    house.write("landing/orders/large.csv", &format!("id,size\n{rows}700000,\"open\n"));
    house.write("landing/orders/z.csv", "id,size\n9,90\n");
    house.run();
    let read = house.json(&["query", "--format", "json", "SELECT id FROM bronze.shop_orders ORDER BY id"]);
    assert_eq!(read, serde_json::json!([{ "id": 1 }, { "id": 2 }, { "id": 9 }]));
    let failed = house.json(&["files", "bronze.shop_orders", "--failed", "--format", "json"]);
    assert_eq!((failed[0]["path"].as_str(), failed.as_array().unwrap().len()), (Some("orders/large.csv"), 2));
    assert_eq!(failed[0]["error"], "the quote opened on line 700002 is never closed");
}
