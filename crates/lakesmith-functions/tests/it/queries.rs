//! Whole queries: relations, windows, aggregates, names, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::datasource::MemTable;

use crate::support::{Answer, InMemory, run, run_ast};

fn table(columns: Vec<(&str, ArrayRef)>) -> Arc<MemTable> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap())
}

/// `silver.orders`: order A has two lines, B an empty list, C no list.
/// `silver.customers`: c1 and c2, of whom c1 ordered. `codes`: 1 and 2.
fn lake() -> InMemory {
    let line = Fields::from(vec![Field::new("LineNo", DataType::Int32, true), Field::new("Sku", DataType::Utf8, true)]);
    let lines = StructArray::new(
        line.clone(),
        vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["x", "y"]))],
        None,
    );
    let lists = ListArray::new(
        Arc::new(Field::new_list_field(DataType::Struct(line), true)),
        OffsetBuffer::from_lengths([2, 0, 0]),
        Arc::new(lines),
        Some(NullBuffer::from(vec![true, true, false])),
    );
    let amounts = Decimal128Array::from(vec![Some(1050), Some(2000), None]).with_precision_and_scale(18, 2).unwrap();
    let orders = table(vec![
        ("OrderID", Arc::new(StringArray::from(vec!["A", "B", "C"]))),
        ("customer_id", Arc::new(StringArray::from(vec![Some("c1"), Some("c1"), Some("c9")]))),
        ("order_date", Arc::new(Date32Array::from(vec![19000, 19001, 19002]))),
        ("amount", Arc::new(amounts)),
        ("quantity", Arc::new(Int32Array::from(vec![Some(1), Some(2), Some(4)]))),
        ("_batch_id", Arc::new(Int64Array::from(vec![1, 1, 2]))),
        ("Lines", Arc::new(lists)),
    ]);
    let customers = table(vec![
        ("customer_id", Arc::new(StringArray::from(vec!["c1", "c2"]))),
        ("Name", Arc::new(StringArray::from(vec!["Ann", "Bob"]))),
    ]);
    let codes = table(vec![("code", Arc::new(Int32Array::from(vec![1, 2])))]);
    let numbers = table(vec![
        ("n", Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6]))),
        ("x", Arc::new(Float64Array::from(vec![Some(0.0), Some(-0.0), Some(f64::NAN), Some(1.5), None, Some(-2.0)]))),
        ("y", Arc::new(Float32Array::from(vec![Some(-0.0), Some(0.0), Some(f32::NAN), Some(1.5), None, Some(-2.0)]))),
    ]);
    InMemory(BTreeMap::from([
        ("silver.orders".into(), orders),
        ("silver.customers".into(), customers),
        ("codes".into(), codes),
        ("numbers".into(), numbers),
    ]))
}

fn answer(sql: &str) -> Answer {
    run(sql, &lake()).unwrap_or_else(|e| panic!("{sql}\n{e}"))
}

/// The rows, a cell after another by `|`.
fn rows(sql: &str) -> Vec<String> {
    answer(sql).rows.iter().map(|r| r.join("|")).collect()
}

fn types(sql: &str) -> Vec<String> {
    answer(sql).columns.into_iter().map(|(_, t)| t).collect()
}

fn names(sql: &str) -> Vec<String> {
    answer(sql).columns.into_iter().map(|(n, _)| n).collect()
}

fn refusal(sql: &str) -> String {
    run(sql, &lake()).expect_err(sql)
}

#[test]
fn a_lateral_view_makes_a_row_per_element_and_keeps_qualifiers() {
    assert_eq!(
        rows(
            "SELECT `o`.`OrderID`, `line`.`LineNo`, `l`.`line`.`Sku` FROM `silver`.`orders` AS `o` \
              LATERAL VIEW explode(`o`.`Lines`) `l` AS `line` ORDER BY `LineNo`"
        ),
        ["A|1|x", "A|2|y"]
    );
    assert_eq!(
        rows(
            "SELECT `o`.`OrderID`, `line`.`LineNo` FROM `silver`.`orders` AS `o` \
              LATERAL VIEW OUTER explode(`o`.`Lines`) `l` AS `line` ORDER BY `o`.`OrderID`, `line`.`LineNo`"
        ),
        ["A|1", "A|2", "B|NULL", "C|NULL"]
    );
    assert_eq!(
        rows(
            "SELECT `OrderID`, `p`, `line`.`Sku` FROM `silver`.`orders` \
              LATERAL VIEW posexplode(`Lines`) `l` AS `p`, `line` WHERE `p` > 0"
        ),
        ["A|1|y"]
    );
    assert_eq!(
        rows(
            "SELECT `OrderID`, `LineNo`, `Sku` FROM `silver`.`orders` LATERAL VIEW inline(`Lines`) `l` AS `LineNo`, `Sku` ORDER BY `LineNo`"
        ),
        ["A|1|x", "A|2|y"]
    );
    assert_eq!(
        rows("SELECT `k`, `v` FROM `silver`.`customers` LATERAL VIEW explode(map('a', 1)) `m` AS `k`, `v` WHERE `Name` = 'Ann'"),
        ["a|1"]
    );
}

