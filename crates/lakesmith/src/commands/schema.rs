//! `lakesmith schema`: JSON Schemas, so that editors complete and check.

use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_text::nearest;
use serde_json::{Map, Value};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  lakesmith schema\n  lakesmith schema entity > entity.schema.json")]
pub(crate) struct Args {
    /// A kind of file, such as `entity` [default: all kinds, as one object]
    kind: Option<String>,
}

/// Prints one schema, or all by the kinds' names.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Stop> {
    let schemas = lakesmith_project::schemas();
    let schema = match &args.kind {
        None => Value::Object(schemas.into_iter().map(|(kind, schema)| (kind.to_owned(), schema)).collect::<Map<_, _>>()),
        Some(wanted) => {
            let kinds: Vec<&str> = schemas.iter().map(|(kind, _)| *kind).collect();
            let unknown = match nearest(wanted, kinds.iter().copied()) {
                Some(near) => format!("there is no kind of file `{wanted}`; did you mean `{near}`?"),
                None => format!("there is no kind of file `{wanted}`; there are {}", kinds.join(", ")),
            };
            let found = schemas.into_iter().find(|(kind, _)| kind == wanted);
            found.map(|(_, schema)| schema).ok_or(Stop::Argument(unknown))?
        }
    };
    let mut out = console.out();
    writeln!(out, "{schema:#}")?;
    out.flush()?;
    Ok(Exit::Done)
}
