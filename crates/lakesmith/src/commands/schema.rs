//! `lakesmith schema`: JSON Schemas, so that editors complete and check.

mod accept;

use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use lakesmith_text::nearest;
use serde_json::{Map, Value};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  lakesmith schema\n  lakesmith schema entity > entity.schema.json"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// A kind of file, such as `entity` [default: all kinds, as one object]
    kind: Option<String>,
}

/// What else is done about schemas.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Give a table other columns: what it differs in from its files or from the project
    Accept(accept::Args),
}

/// Prints one schema, or all by the kinds' names; or accepts other columns of a table.
pub(crate) async fn run(args: Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    if let Some(Action::Accept(args)) = args.action {
        return accept::run(args, globals, console).await;
    }
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