#[test]
fn lateral_views_follow_joins_and_each_other() {
    assert_eq!(
        rows(
            "SELECT `c`.`Name`, `line`.`Sku`, `n` FROM `silver`.`orders` `o` \
              JOIN `silver`.`customers` `c` ON `o`.`customer_id` = `c`.`customer_id` \
              LATERAL VIEW explode(`o`.`Lines`) `l` AS `line` LATERAL VIEW explode(array(`line`.`LineNo`, 9)) `m` AS `n` \
              ORDER BY `line`.`Sku`, `n`"
        ),
        ["Ann|x|1", "Ann|x|9", "Ann|y|2", "Ann|y|9"]
    );
}

#[test]
fn a_generator_may_stand_in_the_select_list() {
    assert_eq!(rows("SELECT explode(sequence(1, 3)) AS `n`"), ["1", "2", "3"]);
    assert_eq!(names("SELECT explode(array(1))"), ["col"]);
    assert_eq!(names("SELECT posexplode(array(1))"), ["pos", "col"]);
    assert_eq!(
        rows(
            "SELECT `date_key` FROM (SELECT explode(sequence(DATE '2023-01-30', DATE '2023-02-01', INTERVAL 1 DAY)) AS `date_key`)"
        ),
        ["2023-01-30", "2023-01-31", "2023-02-01"]
    );
    assert_eq!(
        rows("SELECT `OrderID`, explode(`Lines`) AS `line` FROM `silver`.`orders` ORDER BY `line`"),
        ["A|{1, x}", "A|{2, y}"]
    );
}

#[test]
fn semi_and_anti_joins_keep_the_left_side_alone() {
    let join = |kind: &str| {
        rows(&format!(
            "SELECT `c`.`Name` FROM `silver`.`customers` `c` LEFT {kind} JOIN `silver`.`orders` `o` \
             ON `c`.`customer_id` = `o`.`customer_id`"
        ))
    };
    assert_eq!(join("SEMI"), ["Ann"]);
    assert_eq!(join("ANTI"), ["Bob"]);
    assert_eq!(
        rows(
            "SELECT `OrderID` FROM `silver`.`orders` `o` WHERE NOT EXISTS \
              (SELECT 1 FROM `silver`.`customers` `c` WHERE `c`.`customer_id` = `o`.`customer_id`)"
        ),
        ["C"]
    );
    assert_eq!(
        rows(
            "SELECT `OrderID` FROM `silver`.`orders` WHERE `customer_id` IN (SELECT `customer_id` FROM `silver`.`customers`) ORDER BY 1"
        ),
        ["A", "B"]
    );
}

#[test]
fn windows_number_and_compare_rows_with_int_ranks() {
    let sql = "SELECT `OrderID`, row_number() OVER (PARTITION BY `customer_id` ORDER BY `order_date` DESC) AS `n`, \
               lag(`OrderID`) OVER (ORDER BY `order_date`) AS `before`, \
               sum(`quantity`) OVER (ORDER BY `order_date`) AS `running`, \
               sum(`quantity`) OVER (ORDER BY `order_date` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS `two`, \
               last_value(`customer_id`, true) OVER (ORDER BY `order_date` ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS `l` \
               FROM `silver`.`orders` ORDER BY `OrderID`";
    assert_eq!(rows(sql), ["A|2|NULL|1|1|c9", "B|1|A|3|3|c9", "C|1|B|7|6|c9"]);
    assert_eq!(types(sql), ["string", "int", "string", "bigint", "bigint", "string"]);
    assert_eq!(
        types(
            "SELECT rank() OVER (ORDER BY `quantity`), dense_rank() OVER (ORDER BY `quantity`), ntile(2) OVER (ORDER BY `quantity`), \
               count(*) OVER () FROM `silver`.`orders`"
        ),
        ["int", "int", "int", "bigint"]
    );
}

