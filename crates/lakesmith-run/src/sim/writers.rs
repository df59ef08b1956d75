//! Eight writers append to one table at once.

use super::audit;
use super::dice::Tier;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Weather, Wire};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use lakesmith_compile::TableName;
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::{CommitError, CommitInfo, TablePath};
use std::sync::Arc;

const WRITERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_eight_writers_make_one_row_of_versions_and_lose_nothing() {
    let appends = Tier::get().of(5, 25, 100);
    let scenario = Arc::new(Scenario::shop());
    let disk = Arc::new(Disk::default());
    scenario.deliver(&disk, 0).await;
    scenario.settle(&disk, &Select::one("bronze.shop_orders"), "preparing").await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (scenario, disk) = (scenario.clone(), disk.clone());
        tasks.spawn(async move {
            let runner = Runner::new(Wire::new(&disk, &format!("w{writer}"), Weather::Calm));
            let lake = scenario.lake(&runner).await.unwrap();
            let name = TableName::parse("bronze.shop_orders").unwrap();
            let table = lake.plan().flow(&name).unwrap().target.clone();
            let path = TablePath::new(&table.path);
            let mut lost = 0;
            for append in 0..appends {
                let mut held = lake.engine().ensure(&table).await.unwrap();
                let columns = table.columns.iter().map(|column| (column.name.clone(), cell(&held, &column.name, writer, append)));
                let rows = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, cell)| (name, cell, true))).unwrap();
                let output = lake.engine().append(&table, &held, vec![rows]).await.unwrap();
                let info = CommitInfo { operation: "WRITE".to_owned(), ..CommitInfo::default() };
                loop {
                    match lake.engine().commit(&path, held.version() + 1, &output.actions, &info).await {
                        Ok(_) => break,
                        Err(EngineError::Commit(CommitError::VersionExists { .. })) => lost += 1,
                        Err(error) => panic!("{error}"),
                    }
                    held = lake.engine().ensure(&table).await.unwrap();
                }
            }
            lost
        });
    }
    let lost: usize = tasks.join_all().await.iter().sum();
    let lake = scenario.lake(&Runner::calm(&disk)).await.unwrap();
    let sql = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM bronze.shop_orders WHERE id LIKE 'w%'";
    let answer = arrow::util::pretty::pretty_format_batches(&lake.query(sql).await.unwrap().batches).unwrap().to_string();
    let all = WRITERS * appends;
    assert!(answer.contains(&format!("| {all} ")) && answer.matches(&all.to_string()).count() == 2, "{answer}");
    let held = lake.snapshot(&TableName::parse("bronze.shop_orders").unwrap()).await.unwrap().unwrap();
    assert_eq!(held.version(), all as i64 + 1);
    let gaps: Vec<String> = audit::audit(&disk).await.into_iter().filter(|fault| fault.contains("version")).collect();
    assert_eq!(gaps, Vec::<String>::new());
    println!("{all} appends, {lost} lost a version and took the next");
}

/// A row whose key is the writer's own; all else is NULL.
fn cell(held: &lakesmith_engine::delta::Snapshot, column: &str, writer: usize, append: usize) -> ArrayRef {
    match column {
        "id" => Arc::new(StringArray::from(vec![format!("w{writer}-{append}")])),
        _ => arrow::array::new_null_array(held.schema().field_with_name(column).unwrap().data_type(), 1),
    }
}
