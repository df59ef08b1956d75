//! Values at the edge of what their types hold: every reader sees the same, a filter finds them, and what does not fit is
//! kept beside its column.

use crate::house::{Deliveries, House};
use crate::read_alike;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

/// A column's type, texts that it holds, and texts that it does not.
type Edge = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const NINES: &str = "99999999999999999999999999999999999999";
const EDGES: &[Edge] = &[
    ("i8", "tinyint", &["-128", "127", "-0"], &["-129", "128", "1.5"]),
    ("i16", "smallint", &["-32768", "32767"], &["-32769", "32768"]),
    ("i32", "int", &["-2147483648", "2147483647"], &["-2147483649", "2147483648"]),
    ("i64", "bigint", &["-9223372036854775808", "9223372036854775807", "9007199254740993"], &["9223372036854775808", "1e3x"]),
    ("f", "float", &["-3.4028235e38", "3.4028235e38", "1.4e-45", "16777216"], &["3.5e38"]),
    (
        "d",
        "double",
        &["-1.7976931348623157e308", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "0.1"],
        &["1e400", "-1e400", "one"],
    ),
    (
        "wide",
        "decimal(38,0)",
        &[NINES, "-99999999999999999999999999999999999999", "1"],
        &["100000000000000000000000000000000000000"],
    ),
    (
        "fine",
        "decimal(38,38)",
        &["0.99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000001"],
        &["1", "0.999999999999999999999999999999999999999"],
    ),
    (
        "day",
        "date",
        &["0001-01-01", "1582-10-04", "1582-10-10", "1582-10-15", "1969-12-31", "2024-02-29", "9999-12-31"],
        &["10000-01-01", "0000-12-31", "1900-02-29", "2024-13-01"],
    ),
    (
        "at",
        "timestamp",
        &[
            "0001-01-01 00:00:00",
            "1582-10-15 00:00:00",
            "1969-12-31 23:59:59.999999",
            "2024-03-31 02:30:00",
            "2024-10-27T02:30:00+02:00",
            "2024-10-27T02:30:00+01:00",
            "9999-12-31 23:59:59.999999",
        ],
        &["10000-01-01 00:00:00", "2016-12-31 23:59:60", "2024-03-31 24:00:01"],
    ),
    ("yes", "boolean", &["true", "false"], &["maybe"]),
    ("t", "string", &["", "\u{10FFFF}", "𝄞", "a\u{0}b", "e\u{301}", "é"], &[]),
];

/// What is looked for: the row's id, its column, its type and a literal.
struct Held {
    id: String,
    column: &'static str,
    ty: &'static str,
    text: &'static str,
}

/// A file per value, so that each has statistics of its own in no file but its own.
fn deliver(house: &House) -> (Vec<Held>, BTreeMap<String, &'static str>) {
    let (mut held, mut rescued) = (vec![], BTreeMap::new());
    for (column, ty, fits, others) in EDGES {
        let texts = fits.iter().map(|text| (text, true)).chain(others.iter().map(|text| (text, false)));
        for (number, (text, fits)) in texts.enumerate() {
            let id = format!("{column}_{number}");
            let row = json!({ "id": id, *column: text });
            house.write(&format!("landing/values/{id}.json"), &format!("{row}\n"));
            match fits {
                true => held.push(Held { id, column, ty, text }),
                false => drop(rescued.insert(id, *text)),
            }
        }
    }
    (held, rescued)
}

fn house() -> House {
    let house = House::new(&Deliveries(vec![]));
    house.write("lakehouse.yaml", "lakehouse: edge\n");
    let hints: String = EDGES.iter().map(|(column, ty, ..)| format!("      {column}: {ty}\n")).collect();
    let tables =
        format!("  values:\n    path: \"values/*.json\"\n    schema_hints:\n{hints}  texts: {{ path: \"values/*.json\" }}\n");
    house.write("sources/edge.yaml", &format!("source: edge\ntype: files\npath: landing/\ntables:\n{tables}"));
    let columns: String = EDGES.iter().map(|(column, ty, ..)| format!("  {column}: {{ type: \"{ty}\" }}\n")).collect();
    let silver = |from: &str| format!("from: bronze.edge_{from}\nkey: [id]\ncolumns:\n  id: {{ type: string }}\n{columns}");
    house.write("silver/edge/values.yaml", &silver("values"));
    house.write("silver/edge/texts.yaml", &silver("texts"));
    house
}

