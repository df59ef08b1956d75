//! The folder of the demo: made once, made anew by the next demo, and never over what somebody wrote.
//!
//! A file in it, [`MARKER`], names every file that the demo writes, with a hash of its content. So it is known what the demo
//! may take away: what it wrote itself and nobody has touched since. The tables in `.lake` follow from the rest.

use crate::exit::Stop;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path};
use std::time::SystemTime;

/// Names what the demo wrote: a line `hash path` per file.
const MARKER: &str = ".lakesmith-demo";
/// The first line of it.
const ABOUT: &str = "# Written by `lakesmith demo`, which makes this folder anew as long as these files are as it wrote them.\n";
/// Where the tables lie.
const TABLES: &str = ".lake";
/// The folders of the project in which files of somebody else count.
const PARTS: [&str; 5] = ["sources", "silver", "gold", "tests", "landing"];
/// How many of the files that are in the way are listed.
const LISTED: usize = 10;

/// Makes the folder empty of an earlier demo and marks it; `files` are all that will be written, by path and
/// content.
///
/// # Errors
/// When it holds what no demo wrote, or, unless `force`, what somebody changed or added since.
pub(super) fn prepare(dir: &Path, files: &[(&str, &[u8])], force: bool) -> Result<(), Stop> {
    if dir.exists() && !dir.is_dir() {
        return Err(Stop::Argument(format!("{} is no folder; name another one: `lakesmith demo DIR`", dir.display())));
    }
    fs::create_dir_all(dir).map_err(|error| cannot("made", dir, &error))?;
    match fs::read_to_string(dir.join(MARKER)) {
        Ok(marker) => make_empty(dir, &marker, force)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => refuse_foreign(dir)?,
        Err(error) => return Err(cannot("read", &dir.join(MARKER), &error)),
    }
    let lines: String = files.iter().map(|(path, bytes)| format!("{:016x} {path}\n", hash(bytes))).collect();
    let marked = fs::write(dir.join(MARKER), format!("{ABOUT}{lines}"));
    marked.map_err(|error| cannot("written", &dir.join(MARKER), &error))
}

/// Writes a file of the demo; with `modified` as if it was written then.
pub(super) fn write(dir: &Path, path: &str, bytes: &[u8], modified: Option<SystemTime>) -> Result<(), Stop> {
    let place = dir.join(path);
    let written = || -> io::Result<()> {
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(&place)?;
        file.write_all(bytes)?;
        modified.map_or(Ok(()), |time| file.set_modified(time))
    };
    written().map_err(|error| cannot("written", &place, &error))
}

fn refuse_foreign(dir: &Path) -> Result<(), Stop> {
    let mut entries = fs::read_dir(dir).map_err(|error| cannot("read", dir, &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Stop::Argument(format!(
            "{} is not empty, and no demo made it: nothing in it is touched\nname another folder: `lakesmith demo DIR`",
            dir.display()
        ))),
    }
}

/// Takes away what an earlier demo wrote.
fn make_empty(dir: &Path, marker: &str, force: bool) -> Result<(), Stop> {
    let wrote = wrote(marker);
    let changed = changed(dir, &wrote).map_err(|error| cannot("read", dir, &error))?;
    let added = added(dir, &wrote).map_err(|error| cannot("read", dir, &error))?;
    let untouched = changed.is_empty() && added.is_empty();
    if !untouched && !force {
        return Err(theirs(dir, &changed, &added));
    }
    let remove = |place: &Path| match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("removed", place, &error)),
        _ => Ok(()),
    };
    let tables = dir.join(TABLES);
    if tables.exists() {
        fs::remove_dir_all(&tables).map_err(|error| cannot("removed", &tables, &error))?;
    }
    wrote.keys().chain(&added).try_for_each(|path| remove(&dir.join(path)))
}

/// Files that somebody changed or added, as an error.
fn theirs(dir: &Path, changed: &[String], added: &[String]) -> Stop {
    let all: Vec<String> = changed
        .iter()
        .map(|path| format!("\n  {path} (edited)"))
        .chain(added.iter().map(|path| format!("\n  {path} (added)")))
        .collect();
    let mut list = all[..all.len().min(LISTED)].concat();
    if all.len() > LISTED {
        list += &format!("\n  and {} more", all.len() - LISTED);
    }
    Stop::Argument(format!(
        "{} holds a demo in which files were edited or added since, and making it anew would lose that:{list}\n\
         go on in it with `lakesmith run`, or make the demo elsewhere: `lakesmith demo DIR`;\n\
         `--force` makes it anew all the same",
        dir.display()
    ))
}

