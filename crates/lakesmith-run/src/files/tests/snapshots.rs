//! Full loads: files and folders that are the whole table.

use super::{BRONZE, House, Ran, SILVER};
use crate::lake::Options;
use crate::report::FlowStatus;

const ENTITY: &str = "key: [id]\ncolumns:\n  id: { type: string }\n  price: { type: int }\n";
const DELETES: &str = "deletes: missing_keys, max_delete_fraction: 1";

fn house(more: &str) -> House {
    House::new(&format!("path: \"prices/*/*.csv\", change_capture: full, {more}"), ENTITY)
}

async fn silver(house: &House) -> Vec<String> {
    house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await
}

fn day(house: &House, day: u64, minute: u64) {
    house.put(&format!("prices/2025-01-0{day}/a.csv"), minute, &format!("id,price\n1,1{day}\n2,2{day}\n"));
    house.put(&format!("prices/2025-01-0{day}/b.csv"), minute + 1, &format!("id,price\n{}{day},3{day}\n", 9));
}

#[tokio::test]
async fn a_folder_is_one_snapshot_and_one_batch() {
    let house = house(&format!("snapshot: folder, {DELETES}"));
    day(&house, 1, 1);
    day(&house, 2, 11);
    day(&house, 3, 21);
    let ran = house.run().await;
    // The third may be half of what it will be.
    assert_eq!(ran.told(), "waiting folders: 1");
    assert_eq!(
        ran.fault(BRONZE),
        "snapshot-waits: 1 snapshots for `bronze.shop_prices` wait because they are not whole yet: prices/2025-01-03"
    );
    assert_eq!(ran.flow(BRONZE).batches, [1, 2]);
    assert_eq!(ran.flow(SILVER).batches, [1, 2]);
    assert_eq!(silver(&house).await, ["1 12", "2 22", "92 32"]);
    assert_eq!(ran.flow(SILVER).outcomes.removed, 1, "91 is not in the second");
    day(&house, 4, 31);
    assert_eq!(house.run().await.flow(BRONZE).batches, [3]);
    assert_eq!(silver(&house).await, ["1 13", "2 23", "93 33"]);
}

#[tokio::test]
async fn without_deletes_the_newest_folder_is_read_as_it_stands() {
    let house = house("snapshot: folder");
    house.put("prices/2025-01-01/a.csv", 1, "id,price\n1,11\n");
    assert_eq!(house.run().await.told(), "");
    assert_eq!(silver(&house).await, ["1 11"]);
    // A further file makes it a newer version, read as a whole.
    house.put("prices/2025-01-01/b.csv", 2, "id,price\n2,21\n");
    let ran = house.run().await;
    assert_eq!((ran.read(BRONZE), ran.flow(BRONZE).batches.as_slice()), (2, &[2][..]));
    assert_eq!(silver(&house).await, ["1 11", "2 21"]);
}

#[tokio::test]
async fn a_folder_that_gains_a_file_or_changes_is_read_again_as_a_whole() {
    let house = house(&format!("snapshot: folder, {DELETES}"));
    day(&house, 1, 1);
    day(&house, 2, 11);
    house.run().await;
    assert_eq!(silver(&house).await, ["1 11", "2 21", "91 31"]);
    house.put("prices/2025-01-01/c.csv", 15, "id,price\n5,55\n");
    let ran = house.run().await;
    assert_eq!((ran.read(BRONZE), ran.flow(SILVER).outcomes.removed), (4, 0), "what stands in the other files is not missing");
    assert_eq!(silver(&house).await, ["1 11", "2 21", "5 55", "91 31"]);
    // A file that loses a row: the key is gone from the snapshot.
    house.put("prices/2025-01-01/a.csv", 16, "id,price\n1,12\n");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.flow(SILVER).outcomes.removed), ("new versions: 1, waiting folders: 1", 1));
    assert_eq!(silver(&house).await, ["1 12", "5 55", "91 31"]);
    // Touched, all of it: nothing is read, nothing is deleted.
    for (file, minute) in [("a", 17), ("b", 18), ("c", 19)] {
        house.touch(&format!("prices/2025-01-01/{file}.csv"), minute);
    }
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("touched files: 3, waiting folders: 1", 0));
    assert_eq!(silver(&house).await, ["1 12", "5 55", "91 31"]);
}

#[tokio::test]
async fn a_folder_older_than_the_newest_that_was_read_changes_nothing() {
    let house = house("snapshot: folder");
    day(&house, 1, 1);
    day(&house, 2, 11);
    house.run().await;
    let before = silver(&house).await;
    house.put("prices/2025-01-01/late.csv", 99, "id,price\n1,99\n7,77\n");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("files of older snapshots: 1", 0));
    assert_eq!(silver(&house).await, before);
    assert_eq!(house.files(false).await[0], "prices/2025-01-01/late.csv older_snapshot 3 0");
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate);
}

/// Names decide which folder is newer. Its rows count for more, whenever its files were written.
#[tokio::test]
async fn the_rows_of_a_later_folder_win_whatever_the_times_of_its_files() {
    for more in ["snapshot: folder".to_owned(), format!("snapshot: marker, marker: _SUCCESS, {DELETES}")] {
        let house = house(&more);
        house.put("prices/export_9/a.csv", 500, "id,price\n1,9\n");
        house.put("prices/export_10/a.csv", 3, "id,price\n1,10\n");
        house.put("prices/export_9/_SUCCESS", 1, "");
        house.put("prices/export_10/_SUCCESS", 1, "");
        assert_eq!(house.run().await.flow(BRONZE).batches, [1, 2], "{more}");
        assert_eq!(silver(&house).await, ["1 10"], "{more}");
    }
}