/// A literal that every engine reads alike.
fn literal(held: &Held) -> String {
    match held.ty {
        // No argument of a program holds a NUL.
        "string" if held.text.contains('\0') => format!("concat('{}')", held.text.replace('\0', "', chr(0), '")),
        "string" => format!("'{}'", held.text),
        "timestamp" if held.text.contains('+') => format!("CAST('{}' AS timestamp)", held.text),
        "timestamp" => format!("CAST('{}Z' AS timestamp)", held.text.replace(' ', "T")),
        ty => format!("CAST('{}' AS {ty})", held.text),
    }
}

/// The ids that a filter on each value finds.
fn found(house: &House, table: &str, held: &[Held]) -> BTreeMap<String, BTreeSet<String>> {
    let select =
        |held: &Held| format!("SELECT '{}' AS wanted, id FROM {table} WHERE {} = {}", held.id, held.column, literal(held));
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in house.query(&held.iter().map(select).collect::<Vec<_>>().join("\nUNION ALL ")) {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        all.entry(text("wanted")).or_default().insert(text("id"));
    }
    all
}

fn each_itself(held: &[Held]) -> BTreeMap<String, BTreeSet<String>> {
    held.iter().map(|held| (held.id.clone(), BTreeSet::from([held.id.clone()]))).collect()
}

#[test]
fn v2_every_reader_sees_the_same_values_and_a_filter_finds_them() {
    let house = house();
    let (held, rescued) = deliver(&house);
    house.run();
    assert_eq!(found(&house, "bronze.edge_values", &held), each_itself(&held));
    assert_eq!(found(&house, "silver.edge_values", &held), each_itself(&held));
    let kept = house.query("SELECT id, _rescued_data FROM bronze.edge_values WHERE _rescued_data IS NOT NULL");
    let kept: BTreeMap<String, Value> = (kept.iter())
        .map(|row| {
            (row["id"].as_str().unwrap().to_owned(), serde_json::from_str(row["_rescued_data"].as_str().unwrap()).unwrap())
        })
        .collect();
    let expected = |(id, text): (&String, &&str)| (id.clone(), json!({ id.rsplit_once('_').unwrap().0: text }));
    assert_eq!(kept, rescued.iter().map(expected).collect());
    read_alike(house.root());
    others_find(&house, "bronze/edge/values", &held);
    others_find(&house, "silver/edge/values", &held);
}

/// The same texts as columns of text, cast in silver: what is no value of its type is quarantined, or read as Spark does.
#[test]
fn v2_texts_that_are_cast_are_the_same_values_or_quarantined() {
    let house = house();
    let (held, rescued) = deliver(&house);
    house.run();
    assert_eq!(found(&house, "silver.edge_texts", &held), each_itself(&held));
    let quarantined = house.query("SELECT id FROM silver.edge_texts_quarantine");
    let quarantined: BTreeSet<&str> = quarantined.iter().map(|row| row["id"].as_str().unwrap()).collect();
    // As Spark casts them: beyond the greatest DOUBLE is infinity, and years of five digits are years.
    let spark: BTreeMap<&str, (&str, &str)> = [
        ("f_4", ("f", "CAST('Infinity' AS FLOAT)")),
        ("d_5", ("d", "CAST('Infinity' AS DOUBLE)")),
        ("d_6", ("d", "CAST('-Infinity' AS DOUBLE)")),
        ("day_7", ("day", "CAST('10000-01-01' AS DATE)")),
        ("day_8", ("day", "CAST('0000-12-31' AS DATE)")),
        ("at_7", ("at", "CAST('10000-01-01 00:00:00' AS TIMESTAMP)")),
    ]
    .into();
    for id in rescued.keys() {
        match spark.get(id.as_str()) {
            None => assert!(quarantined.contains(id.as_str()), "{id} is not quarantined"),
            Some((column, value)) => {
                let found = house.query(&format!("SELECT id FROM silver.edge_texts WHERE {column} = {value}"));
                assert_eq!(found, [json!({ "id": id })], "{id}");
            }
        }
    }
    read_alike(house.root());
}