/// What the marker names: paths within the folder with their hashes, several of a file that is written more than once.
fn wrote(marker: &str) -> BTreeMap<String, Vec<u64>> {
    let within = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let line = |line: &str| {
        let (hash, path) = line.split_once(' ')?;
        let hash = u64::from_str_radix(hash, 16).ok()?;
        within(path).then(|| (path.to_owned(), hash))
    };
    let mut all = BTreeMap::<String, Vec<u64>>::new();
    marker.lines().filter_map(line).for_each(|(path, hash)| all.entry(path).or_default().push(hash));
    all
}

/// Of the files that were written those that say something else now.
fn changed(dir: &Path, wrote: &BTreeMap<String, Vec<u64>>) -> io::Result<Vec<String>> {
    let mut changed = vec![];
    for (path, hashes) in wrote {
        match fs::read(dir.join(path)) {
            Ok(bytes) if hashes.contains(&hash(&bytes)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) => changed.push(path.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}

/// Files of somebody else in the folders of the project.
fn added(dir: &Path, wrote: &BTreeMap<String, Vec<u64>>) -> io::Result<Vec<String>> {
    let (mut added, mut folders) = (vec![], PARTS.map(str::to_owned).to_vec());
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(dir.join(&folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            match entry.file_type()?.is_dir() {
                true => folders.push(path),
                false if wrote.contains_key(&path) => {}
                false => added.push(path),
            }
        }
    }
    added.sort();
    Ok(added)
}

/// 64 bits of FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn cannot(be: &str, place: &Path, error: &io::Error) -> Stop {
    Stop::Argument(format!("{} cannot be {be}: {error}", place.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const FILES: [(&str, &[u8]); 3] = [("README.md", b"read me"), ("gold/a.yaml", b"a"), ("landing/a/1.csv", b"id\n1\n")];

    fn made(dir: &Path, force: bool) -> Result<(), String> {
        let stop = |stop| match stop {
            Stop::Argument(words) => words,
            other => format!("{other:?}"),
        };
        prepare(dir, &FILES, force).map_err(stop)?;
        FILES.iter().try_for_each(|(path, bytes)| write(dir, path, bytes, None).map_err(stop))
    }

    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        made(folder.path(), false).unwrap();
        fs::create_dir(folder.path().join(TABLES)).unwrap();
        fs::write(folder.path().join(".lake/rows"), "1").unwrap();
        folder
    }

    #[test]
    fn the_next_demo_makes_the_folder_anew() {
        let folder = folder();
        fs::remove_file(folder.path().join("gold/a.yaml")).unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        made(folder.path(), false).unwrap();
        assert!(!folder.path().join(TABLES).exists(), "tables follow from the rest");
        assert_eq!(fs::read(folder.path().join("gold/a.yaml")).unwrap(), b"a");
        assert_eq!(fs::read(folder.path().join("notes.txt")).unwrap(), b"mine", "beside the project nothing is touched");
    }

    #[test]
    fn what_somebody_wrote_is_not_lost() {
        let folder = folder();
        fs::write(folder.path().join("gold/a.yaml"), "b").unwrap();
        fs::write(folder.path().join("gold/mine.yaml"), "m").unwrap();
        let refused = made(folder.path(), false).unwrap_err();
        assert!(refused.contains("\n  gold/a.yaml (edited)\n  gold/mine.yaml (added)\n"), "{refused}");
        assert_eq!(fs::read(folder.path().join("gold/a.yaml")).unwrap(), b"b");
        assert!(folder.path().join(".lake/rows").exists());
        made(folder.path(), true).unwrap();
        assert_eq!(fs::read(folder.path().join("gold/a.yaml")).unwrap(), b"a");
        assert!(!folder.path().join("gold/mine.yaml").exists());
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        for force in [false, true] {
            assert!(made(folder.path(), force).unwrap_err().contains("is not empty, and no demo made it"));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_marker_leads_nowhere_else() {
        let marker =
            format!("{ABOUT}0000000000000001 ../a\n0000000000000002 /b\n0000000000000003 c/d\n0000000000000004 c/d\nnonsense\n");
        assert_eq!(wrote(&marker), BTreeMap::from([("c/d".to_owned(), vec![3, 4])]));
    }
}
