//! Files that are touched, copied, replaced, deleted, broken, or written while they are read.

use super::{BRONZE, House, Ran, SILVER};
use crate::lake::Options;
use crate::report::FlowStatus;

const TABLE: &str = "path: \"prices/*.csv\"";
const ENTITY: &str = "key: [id]\ncolumns:\n  id: { type: string }\n  price: { type: int }\n";

fn house(more: &str) -> House {
    House::new(&format!("{TABLE}{more}"), ENTITY)
}

async fn count(house: &House) -> Vec<String> {
    house.rows(&format!("SELECT count(*) FROM {BRONZE}")).await
}

#[tokio::test]
async fn f2_a_touched_file_is_seen_and_its_rows_are_not_read_again() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    assert_eq!(house.run().await.told(), "");
    house.touch("prices/a.csv", 2);
    assert_eq!(house.run().await.told(), "touched files: 1");
    assert_eq!(count(&house).await, ["1"]);
    assert_eq!(house.files(false).await, ["prices/a.csv touched 2 0", "prices/a.csv read 1 1"]);
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate);
}

#[tokio::test]
async fn f2_the_same_content_under_another_name_is_read_and_told() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.put("prices/b.csv", 2, "id,price\n1,10\n");
    house.put("prices/c.csv", 3, "id,price\n2,20\n");
    house.put("prices/d.csv", 4, "id,price\n2,20\n");
    house.put("prices/empty1.csv", 5, "id,price\n");
    house.put("prices/empty2.csv", 6, "id,price\n");
    assert_eq!(house.run().await.told(), "files with the same content: 2");
    let told = house.files(false).await;
    assert!(told.contains(&"prices/b.csv read 2 1 prices/a.csv".to_owned()), "{told:?}");
    assert!(told.contains(&"prices/c.csv read 2 1".to_owned()), "{told:?}");
    assert!(told.contains(&"prices/d.csv read 2 1 prices/c.csv".to_owned()), "{told:?}");
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 10", "2 20"]);
}

#[tokio::test]
async fn f2_a_renamed_file_is_a_new_one_and_the_old_name_is_gone() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.remove("prices/a.csv");
    house.put("prices/z.csv", 1, "id,price\n1,10\n");
    assert_eq!(house.run().await.told(), "files with the same content: 1, gone files: 1");
    assert_eq!(count(&house).await, ["2"], "nothing is lost, and nothing is guessed");
}

#[tokio::test]
async fn f2_a_replaced_file_is_read_as_a_new_version() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n2,20\n");
    house.run().await;
    house.put("prices/a.csv", 2, "id,price\n1,11\n");
    assert_eq!(house.run().await.told(), "new versions: 1");
    assert_eq!(house.files(false).await, ["prices/a.csv new_version 2 1", "prices/a.csv read 1 2"]);
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 11", "2 20"]);
    // Back to what it said first: that is a change too.
    house.put("prices/a.csv", 3, "id,price\n1,10\n2,20\n");
    assert_eq!(house.run().await.told(), "new versions: 1");
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 10", "2 20"]);
}

#[tokio::test]
async fn f2_a_replaced_file_may_be_ignored_and_is_told() {
    let house = house(", on_change: ignore");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.put("prices/a.csv", 2, "id,price\n1,11\n");
    house.put("prices/b.csv", 3, "id,price\n2,20\n");
    assert_eq!(house.run().await.told(), "ignored files: 1");
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 10", "2 20"]);
}

#[tokio::test]
async fn f2_a_replaced_file_may_be_an_error_and_the_others_go_on() {
    let house = house(", on_change: error");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.put("prices/a.csv", 2, "id,price\n1,11\n");
    house.put("prices/b.csv", 3, "id,price\n2,20\n");
    let ran = house.run().await;
    assert_eq!(ran.told(), "failed files: 1");
    assert!(ran.fault(BRONZE).starts_with("failed-files: 1 of the files for `bronze.shop_prices` could not be read: prices/a.csv: the file changed after it was read"), "{}", ran.fault(BRONZE));
    assert_eq!(house.files(true).await, ["prices/a.csv failed 2 0"]);
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 10", "2 20"]);
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate, "it is told once");
    // To ask again is refused in the same words; to allow it is what helps.
    let ran = house.retry().await;
    assert_eq!(ran.told(), "failed files: 1, retried files: 1");
    assert!(ran.fault(BRONZE).contains("say `on_change: new_version` and run with `--retry-files`"), "{}", ran.fault(BRONZE));
    house.table(&format!("{TABLE}, on_change: new_version"));
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate);
    assert_eq!(house.retry().await.told(), "new versions: 1, retried files: 1");
    assert_eq!(house.rows(&format!("SELECT id, price FROM {SILVER} ORDER BY id")).await, ["1 11", "2 20"]);
    assert!(house.files(true).await.is_empty());
}

