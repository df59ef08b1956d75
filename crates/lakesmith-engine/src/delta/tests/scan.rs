//! Scans: which files are opened, and what they give.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_hold_the_rows_are_not_opened() {
    let (_dir, storage) = local().await;
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let table = spec(
        "t",
        schema(vec![
            field("batch", DataType::Int64),
            field("amount", DataType::Decimal128(38, 0)),
            field("at", utc),
            field("name", DataType::Utf8),
            field("score", DataType::Float64),
            field("ok", DataType::Boolean),
        ]),
        &[],
    );
    let mut snapshot = storage.create(&table).await.unwrap();
    const EDGE: i128 = 9_007_199_254_740_992;
    for batch in 0..10_i64 {
        let amount = Decimal128Array::from(vec![EDGE + i128::from(batch) * 1000, EDGE + i128::from(batch) * 1000 + 1]);
        let at = TimestampMicrosecondArray::from(vec![batch * 1_000_000, batch * 1_000_000 + 123_456]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("batch", Arc::new(Int64Array::from(vec![batch, batch]))),
            ("amount", Arc::new(amount.with_precision_and_scale(38, 0).unwrap())),
            ("at", Arc::new(at.with_timezone("UTC"))),
            ("name", Arc::new(StringArray::from(vec![format!("{batch}{}", "x".repeat(40)); 2]))),
            ("score", Arc::new(Float64Array::from(vec![if batch == 0 { f64::NAN } else { 0.5 }, -0.0]))),
            ("ok", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ];
        snapshot = append(&storage, &snapshot, &rows(columns)).await;
    }
    for (filter, rows, opened) in [
        ("batch > 3 AND batch <= 5", "4", 2),
        ("batch IN (1, 9)", "4", 2),
        ("amount = CAST('9007199254745993' AS DECIMAL(38,0))", "1", 1),
        ("at = '1970-01-01T00:00:05.123456Z'", "1", 1),
        ("at > '1970-01-01T00:00:09.123455Z'", "1", 1),
        ("at > '1970-01-01T00:00:09.2Z'", "0", 0),
        ("name = '7xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", "2", 1),
        ("name > '9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", "2", 1),
        ("batch IS NULL", "0", 0),
        ("score = 'NaN'::double", "1", 10),
        ("score <= -0.0", "10", 10),
        ("batch = 3 OR ok", "11", 10),
    ] {
        let sql = format!("SELECT count(batch) FROM t WHERE {filter}");
        let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), &sql).await;
        assert_eq!((cells(&found)[0][0].as_str(), counts.opened()), (rows, opened), "{filter}");
        assert_eq!(counts.considered(), 10);
        assert_eq!(counts.pruned(), 10 - opened, "{filter}");
    }
    let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), "SELECT name FROM t LIMIT 3").await;
    assert_eq!(cells(&found).len(), 3);
    assert!(counts.opened() <= 2, "{counts:?}");
    let (found, counts) = query(&storage, &snapshot, ScanOptions::default(), "SELECT count(*) FROM t").await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["20".to_owned()]], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_column_is_null_in_older_files() {
    let (_dir, storage) = local().await;
    let old = storage.create(&id_spec("t")).await.unwrap();
    let old = append(&storage, &old, &ids([1])).await;
    let wider = schema(vec![Field::new("id", DataType::Int64, false), field("note", DataType::Utf8)]);
    let metadata = old.metadata().with_schema(old.table(), &wider, &[]).unwrap();
    let mut writer = FileWriter::new(&storage, old.table(), &wider, &[], WriterOptions::default()).unwrap();
    writer
        .write(&rows(vec![("note", Arc::new(StringArray::from(vec!["x"]))), ("id", Arc::new(Int64Array::from(vec![2])))]))
        .await
        .unwrap();
    let mut actions = vec![Action::Metadata(metadata)];
    actions.extend(writer.close().await.unwrap().into_iter().map(Action::Add));
    let new = storage.commit(old.table(), 2, &actions, &info("WRITE")).await.unwrap();
    assert_eq!((new.schema(), &new.metadata().id), (wider, &old.metadata().id));
    let (found, _) = query(&storage, &new, ScanOptions::default(), "SELECT note, id FROM t ORDER BY id").await;
    assert_eq!(cells(&found), [["", "1"], ["x", "2"]]);
    let (found, _) = query(&storage, &new, ScanOptions::default(), "SELECT id FROM t WHERE note IS NULL").await;
    assert_eq!(cells(&found), [["1"]]);
    let (found, counts) = query(&storage, &new, ScanOptions::default(), "SELECT id FROM t WHERE note = 'x'").await;
    assert_eq!(cells(&found), [["2"]]);
    assert!(counts.opened() <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_files_are_read_and_rows_know_their_file() {
    let (_dir, storage) = local().await;
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("p", DataType::Utf8)]), &["p"]);
    let empty = storage.create(&table).await.unwrap();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("id", Arc::new(Int64Array::from(vec![1, 2]))), ("p", Arc::new(StringArray::from(vec!["a b", "c"])))];
    let full = append(&storage, &empty, &rows(columns)).await;
    let options = ScanOptions { file_column: Some("__file".to_owned()), ..ScanOptions::default() };
    let (found, _) = query(&storage, &full, options.clone(), "SELECT __file FROM t WHERE id = 1").await;
    let file = cells(&found)[0][0].clone();
    assert!(full.files().await.unwrap().iter().any(|f| f.path == file && file.starts_with("p=a%2520b/")), "{file}");
    let sql = format!("SELECT id, p FROM t WHERE __file = '{file}'");
    let (found, counts) = query(&storage, &full, options.clone(), &sql).await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["1".to_owned(), "a b".to_owned()]], 1));

    let chosen = ScanOptions { files: Some(vec![file.clone()]), ..ScanOptions::default() };
    let (found, counts) = query(&storage, &full, chosen.clone(), "SELECT sum(id) FROM t").await;
    assert_eq!((cells(&found), counts.considered()), (vec![vec!["1".to_owned()]], 1));

    let gone = full.files().await.unwrap().iter().find(|f| f.path == file).unwrap().to_remove(9);
    let less = storage.commit(full.table(), 2, &[gone], &info("DELETE")).await.unwrap();
    assert_eq!(less.files().await.unwrap().len(), 1);
    let gone = provider(&storage, &less, chosen).await.unwrap_err();
    assert!(matches!(gone, DeltaError::NoSuchFile { version: 2, .. }), "{gone}");
    let none = storage.snapshot_at(full.table(), 0).await.unwrap();
    let (found, _) = query(&storage, &none, options, "SELECT __file, id FROM t").await;
    assert!(cells(&found).is_empty());
}
