use super::*;
use crate::delta::Storage;
use crate::embedded::{Embedded, Settings};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;

/// What the steps of flows are made of.
const QUERIES: [&str; 10] = [
    "SELECT `id`, `n` + :batch_id AS `m` FROM `a` WHERE `n` > 1",
    "SELECT DISTINCT `id` FROM `a`",
    "SELECT `a`.`id`, `b`.`n` FROM `a` LEFT JOIN `b` ON `a`.`id` = `b`.`id` AND `a`.`n` >= `b`.`n`",
    "SELECT `a`.* FROM `a` LEFT ANTI JOIN `b` ON `a`.`id` <=> `b`.`id`",
    "SELECT `a`.* FROM `a` LEFT SEMI JOIN (SELECT `id` FROM `b` UNION SELECT `id` FROM `a` WHERE `n` = 2) `k` ON `a`.`id` = `k`.`id`",
    "SELECT `id`, count(*) AS `c`, sum(`n`) AS `s`, max(`n`) AS `x` FROM `a` GROUP BY `id` HAVING count(*) > 1",
    "SELECT min(`n`) AS `low`, max(`n`) AS `high` FROM `a`",
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY `id` ORDER BY `n` DESC) AS `r` FROM `a`) WHERE `r` = 1 ORDER BY `id`",
    "SELECT `id`, `e` FROM `a` LATERAL VIEW explode(array(`n`, `n` + 1)) `v` AS `e`",
    "SELECT `id`, current_timestamp() AS `t` FROM `a` CROSS JOIN (SELECT count(*) AS `c` FROM `b`)",
];

/// What is planned for each run: a sort that has seen enough, and a value of another query, hold state of their own.
const NEVER_KEPT: [&str; 2] =
    ["SELECT `id`, `n` FROM `a` ORDER BY `n` DESC, `id` LIMIT 2", "SELECT `id` FROM `a` WHERE `n` > (SELECT avg(`n`) FROM `b`)"];

type Rows = Vec<(&'static str, i64)>;

fn engine(prepared: Option<&Arc<Prepared>>) -> Embedded {
    let engine = Embedded::new(Storage::in_memory().unwrap(), Settings { threads: 1, memory: 1 << 26 }).unwrap();
    match prepared {
        Some(prepared) => engine.with_prepared(prepared.clone()),
        None => engine,
    }
}

fn table(rows: &Rows) -> Arc<dyn TableProvider> {
    let ids: StringArray = rows.iter().map(|(id, _)| Some(*id)).collect();
    let numbers: Int64Array = rows.iter().map(|(_, n)| Some(*n)).collect();
    let columns = [("id", Arc::new(ids) as ArrayRef, true), ("n", Arc::new(numbers) as ArrayRef, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap())
}

async fn answer(engine: &Embedded, a: &Rows, b: &Rows, batch: i64, sql: &str) -> Vec<String> {
    let mut relations = Relations::new(engine);
    relations.fix_now(chrono::DateTime::UNIX_EPOCH);
    relations.set("batch_id", Literal::BigInt(batch));
    relations.add(&["a"], table(a));
    relations.add(&["b"], table(b));
    let mut rows = vec![];
    for batch in relations.rows(sql).await.unwrap().batches() {
        let batch = batch.unwrap();
        let options = FormatOptions::default().with_null("null");
        let columns: Vec<_> = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join(",")),
        );
    }
    rows.sort();
    rows
}

fn tables() -> Vec<(Rows, Rows)> {
    vec![
        (vec![("x", 1), ("x", 2), ("y", 3)], vec![("x", 1)]),
        (vec![], vec![("x", 1), ("y", 2)]),
        (vec![("z", 9), ("y", 2), ("y", 5), ("x", 7)], vec![]),
        (vec![("x", 0)], vec![("x", 4), ("x", -1), ("q", 2)]),
    ]
}

#[tokio::test]
async fn a_plan_is_made_once_and_answers_over_any_rows() {
    let prepared = Arc::new(Prepared::new(1));
    for (n, sql) in QUERIES.iter().enumerate() {
        for (a, b) in tables() {
            let expected = answer(&engine(None), &a, &b, 5, sql).await;
            assert_eq!(answer(&engine(Some(&prepared)), &a, &b, 5, sql).await, expected, "{sql}");
        }
        assert_eq!(prepared.made(), n + 1, "{sql}");
    }
}

#[tokio::test]
async fn a_plan_that_cannot_be_copied_is_made_for_each_run() {
    let prepared = Arc::new(Prepared::new(1));
    for sql in NEVER_KEPT {
        for (a, b) in tables() {
            let expected = answer(&engine(None), &a, &b, 5, sql).await;
            assert_eq!(answer(&engine(Some(&prepared)), &a, &b, 5, sql).await, expected, "{sql}");
        }
    }
    let plans = prepared.plans.lock().unwrap();
    assert!(plans.by_text.values().flatten().all(|template| template.plan.is_none()));
}

#[tokio::test]
async fn other_parameters_and_other_columns_have_other_plans() {
    let prepared = Arc::new(Prepared::new(1));
    let (a, b) = tables().swap_remove(0);
    let first = QUERIES[0];
    assert_eq!(answer(&engine(Some(&prepared)), &a, &b, 5, first).await, ["x,7", "y,8"]);
    assert_eq!(answer(&engine(Some(&prepared)), &a, &b, 6, first).await, ["x,8", "y,9"]);
    assert_eq!(prepared.made(), 2);
    // A parameter that the query does not name makes no difference.
    answer(&engine(Some(&prepared)), &a, &b, 5, QUERIES[1]).await;
    answer(&engine(Some(&prepared)), &a, &b, 6, QUERIES[1]).await;
    assert_eq!(prepared.made(), 3);
    // Neither does a table; another column does.
    let engine = engine(Some(&prepared));
    let mut relations = Relations::new(&engine);
    let other = RecordBatch::try_from_iter([("id", Arc::new(Int64Array::from(vec![4, 4])) as ArrayRef)]).unwrap();
    relations.add(&["a"], Arc::new(MemTable::try_new(other.schema(), vec![vec![other]]).unwrap()));
    assert_eq!(relations.rows(QUERIES[1]).await.unwrap().rows(), 1);
    assert_eq!(prepared.made(), 4);
}

#[tokio::test]
async fn copies_of_one_plan_run_at_once() {
    let prepared = Arc::new(Prepared::new(1));
    let (plain, shared) = (engine(None), engine(Some(&prepared)));
    let (plain, shared) = (&plain, &shared);
    for sql in QUERIES {
        let tables = tables();
        let both =
            tables.iter().map(|(a, b)| async move { (answer(shared, a, b, 1, sql).await, answer(plain, a, b, 1, sql).await) });
        for (found, expected) in futures::future::join_all(both).await {
            assert_eq!(found, expected, "{sql}");
        }
    }
}

#[tokio::test]
async fn plans_are_kept_up_to_a_number() {
    let prepared = Arc::new(Prepared::new(1));
    let (a, b) = tables().swap_remove(0);
    let engine = engine(Some(&prepared));
    for batch in 0..2 * PLANS_OF_ONE as i64 {
        answer(&engine, &a, &b, batch, QUERIES[0]).await;
    }
    let kept = prepared.plans.lock().unwrap().by_text[QUERIES[0]].len();
    assert_eq!(kept, PLANS_OF_ONE);
}
