//! From arguments to a project and its lake.

use crate::amounts::count;
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_project::Project;
use lakesmith_run::{Inboxes, Lake, Options};
use lakesmith_text::{Diagnostics, Severity, render};
use std::path::{Path, PathBuf};

/// The file at a project's root.
const ROOT: &str = "lakehouse.yaml";

/// Loads the project: that of `--project-dir`, else the nearest one from here upwards.
pub(crate) fn project(globals: &Globals) -> (Project, Diagnostics) {
    lakesmith_project::load(&folder(globals))
}

/// Opens the lake to fill its tables: the project must have no fault.
pub(crate) async fn to_run(options: &Options, globals: &Globals, console: &Console) -> Result<Lake, Stop> {
    opened(project(globals), console, options, true).await
}

/// Opens the lake of a project in a folder that is known, to fill its tables.
pub(crate) async fn folder_to_run(folder: &Path, options: &Options, console: &Console) -> Result<Lake, Stop> {
    opened(lakesmith_project::load(folder), console, options, true).await
}

type Loaded = (Project, Diagnostics);

async fn opened((project, faults): Loaded, console: &Console, options: &Options, to_fill: bool) -> Result<Lake, Stop> {
    let mut faults = of_flows(&project, faults);
    let sources = project.sources_text.clone();
    if !faults.has_errors() {
        let lake = match to_fill {
            true => Lake::open_to_fill(project, options).await,
            false => Lake::open(project, options).await,
        };
        let lake = lake.map_err(|error| Stop::of(error, &sources))?;
        faults.extend(lake.faults().iter().cloned());
        if !faults.has_errors() {
            if !faults.is_empty() {
                console.say(render(&faults, &sources, console.color_err).trim_end());
            }
            return Ok(lake);
        }
    } else if is_readable(&project, &faults) {
        // All faults at once, those between files too, as far as they can be told without the sources' columns.
        let (_, between) = lakesmith_compile::compile(&project, &lakesmith_compile::Columns::new());
        faults.extend(between);
        faults.reconsider(&sources);
    }
    Err(Stop::Faults { faults, sources, exit: Exit::Wrong })
}

/// The findings without those in unit tests, which no run needs.
fn of_flows(project: &Project, faults: Diagnostics) -> Diagnostics {
    let in_tests = |span: lakesmith_text::Span| project.sources_text.path(span.file).starts_with("tests/");
    faults.into_iter().filter(|fault| !fault.span.is_some_and(in_tests)).collect()
}

/// Opens the lake to say what a run would do: the project must have no fault, and nothing is written.
pub(crate) async fn to_plan(globals: &Globals, console: &Console) -> Result<Lake, Stop> {
    opened(project(globals), console, &options(globals), false).await
}

/// Opens the lake to look at its tables, without asking the sources. Faults elsewhere than in `lakehouse.yaml` do not stand
/// in the way.
pub(crate) fn to_look(globals: &Globals, console: &Console) -> Result<Lake, Stop> {
    let (project, faults) = readable(globals)?;
    let sources = project.sources_text.clone();
    let lake = Lake::look(project, &options(globals)).map_err(|error| Stop::of(error, &sources))?;
    Ok(with_faults(lake, faults, console))
}

/// Opens the lake to say what a table is: like [`to_look`], but with the columns that the sources have now.
pub(crate) async fn to_describe(globals: &Globals, console: &Console) -> Result<Lake, Stop> {
    let (project, faults) = readable(globals)?;
    let sources = project.sources_text.clone();
    let lake = Lake::open(project, &options(globals)).await.map_err(|error| Stop::of(error, &sources))?;
    Ok(with_faults(lake, faults, console))
}

fn readable(globals: &Globals) -> Result<(Project, Diagnostics), Stop> {
    let (project, faults) = project(globals);
    if is_readable(&project, &faults) {
        return Ok((project, faults));
    }
    Err(Stop::Faults { faults, sources: project.sources_text, exit: Exit::Wrong })
}

/// The lake, with a word on faults that do not matter here.
fn with_faults(lake: Lake, mut faults: Diagnostics, console: &Console) -> Lake {
    faults.extend(lake.faults().iter().cloned());
    if faults.has_errors() {
        let errors = count(faults.count(Severity::Error), "error");
        console.say(&format!("the project has {errors}; `lakesmith validate` shows them"));
    }
    lake
}

/// Whether `lakehouse.yaml` is there and says where the tables lie.
pub(crate) fn is_readable(project: &Project, faults: &Diagnostics) -> bool {
    let at_root = |path: &str| path == ROOT;
    let broken = faults.iter().any(|fault| {
        fault.severity == Severity::Error && fault.span.is_none_or(|span| at_root(project.sources_text.path(span.file)))
    });
    !broken && !project.lakehouse.name.value.is_empty()
}

/// What the lake is opened with.
pub(crate) fn options(globals: &Globals) -> Options {
    Options {
        target: globals.target.clone(),
        threads: globals.threads,
        memory: globals.memory,
        retry_files: false,
        relist: false,
        inboxes: Inboxes::default(),
        #[cfg(debug_assertions)]
        abort_at: std::env::var("LAKESMITH_ABORT_AT").ok(),
    }
}

fn folder(globals: &Globals) -> PathBuf {
    if let Some(folder) = &globals.project_dir {
        return folder.clone();
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    upwards(&here).map(Path::to_owned).unwrap_or(here)
}

/// The nearest folder with a project, from `folder` upwards.
fn upwards(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(ROOT).is_file())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_project_upwards_is_meant() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        let deep = inner.join("silver/sales");
        std::fs::create_dir_all(&deep).unwrap();
        assert_eq!(upwards(&deep), None);
        std::fs::write(outer.path().join(ROOT), "lakehouse: outer").unwrap();
        assert_eq!(upwards(&deep), Some(outer.path()));
        std::fs::write(inner.join(ROOT), "lakehouse: inner").unwrap();
        assert_eq!(upwards(&deep), Some(inner.as_path()));
        assert_eq!(upwards(&inner), Some(inner.as_path()));
    }
}
