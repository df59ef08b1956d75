//! Data files: what is written is what is read.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn any_partition_value_survives() {
    let (_dir, storage) = local().await;
    let values = ["plain", "a b", "100%", "ü", "😀", "a/b=c?d#e", "%41", "..", "'\"\\"];
    let table = spec(
        "t",
        schema(vec![field("n", DataType::Int32), field("p", DataType::Utf8), field("d", DataType::Date32)]),
        &["p", "d"],
    );
    let empty = storage.create(&table).await.unwrap();
    let count = i32::try_from(values.len()).unwrap();
    let batch = rows(vec![
        ("n", Arc::new(Int32Array::from_iter_values(0..=count))),
        ("p", Arc::new(StringArray::from_iter(values.iter().map(|v| Some(*v)).chain([None])))),
        ("d", Arc::new(Date32Array::from_iter((0..=count).map(|i| (i % 2 == 0).then_some(19_782))))),
    ]);
    let written = append(&storage, &empty, &batch).await;
    let fresh = storage.snapshot(written.table(), None).await.unwrap().unwrap();
    let files = fresh.files().await.unwrap();
    assert_eq!(files.len(), values.len() + 1);
    for snapshot in [&written, &fresh] {
        let provider = provider(&storage, snapshot, ScanOptions::default()).await.unwrap();
        assert_eq!(provider.schema(), snapshot.schema());
        let context = SessionContext::new();
        storage.register(&context.runtime_env());
        let frame = context.read_table(provider).unwrap();
        let found = frame.sort(vec![datafusion::prelude::col("n").sort(true, true)]).unwrap().collect().await.unwrap();
        let found = arrow::compute::concat_batches(&found[0].schema(), &found).unwrap();
        assert_eq!(found.columns(), batch.columns());
    }
    let (count, counts) = query(&storage, &fresh, ScanOptions::default(), "SELECT n FROM t WHERE p = '100%'").await;
    assert_eq!((cells(&count), counts.opened()), (vec![vec!["2".to_owned()]], 1));
    let (_, counts) = query(&storage, &fresh, ScanOptions::default(), "SELECT n FROM t WHERE p IS NULL").await;
    assert_eq!(counts.opened(), 1);
    let (found, counts) =
        query(&storage, &fresh, ScanOptions::default(), "SELECT count(n) FROM t WHERE d = DATE '2024-02-29'").await;
    assert_eq!((cells(&found), counts.opened()), (vec![vec!["5".to_owned()]], 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_the_size_asked_for_and_abort_leaves_nothing() {
    let (dir, storage) = local().await;
    let snapshot = storage.create(&id_spec("t")).await.unwrap();
    let options = WriterOptions { target_file_bytes: 20_000, row_group_rows: 1000, ..WriterOptions::default() };
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], options.clone()).unwrap();
    for part in 0..40_i64 {
        writer.write(&ids((part * 1000..(part + 1) * 1000).map(|i| i * 7919 % 1_000_003))).await.unwrap();
    }
    assert!(writer.bytes() > 0);
    let adds = writer.close().await.unwrap();
    assert!(adds.len() > 2, "{}", adds.len());
    let rows: u64 = adds.iter().map(|a| DataFile::from(a).num_records().unwrap()).sum();
    assert_eq!(rows, 40_000);
    for add in &adds {
        let size = std::fs::metadata(dir.path().join(LAKE).join("t").join(&add.path)).unwrap().len();
        assert_eq!(i64::try_from(size).unwrap(), add.size);
    }

    let before = std::fs::read_dir(dir.path().join(LAKE).join("t")).unwrap().count();
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], options).unwrap();
    for _ in 0..20 {
        writer.write(&ids((0..1000).map(|i| i * 7919 % 1_000_003))).await.unwrap();
    }
    writer.abort().await;
    assert_eq!(std::fs::read_dir(dir.path().join(LAKE).join("t")).unwrap().count(), before);
    let writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &[], WriterOptions::default()).unwrap();
    assert!(writer.close().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_partitions_than_open_files() {
    let (_dir, storage) = local().await;
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("p", DataType::Int32)]), &["p"]);
    let snapshot = storage.create(&table).await.unwrap();
    let options = WriterOptions { open_files: 3, ..WriterOptions::default() };
    let by = ["p".to_owned()];
    let mut writer = FileWriter::new(&storage, snapshot.table(), &snapshot.schema(), &by, options).unwrap();
    for _ in 0..2 {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from_iter_values(0..10))),
            ("p", Arc::new(Int32Array::from_iter_values((0..10).map(|i| i % 5)))),
        ];
        writer.write(&rows(columns)).await.unwrap();
    }
    let actions: Vec<Action> = writer.close().await.unwrap().into_iter().map(Action::Add).collect();
    assert!(actions.len() > 5);
    let snapshot = storage.commit(snapshot.table(), 1, &actions, &info("WRITE")).await.unwrap();
    let (found, _) =
        query(&storage, &snapshot, ScanOptions::default(), "SELECT p, count(*), sum(id) FROM t GROUP BY p ORDER BY p").await;
    assert_eq!(cells(&found)[4], ["4", "4", "26"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_columns_are_kept() {
    let (_dir, storage) = local().await;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None, Some(vec![])]);
    let table = spec("t", schema(vec![field("id", DataType::Int64), field("lines", list.data_type().clone())]), &[]);
    let empty = storage.create(&table).await.unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![("id", Arc::new(Int64Array::from(vec![1, 2, 3]))), ("lines", Arc::new(list))];
    let full = append(&storage, &empty, &rows(columns)).await;
    let context = SessionContext::new();
    storage.register(&context.runtime_env());
    let frame = context.read_table(provider(&storage, &full, ScanOptions::default()).await.unwrap()).unwrap();
    let found = frame.collect().await.unwrap();
    let lines = found[0].column(1).as_list::<i32>();
    assert_eq!((lines.value(0).as_primitive::<Int32Type>().value(0), lines.value(0).null_count()), (1, 1));
    assert!(lines.is_null(1) && lines.value(2).is_empty());
    assert_eq!(found[0].column(0).as_primitive::<Int64Type>().value(2), 3);
}
