//! Columns that come, go, widen and change, on real tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::accept::Acceptance;
use crate::batch::tests::recorded;
use crate::error::RunError;
use crate::lake::{Lake, Options};
use crate::report::{FlowReport, FlowStatus, Report};
use arrow::util::pretty::pretty_format_batches;
use lakesmith_compile::{Selection, TableName};
use lakesmith_sql::parse_type;
use lakesmith_text::Diagnostics;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A project of one source and, if asked, one entity; deliveries are written as they are needed.
struct House(TempDir);

impl House {
    fn new(options: &str) -> House {
        let house = House(TempDir::new().unwrap());
        house.put("lakehouse.yaml", "lakehouse: shop\n");
        house.source(options);
        house
    }

    /// The source's table `orders`, JSON, with further keys.
    fn source(&self, options: &str) {
        let table =
            format!("source: shop\ntype: files\npath: landing/\ntables:\n  orders: {{ path: \"*.*\", format: json{options} }}\n");
        self.put("sources/shop.yaml", &table);
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file of rows; files arrive in the order of their numbers.
    fn deliver(&self, number: u64, rows: &[&str]) {
        let path = format!("landing/{number}.json");
        self.put(&path, &rows.iter().map(|row| format!("{row}\n")).collect::<String>());
        let file = fs::File::options().write(true).open(self.0.path().join(path)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + number)).unwrap();
    }

    /// A silver table of these columns.
    fn silver(&self, columns: &str) {
        self.put(
            "silver/sales/orders.yaml",
            &format!("from: bronze.shop_orders\nkey: [id]\ncolumns:\n  id: {{ type: string }}\n{columns}"),
        );
    }

    async fn open(&self) -> Lake {
        let (project, faults) = lakesmith_project::load(self.0.path());
        let shown = |faults: &Diagnostics, project: &lakesmith_project::Project| {
            lakesmith_text::render(faults, &project.sources_text, false)
        };
        assert!(!faults.has_errors(), "{}", shown(&faults, &project));
        let lake = Lake::open(project, &Options { threads: Some(2), ..Options::default() }).await.unwrap();
        assert!(!lake.faults().has_errors(), "{}", shown(lake.faults(), lake.project()));
        lake
    }

    async fn report(&self) -> Report {
        let mut lake = self.open().await;
        let all = Selection::default().resolve(lake.plan(), lake.project()).unwrap();
        let report = lake.execute(&all, Arc::new(|_| {})).await.unwrap();
        for flow in &report.flows {
            assert!(flow.outcomes.add_up(), "{}: {:?}", flow.flow, flow.outcomes);
        }
        report
    }

    /// A run that goes through, and what it says of a flow.
    async fn run(&self, flow: &str) -> Vec<String> {
        let report = self.report().await;
        assert!(report.succeeded(), "{:?}", report.flows.iter().map(|flow| &flow.error).collect::<Vec<_>>());
        said(&report, flow)
    }

    async fn rows(&self, sql: &str) -> String {
        let rows = self.open().await.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let text = pretty_format_batches(&rows.batches).unwrap().to_string();
        let lines = text.lines().filter(|line| line.starts_with('|')).skip(1);
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
    }

    /// The data columns of a table, with their types.
    async fn columns(&self, table: &str) -> String {
        let described = self.open().await.describe(table).await.unwrap();
        let own = described.columns.iter().filter(|column| !column.name.starts_with('_'));
        own.map(|column| format!("{} {}", column.name, column.ty)).collect::<Vec<_>>().join(", ")
    }

    async fn accept(&self, what: &str, ty: Option<&str>) -> Result<crate::accept::Accepted, RunError> {
        let ty = ty.map(|ty| parse_type(ty).unwrap());
        self.open().await.accept(&Acceptance { what: what.to_owned(), ty, ..Acceptance::default() }).await
    }
}

fn flow<'a>(report: &'a Report, name: &str) -> &'a FlowReport {
    report.flows.iter().find(|flow| flow.flow.to_string() == name).unwrap()
}

fn said(report: &Report, name: &str) -> Vec<String> {
    flow(report, name).notes.iter().map(|note| format!("{}; {}", note.message, note.help.clone().unwrap_or_default())).collect()
}

const BRONZE: &str = "bronze.shop_orders";
const SILVER: &str = "silver.sales_orders";

