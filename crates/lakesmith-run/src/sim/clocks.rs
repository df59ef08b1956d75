//! Clocks that go wrong: order goes by batch numbers.

use super::audit;
use super::contents::{self, Contents};
use super::scenario::{Clock, Runner, Scenario, Select};
use super::store::{Disk, Wire};
use chrono::{DateTime, Duration, TimeZone, Utc};
use std::sync::Arc;

/// A clock that is ahead of the others, or behind.
pub(super) fn skewed(by: Duration) -> Clock {
    Arc::new(move || Utc::now() + by)
}

fn stopped(at: DateTime<Utc>) -> Clock {
    Arc::new(move || at)
}

#[tokio::test]
async fn w8_clocks_that_go_back_or_beyond_2038_change_nothing() {
    let scenario = Scenario::shop();
    let expected = scenario.undisturbed().await;
    let after_2038 = Utc.with_ymd_and_hms(2038, 1, 19, 3, 14, 8).unwrap();
    let hour = Duration::hours(1);
    let cases: [(&str, [Clock; 3]); 4] = [
        ("an hour back", [skewed(Duration::zero()), skewed(-hour), skewed(-hour * 2)]),
        ("five minutes to and fro", [skewed(Duration::minutes(5)), skewed(Duration::minutes(-5)), skewed(Duration::minutes(5))]),
        ("2038 and back", [stopped(after_2038), skewed(Duration::zero()), stopped(after_2038 + hour)]),
        ("before the lake was made", [skewed(Duration::zero()), stopped(Utc.timestamp_opt(0, 0).unwrap()), skewed(-hour)]),
    ];
    for (case, clocks) in cases {
        let disk = Arc::new(Disk::default());
        for (delivery, clock) in clocks.into_iter().enumerate() {
            scenario.deliver(&disk, delivery).await;
            let runner = Runner::new(Wire::calm(&disk)).with_clock(clock);
            let report = scenario.run(&runner, &Select::all()).await.unwrap();
            assert!(report.succeeded(), "{case}: {report:?}");
            by_number(&scenario, &disk, case, delivery as i64 + 1).await;
        }
        compare(&scenario, &disk, &expected, case).await;
    }
}

async fn compare(scenario: &Scenario, disk: &Arc<Disk>, expected: &Contents, case: &str) {
    let found = scenario.settle(disk, &Select::all(), case).await;
    assert_eq!(contents::difference(expected, &found), None, "{case}");
    assert_eq!(audit::audit(disk).await, Vec::<String>::new(), "{case}");
}

/// Each delivery is one batch of bronze, whatever the clock said.
async fn by_number(scenario: &Scenario, disk: &Arc<Disk>, case: &str, last: i64) {
    let lake = scenario.lake(&Runner::calm(disk)).await.unwrap();
    let standing = lake.status().await.unwrap();
    let orders = standing.iter().find(|flow| flow.flow.to_string() == "bronze.shop_orders").unwrap();
    assert_eq!(orders.batch, last, "{case}");
    let versions: Vec<i64> = lake.history("bronze.shop_orders", 100).await.unwrap().iter().map(|entry| entry.version).collect();
    assert!(versions.is_sorted_by(|a, b| a > b), "{case}: {versions:?}");
}
