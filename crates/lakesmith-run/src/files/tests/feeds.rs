//! Change feeds whose operations are told, and extracts by a timestamp.

use super::{BRONZE, House, SILVER};
use std::collections::BTreeSet;

const FEED: &str =
    "path: \"prices/*.csv\", change_capture: cdc, operation: { column: op, insert: [c, r], update: [u], delete: [d] }";
const STATES: &str =
    "key: [id]\nsequence_by: at\ncolumns:\n  id: { type: string }\n  price: { type: int }\n  at: { type: timestamp }\n";
const EXTRACT: &str = "path: \"prices/*.csv\", change_capture: timestamp, timestamp: { column: at, overlap: 2 days }";

async fn silver(house: &House) -> Vec<String> {
    house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await
}

#[tokio::test]
async fn operations_are_told_by_any_column() {
    let house = House::new(FEED, STATES);
    house.put("prices/a.csv", 1, "op,id,price,at\nr,1,10,2025-01-01 00:00:00\nc,2,20,2025-01-01 00:00:00\n");
    house.put("prices/b.csv", 2, "op,id,price,at\nu,1,11,2025-01-02 00:00:00\nd,2,,2025-01-02 00:00:00\n");
    house.run().await;
    assert_eq!(
        house.rows(&format!("SELECT op, id, _operation FROM {BRONZE} ORDER BY _source_file, _source_position")).await,
        ["r 1 insert", "c 2 insert", "u 1 update", "d 2 delete"]
    );
    assert_eq!(silver(&house).await, ["1 11"]);
    // A late state older than the delete brings nothing back; the column stays what it was in a second run.
    house.put("prices/c.csv", 3, "op,id,price,at\nu,2,21,2025-01-01 12:00:00\nc,3,30,2025-01-03 00:00:00\n");
    house.run().await;
    assert_eq!(silver(&house).await, ["1 11", "3 30"]);
}

#[tokio::test]
async fn a_row_of_an_unknown_operation_is_kept_and_told() {
    let house = House::new(FEED, STATES);
    house.put(
        "prices/a.csv",
        1,
        "op,id,price,at\nc,1,10,2025-01-01 00:00:00\nx,1,11,2025-01-02 00:00:00\n,2,20,2025-01-02 00:00:00\n",
    );
    let ran = house.run().await;
    assert_eq!((ran.read(BRONZE), ran.flow(SILVER).outcomes.quarantined), (3, 2));
    assert_eq!(house.rows(&format!("SELECT op, id, _operation FROM {BRONZE} WHERE op = 'x'")).await, ["x 1"]);
    assert_eq!(silver(&house).await, ["1 10"]);
    let reasons = house.rows(&format!("SELECT id, _failed_rules FROM {SILVER}_quarantine ORDER BY id")).await;
    assert_eq!(reasons, ["1 [operation is not known]", "2 [operation is not known]"]);
}

#[tokio::test]
async fn where_only_deletes_are_told_every_other_row_is_a_state() {
    let table = "path: \"prices/*.csv\", change_capture: cdc, operation: { column: is_deleted, delete: [true, 1] }";
    let house = House::new(table, STATES);
    house.put("prices/a.csv", 1, "is_deleted,id,price,at\nfalse,1,10,2025-01-01 00:00:00\n,2,20,2025-01-01 00:00:00\n");
    house.put("prices/b.csv", 2, "is_deleted,id,price,at\ntrue,1,10,2025-01-02 00:00:00\n0,3,30,2025-01-02 00:00:00\n");
    house.run().await;
    assert_eq!(silver(&house).await, ["2 20", "3 30"]);
    let operations = house.rows(&format!("SELECT DISTINCT _operation FROM {BRONZE} ORDER BY _operation")).await;
    assert_eq!(operations, ["delete", "upsert"]);
}

#[tokio::test]
async fn the_sources_own_field_operation_keeps_its_values_beside() {
    let table = "path: \"prices/*.csv\", change_capture: cdc, operation: { column: _operation, insert: I, update: U, delete: D }";
    let house = House::new(table, STATES);
    house.put("prices/a.csv", 1, "_operation,id,price,at\nI,1,10,2025-01-01 00:00:00\nI,2,20,2025-01-01 00:00:00\n");
    house.run().await;
    house.put("prices/b.csv", 2, "_operation,id,price,at\nD,1,,2025-01-02 00:00:00\n");
    house.run().await;
    assert_eq!(
        house.rows(&format!("SELECT id, _operation_2, _operation FROM {BRONZE} ORDER BY _batch_id, id")).await,
        ["1 I insert", "2 I insert", "1 D delete"]
    );
    assert_eq!(silver(&house).await, ["2 20"]);
}

#[tokio::test]
async fn a_feed_without_told_operations_does_not_guess_either() {
    let house = House::new("path: \"prices/*.csv\", change_capture: cdc", STATES);
    let rows = "insert,1,10\nupsert,2,20\n,3,30\nremove,4,40\ndelete,1,\n";
    let rows: String = rows.lines().enumerate().map(|(n, row)| format!("{row},2025-01-01 00:0{n}:00\n")).collect();
    house.put("prices/a.csv", 1, &format!("_operation,id,price,at\n{rows}"));
    let ran = house.run().await;
    assert_eq!(ran.flow(SILVER).outcomes.quarantined, 1);
    assert_eq!(silver(&house).await, ["2 20", "3 30"]);
}