#[test]
fn qualify_filters_by_a_window() {
    assert_eq!(
        rows(
            "SELECT `OrderID` FROM `silver`.`orders` \
              QUALIFY row_number() OVER (PARTITION BY `customer_id` ORDER BY `order_date` DESC) = 1 ORDER BY `OrderID`"
        ),
        ["B", "C"]
    );
}

#[test]
fn common_tables_and_unions_take_sparks_types() {
    assert_eq!(
        rows(
            "WITH `a` AS (SELECT `OrderID`, `quantity` FROM `silver`.`orders`), \
              `b` AS (SELECT `OrderID`, `quantity` * 2 AS `quantity` FROM `a`) \
              SELECT * FROM `a` UNION ALL SELECT * FROM `b` ORDER BY `OrderID`, `quantity`"
        ),
        ["A|1", "A|2", "B|2", "B|4", "C|4", "C|8"]
    );
    assert_eq!(types("SELECT 1 AS `a` UNION ALL SELECT 5 / 2"), ["double"]);
    assert_eq!(rows("SELECT 1 AS `a` UNION SELECT 1"), ["1"]);
    assert_eq!(rows("SELECT * FROM VALUES (1, 'a'), (2, NULL) AS `t`(`n`, `s`) ORDER BY `n`"), ["1|a", "2|NULL"]);
    assert_eq!(types("SELECT * FROM VALUES (1, 'a') AS `t`(`n`, `s`)"), ["int", "string"]);
}

#[test]
fn a_name_of_a_with_clause_is_known_after_its_query_and_within_its_own() {
    // The table, in the query that takes its name.
    assert_eq!(
        rows("WITH `codes` AS (SELECT `code` + 10 AS `code` FROM `codes`) SELECT `codes`.`code` FROM `codes` ORDER BY 1"),
        ["11", "12"]
    );
    // The table again, outside the query that has another of its name.
    assert_eq!(
        rows(
            "WITH `a` AS (WITH `codes` AS (SELECT 99 AS `other`) SELECT `other` FROM `codes`) \
              SELECT `codes`.`code`, `a`.`other` FROM `codes` CROSS JOIN `a` ORDER BY `code`"
        ),
        ["1|99", "2|99"]
    );
    // In subqueries and under a lateral view.
    assert_eq!(
        rows(
            "WITH `picked` AS (SELECT 2 AS `code`) SELECT `c`.`code`, `x` FROM `codes` AS `c` \
              LATERAL VIEW explode(array('u', 'v')) `e` AS `x` WHERE `c`.`code` IN (SELECT `code` FROM `picked`)"
        ),
        ["2|u", "2|v"]
    );
    assert_eq!(rows("SELECT `silver`.`customers`.`Name` FROM `silver`.`customers` ORDER BY `Name`"), ["Ann", "Bob"]);
    assert!(refusal("WITH RECURSIVE `a` AS (SELECT 1 AS `n`) SELECT `n` FROM `a`").contains("WITH RECURSIVE"));
}

