//! `lakesmith init`: a project that runs as it is, to begin with.

mod templates;

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::examples::File;
use crate::exit::{Exit, Stop};
use crate::shell;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use templates::Template;

/// Tables are made by runs and do not belong to what is versioned.
const IGNORED: (&str, &str) = (".gitignore", ".lake/\n");
/// How many of the files that are in the way are listed.
const LISTED: usize = 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "Nothing that exists is overwritten.\n\n\
    Examples:\n  lakesmith init shop\n  lakesmith init shop --template retail")]
pub(crate) struct Args {
    /// The folder of the new project [default: the one of `--project-dir`, else this one]
    dir: Option<PathBuf>,
    /// What the project is about
    #[arg(long, value_enum, value_name = "TEMPLATE", default_value_t)]
    template: Template,
}

/// Writes the project and says what to do next.
pub(crate) fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let dir = args.dir.clone().or_else(|| globals.project_dir.clone()).unwrap_or_else(|| PathBuf::from("."));
    let files = files(args.template, &dir);
    refuse_what_exists(&dir, &files)?;
    for (path, bytes) in &files {
        write(&dir.join(path), bytes).map_err(|error| cannot(&dir.join(path), &error))?;
    }
    let mut out = console.out();
    writeln!(out, "wrote {} to {}: {}", count(files.len(), "file"), shown(&dir), tops(&files).join(", "))?;
    writeln!(out, "\nnext:")?;
    if dir != Path::new(".") {
        writeln!(out, "  cd {}", shell::quoted(&shown(&dir)))?;
    }
    writeln!(out, "  lakesmith run")?;
    writeln!(out, "  lakesmith query \"{}\"", args.template.question())?;
    writeln!(out, "{} tells what it shows.", shown(&dir.join("README.md")))?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The files of the template, by their paths in the project.
fn files(template: Template, dir: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let named = |(path, bytes): &File| match (template, *path) {
        (Template::Minimal, "lakehouse.yaml") => (*path, templates::named(bytes, &name(dir)).into_bytes()),
        _ => (*path, bytes.to_vec()),
    };
    let mut all: Vec<_> = template.files().iter().map(named).collect();
    all.push((IGNORED.0, IGNORED.1.as_bytes().to_vec()));
    all
}

/// What the lakehouse is called: as its folder, as far as that is a name.
fn name(dir: &Path) -> String {
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let folder = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String =
        lakesmith_compile::snake_case(&folder).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    match name.chars().next() {
        None => "lakehouse".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("lake_{name}"),
        Some(_) => name,
    }
}

fn refuse_what_exists(dir: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Stop> {
    if dir.exists() && !dir.is_dir() {
        return Err(Stop::Argument(format!("{} is no folder; choose another one: `lakesmith init DIR`", shown(dir))));
    }
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    let in_the_way: Vec<&str> = files.iter().map(|(path, _)| *path).filter(|path| exists(&dir.join(path))).collect();
    // A file where a folder is to be.
    let blocked = |path: &&str| Path::new(path).ancestors().skip(1).any(|folder| dir.join(folder).is_file());
    let in_the_way: Vec<&str> = in_the_way.into_iter().chain(files.iter().map(|(path, _)| *path).filter(blocked)).collect();
    if in_the_way.is_empty() {
        return Ok(());
    }
    let mut list: String = in_the_way.iter().take(LISTED).map(|path| format!("\n  {path}")).collect();
    if in_the_way.len() > LISTED {
        list += &format!("\n  and {} more", in_the_way.len() - LISTED);
    }
    Err(Stop::Argument(format!(
        "{} holds {} of the project's files already, and nothing is overwritten:{list}\n\
         choose another folder with `lakesmith init DIR`, or move them away",
        shown(dir),
        in_the_way.len()
    )))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn cannot(path: &Path, error: &io::Error) -> Stop {
    Stop::Argument(format!("{} cannot be written: {error}", shown(path)))
}

/// The files and folders at the root, in order.
fn tops(files: &[(&str, Vec<u8>)]) -> Vec<String> {
    let mut tops: Vec<String> = vec![];
    for (path, _) in files {
        let top = path.split_once('/').map_or((*path).to_owned(), |(folder, _)| format!("{folder}/"));
        if !tops.contains(&top) {
            tops.push(top);
        }
    }
    tops
}

fn shown(path: &Path) -> String {
    let text = path.strip_prefix(".").unwrap_or(path).display().to_string();
    if text.is_empty() { "this folder".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lakehouse_is_called_as_its_folder() {
        for (folder, expected) in [("a/My Shop", "my_shop"), ("shop", "shop"), ("2025", "lake_2025"), ("/", "lakehouse")] {
            assert_eq!(name(Path::new(folder)), expected, "{folder}");
        }
    }
}