/// NaN is one value, and zero has no sign where rows are matched.
#[test]
fn v1_keys_that_are_not_a_number_or_a_zero_with_a_sign_are_one_key_each() {
    let house = House::new(&Deliveries(vec![]));
    house.write("lakehouse.yaml", "lakehouse: edge\n");
    let tables = "  points: { path: \"points/*.csv\", schema_hints: { x: double, y: float } }\n";
    house.write("sources/edge.yaml", &format!("source: edge\ntype: files\npath: landing/\ntables:\n{tables}"));
    house.write(
        "silver/edge/points.yaml",
        "from: bronze.edge_points\nkey: [x]\ncolumns:\n  x: { type: double }\n  y: { type: float }\n  n: { type: int }\n",
    );
    house.write("landing/points/a.csv", "x,y,n\n0.0,-0.0,1\nNaN,NaN,2\n-0.0,0.0,3\n");
    house.run();
    house.write("landing/points/b.csv", "x,y,n\nNaN,1,4\n-0.0,2,5\n");
    house.write("landing/points/c.csv", "x,y,n\n0.0,3,6\n");
    house.run();
    let rows = house.query("SELECT n FROM silver.edge_points ORDER BY n");
    assert_eq!(rows, [json!({ "n": 4 }), json!({ "n": 6 })]);
    assert_eq!(house.query("SELECT n FROM silver.edge_points WHERE x = -0.0"), [json!({ "n": 6 })]);
    read_alike(house.root());
}

/// Numbers and days as they are written elsewhere, by hints.
#[test]
fn v2_numbers_of_other_places_are_the_same_values() {
    let house = House::new(&Deliveries(vec![]));
    house.write("lakehouse.yaml", "lakehouse: edge\n");
    house.write(
        "sources/edge.yaml",
        "source: edge\ntype: files\npath: landing/\ntables:\n  preise:\n    path: \"preise.csv\"\n    csv: { delimiter: \";\" }\n    \
         decimal: \",\"\n    date_format: dd.MM.yyyy\n    schema_hints: { netto: \"decimal(10,2)\", menge: int, tag: date }\n",
    );
    house.write("landing/preise.csv", "netto;menge;tag\n1.234,50;1.000;31.12.2025\n1.23,5;1,5;2025-12-31\n");
    house.run();
    let rows = house.query("SELECT netto, menge, tag, _rescued_data FROM bronze.edge_preise ORDER BY _source_position");
    assert_eq!(rows[0], json!({ "netto": "1234.50", "menge": 1000, "tag": "2025-12-31", "_rescued_data": null }));
    let rescued: Value = serde_json::from_str(rows[1]["_rescued_data"].as_str().unwrap()).unwrap();
    assert_eq!(rescued, json!({ "netto": "1.23,5", "menge": "1,5", "tag": "2025-12-31" }));
    read_alike(house.root());
}

/// Filters of delta-rs, Polars and DuckDB, which pass over files by what the log or the file says of their values.
fn others_find(house: &House, folder: &str, held: &[Held]) {
    let Ok(python) = std::env::var("LAKESMITH_PYTHON") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/edge.py");
    let mut asked = Command::new(python);
    asked.arg(script).arg(house.root().join(".lake").join(folder)).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut asked = asked.spawn().unwrap();
    let wanted = held.iter().map(|held| json!({ "id": held.id, "column": held.column, "type": held.ty, "text": held.text }));
    let wanted = serde_json::to_vec(&wanted.collect::<Vec<_>>()).unwrap();
    asked.stdin.take().unwrap().write_all(&wanted).unwrap();
    let output = asked.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), 3);
    for (reader, found) in answers {
        assert_eq!(found, each_itself(held), "{reader} in {folder}");
    }
}
