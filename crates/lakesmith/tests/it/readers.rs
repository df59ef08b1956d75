//! Other readers of Delta tables. Tests of the engine include this file.

use std::path::Path;
use std::process::Command;

/// Reads every table below `storage` at every version with delta-rs, DuckDB and Polars, and fails where they differ, or where change data
/// does not lead from one version to the next. `project`: its folder and the binary, to ask lakesmith as well.
///
/// Without `LAKESMITH_PYTHON`, which `scripts/test` sets, there is nobody to ask: it returns.
pub(crate) fn read_alike(storage: &Path, project: Option<(&Path, &str)>) {
    let Ok(python) = std::env::var("LAKESMITH_PYTHON") else {
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/readers.py");
    let mut command = Command::new(python);
    command.arg(script).arg("--storage").arg(storage);
    if let Some((folder, binary)) = project {
        command.arg(folder).arg(binary);
    }
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAKESMITH_")) {
        command.env_remove(name);
    }
    let output = command.output().expect("the readers start");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}: {}{}\n`scripts/readers.py --show` shows the rows",
        storage.display(),
        said(&output.stdout),
        said(&output.stderr)
    );
}