#[tokio::test]
async fn a_marker_says_that_a_folder_is_whole() {
    let house = house(&format!("snapshot: marker, marker: \"_*SS\", {DELETES}"));
    day(&house, 1, 1);
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("waiting folders: 1", 0));
    assert!(ran.fault(BRONZE).ends_with("wait because they are not whole yet: prices/2025-01-01"), "{}", ran.fault(BRONZE));
    assert_eq!(ran.flow(BRONZE).status, FlowStatus::UpToDate);
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("", 3));
    day(&house, 2, 11);
    assert_eq!(house.run().await.told(), "waiting folders: 1");
    assert_eq!(silver(&house).await, ["1 11", "2 21", "91 31"]);
    house.put("prices/2025-01-02/_SUCCESS", 14, "");
    house.run().await;
    assert_eq!(silver(&house).await, ["1 12", "2 22", "92 32"]);
}

#[tokio::test]
async fn a_folder_of_which_a_file_cannot_be_read_deletes_nothing() {
    let house = house(&format!("snapshot: marker, marker: _SUCCESS, {DELETES}"));
    day(&house, 1, 1);
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    house.run().await;
    house.put("prices/2025-01-02/a.csv", 11, "id,price\n1,12\n");
    house.put("prices/2025-01-02/b.csv", 12, "id,price\n\"91,32\n");
    house.put("prices/2025-01-02/_SUCCESS", 13, "");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.flow(SILVER).outcomes.removed), ("failed files: 1", 0));
    assert_eq!(silver(&house).await, ["1 12", "2 21", "91 31"]);
    // Mended, the folder is read again as a whole, and says what is gone.
    house.put("prices/2025-01-02/b.csv", 14, "id,price\n91,32\n");
    let ran = house.run().await;
    assert_eq!((ran.read(BRONZE), ran.flow(SILVER).outcomes.removed), (2, 1));
    assert_eq!(silver(&house).await, ["1 12", "91 32"]);
}

#[tokio::test]
async fn everything_that_is_to_be_known_of_files_is_told() {
    let house = house(&format!("snapshot: marker, marker: _SUCCESS, {DELETES}"));
    house.put("prices/2025-01-01/a.csv", 1, "id,price\n1,12\n");
    house.put("prices/2025-01-01/b.csv", 2, "id,price\n\"91,32\n");
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    day(&house, 2, 11);
    let ran = house.run().await;
    assert_eq!(ran.told(), "failed files: 1, waiting folders: 1");
    assert!(ran.fault(BRONZE).starts_with("failed-files: 1 of the files"), "{}", ran.fault(BRONZE));
    let codes: Vec<&str> = ran.flow(BRONZE).notes.iter().map(|note| note.code).collect();
    assert!(codes.contains(&"snapshot-waits"), "{codes:?}");
}

#[tokio::test]
async fn a_folder_of_which_a_file_changes_while_it_is_read_waits_as_a_whole() {
    let house = house(&format!("snapshot: marker, marker: _SUCCESS, {DELETES}"));
    day(&house, 1, 1);
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    house.run().await;
    day(&house, 2, 11);
    house.put("prices/2025-01-02/_SUCCESS", 13, "");
    let mut lake = house.open(Options::default()).await;
    house.put("prices/2025-01-02/b.csv", 14, "id,price\n92,99\n");
    let ran = Ran::of(&mut lake).await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("waiting files: 2", 0));
    assert_eq!(silver(&house).await, ["1 11", "2 21", "91 31"]);
    house.run().await;
    assert_eq!(silver(&house).await, ["1 12", "2 22", "92 99"]);
}

#[tokio::test]
async fn a_folder_that_lacks_too_many_keys_stops_the_flow() {
    let house = house("snapshot: marker, marker: _SUCCESS, deletes: missing_keys");
    day(&house, 1, 1);
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    house.run().await;
    house.put("prices/2025-01-02/a.csv", 11, "id,price\n1,12\n");
    house.put("prices/2025-01-02/_SUCCESS", 13, "");
    let ran = house.run().await;
    assert!(ran.fault(SILVER).starts_with("too-many-deletes: "), "{}", ran.fault(SILVER));
    assert_eq!(silver(&house).await, ["1 11", "2 21", "91 31"]);
}

#[tokio::test]
async fn a_changed_file_of_a_folder_may_be_an_error() {
    let house = house(&format!("snapshot: marker, marker: _SUCCESS, on_change: error, {DELETES}"));
    day(&house, 1, 1);
    house.put("prices/2025-01-01/_SUCCESS", 3, "");
    house.run().await;
    house.put("prices/2025-01-01/a.csv", 4, "id,price\n1,99\n");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.flow(SILVER).outcomes.removed), ("failed files: 1", 0));
    assert_eq!(silver(&house).await, ["1 11", "2 21", "91 31"]);
}

#[tokio::test]
async fn a_snapshot_file_that_is_put_back_as_it_was_deletes_again() {
    let table = format!("path: \"prices/*.csv\", change_capture: full, {DELETES}");
    let house = House::new(&table, ENTITY);
    for (minute, text) in [(1, "id,price\n1,10\n"), (2, "id,price\n1,10\n2,20\n"), (3, "id,price\n1,10\n")] {
        house.put("prices/all.csv", minute, text);
        house.run().await;
    }
    assert_eq!(silver(&house).await, ["1 10"]);
    house.put("prices/older.csv", 0, "id,price\n5,50\n");
    assert_eq!(house.run().await.told(), "files of older snapshots: 1");
    assert_eq!(silver(&house).await, ["1 10"]);
}