#[tokio::test]
async fn d1_new_columns_are_added_rescued_left_out_or_stop_the_flow() {
    for (policy, columns, rows, says) in [
        ("add_columns", "id STRING, b BIGINT", "| a | | |\n| b | 2 | |", "has grown: new column `b` BIGINT"),
        ("rescue", "id STRING", "| a | |\n| b | {\"b\":2} |", "has no column `b`: 1 value is kept in `_rescued_data`"),
        ("none", "id STRING", "| a | |\n| b | |", "has no column `b`: 1 value is left out"),
    ] {
        let house = House::new(&format!(", schema_evolution: {policy}"));
        house.deliver(1, &[r#"{"id":"a"}"#]);
        assert!(house.run(BRONZE).await.is_empty());
        house.deliver(2, &[r#"{"id":"b","b":2}"#]);
        let said = house.run(BRONZE).await;
        assert!(said.len() == 1 && said[0].contains(says), "{policy}: {said:?}");
        assert_eq!(house.columns(BRONZE).await, columns, "{policy}");
        let list = if policy == "add_columns" { "id, b, _rescued_data" } else { "id, _rescued_data" };
        assert_eq!(house.rows(&format!("SELECT {list} FROM {BRONZE} ORDER BY id")).await, rows, "{policy}");
    }
}

#[tokio::test]
async fn d1_fail_stops_the_flow_until_the_column_is_accepted() {
    let house = House::new(", schema_evolution: fail");
    house.deliver(1, &[r#"{"id":"a","n":1}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","n":2,"b":true}"#]);
    let report = house.report().await;
    assert_eq!(flow(&report, BRONZE).status, FlowStatus::Failed);
    let fault = flow(&report, BRONZE).fault.clone().unwrap();
    assert!(fault.message.contains("new column `b` BOOLEAN"), "{}", fault.message);
    assert!(fault.help.unwrap().contains("lakesmith schema accept bronze.shop_orders`"));
    assert_eq!(house.rows(&format!("SELECT id FROM {BRONZE}")).await, "| a |");
    let accepted = house.accept(BRONZE, None).await.unwrap();
    assert_eq!(accepted.changes.len(), 1);
    house.run(BRONZE).await;
    assert_eq!(house.rows(&format!("SELECT id, n, b FROM {BRONZE} ORDER BY id")).await, "| a | 1 | |\n| b | 2 | true |");
    // A value of another type is a change too.
    house.deliver(3, &[r#"{"id":"c","n":2.5}"#]);
    let report = house.report().await;
    let fault = flow(&report, BRONZE).fault.clone().unwrap();
    assert!(fault.message.contains("`n` changed from BIGINT to DOUBLE"), "{}", fault.message);
    assert!(fault.help.unwrap().contains("bronze.shop_orders.n --type double"));
    house.accept("bronze.shop_orders.n", Some("double")).await.unwrap();
    house.run(BRONZE).await;
    assert_eq!(house.rows(&format!("SELECT id, n FROM {BRONZE} ORDER BY id")).await, "| a | 1.0 |\n| b | 2.0 |\n| c | 2.5 |");
}

#[tokio::test]
async fn d1_structs_and_lists_of_structs_grow_and_old_rows_still_read() {
    let house = House::new("");
    house.silver("  ship: {}\n  lines: {}\n");
    house.deliver(1, &[r#"{"id":"a","ship":{"zip":1},"lines":[{"no":1}]}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"lines":[{"sku":"x","no":2}],"ship":{"City":"k","ZIP":2},"id":"b"}"#]);
    let said = house.run(BRONZE).await;
    assert!(said[0].contains("new column `ship.City` STRING, new column `lines.sku` STRING"), "{said:?}");
    let columns = "ship STRUCT<zip: BIGINT, City: STRING>, lines ARRAY<STRUCT<no: BIGINT, sku: STRING>>";
    assert_eq!(house.columns(BRONZE).await, format!("id STRING, {columns}"));
    assert_eq!(house.columns(SILVER).await, format!("id STRING, {columns}"));
    for table in [BRONZE, SILVER] {
        let sql = format!("SELECT id, ship.zip, ship.City, lines[0].no, lines[0].sku FROM {table} ORDER BY id");
        assert_eq!(house.rows(&sql).await, "| a | 1 | | 1 | |\n| b | 2 | k | 2 | x |", "{table}");
    }
    assert_eq!(house.rows(&format!("SELECT count(_rescued_data) FROM {BRONZE}")).await, "| 0 |");
    // A filter over the new field reads the old files too.
    assert_eq!(house.rows(&format!("SELECT id FROM {SILVER} WHERE ship.City IS NULL")).await, "| a |");
    house.deliver(3, &[r#"{"id":"a","ship":{"zip":3},"lines":[]}"#]);
    house.run(BRONZE).await;
    assert_eq!(house.rows(&format!("SELECT id, ship.zip FROM {SILVER} ORDER BY id")).await, "| a | 3 |\n| b | 2 |");
}

#[tokio::test]
async fn d1_case_and_order_change_nothing() {
    let house = House::new("");
    house.deliver(1, &[r#"{"id":"a","Amount":1}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"AMOUNT":2,"ID":"b"}"#]);
    assert!(house.run(BRONZE).await.is_empty());
    assert_eq!(house.columns(BRONZE).await, "id STRING, Amount BIGINT");
    assert_eq!(house.rows(&format!("SELECT id, amount FROM {BRONZE} ORDER BY id")).await, "| a | 1 |\n| b | 2 |");
    let csv = House::new("");
    csv.put(
        "sources/shop.yaml",
        "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"*.csv\", format: csv }\n",
    );
    csv.put("landing/1.csv", "id,n\na,1\n");
    csv.run(BRONZE).await;
    csv.put("landing/2.csv", "N,Id\n2,b\n");
    assert!(csv.run(BRONZE).await.is_empty());
    assert_eq!(csv.rows(&format!("SELECT id, n FROM {BRONZE} ORDER BY id")).await, "| a | 1 |\n| b | 2 |");
}

#[tokio::test]
async fn d1_a_renamed_column_is_told_once() {
    let house = House::new("");
    house.deliver(1, &[r#"{"id":"a","amt":1}"#, r#"{"id":"b"}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"c","amount":2}"#]);
    let said = house.run(BRONZE).await;
    assert!(said[1].contains("column `amt` of bronze.shop_orders is no longer delivered"), "{said:?}");
    assert!(said[1].contains("renamed to `amount`"), "{said:?}");
    assert_eq!(
        house.rows(&format!("SELECT id, amt, amount FROM {BRONZE} ORDER BY id")).await,
        "| a | 1 | |\n| b | | |\n| c | | 2 |"
    );
    house.deliver(3, &[r#"{"id":"d","amount":2}"#]);
    assert!(house.run(BRONZE).await.is_empty());
}

#[tokio::test]
async fn d1_narrower_values_and_nulls_then_values_fit() {
    let house = House::new("");
    house.deliver(1, &[r#"{"id":"a","d":1.5,"n":null}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","d":2,"n":7}"#]);
    assert!(house.run(BRONZE).await.is_empty());
    assert_eq!(house.columns(BRONZE).await, "id STRING, d DOUBLE, n STRING");
    assert_eq!(house.rows(&format!("SELECT id, d, n FROM {BRONZE} ORDER BY id")).await, "| a | 1.5 | |\n| b | 2.0 | 7 |");
    // What it was taken for at first can be mended, because every value says the same.
    house.accept("bronze.shop_orders.n", Some("bigint")).await.unwrap();
    assert_eq!(house.rows(&format!("SELECT n + 1 FROM {BRONZE} WHERE n IS NOT NULL")).await, "| 8 |");
}

#[tokio::test]
async fn a_type_that_values_do_not_fit_is_told_and_accepted_and_reaches_silver_again() {
    let house = House::new("");
    house.silver("  net: { expr: \"amount * 2\", type: double }\n");
    house.deliver(1, &[r#"{"id":"a","amount":1}"#, r#"{"id":"b","amount":2}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"c","amount":2.5}"#, r#"{"id":"d","amount":3.5}"#]);
    let said = house.run(BRONZE).await;
    assert!(said[0].contains("column `amount` of bronze.shop_orders: 2 values did not fit BIGINT since batch 2"), "{said:?}");
    assert!(said[0].contains("`lakesmith schema accept bronze.shop_orders.amount --type double`"), "{said:?}");
    house.deliver(3, &[r#"{"id":"e","amount":4.5,"x":1}"#]);
    let said = house.run(BRONZE).await;
    assert!(said[1].contains("3 values did not fit BIGINT since batch 2, 1 of them now"), "{said:?}");
    // The expression could not be computed for what was rescued.
    assert_eq!(house.rows(&format!("SELECT id, net FROM {SILVER} ORDER BY id")).await, "| a | 2.0 |\n| b | 4.0 |");

    let accepted = house.accept("bronze.shop_orders.amount", Some("double")).await.unwrap();
    assert_eq!((accepted.moved, accepted.batch), (3, Some(4)));
    let bronze = format!("SELECT id, amount, _batch_id, _rescued_data FROM {BRONZE} ORDER BY id");
    let rows = "| a | 1.0 | 1 | |\n| b | 2.0 | 1 | |\n| c | 2.5 | 4 | |\n| d | 3.5 | 4 | |\n| e | 4.5 | 4 | |";
    assert_eq!(house.rows(&bronze).await, rows);
    let report = house.report().await;
    assert_eq!(flow(&report, BRONZE).status, FlowStatus::UpToDate);
    assert_eq!(flow(&report, SILVER).outcomes.read, 3, "only what moved is read again");
    let silver = "| a | 2.0 |\n| b | 4.0 |\n| c | 5.0 |\n| d | 7.0 |\n| e | 9.0 |";
    assert_eq!(house.rows(&format!("SELECT id, net FROM {SILVER} ORDER BY id")).await, silver);
    house.deliver(4, &[r#"{"id":"f","amount":5.5}"#]);
    assert!(house.run(BRONZE).await.iter().all(|note| !note.contains("did not fit")));
    assert_eq!(house.rows(&format!("SELECT max(_batch_id) FROM {BRONZE}")).await, "| 5 |");
    let changes = house.open().await.schema_changes(BRONZE, 20).await.unwrap();
    let words: Vec<String> = changes.values().flatten().map(ToString::to_string).collect();
    assert_eq!(words, ["new column `x` BIGINT", "`amount` changed from BIGINT to DOUBLE"]);
}

#[tokio::test]
async fn rows_are_not_read_again_where_that_would_count_them_twice() {
    let house = House::new("");
    house.put(
        "silver/sales/orders.yaml",
        "from: bronze.shop_orders\nhistory: append\ncolumns:\n  id: { type: string }\n  amount: { type: double }\n",
    );
    house.deliver(1, &[r#"{"id":"a","amount":1}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","amount":2.5}"#]);
    house.run(BRONZE).await;
    let accepted = house.accept("bronze.shop_orders.amount", Some("double")).await.unwrap();
    assert_eq!((accepted.moved, accepted.batch), (1, None));
    house.run(BRONZE).await;
    assert_eq!(house.rows(&format!("SELECT id, amount FROM {SILVER} ORDER BY id")).await, "| a | 1.0 |\n| b | 2.5 |");
    assert_eq!(house.rows(&format!("SELECT amount, _batch_id FROM {BRONZE} ORDER BY id")).await, "| 1.0 | 1 |\n| 2.5 | 2 |");
}

#[tokio::test]
async fn rescued_columns_are_taken_in_nested_ones_too() {
    let house = House::new(", schema_evolution: rescue");
    house.deliver(1, &[r#"{"id":"a","lines":[{"no":1}]}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","Coupon Code":"x","lines":[{"no":1},{"no":2,"qty":5}]}"#]);
    house.run(BRONZE).await;
    house.accept("bronze.shop_orders.lines.qty", Some("int")).await.unwrap();
    let accepted = house.accept("bronze.shop_orders.Coupon Code", Some("string")).await.unwrap();
    assert_eq!(accepted.moved, 1);
    assert_eq!(house.columns(BRONZE).await, "id STRING, lines ARRAY<STRUCT<no: BIGINT, qty: INT>>, Coupon_Code STRING");
    let sql =
        format!("SELECT id, Coupon_Code, lines[0].qty, try_element_at(lines, 2).qty, _rescued_data FROM {BRONZE} ORDER BY id");
    assert_eq!(house.rows(&sql).await, "| a | | | | |\n| b | x | | 5 | |");
    // Whatever files bring is accepted under the source's names, however it is asked for.
    house.deliver(10, &[r#"{"id":"x","Gift Note":"n","Unit Price":2}"#]);
    house.accept("bronze.shop_orders.Gift_Note", None).await.unwrap();
    house.accept(BRONZE, None).await.unwrap();
    house.run(BRONZE).await;
    house.deliver(11, &[r#"{"id":"y","Coupon Code":"z","Gift Note":"m","Unit Price":3}"#]);
    assert!(house.run(BRONZE).await.is_empty());
    let sql = format!("SELECT Gift_Note, Unit_Price FROM {BRONZE} WHERE id IN ('x', 'y') ORDER BY id");
    assert_eq!(house.rows(&sql).await, "| n | 2 |\n| m | 3 |");
    // From now on the source's column goes where it belongs.
    house.deliver(12, &[r#"{"id":"c","Coupon Code":"y","Gift Note":"m","Unit Price":3}"#]);
    assert!(house.run(BRONZE).await.is_empty());
    assert_eq!(house.rows(&format!("SELECT Coupon_Code FROM {BRONZE} WHERE id = 'c'")).await, "| y |");
}

#[tokio::test]
async fn what_would_lose_a_value_is_refused_by_name() {
    let house = House::new("");
    house.deliver(1, &[r#"{"id":"a","n":9007199254740993,"s":{"x":1}}"#, r#"{"id":"007","n":1,"s":null}"#]);
    house.run(BRONZE).await;
    let before = house.columns(BRONZE).await;
    for (what, ty, says) in [
        ("bronze.shop_orders.n", Some("double"), "1 of its values would not be the same"),
        ("bronze.shop_orders.id", Some("bigint"), "2 of its values would not be the same"),
        ("bronze.shop_orders.s", Some("string"), "cannot become STRING"),
        ("bronze.shop_orders._batch_id", Some("string"), "a column that lakesmith fills"),
        ("bronze.shop_orders.new", None, "of which type"),
        ("bronze.shop_orders.n", Some("bigint"), "already as they are to be"),
        ("bronze.shop_orders", None, "already as they are to be"),
        ("bronze.shop_order", None, "there is no table"),
    ] {
        let error = house.accept(what, ty).await.unwrap_err();
        assert!(error.to_string().contains(says), "{what}: {error}");
    }
    assert_eq!(house.columns(BRONZE).await, before);
}

#[tokio::test]
async fn a_hint_that_came_later_is_told_until_it_is_accepted() {
    let house = House::new("");
    house.deliver(1, &[r#"{"id":"a","day":"2024-03-01"}"#]);
    house.run(BRONZE).await;
    house.source(", schema_hints: { day: date }");
    let said = house.run(BRONZE).await;
    assert!(said[0].contains("do not agree: `day` changed from STRING to DATE"), "{said:?}");
    assert!(said[0].contains("`lakesmith schema accept bronze.shop_orders.day`"), "{said:?}");
    house.accept("bronze.shop_orders.day", None).await.unwrap();
    assert!(house.run(BRONZE).await.is_empty());
    assert_eq!(house.columns(BRONZE).await, "id STRING, day DATE");
    assert_eq!(house.rows(&format!("SELECT day + INTERVAL 1 DAY FROM {BRONZE}")).await.matches("2024-03-02").count(), 1);
}

#[tokio::test]
async fn d1_the_project_adds_widens_and_asks_before_it_takes_away() {
    let house = House::new("");
    house.silver("  n: { type: int }\n  old: { from: n, type: string }\n");
    house.deliver(1, &[r#"{"id":"a","n":1}"#, r#"{"id":"q","n":"x"}"#]);
    house.run(BRONZE).await;
    // A new column, and a wider type: the quarantine follows.
    house.silver("  n: { type: bigint }\n  old: { from: n, type: string }\n  twice: { expr: n * 2, type: string }\n");
    house.deliver(2, &[r#"{"id":"b","n":2}"#]);
    house.run(SILVER).await;
    assert_eq!(house.columns(SILVER).await, "id STRING, n BIGINT, old STRING, twice STRING");
    assert!(house.columns("silver.sales_orders_quarantine").await.contains("n BIGINT"));
    assert_eq!(house.rows(&format!("SELECT id, n, old FROM {SILVER} ORDER BY id")).await, "| a | 1 | 1 |\n| b | 2 | 2 |");
    // A narrower one, and one that is gone: nothing is written before somebody accepts it, and bronze goes on.
    house.silver("  n: { type: smallint }\n  twice: { expr: n * 2, type: string }\n");
    house.deliver(3, &[r#"{"id":"c","n":3}"#]);
    let report = house.report().await;
    assert_eq!(flow(&report, BRONZE).status, FlowStatus::Updated);
    let fault = flow(&report, SILVER).fault.clone().unwrap();
    assert!(fault.message.contains("`n` changed from BIGINT to SMALLINT, column `old` STRING removed"), "{}", fault.message);
    assert!(fault.help.unwrap().contains("`lakesmith schema accept silver.sales_orders`"));
    let preview = house.open().await.preview(&[TableName::parse(SILVER).unwrap()].into()).await.unwrap().remove(0);
    assert_eq!((preview.changes.len(), preview.accept.as_deref()), (2, Some("lakesmith schema accept silver.sales_orders")));
    assert_eq!(house.columns(SILVER).await, "id STRING, n BIGINT, old STRING, twice STRING");
    house.accept(SILVER, None).await.unwrap();
    house.run(SILVER).await;
    assert_eq!(house.columns(SILVER).await, "id STRING, n SMALLINT, twice STRING");
    assert_eq!(house.rows(&format!("SELECT id, n FROM {SILVER} ORDER BY id")).await, "| a | 1 |\n| b | 2 |\n| c | 3 |");
}

#[tokio::test]
async fn d1_a_renamed_column_of_silver_keeps_its_values_and_a_lossy_one_is_counted() {
    let house = House::new("");
    house.silver("  amt: { from: n, type: double }\n");
    house.deliver(1, &[r#"{"id":"a","n":1.5}"#, r#"{"id":"b","n":2}"#]);
    house.run(SILVER).await;
    house.silver("  amount: { from: n, type: double }\n");
    let lake = house.open().await;
    let renamed = vec![("amt".to_owned(), "amount".to_owned())];
    lake.accept(&Acceptance { what: SILVER.to_owned(), renamed, ..Acceptance::default() }).await.unwrap();
    house.run(SILVER).await;
    assert_eq!(house.rows(&format!("SELECT id, amount FROM {SILVER} ORDER BY id")).await, "| a | 1.5 |\n| b | 2.0 |");
    house.silver("  amount: { from: n, type: int }\n");
    let error = house.accept(SILVER, None).await.unwrap_err();
    assert!(error.to_string().contains("1 of its values would not be the same (`amount` changed from DOUBLE to INT)"), "{error}");
    let acceptance = Acceptance { what: SILVER.to_owned(), lossy: true, ..Acceptance::default() };
    let accepted = house.open().await.accept(&acceptance).await.unwrap();
    assert_eq!(accepted.lost.get("amount"), Some(&1));
    house.run(SILVER).await;
    assert_eq!(house.columns(SILVER).await, "id STRING, amount INT");
}

#[tokio::test]
async fn d3_rows_of_another_definition_are_told_and_gold_is_made_anew() {
    let house = House::new("");
    house.silver("  net: { expr: \"n + 1\", type: bigint }\n  kind: { type: string }\n");
    house.put("gold/totals.yaml", "aggregate: totals\nfrom: gold.fact_orders\ngroup_by: [kind]\nmeasures: { net: sum(net) }\n");
    house.put("gold/fact_orders.yaml", "fact: fact_orders\ngrain_key: [id]\nfrom: silver.sales_orders\ndegenerate: [id, kind]\nmeasures:\n  net: { type: bigint }\n");
    house.deliver(1, &[r#"{"id":"a","n":1,"kind":"x"}"#]);
    house.run(SILVER).await;
    house.silver("  net: { expr: \"n + 10\", type: bigint }\n  kind: { type: string }\n");
    house.deliver(2, &[r#"{"id":"b","n":1,"kind":"x"}"#]);
    let said = house.run(SILVER).await;
    assert!(said.len() == 1 && said[0].contains("earlier rows were computed: column `net`"), "{said:?}");
    assert!(said[0].contains("`lakesmith run --full-refresh silver.sales_orders`"), "{said:?}");
    assert_eq!(house.rows("SELECT kind, net FROM gold.totals").await, "| x | 13 |");
    house.deliver(3, &[r#"{"id":"c","n":1,"kind":"y"}"#]);
    assert!(house.run(SILVER).await.is_empty(), "it is said once");
    // A table of gold has no rows of a former definition.
    house.put(
        "gold/totals.yaml",
        "aggregate: totals\nfrom: gold.fact_orders\ngroup_by: [kind]\nmeasures: { net: sum(net) * 100 }\n",
    );
    let preview = house.open().await.preview(&[TableName::parse("gold.totals").unwrap()].into()).await.unwrap().remove(0);
    assert_eq!((preview.redefined, preview.anew), (vec!["measure `net`".to_owned()], true));
    assert!(house.run("gold.totals").await.is_empty());
    assert_eq!(house.rows("SELECT kind, net FROM gold.totals ORDER BY kind").await, "| x | 1300 |\n| y | 1100 |");
    let report = house.report().await;
    assert!(report.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate), "{report:?}");
}

/// A batch was recorded; then the project and the files that wait changed. The batch is what it was.
#[tokio::test]
async fn d2_the_columns_of_the_record_hold() {
    let house = House::new("");
    house.silver("  n: { type: bigint }\n");
    house.deliver(1, &[r#"{"id":"a","n":1}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","n":2,"new":"x"}"#]);
    let lake = house.open().await;
    recorded(&lake, lake.plan().flow(&TableName::parse(BRONZE).unwrap()).unwrap(), "died").await;
    house.source(", schema_evolution: none");
    house.deliver(3, &[r#"{"id":"c","n":3,"newer":"y"}"#]);
    house.run(BRONZE).await;
    assert_eq!(house.columns(BRONZE).await, "id STRING, n BIGINT, new STRING");
    assert_eq!(house.rows(&format!("SELECT id, new FROM {BRONZE} ORDER BY id")).await, "| a | |\n| b | x |\n| c | |");

    house.deliver(4, &[r#"{"id":"d","n":4}"#]);
    let lake = house.open().await;
    let mut only = house.open().await;
    only.execute(&[TableName::parse(BRONZE).unwrap()].into(), Arc::new(|_| {})).await.unwrap();
    recorded(&lake, lake.plan().flow(&TableName::parse(SILVER).unwrap()).unwrap(), "died").await;
    house.silver("  n: { type: \"decimal(20,0)\" }\n  more: { from: n, type: string }\n");
    house.deliver(5, &[r#"{"id":"e","n":5}"#]);
    house.run(SILVER).await;
    assert_eq!(house.columns(SILVER).await, "id STRING, n DECIMAL(20,0), more STRING");
    assert_eq!(
        house.rows(&format!("SELECT id, n, more FROM {SILVER} ORDER BY id")).await,
        "| a | 1 | |\n| b | 2 | |\n| c | 3 | |\n| d | 4 | |\n| e | 5 | 5 |"
    );
}

#[tokio::test]
async fn a_plan_says_what_arrives_and_whom_it_concerns_and_writes_nothing() {
    let house = House::new("");
    house.silver("  net: { expr: \"amount / 2\", type: double }\n  again: { from: extra, type: string }\n");
    house.deliver(1, &[r#"{"id":"a","amount":1,"extra":"x"}"#]);
    house.run(BRONZE).await;
    house.deliver(2, &[r#"{"id":"b","amount":1.5,"coupon":true}"#]);
    let lake = house.open().await;
    let all = Selection::default().resolve(lake.plan(), lake.project()).unwrap();
    let before = objects(house.0.path());
    let previews = lake.preview(&all).await.unwrap();
    assert_eq!(objects(house.0.path()), before);
    let bronze = &previews[0];
    assert_eq!(bronze.files, Some(1));
    assert_eq!(bronze.changes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["new column `coupon` BOOLEAN"]);
    assert_eq!(bronze.differs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["`amount` changed from BIGINT to DOUBLE"]);
    assert_eq!(bronze.accept.as_deref(), Some("lakesmith schema accept bronze.shop_orders.amount --type double"));
    assert_eq!(bronze.downstream, ["silver.sales_orders.net"]);
    assert!(previews[1].is_quiet());
}

fn objects(root: &Path) -> Vec<String> {
    let (mut all, mut folders) = (vec![], vec![root.join(".lake")]);
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
async fn a_hint_that_no_file_is_read_into_is_named_in_the_words_of_spark() {
    for (hint, kind) in [("m: \"map<string,bigint>\"", "MAP"), ("m: \"struct<raw: binary>\"", "BINARY")] {
        let house = House::new(&format!(", schema_hints: {{ {hint} }}"));
        house.deliver(1, &["{\"id\":1,\"m\":{\"a\":1}}"]);
        let report = house.report().await;
        let fault = report.flows.iter().find_map(|flow| flow.fault.as_ref()).expect("a fault");
        assert!(fault.message.starts_with("`schema_hints` of `bronze.shop_orders` says "), "{}", fault.message);
        assert!(fault.message.ends_with(&format!("for `m`, and files are not read into a {kind}")), "{}", fault.message);
        assert!(fault.span.is_some());
    }
}