fn extracts() -> [&'static str; 3] {
    [
        "id,price,at\n1,10,2025-01-01 00:00:00\n2,20,2025-01-03 00:00:00\n",
        // It reaches back two days: one row is there already, one came late, one is new.
        "id,price,at\n2,20,2025-01-03 00:00:00\n3,30,2025-01-02 00:00:00\n1,11,2025-01-05 00:00:00\n",
        // One row is older than the overlap, and nobody has seen it.
        "id,price,at\n1,11,2025-01-05 00:00:00\n4,40,2025-01-01 00:00:00\n2,22,2025-01-06 00:00:00\n",
    ]
}

#[tokio::test]
async fn extracts_that_overlap_give_each_row_once_and_lose_none() {
    let house = House::new(EXTRACT, STATES);
    let mut told = vec![];
    for (n, text) in extracts().iter().enumerate() {
        house.put(&format!("prices/{n}.csv"), n as u64, text);
        let ran = house.run().await;
        let outcomes = ran.flow(BRONZE).outcomes;
        told.push((outcomes.read, outcomes.inserted, outcomes.unchanged, ran.told()));
    }
    let expected = [(2, 2, 0, ""), (3, 2, 1, ""), (3, 2, 1, "late rows: 1")];
    assert_eq!(told, expected.map(|(read, new, held, words)| (read, new, held, words.to_owned())));
    assert_eq!(silver(&house).await, ["1 11", "2 22", "3 30", "4 40"]);
    assert_eq!(house.rows(&format!("SELECT count(*) FROM {BRONZE}")).await, ["6"]);
    // The same extracts again, under other names: nothing new.
    for (n, text) in extracts().iter().enumerate() {
        house.put(&format!("prices/again{n}.csv"), 10 + n as u64, text);
    }
    let ran = house.run().await;
    assert_eq!((ran.flow(BRONZE).outcomes.inserted, ran.flow(BRONZE).outcomes.unchanged), (0, 8));
    assert_eq!(ran.read(SILVER), 0);
    assert_eq!(house.rows(&format!("SELECT count(*) FROM {BRONZE}")).await, ["6"]);
}

#[tokio::test]
async fn k1_k6_extracts_in_any_order_and_any_batching_give_the_same_table() {
    let all = extracts();
    let orders: [&[&[usize]]; 6] =
        [&[&[0, 1, 2]], &[&[2], &[1], &[0]], &[&[1, 2], &[0]], &[&[1], &[0], &[2]], &[&[2, 0], &[1]], &[&[0], &[2, 1]]];
    let mut seen = BTreeSet::new();
    for order in orders {
        let house = House::new(EXTRACT, STATES);
        for (minute, together) in order.iter().enumerate() {
            for n in *together {
                house.put(&format!("prices/{n}.csv"), minute as u64, all[*n]);
            }
            house.run().await;
        }
        let bronze = house.rows(&format!("SELECT id, price, at FROM {BRONZE} ORDER BY id, price, at")).await;
        seen.insert((bronze, silver(&house).await));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[tokio::test]
async fn rows_whose_time_is_missing_or_does_not_parse_arrive_once() {
    let house = House::new(EXTRACT, STATES);
    let text = "id,price,at\n1,10,2025-01-01 00:00:00\n2,20,\n3,30,yesterday\n";
    house.put("prices/a.csv", 1, text);
    assert_eq!(house.run().await.told(), "rescued rows: 1, rows without at: 2");
    house.put("prices/b.csv", 2, &format!("{text}4,40,2025-01-02 00:00:00\n"));
    let outcomes = house.run().await.flow(BRONZE).outcomes;
    assert_eq!((outcomes.inserted, outcomes.unchanged), (1, 3));
}

#[tokio::test]
async fn a_column_that_comes_later_makes_no_row_another_one() {
    let house = House::new(EXTRACT, STATES);
    house.put("prices/a.csv", 1, "id,price,at\n1,10,2025-01-01 00:00:00\n");
    house.run().await;
    house.put("prices/b.csv", 2, "id,price,at,note\n1,10,2025-01-01 00:00:00,\n2,20,2025-01-01 00:00:00,new\n");
    let outcomes = house.run().await.flow(BRONZE).outcomes;
    assert_eq!((outcomes.inserted, outcomes.unchanged), (1, 1));
}

#[tokio::test]
async fn events_are_added_and_never_change() {
    let house =
        House::new("path: \"prices/*.csv\", change_capture: event", "history: append\ncolumns:\n  id: { type: string }\n");
    house.put("prices/a.csv", 1, "id\n1\n1\n");
    house.put("prices/b.csv", 2, "id\n1\n");
    house.run().await;
    house.put("prices/c.csv", 3, "id\n2\n");
    house.run().await;
    assert_eq!(house.rows(&format!("SELECT id FROM {SILVER} ORDER BY id")).await, ["1", "1", "1", "2"]);
}
