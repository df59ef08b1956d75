//! A crate uses only crates on lower floors, and each big dependency has one home.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// The house, from the ground up. A new crate gets its floor here and in ARCHITECTURE.md.
const FLOORS: [(&str, u32); 11] = [
    ("lakesmith-text", 0),
    ("lakesmith-project", 1),
    ("lakesmith-sql", 1),
    ("lakesmith-store", 2),
    ("lakesmith-functions", 2),
    ("lakesmith-compile", 2),
    ("lakesmith-engine", 3),
    ("lakesmith-connect", 4),
    ("lakesmith-govern", 4),
    ("lakesmith-run", 5),
    ("lakesmith", 7),
];

/// Dependencies that only these crates name.
const HOMES: [(&str, &[&str]); 6] = [
    ("datafusion", &["lakesmith-functions", "lakesmith-engine"]),
    ("buoyant_kernel", &["lakesmith-engine"]),
    ("serde-saphyr", &["lakesmith-project"]),
    ("granit-parser", &["lakesmith-project"]),
    ("sqlparser", &["lakesmith-sql", "workspace-hack"]),
    ("clap", &["lakesmith"]),
];

fn dependencies() -> BTreeMap<String, Vec<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path", manifest])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("there are packages");
    let plain = |dependency: &&Value| dependency["kind"].is_null();
    packages
        .iter()
        .map(|p| (name(p), p["dependencies"].as_array().into_iter().flatten().filter(plain).map(name).collect()))
        .collect()
}

#[test]
fn crates_use_only_lower_floors() {
    let floors = BTreeMap::from(FLOORS);
    for (package, used) in dependencies() {
        if package == "workspace-hack" {
            continue;
        }
        let floor = floors.get(package.as_str()).unwrap_or_else(|| panic!("{package} has no floor"));
        for dependency in used.iter().filter(|name| name.starts_with("lakesmith")) {
            let below = floors.get(dependency.as_str()).unwrap_or_else(|| panic!("{dependency} has no floor"));
            assert!(below < floor, "{package} (floor {floor}) must not use {dependency} (floor {below})");
        }
    }
}

#[test]
fn each_big_dependency_has_one_home() {
    for (package, used) in dependencies() {
        for (dependency, homes) in HOMES {
            let uses = used.iter().any(|name| name == dependency);
            assert!(!uses || homes.contains(&package.as_str()), "{package} must not use {dependency}: its home is {homes:?}");
        }
    }
}

#[test]
fn the_map_names_every_crate() {
    let map = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md")).expect("the map is there");
    for (package, _) in FLOORS {
        assert!(map.contains(&format!("`{package}`")), "ARCHITECTURE.md does not name `{package}`");
    }
}

/// A surface that could put a `Read` together itself would go past the gate.
#[test]
fn only_the_gate_makes_a_read() {
    let crates = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let (mut folders, mut makers) = (vec![crates.to_owned()], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("crates are readable").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("source is text");
                let made = text.lines().any(|line| {
                    line.contains("Read {")
                        && !line.contains("struct")
                        && !line.contains("impl")
                        && !line.contains("->")
                        && !line.contains("FileRead")
                });
                if made && !path.ends_with("tests/it/floors.rs") {
                    makers.push(path.strip_prefix(crates).expect("below crates").display().to_string());
                }
            }
        }
    }
    assert_eq!(makers, ["lakesmith-govern/src/lib.rs"]);
}
