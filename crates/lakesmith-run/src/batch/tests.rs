//! Batches that are interrupted, on real tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::lake::Options;
use crate::report::{FlowStatus, Report};
use arrow::util::pretty::pretty_format_batches;
use chrono::Utc;
use lakesmith_compile::{Selection, TableName};
use lakesmith_engine::delta::{Action, CommitInfo};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const PROJECT: [(&str, &str); 6] = [
    ("lakehouse.yaml", "lakehouse: shop\ncalendar: { start: 2024-01-01, end: 2024-12-31 }\n"),
    (
        "sources/shop.yaml",
        "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"orders/*.csv\", format: csv }\n  customers: { path: \"customers/*.csv\", format: csv }\n",
    ),
    (
        "silver/sales/orders.yaml",
        "from: bronze.shop_orders\nkey: [order_id]\nsequence_by: updated_at\ncolumns:\n  order_id: { from: id, type: string }\n  customer_id: { from: customer, type: string }\n  order_date: { from: day, type: date }\n  amount: { from: amount, type: \"decimal(18,2)\" }\n  updated_at: { from: updated, type: timestamp }\nexpect:\n  amount_positive: { check: amount > 0 }\n",
    ),
    (
        "silver/sales/customers.yaml",
        "from: bronze.shop_customers\nkey: [customer_id]\nsequence_by: updated_at\nhistory: changes\ncolumns:\n  customer_id: { from: id, type: string }\n  segment: { type: string }\n  updated_at: { from: updated, type: timestamp }\n",
    ),
    (
        "gold/dim_customer.yaml",
        "dimension: dim_customer\nfrom: silver.sales_customers\nnatural_key: [customer_id]\nsurrogate_key: customer_key\nhistory: type2\nsequence_by: updated_at\ntrack: [segment]\n",
    ),
    (
        "gold/fact_orders.yaml",
        "fact: fact_orders\ngrain_key: [order_id]\nfrom: silver.sales_orders\ndegenerate: [order_id]\ndimensions:\n  date_key: { dimension: dim_date, on: order_date }\n  customer_key: { dimension: dim_customer, on: customer_id, as_of: order_date }\nmeasures:\n  amount: { unit: EUR }\n",
    ),
];

const DAYS: [[(&str, &str); 2]; 2] = [
    [
        (
            "orders/1.csv",
            "id,customer,day,amount,updated\nA,c1,2024-03-01,10,2024-03-01 08:00:00\nB,c2,2024-03-01,-1,2024-03-01 08:00:00\nC,c9,2024-03-02,5.5,2024-03-02 08:00:00\n",
        ),
        ("customers/1.csv", "id,segment,updated\nc1,small,2024-01-05 00:00:00\nc2,large,2024-01-05 00:00:00\n"),
    ],
    [
        (
            "orders/2.csv",
            "id,customer,day,amount,updated\nA,c1,2024-03-01,12,2024-03-03 08:00:00\nA,c1,2024-03-01,11,2024-02-01 08:00:00\nD,c2,x,7,2024-03-04 08:00:00\n",
        ),
        ("customers/2.csv", "id,segment,updated\nc1,medium,2024-02-10 00:00:00\nc9,new,2024-01-01 00:00:00\n"),
    ],
];

pub(crate) fn project() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in PROJECT {
        put(folder.path(), path, text);
    }
    folder
}

pub(crate) fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn deliver(root: &Path, day: usize) {
    for (path, text) in DAYS[day] {
        put(&root.join("landing"), path, text);
    }
}

pub(crate) async fn open(root: &Path) -> Lake {
    let (project, faults) = lakesmith_project::load(root);
    assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
    let lake = Lake::open(project, &Options { threads: Some(2), ..Options::default() }).await.unwrap();
    assert!(!lake.faults().has_errors(), "{}", lakesmith_text::render(lake.faults(), &lake.project().sources_text, false));
    lake
}

pub(crate) async fn run_all(root: &Path) -> Report {
    select(root, &[]).await
}

async fn select(root: &Path, select: &[&str]) -> Report {
    let mut lake = open(root).await;
    let selection = Selection { select: select.iter().map(|s| (*s).to_owned()).collect(), exclude: vec![] };
    let selection = selection.resolve(lake.plan(), lake.project()).unwrap();
    let report = lake.execute(&selection, Arc::new(|_| {})).await.unwrap();
    for flow in &report.flows {
        assert!(flow.outcomes.add_up(), "{}: {:?}", flow.flow, flow.outcomes);
    }
    report
}

/// Every row of every table, without keys and stamps.
async fn contents(root: &Path) -> String {
    let lake = open(root).await;
    let mut all = String::new();
    for sql in [
        "SELECT id, amount, _source_file, _source_position, _rescued_data FROM bronze.shop_orders ORDER BY _source_file, _source_position",
        "SELECT order_id, customer_id, order_date, amount, updated_at, _is_valid FROM silver.sales_orders ORDER BY order_id",
        "SELECT order_id, _failed_rules, _raw IS NOT NULL AS raw FROM silver.sales_orders_quarantine ORDER BY order_id",
        "SELECT customer_id, segment, updated_at FROM silver.sales_customers ORDER BY customer_id, updated_at",
        "SELECT customer_id, segment, effective_start_date, effective_end_date, is_current FROM gold.dim_customer ORDER BY customer_id, effective_start_date",
        "SELECT f.order_id, f.date_key, d.customer_id, d.effective_start_date, f.amount FROM gold.fact_orders f JOIN gold.dim_customer d ON f.customer_key = d.customer_key ORDER BY f.order_id",
    ] {
        let rows = lake.query(sql).await.unwrap();
        all += &format!("{}\n", pretty_format_batches(&rows.batches).unwrap());
    }
    all
}

/// The same two days in a lake where nothing went wrong.
async fn undisturbed() -> String {
    let folder = project();
    for day in 0..DAYS.len() {
        deliver(folder.path(), day);
        assert!(run_all(folder.path()).await.succeeded());
    }
    contents(folder.path()).await
}

pub(crate) fn objects(root: &Path) -> Vec<String> {
    let mut all = vec![];
    let mut folders = vec![root.join(".lake")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path.display().to_string()) }
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn two_days_give_the_star_that_was_meant() {
    let said = undisturbed().await;
    let expected = "\
| A        | c1          | 2024-03-01 | 12.00  | 2024-03-03T08:00:00Z | true      |
| C        | c9          | 2024-03-02 | 5.50   | 2024-03-02T08:00:00Z | true      |";
    assert!(said.contains(expected), "{said}");
    // The late version of c1 took the order over, and the customer who came late its fact.
    assert!(said.contains("| A        | 20240301 | c1          | 2024-02-10           | 12.00  |"), "{said}");
    assert!(said.contains("| C        | 20240302 | c9          | 2024-01-01           | 5.50   |"), "{said}");
    assert!(said.contains("| B        | [amount_positive]"), "{said}");
    assert!(said.contains("| D        | [order_date does not parse]"), "{said}");
    assert!(said.contains("| c1          | small     | 2024-01-05           | 2024-02-10         | false      |"), "{said}");
}

#[tokio::test]
async fn a_run_with_nothing_new_writes_nothing() {
    let folder = project();
    deliver(folder.path(), 0);
    run_all(folder.path()).await;
    let before = objects(folder.path());
    let report = run_all(folder.path()).await;
    assert!(report.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate), "{report:?}");
    assert_eq!(objects(folder.path()), before);
}

/// Computes the next batch of a flow and stops after the record, or after so many commits.
pub(crate) async fn interrupted(root: &Path, flow: &str, commits: usize) {
    interrupt(open(root).await, flow, commits).await;
}

/// The same in a lake that is open.
pub(crate) async fn interrupt(lake: Lake, flow: &str, commits: usize) {
    let name = TableName::parse(flow).unwrap();
    let flow = lake.plan().flow(&name).unwrap().clone();
    let record = recorded(&lake, &flow, "interrupted").await;
    for at in 0..commits {
        assert_eq!(commit(&lake, &flow, &record, at).await.unwrap(), Committed::Done);
    }
}

/// Computes the next batch of a flow, records it, and goes no further.
pub(crate) async fn recorded(lake: &Lake, flow: &Flow, run_id: &str) -> Record {
    let name = flow.name.clone();
    let Some(Planned::New(batch)) = plan(lake, flow, lake.asked_again(flow)).await.unwrap() else {
        panic!("nothing to do for {name}")
    };
    let step = batch.step(flow).unwrap();
    let inputs = batch.inputs.iter().map(|i| RecordedInput {
        table: i.table.clone(),
        version: i.snapshot.version(),
        after: i.after,
        upto: i.upto,
        since: i.since,
    });
    let mut record = Record {
        format_version: Record::format(batch.number, batch.again, step),
        run_id: run_id.to_owned(),
        flow: name.clone(),
        batch: batch.number,
        attempt: 1,
        now: Utc::now(),
        inputs: inputs.collect(),
        source: batch.arrived.as_ref().and_then(Arrived::range),
        fingerprint: None,
        scanned: Default::default(),
        outcomes: Outcomes::default(),
        counts: BTreeMap::new(),
        key_mark: batch.key_mark,
        drift: Drift::default(),
        definition: Definition::new(),
        step: step.clone(),
        tables: tables(flow),
        again: batch.again,
        accepted: vec![],
        outputs: vec![],
    };
    let computed = compute(lake, flow, &record, batch.target, batch.inputs, batch.arrived).await.unwrap();
    let (computed, drift) = computed.unwrap();
    record.take(computed, drift);
    assert!(record::put(lake.storage(), &record).await.unwrap());
    record
}

#[tokio::test]
async fn a_recorded_batch_is_finished_once_by_the_next_run() {
    let expected = undisturbed().await;
    for (flow, before) in [("bronze.shop_orders", None), ("silver.sales_orders", Some("layer:bronze"))] {
        for commits in 0..=2 {
            let folder = project();
            deliver(folder.path(), 0);
            run_all(folder.path()).await;
            deliver(folder.path(), 1);
            if let Some(before) = before {
                select(folder.path(), &[before]).await;
            }
            interrupted(folder.path(), flow, commits).await;
            assert!(run_all(folder.path()).await.succeeded());
            assert_eq!(contents(folder.path()).await, expected, "{flow} after {commits} commits");
        }
    }
}

#[tokio::test]
async fn a_companion_counts_only_once_its_target_has_the_batch() {
    let folder = project();
    deliver(folder.path(), 0);
    select(folder.path(), &["layer:bronze"]).await;
    interrupted(folder.path(), "silver.sales_orders", 1).await;
    let count = "SELECT count(*) AS n FROM silver.sales_orders_quarantine";
    let rows = open(folder.path()).await.query(count).await.unwrap();
    assert!(pretty_format_batches(&rows.batches).unwrap().to_string().contains("| 0 |"));
    run_all(folder.path()).await;
    let rows = open(folder.path()).await.query(count).await.unwrap();
    assert!(pretty_format_batches(&rows.batches).unwrap().to_string().contains("| 1 |"));
}

/// A commit of the table's metadata: what was computed before it cannot be appended as it is.
pub(crate) async fn new_metadata(lake: &Lake, table: &str) {
    let name = TableName::parse(table).unwrap();
    let held = lake.snapshot(&name).await.unwrap().unwrap();
    let metadata = Action::Metadata(held.metadata().clone());
    let info = CommitInfo { operation: "SET TBLPROPERTIES".to_owned(), ..CommitInfo::default() };
    lake.engine().commit(&lake.path(&name).unwrap(), held.version() + 1, &[metadata], &info).await.unwrap();
}

/// A compaction: the same rows in a file of another name.
pub(crate) async fn compact(root: &Path, table: &str, named: &str) {
    let lake = open(root).await;
    let name = TableName::parse(table).unwrap();
    let held = lake.snapshot(&name).await.unwrap().unwrap();
    let files = held.files().await.unwrap();
    let file = files.iter().next().unwrap();
    let place = lake.path(&name).unwrap();
    let folder = root.join(".lake").join(place.as_str());
    fs::copy(folder.join(&file.path), folder.join(named)).unwrap();
    let mut add = None;
    for version in 0..=held.version() {
        for action in lake.storage().commit_actions(&place, version).await.unwrap() {
            add = if let Action::Add(found) = action
                && found.path == file.path
            {
                Some(found)
            } else {
                add
            };
        }
    }
    let mut remove = file.to_remove(0);
    if let Action::Remove(remove) = &mut remove {
        remove.data_change = false;
    }
    let add = Action::Add(lakesmith_engine::delta::Add { path: named.to_owned(), data_change: false, ..add.unwrap() });
    let info = CommitInfo { operation: "OPTIMIZE".to_owned(), ..CommitInfo::default() };
    lake.engine().commit(&place, held.version() + 1, &[remove, add], &info).await.unwrap();
}

#[tokio::test]
async fn a_recorded_replacement_whose_file_is_gone_is_computed_again() {
    let expected = undisturbed().await;
    // The quarantine has the batch already, or has not.
    for commits in 0..=1 {
        let folder = project();
        deliver(folder.path(), 0);
        run_all(folder.path()).await;
        deliver(folder.path(), 1);
        select(folder.path(), &["layer:bronze"]).await;
        interrupted(folder.path(), "silver.sales_orders", commits).await;
        compact(folder.path(), "silver.sales_orders", "compacted.parquet").await;
        assert!(run_all(folder.path()).await.succeeded());
        assert_eq!(contents(folder.path()).await, expected, "after {commits} commits");
        let second = folder.path().join(".lake/_lakesmith/flows/silver.sales_orders/2.2");
        assert!(second.exists(), "the batch has a second record");
    }
}

#[tokio::test]
async fn a_second_record_that_no_longer_applies_is_computed_again_too() {
    let folder = project();
    deliver(folder.path(), 0);
    run_all(folder.path()).await;
    deliver(folder.path(), 1);
    select(folder.path(), &["layer:bronze"]).await;
    interrupted(folder.path(), "silver.sales_orders", 0).await;
    compact(folder.path(), "silver.sales_orders", "compacted.parquet").await;
    {
        // The run that computes it again dies when that is recorded.
        let lake = open(folder.path()).await;
        let name = TableName::parse("silver.sales_orders").unwrap();
        let flow = lake.plan().flow(&name).unwrap().clone();
        let first = record::latest(lake.storage(), &name, 2).await.unwrap().unwrap();
        assert_eq!(again(&lake, &flow, &first).await.unwrap().attempt, 2);
    }
    compact(folder.path(), "silver.sales_orders", "compacted-again.parquet").await;
    assert!(run_all(folder.path()).await.succeeded());
    assert_eq!(contents(folder.path()).await, undisturbed().await);
    assert!(folder.path().join(".lake/_lakesmith/flows/silver.sales_orders/2.3").exists(), "the batch has a third record");
}

#[tokio::test]
async fn a_failed_step_names_its_line_and_goes_on_once_it_is_mended() {
    let folder = project();
    deliver(folder.path(), 0);
    let good = fs::read_to_string(folder.path().join("gold/fact_orders.yaml")).unwrap();
    put(folder.path(), "gold/fact_orders.yaml", &format!("{good}  share: {{ expr: \"1 / (amount - 10)\" }}\n"));
    let report = run_all(folder.path()).await;
    let failed = report.flows.iter().find(|flow| flow.status == FlowStatus::Failed).unwrap();
    let fault = failed.fault.clone().unwrap();
    let lake = open(folder.path()).await;
    let (line, column) = lake.project().sources_text.position(fault.span.expect("the fault has a place"));
    assert_eq!((failed.flow.to_string().as_str(), line, column), ("gold.fact_orders", 10, 18), "{fault:?}");
    put(folder.path(), "gold/fact_orders.yaml", &good);
    assert!(run_all(folder.path()).await.succeeded());
    let rows = lake.query("SELECT count(*) AS n FROM gold.fact_orders").await.unwrap();
    assert!(pretty_format_batches(&rows.batches).unwrap().to_string().contains("| 2 |"));
}

#[tokio::test]
async fn a_flow_that_fails_stops_those_that_read_it_alone() {
    let folder = project();
    deliver(folder.path(), 0);
    let silver = fs::read_to_string(folder.path().join("silver/sales/orders.yaml")).unwrap();
    put(folder.path(), "silver/sales/orders.yaml", &silver.replace("amount > 0 }", "amount > 0, on_fail: fail }"));
    let report = run_all(folder.path()).await;
    let status = |name: &str| report.flows.iter().find(|flow| flow.flow.to_string() == name).unwrap().status;
    assert_eq!(status("silver.sales_orders"), FlowStatus::Failed);
    assert_eq!(status("gold.fact_orders"), FlowStatus::Skipped);
    assert_eq!(status("gold.dim_customer"), FlowStatus::Updated);
    put(folder.path(), "silver/sales/orders.yaml", &silver);
    assert!(run_all(folder.path()).await.succeeded());
}

#[tokio::test]
async fn a_batch_whose_outcomes_do_not_add_up_is_not_committed() {
    let folder = project();
    deliver(folder.path(), 0);
    select(folder.path(), &["bronze.shop_orders"]).await;
    let lake = open(folder.path()).await;
    let mut flow = lake.plan().flow(&TableName::parse("silver.sales_orders").unwrap()).unwrap().clone();
    // A step that loses sight of the rows that it puts aside.
    for step in flow.step.iter_mut().chain(&mut flow.first) {
        step.outcomes = None;
    }
    let before = objects(folder.path());
    let heartbeat = Heartbeat::new(lake.world(), "run".to_owned());
    let Err(failed) = run(&lake, &flow, &heartbeat, &|_| {}).await else { panic!("a batch that is not whole") };
    assert!(matches!(failed, RunError::Unbalanced { batch: 1, read: 3, ended: 2, .. }), "{failed}");
    heartbeat.end().await;
    let committed = |all: &[String]| all.iter().filter(|path| path.contains("sales_orders") && path.ends_with("1.json")).count();
    assert_eq!(committed(&objects(folder.path())), committed(&before));
    assert!(!objects(folder.path()).iter().any(|path| path.contains("_lakesmith/flows/silver.sales_orders")));
    // The flow as it is takes the batch up.
    assert!(run_all(folder.path()).await.succeeded());
}

/// Comes to a fault of its own in one flow.
struct Faulty;

impl crate::phase::Witness for Faulty {
    fn reached(&self, moment: crate::phase::Moment) -> futures::future::BoxFuture<'_, ()> {
        let faulty = moment.flow.to_string() == "silver.sales_orders";
        assert!(!faulty, "the row 'anna@example.com' is at 4711");
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_panic_in_one_flow_is_its_failure_and_the_others_go_on() {
    let folder = project();
    deliver(folder.path(), 0);
    let (project, _) = lakesmith_project::load(folder.path());
    let storage = lakesmith_engine::delta::Storage::open(".lake", folder.path()).unwrap();
    let world = crate::world::World { witness: Arc::new(Faulty), ..crate::world::World::of(storage) };
    let mut lake = Lake::over(world, project, &Options { threads: Some(2), ..Options::default() }).unwrap();
    lake.learn().await.unwrap();
    let all = Selection::default().resolve(lake.plan(), lake.project()).unwrap();
    let report = lake.execute(&all, Arc::new(|_| {})).await.unwrap();
    assert!(!report.succeeded());
    let status = |name: &str| report.flows.iter().find(|flow| flow.flow.to_string() == name).unwrap();
    let failed = status("silver.sales_orders");
    assert_eq!(failed.status, FlowStatus::Failed);
    assert_eq!(failed.error.as_deref(), Some("`silver.sales_orders` stopped at a fault of lakesmith: the row '…' is at #"));
    assert!(failed.fault.as_ref().unwrap().help.as_ref().unwrap().contains("please report it"));
    assert_eq!(status("gold.fact_orders").status, FlowStatus::Skipped);
    assert_eq!(status("gold.dim_customer").status, FlowStatus::Updated);
    // The next run takes it up.
    assert!(run_all(folder.path()).await.succeeded());
}

#[tokio::test]
async fn keys_that_come_from_elsewhere_meanwhile_are_noticed_though_nothing_was_replaced() {
    let folder = project();
    deliver(folder.path(), 0);
    run_all(folder.path()).await;
    put(
        &folder.path().join("landing"),
        "orders/3.csv",
        "id,customer,day,amount,updated\nZ,c1,2024-03-05,3,2024-03-05 08:00:00\n",
    );
    select(folder.path(), &["bronze.shop_orders"]).await;
    let lake = open(folder.path()).await;
    let flow = lake.plan().flow(&TableName::parse("silver.sales_orders").unwrap()).unwrap().clone();
    let record = recorded(&lake, &flow, "first").await;
    let output = record.outputs.last().unwrap();
    assert!(!output.takes_away(), "only new keys");
    // Somebody else adds the same rows.
    let added: Vec<Action> = output.actions.iter().filter(|action| matches!(action, Action::Add(_))).cloned().collect();
    let info = CommitInfo { operation: "WRITE".to_owned(), ..CommitInfo::default() };
    lake.engine().commit(&output.table, output.base + 1, &added, &info).await.unwrap();
    let at = record.outputs.len() - 1;
    assert_eq!(commit(&lake, &flow, &record, at).await.unwrap(), Committed::NotApplicable);
    assert!(run_all(folder.path()).await.succeeded());
    let rows =
        open(folder.path()).await.query("SELECT count(*) AS n FROM silver.sales_orders WHERE order_id = 'Z'").await.unwrap();
    assert!(pretty_format_batches(&rows.batches).unwrap().to_string().contains("| 1 |"));
}
