//! What a listing leaves out, what it passes over, and what is left of it for later batches.

use super::{BRONZE, House};

const ENTITY: &str = "key: [id]\ncolumns:\n  id: { type: string }\n  price: { type: int }\n";

#[tokio::test]
async fn what_a_listing_leaves_out_is_not_gone() {
    let house = House::new("path: \"{yyyy}/{MM}/{dd}/*.csv\", look_back: 1 day", ENTITY);
    house.put("2024/03/01/a.csv", 1, "id,price\n1,1\n");
    house.put("2024/03/10/a.csv", 2, "id,price\n2,1\n");
    assert_eq!(house.run().await.told(), "");
    house.remove("2024/03/01/a.csv");
    house.remove("2024/03/10/a.csv");
    house.put("2024/03/02/late.csv", 3, "id,price\n3,1\n");
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("", 0));
    let ran = house.relist().await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("gone files: 2", 1));
}

#[tokio::test]
async fn a_file_that_waits_is_found_though_a_later_name_was_read() {
    let house = House::new("path: \"*.csv\", listing: ordered", ENTITY);
    house.put("a.csv", 1, "id,price\n1,1\n");
    house.run().await;
    house.put("b.csv", 2, "id,price\n2,1\n");
    house.put("c.csv", 3, "id,price\n3,1\n");
    let mut lake = house.open(super::Options::default()).await;
    // It changes after it was listed.
    house.put("b.csv", 4, "id,price\n2,1\n2,2\n");
    let ran = super::Ran::of(&mut lake).await;
    assert_eq!((ran.told().as_str(), ran.read(BRONZE)), ("waiting files: 1", 1));
    assert_eq!(house.run().await.read(BRONZE), 2);
}

#[tokio::test]
async fn files_that_are_left_for_later_batches_know_what_the_earlier_ones_read() {
    let house = House::new("path: \"*.csv\"", ENTITY);
    house.write("lakehouse.yaml", "lakehouse: shop\ndefaults: { max_batch: 1B }\n");
    for (minute, name) in ["a.csv", "b.csv", "c.csv"].into_iter().enumerate() {
        house.put(name, minute as u64, "id,price\n1,1\n");
    }
    let ran = house.run().await;
    assert_eq!((ran.flow(BRONZE).batches.as_slice(), ran.told().as_str()), (&[1, 2, 3][..], "files with the same content: 2"));
    assert_eq!(house.files(false).await, ["c.csv read 3 1 a.csv", "b.csv read 2 1 a.csv", "a.csv read 1 1"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_passed_over_has_a_receipt_and_is_read_once_it_is_a_file() {
    let house = House::new("path: \"*.csv\"", ENTITY);
    house.put("a.csv", 1, "id,price\n1,1\n");
    std::os::unix::fs::symlink("nowhere", house.landing("b.csv")).unwrap();
    let ran = house.run().await;
    assert_eq!(ran.told(), "passed over files: 1");
    let told = "failed-files: 1 of the files for `bronze.shop_prices` could not be read: \
                b.csv: passed over: it is a link that leads nowhere";
    assert_eq!(ran.fault(BRONZE), told);
    assert_eq!(house.files(true).await, ["b.csv passed_over 1 0"]);
    let ran = house.run().await;
    assert_eq!((ran.told().as_str(), ran.flow(BRONZE).batches.len()), ("", 0));
    assert_eq!(house.retry().await.flow(BRONZE).batches.len(), 0, "there is nothing to read again");
    house.remove("b.csv");
    house.put("b.csv", 2, "id,price\n2,1\n");
    assert_eq!((house.run().await.told(), house.files(true).await.len()), (String::new(), 0));
}