#[test]
fn aggregates_have_sparks_types_and_values() {
    let sql = "SELECT count(*), count(DISTINCT `customer_id`), sum(`quantity`), sum(`amount`), avg(`amount`), avg(`quantity`), \
               min(`OrderID`), max(`amount`), count_if(`quantity` > 1), max_by(`OrderID`, `quantity`), min_by(`OrderID`, `amount`) \
               FROM `silver`.`orders`";
    assert_eq!(rows(sql), ["3|2|7|30.50|15.250000|2.3333333333333335|A|20.00|2|C|A"]);
    assert_eq!(
        types(sql),
        [
            "bigint",
            "bigint",
            "bigint",
            "decimal(28,2)",
            "decimal(22,6)",
            "double",
            "string",
            "decimal(18,2)",
            "bigint",
            "string",
            "string"
        ]
    );
    assert_eq!(
        rows(
            "SELECT `customer_id`, sum(`amount`), sort_array(collect_list(`OrderID`)), count(`amount`) FROM `silver`.`orders` \
              GROUP BY `customer_id` ORDER BY `customer_id`"
        ),
        ["c1|30.50|[A, B]|2", "c9|NULL|[C]|0"]
    );
    assert_eq!(rows("SELECT collect_list(`amount`) FROM `silver`.`orders` WHERE `amount` IS NULL"), ["[]"]);
    assert_eq!(
        rows("SELECT sum(DISTINCT `quantity`), avg(DISTINCT `quantity`) FROM `silver`.`orders`"),
        ["7|2.3333333333333335"]
    );
    assert_eq!(rows("SELECT sum(DISTINCT `quantity`), sum(DISTINCT `_batch_id`) FROM `silver`.`orders`"), ["7|3"]);
    assert_eq!(
        rows("SELECT first(`amount`, true), any_value(`customer_id`) FROM `silver`.`orders` WHERE `OrderID` = 'A'"),
        ["10.50|c1"]
    );
    assert_eq!(rows("SELECT sum(`quantity`) FILTER (WHERE `OrderID` <> 'A') FROM `silver`.`orders`"), ["6"]);
    assert_eq!(
        types("SELECT approx_count_distinct(`OrderID`), stddev(`quantity`), variance(`quantity`) FROM `silver`.`orders`"),
        ["bigint", "double", "double"]
    );
    assert_eq!(rows("SELECT count(`customer_id`, `amount`) FROM `silver`.`orders`"), ["2"]);
    assert_eq!(rows("SELECT `customer_id`, count(*) AS `n` FROM `silver`.`orders` GROUP BY ALL HAVING count(*) > 1"), ["c1|2"]);
    assert_eq!(rows("SELECT `quantity` % 2, count(*) FROM `silver`.`orders` GROUP BY `quantity` % 2 ORDER BY 1"), ["0|2", "1|1"]);
}

#[test]
fn a_total_that_does_not_fit_is_an_error() {
    assert!(refusal("SELECT sum(`x`) FROM VALUES (9223372036854775807), (1) AS `t`(`x`)").contains("ARITHMETIC_OVERFLOW"));
    assert!(
        refusal("SELECT sum(`x`) FROM (SELECT CAST(99999999999999999999999999999999999999 AS DECIMAL(38,0)) AS `x` UNION ALL SELECT CAST(1 AS DECIMAL(38,0)))")
            .contains("ARITHMETIC_OVERFLOW")
    );
}

#[test]
fn nulls_sort_smallest() {
    assert_eq!(rows("SELECT `amount` FROM `silver`.`orders` ORDER BY `amount`"), ["NULL", "10.50", "20.00"]);
    assert_eq!(rows("SELECT `amount` FROM `silver`.`orders` ORDER BY `amount` DESC"), ["20.00", "10.50", "NULL"]);
}

#[test]
fn columns_keep_the_names_that_were_written() {
    assert_eq!(
        names("SELECT `OrderID`, `quantity` + 1, sum(`quantity`) OVER () AS `Total` FROM `silver`.`orders`"),
        ["OrderID", "quantity + 1", "Total"]
    );
    assert_eq!(names("SELECT * EXCEPT (`Lines`, `amount`) FROM `silver`.`orders`").len(), 5);
}

#[test]
fn an_error_names_no_value() {
    let error = refusal("SELECT CAST(`customer_id` AS INT) FROM `silver`.`orders`");
    assert!(error.contains("CAST_INVALID_INPUT") && !error.contains("c1"), "{error}");
    let error = refusal("SELECT to_date(`OrderID`, 'yyyy') FROM `silver`.`orders`");
    assert!(error.contains("CANNOT_PARSE_TIMESTAMP") && !error.contains("'A'"), "{error}");
}

#[test]
fn what_datafusion_would_read_otherwise_is_refused() {
    for (sql, reason) in [
        ("SELECT * FROM `silver`.`orders` TABLESAMPLE (10 PERCENT)", "TABLESAMPLE"),
        ("SELECT current_timestamp()", "bound to the batch's time"),
        ("SELECT * FROM `silver`.`nothing`", "there is no table"),
        ("SELECT nonsense(1)", "nonsense"),
        ("SELECT random()", "random"),
        ("SELECT * FROM range(3)", "table function"),
        ("SELECT * FROM `silver`.`orders` SORT BY `OrderID`", "SORT BY"),
        ("SELECT explode(array(1)), explode(array(2))", "second generator"),
    ] {
        let error = refusal(sql);
        assert!(error.contains(reason), "{sql}: {error}");
    }
}