#[tokio::test]
async fn f2_a_file_that_is_put_back_as_it_was_is_no_error() {
    let house = house(", on_change: error");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.put("prices/a.csv", 2, "id,price\n1,11\n");
    house.run().await;
    house.put("prices/a.csv", 3, "id,price\n1,10\n");
    assert_eq!(house.run().await.told(), "touched files: 1");
    assert!(house.files(true).await.is_empty());
}

#[tokio::test]
async fn f1_a_file_that_changes_while_it_is_read_waits_and_makes_no_batch() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.run().await;
    house.put("prices/b.csv", 2, "id,price\n2,20\n");
    // It is listed now, and written to before it is read.
    let mut lake = house.open(Options::default()).await;
    house.put("prices/b.csv", 3, "id,price\n2,20\n3,30\n");
    let ran = Ran::of(&mut lake).await;
    assert_eq!((ran.told().as_str(), ran.flow(BRONZE).status), ("waiting files: 1", FlowStatus::UpToDate));
    assert_eq!(ran.flow(BRONZE).batches, Vec::<i64>::new());
    assert_eq!(house.files(false).await, ["prices/a.csv read 1 1"]);
    assert_eq!(house.run().await.read(BRONZE), 2);
    assert_eq!(count(&house).await, ["3"]);
}

#[tokio::test]
async fn f1_beside_a_file_that_waits_the_others_are_read() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.put("prices/b.csv", 2, "id,price\n2,20\n");
    let mut lake = house.open(Options::default()).await;
    house.put("prices/b.csv", 3, "id,price\n2,20\n3,30\n");
    let ran = Ran::of(&mut lake).await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("waiting files: 1", 1));
    house.run().await;
    assert_eq!(count(&house).await, ["3"]);
}

#[tokio::test]
async fn failed_files_are_read_again_when_somebody_asks() {
    // The quote that stands for inches is never closed, until the project says that there are no quotes.
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.put("prices/inch.csv", 2, "id,price\n\"2,20\n");
    assert_eq!(house.run().await.told(), "failed files: 1");
    house.table(&format!("{TABLE}, csv: {{ quote: \"'\" }}"));
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate);
    assert_eq!(house.retry().await.told(), "rescued rows: 1, retried files: 1");
    assert_eq!(house.files(false).await, ["prices/inch.csv read 2 1", "prices/inch.csv failed 1 0", "prices/a.csv read 1 1"]);
    assert!(house.files(true).await.is_empty());
    assert_eq!(count(&house).await, ["2"]);
    let ran = house.retry().await;
    assert_eq!((ran.told().as_str(), ran.flow(BRONZE).status), ("", FlowStatus::UpToDate), "nothing is left to retry");
}

#[tokio::test]
async fn a_failed_file_that_fails_again_is_tried_once_a_run_and_one_that_is_gone_is_named() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.put("prices/b.csv", 2, "id,price\n\"2,20\n");
    house.put("prices/c.csv", 3, "id,price\n\"3,30\n");
    assert_eq!(house.run().await.told(), "failed files: 2");
    house.remove("prices/c.csv");
    let ran = house.retry().await;
    assert_eq!(ran.told(), "failed files: 1, retried files: 1");
    assert_eq!(house.files(true).await, ["prices/b.csv failed 2 0", "prices/c.csv failed 1 0"]);
    house.remove("prices/b.csv");
    let fault = house.retry().await.fault(BRONZE);
    assert_eq!(
        fault,
        "not-retried: 2 of the failed files for `bronze.shop_prices` cannot be read again because they are gone: prices/b.csv; prices/c.csv"
    );
}

#[tokio::test]
async fn only_bronze_tables_have_files() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    let lake = house.open(Options::default()).await;
    assert!(matches!(lake.files(BRONZE, false, 9).await, Err(crate::RunError::NotThereYet(_))));
    let refused = lake.files(SILVER, false, 9).await.unwrap_err().to_string();
    assert_eq!(refused, "`silver.sales_prices` reads no files: only bronze tables do; it reads bronze.shop_prices");
}

/// The receipts of a batch are committed, its rows are not; before the batch is finished its record no longer applies, and
/// whoever finishes it does not ask for failed files.
#[tokio::test]
async fn a_retried_file_whose_batch_was_interrupted_is_not_lost() {
    let house = house("");
    house.put("prices/a.csv", 1, "id,price\n1,10\n");
    house.put("prices/b.csv", 2, "id,price\n\"2,20\n");
    house.run().await;
    house.table(&format!("{TABLE}, csv: {{ quote: \"'\" }}"));
    let lake = house.open(Options { retry_files: true, ..Options::default() }).await;
    crate::batch::tests::interrupt(lake, BRONZE, 1).await;
    assert_eq!(house.files(false).await, ["prices/b.csv failed 1 0", "prices/a.csv read 1 1"], "the batch is not there yet");
    crate::batch::tests::new_metadata(&house.open(Options::default()).await, BRONZE).await;
    house.run().await;
    assert_eq!(house.files(false).await[0], "prices/b.csv read 2 1");
    assert_eq!(count(&house).await, ["2"]);
    assert_eq!(house.run().await.flow(BRONZE).status, FlowStatus::UpToDate);
}
