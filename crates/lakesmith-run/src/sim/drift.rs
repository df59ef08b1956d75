//! D2: a batch was recorded, and its runner is gone; then files of other columns arrive. And columns that are accepted over
//! a storage that fails.

use super::contents;
use super::gate::AFTER_EACH_STEP;
use super::nth_call::each_call;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Weather, Wire};
use crate::accept::Acceptance;
use crate::error::RunError;
use crate::phase::Phase;
use lakesmith_sql::DataType;
use std::sync::Arc;

fn scenario() -> Arc<Scenario> {
    Arc::new(Scenario::parse("drift", include_str!("drift.txt")))
}

#[tokio::test]
async fn d2_the_columns_of_a_record_hold_whatever_arrives_next() {
    let scenario = scenario();
    let expected = scenario.undisturbed().await;
    for flow in ["bronze.shop_orders", "silver.sales_orders"] {
        for phase in [Phase::FilesClosed, Phase::Recorded, Phase::CompanionCommitted] {
            let disk = Arc::new(Disk::default());
            scenario.deliver(&disk, 0).await;
            scenario.settle(&disk, &Select::all(), "first").await;
            scenario.deliver(&disk, 1).await;
            let mut led = Runner::new(Wire::new(&disk, "a", Weather::Calm)).led(&scenario, &Select::all(), AFTER_EACH_STEP);
            // A batch without rows for a companion commits none.
            led.until(flow, phase).await;
            led.kill().await;
            scenario.deliver(&disk, 2).await;
            let case = format!("{flow} killed at {phase}");
            scenario.check(&disk, &Select::all(), &expected, &case).await;
        }
    }
}

#[tokio::test]
async fn s3_columns_are_accepted_once_whichever_call_fails() {
    let scenario = scenario();
    let ready = Arc::new(Disk::default());
    for delivery in 0..2 {
        scenario.deliver(&ready, delivery).await;
        scenario.settle(&ready, &Select::all(), "preparing").await;
    }
    let acceptance =
        Acceptance { what: "bronze.shop_orders.amount".to_owned(), ty: Some(DataType::Double), ..Acceptance::default() };
    let undisturbed = ready.fork();
    scenario.lake(&Runner::calm(&undisturbed)).await.unwrap().accept(&acceptance).await.unwrap();
    let expected = scenario.settle(&undisturbed, &Select::all(), "undisturbed").await;
    assert!(
        expected["silver.sales_orders"].iter().any(|row| row.contains("order_id=C") && row.contains("net=5.0")),
        "{expected:?}"
    );
    let accept = async |runner: &Runner| scenario.lake(runner).await?.accept(&acceptance).await;
    each_call("accept", &ready, accept, async |disk, first, case| {
        // Whoever was told nothing, or that it failed, says it once more: it is done then, if it was not before.
        let lake = scenario.lake(&Runner::calm(disk)).await.unwrap();
        match (first, lake.accept(&acceptance).await) {
            (_, Ok(_)) | (_, Err(RunError::Unacceptable { .. })) => {}
            (first, Err(error)) => panic!("{case}: {error}, after {first:?}"),
        }
        let found = scenario.settle(disk, &Select::all(), case).await;
        let differs = contents::difference(&expected, &found);
        assert!(differs.is_none(), "{case}: {}", differs.unwrap());
    })
    .await;
}