#[test]
fn conditions_are_evaluated_where_they_hold() {
    assert_eq!(
        rows("SELECT CASE WHEN `quantity` <> 1 THEN 1 / (`quantity` - 1) END FROM `silver`.`orders` ORDER BY `OrderID`"),
        ["NULL", "1.0", "0.3333333333333333"]
    );
    assert_eq!(rows("SELECT `OrderID` FROM `silver`.`orders` WHERE `quantity` <> 1 AND 6 / (`quantity` - 1) < 3"), ["C"]);
    assert_eq!(
        rows("SELECT `OrderID` FROM `silver`.`orders` WHERE `OrderID` <> 'B' OR CAST(replace(`OrderID`, 'B', '1') AS INT) = 1"),
        ["A", "B", "C"]
    );
}

#[test]
fn lambdas_may_name_columns_and_fields() {
    assert_eq!(
        rows(
            "SELECT `OrderID`, size(filter(`Lines`, `l` -> `l`.`LineNo` >= `quantity`)) FROM `silver`.`orders` ORDER BY `OrderID`"
        ),
        ["A|2", "B|0", "C|NULL"]
    );
}

#[test]
fn exists_is_a_function_of_an_array_in_the_language() {
    let query = lakesmith_sql::parse_query("SELECT exists(array(1, 2), x -> x > 1), exists(array(1), x -> x > 1)").unwrap();
    let answer = run_ast(query.ast(), &lake()).unwrap();
    assert_eq!(answer.rows, [["true", "false"]]);
}

#[test]
fn more_aggregates_have_values() {
    assert_eq!(rows("SELECT last(`amount`, true) FROM `silver`.`orders` WHERE `OrderID` <> 'A'"), ["20.00"]);
    assert_eq!(
        rows(
            "SELECT round(stddev_pop(`quantity`), 3), round(var_pop(`quantity`), 3), size(collect_set(`customer_id`)) FROM `silver`.`orders`"
        ),
        ["1.247|1.556|2"]
    );
    assert_eq!(
        rows(
            "SELECT lead(`OrderID`, 1, 'none') OVER (ORDER BY `OrderID`), first_value(`OrderID`) OVER (ORDER BY `OrderID`) FROM `silver`.`orders`"
        ),
        ["B|A", "C|A", "none|A"]
    );
}

#[test]
fn a_comparison_with_a_whole_number_is_one_that_files_can_be_skipped_by() {
    let plan = explain("SELECT `OrderID` FROM `silver`.`orders` WHERE `_batch_id` > 1 AND `_batch_id` <= 2");
    assert!(plan.contains("_batch_id > Int64(1)") && plan.contains("_batch_id <= Int64(2)"), "{plan}");
    let plan = explain("SELECT `OrderID` FROM `silver`.`orders` WHERE `order_date` >= DATE '2022-01-08'");
    assert!(plan.contains("order_date >= Date32(\"2022-01-08\")"), "{plan}");
}

#[test]
fn joins_are_by_their_keys_also_beside_a_condition_that_may_raise() {
    let plan = explain(
        "SELECT 1 FROM `silver`.`orders` `o` JOIN `silver`.`customers` `c` \
         ON `o`.`customer_id` = `c`.`customer_id` AND CAST(`o`.`OrderID` AS INT) = 1",
    );
    assert!(plan.contains("Join: o.customer_id = c.customer_id"), "{plan}");
}

fn explain(sql: &str) -> String {
    crate::support::optimized(sql, &lake()).unwrap_or_else(|e| panic!("{sql}\n{e}"))
}

