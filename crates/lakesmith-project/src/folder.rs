//! Files and folders as they lie on the disk.

use lakesmith_text::Diagnostic;
use std::fs;
use std::path::Path;

/// How many bytes a file of a project may hold.
const MAX_FILE: u64 = 1 << 20;
/// How deep folders may lie below `sources/`, `silver/` and `gold/`.
const MAX_DEPTH: usize = 8;

/// The YAML files under a folder of the project, relative to the project, in the order of their paths. Tables, hidden
/// folders and `target/` are passed over.
pub(crate) fn yaml_files(root: &Path, folder: &str) -> (Vec<String>, Vec<Diagnostic>) {
    let (mut paths, mut faults) = (Vec::new(), Vec::new());
    if root.join(folder).is_dir() {
        walk(root, folder, 0, &mut paths, &mut faults);
    }
    paths.sort();
    (paths, faults)
}

fn walk(root: &Path, folder: &str, depth: usize, paths: &mut Vec<String>, faults: &mut Vec<Diagnostic>) {
    let path = root.join(folder);
    if depth > MAX_DEPTH || path.join("_delta_log").exists() {
        return;
    }
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) => return faults.push(unreadable(folder, &error)),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.') && *name != "target") else { continue };
        let below = format!("{folder}/{name}");
        // Links are followed, which is why the depth is bounded.
        if entry.path().is_dir() {
            walk(root, &below, depth + 1, paths, faults);
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            paths.push(below);
        }
    }
}

/// The text of a file, without a byte order mark's effect, and what is wrong with it at which byte.
pub(crate) fn text(root: &Path, path: &str) -> (String, Option<(Diagnostic, u32)>) {
    let full = root.join(path);
    match fs::metadata(&full) {
        Ok(metadata) if metadata.len() > MAX_FILE => {
            let message = format!("the file holds {} bytes, which is more than {MAX_FILE}", metadata.len());
            return (String::new(), Some((Diagnostic::error("too-large", message).help("split the file"), 0)));
        }
        Ok(_) => {}
        Err(error) => return (String::new(), Some((unreadable(path, &error), 0))),
    }
    match fs::read(&full).map(String::from_utf8) {
        Ok(Ok(text)) => (text, None),
        Ok(Err(error)) => {
            let at = error.utf8_error().valid_up_to() as u32;
            let fault = Diagnostic::error("invalid-encoding", "the file is not UTF-8")
                .label("the first byte that is not")
                .help("save the file as UTF-8");
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some((fault, at)))
        }
        Err(error) => (String::new(), Some((unreadable(path, &error), 0))),
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("unreadable-file", format!("`{path}` cannot be read: {error}"))
        .help("check that it exists and who may read it")
}