/// As Spark compares them: <https://spark.apache.org/docs/latest/sql-ref-datatypes.html#floating-point-special-values>.
#[test]
fn zero_has_no_sign_and_nan_is_one_number() {
    let found = |condition: &str| rows(&format!("SELECT n FROM numbers WHERE {condition} ORDER BY n")).join(" ");
    for (condition, numbers) in [
        ("x = 0.0", "1 2"),
        ("x = CAST('-0.0' AS DOUBLE)", "1 2"),
        ("0 = x", "1 2"),
        ("y = 0", "1 2"),
        ("x = CAST('-0' AS DOUBLE)", "1 2"),
        ("x <> 0.0", "3 4 6"),
        ("x < 0", "6"),
        ("x <= CAST('-0.0' AS DOUBLE)", "1 2 6"),
        ("x > CAST('-0.0' AS DOUBLE)", "3 4"),
        ("x >= 0", "1 2 3 4"),
        ("x BETWEEN CAST('-0.0' AS DOUBLE) AND CAST('-0.0' AS DOUBLE)", "1 2"),
        ("x BETWEEN 0 AND 1.5", "1 2 4"),
        ("x NOT BETWEEN -2 AND 0", "3 4"),
        ("x IN (1.5, CAST('-0.0' AS DOUBLE))", "1 2 4"),
        ("x NOT IN (0.0)", "3 4 6"),
        ("x <=> CAST('-0.0' AS DOUBLE)", "1 2"),
        ("x = y", "1 2 3 4 6"),
        ("x <=> y", "1 2 3 4 5 6"),
        ("x = CAST('NaN' AS DOUBLE)", "3"),
        ("x = 1.5", "4"),
        ("x = (SELECT max(y) FROM numbers WHERE n < 3)", "1 2"),
        ("x IN (SELECT y FROM numbers WHERE n = 1)", "1 2"),
    ] {
        assert_eq!(found(condition), numbers, "{condition}");
    }
    assert_eq!(rows("SELECT x, count(*) AS c, min(n) FROM numbers GROUP BY x ORDER BY x").len(), 5);
    assert_eq!(rows("SELECT x, count(*) FROM numbers GROUP BY x HAVING x = 0"), ["0.0|2"]);
    assert_eq!(rows("SELECT abs(x) AS a, count(*) FROM numbers WHERE n < 3 GROUP BY abs(x)"), ["0.0|2"]);
    assert_eq!(rows("SELECT count(*) FROM (SELECT DISTINCT x FROM numbers)"), ["5"]);
    assert_eq!(rows("SELECT count(*) FROM (SELECT x FROM numbers UNION SELECT CAST(y AS DOUBLE) FROM numbers)"), ["5"]);
    assert_eq!(rows("SELECT count(DISTINCT x) FROM numbers"), ["4"]);
    assert_eq!(
        rows("SELECT a.n, b.n FROM numbers a JOIN numbers b ON a.x = b.y WHERE a.n < 4 ORDER BY 1, 2"),
        ["1|1", "1|2", "2|1", "2|2", "3|3"]
    );
    assert_eq!(rows("SELECT n, count(*) OVER (PARTITION BY x) AS c FROM numbers WHERE n < 3 ORDER BY n"), ["1|2", "2|2"]);
}

#[test]
fn a_join_over_groups_filters_the_column_that_it_means() {
    // The inner join has two columns `sku`; the outer one finds out while it runs which pairs there are.
    let pairs = "SELECT a.sku AS sa, b.sku AS sb, count(*) AS n FROM lines a JOIN lines b ON a.id = b.id AND a.sku < b.sku \
                 GROUP BY a.sku, b.sku";
    let lines = "WITH lines AS (SELECT * FROM VALUES (1, 'cup'), (1, 'pot'), (1, 'tea'), (2, 'cup'), (2, 'pot') AS t(id, sku)), \
                 wanted AS (SELECT * FROM VALUES ('cup', 'pot'), ('pot', 'tea') AS w(ka, kb))";
    let found = rows(&format!(
        "{lines} SELECT q.sa, q.sb, q.n FROM ({pairs}) q JOIN wanted k ON q.sa = k.ka AND q.sb = k.kb ORDER BY q.sa"
    ));
    assert_eq!(found, ["cup|pot|2", "pot|tea|1"]);
    let found = rows(&format!("{lines} SELECT q.sa FROM ({pairs}) q LEFT SEMI JOIN wanted k ON q.sb = k.kb ORDER BY q.sa, q.sb"));
    assert_eq!(found, ["cup", "cup", "pot"]);
}

#[test]
fn of_equal_times_the_largest_value_is_the_latest() {
    let rows_of = |order: &str| {
        rows(&format!(
            "SELECT max_by(v, t), min_by(v, t), max_by(n, t) FROM (SELECT * FROM VALUES (1, 'a', 1), (1, 'c', NULL), (1, 'b', 2) \
             AS x(t, v, n) ORDER BY {order})"
        ))
    };
    assert_eq!(rows_of("v"), ["c|c|2"]);
    assert_eq!(rows_of("v DESC"), ["c|c|2"]);
}

/// Pseudo-random numbers, the same in every run.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    }
}

#[test]
fn a_literal_with_an_exponent_is_the_nearest_double() {
    let mut dice = dice();
    let mut texts: Vec<String> = (-330..309).map(|exponent| format!("1e{exponent}")).collect();
    for _ in 0..600 {
        let digits: String = (0..=dice(20)).map(|_| char::from(b'0' + dice(10) as u8)).collect();
        let exponent = dice(600) as i64 - 320;
        let (whole, fraction) = digits.split_at(dice(digits.len() as u64 + 1) as usize);
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{whole}{point}{fraction}{}{exponent}", if dice(2) == 0 { "e" } else { "E" });
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            texts.push(text);
        }
    }
    assert!(texts.len() > 1000, "{}", texts.len());
    for part in texts.chunks(100) {
        let list: Vec<String> = part.iter().enumerate().map(|(n, text)| format!("{text} AS `c{n}`")).collect();
        let answer = answer(&format!("SELECT {}", list.join(", ")));
        for ((text, found), (_, ty)) in part.iter().zip(&answer.rows[0]).zip(&answer.columns) {
            assert_eq!(ty, "double", "{text}");
            let found: f64 = found.parse().unwrap();
            assert_eq!(found.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text} became {found:e}");
        }
    }
}

#[test]
fn totals_beside_a_distinct_count_have_their_own_types() {
    assert_eq!(
        types("SELECT count(DISTINCT `customer_id`) AS `c`, sum(`amount`) AS `s`, max(`amount`) AS `m` FROM `silver`.`orders`"),
        ["bigint", "decimal(28,2)", "decimal(18,2)"]
    );
    let grouped = "SELECT `_batch_id`, count(DISTINCT `customer_id`) AS `c`, sum(`amount`) AS `s`, sum(`quantity`) AS `q` \
                   FROM `silver`.`orders` GROUP BY `_batch_id` ORDER BY `_batch_id`";
    assert_eq!(types(grouped), ["bigint", "bigint", "decimal(28,2)", "bigint"]);
    assert_eq!(rows(grouped), ["1|1|30.50|3", "2|1|NULL|4"]);
    for (distinct, ty) in [
        ("avg(DISTINCT `amount`)", "decimal(22,6)"),
        ("sum(DISTINCT `amount`)", "decimal(28,2)"),
        ("count(DISTINCT `quantity`), avg(`amount`)", "decimal(22,6)"),
        ("count(DISTINCT `quantity`), sum(DISTINCT `amount`)", "decimal(28,2)"),
        ("sum(DISTINCT `amount`), sum(`amount`)", "decimal(28,2)"),
    ] {
        assert_eq!(types(&format!("SELECT {distinct} FROM `silver`.`orders`")).pop().as_deref(), Some(ty), "{distinct}");
    }
}

#[test]
fn columns_of_equal_name_come_out_beside_each_other() {
    for (sql, expected, row) in [
        ("SELECT 1 AS `a`, 2 AS `a`", vec!["a", "a"], "1|2"),
        ("SELECT * FROM (SELECT 1 AS `a`, 2 AS `a`, 3 AS `b`) `x`", vec!["a", "a", "b"], "1|2|3"),
        ("SELECT `x`.`b` FROM (SELECT 1 AS `a`, 2 AS `a`, 3 AS `b`) `x`", vec!["b"], "3"),
        ("WITH `x` AS (SELECT 1 AS `a`, 2 AS `a`) SELECT * FROM `x`", vec!["a", "a"], "1|2"),
        ("SELECT 1 AS `a`, 2 AS `a` UNION ALL SELECT 3, 4 ORDER BY 2 DESC LIMIT 1", vec!["a", "a"], "3|4"),
        (
            "SELECT `code`, `code` + 1 AS `code`, `code` FROM `codes` ORDER BY 2 DESC LIMIT 1",
            vec!["code", "code", "code"],
            "2|3|2",
        ),
        ("SELECT DISTINCT `customer_id` AS `k`, 1 AS `k` FROM `silver`.`orders` ORDER BY 1 LIMIT 1", vec!["k", "k"], "c1|1"),
        ("SELECT count(*) AS `n`, max(`code`) AS `n` FROM `codes`", vec!["n", "n"], "2|2"),
        ("SELECT count(*) AS `n` FROM (SELECT `code`, `code` FROM `codes`)", vec!["n"], "2"),
    ] {
        assert_eq!(names(sql), expected, "{sql}");
        assert_eq!(rows(sql), [row], "{sql}");
    }
}
