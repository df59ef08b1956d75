//! `lakesmith query`: an answer to Spark SQL.

use crate::amounts::{count, time};
use crate::args::Globals;
use crate::console::Console;
use crate::exit::{Exit, Stop};
use crate::format::{self, Format};
use crate::grid::Grid;
use crate::near;
use crate::open;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    lakesmith query \"SELECT country, sum(sales) AS sales FROM gold.fact_sales GROUP BY country\"\n  \
    lakesmith query -f monthly.sql --format csv > monthly.csv\n  \
    echo \"SELECT 1\" | lakesmith query -")]
pub(crate) struct Args {
    /// Spark SQL over tables such as `gold.fact_sales`; `-` to read it from standard input
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    sql: Option<String>,
    /// A file that holds it; `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How the rows are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// Rows that a table shows at most, the first and the last of them; 0 for all
    #[arg(long, value_name = "N", default_value_t = format::ROWS)]
    max_rows: usize,
}

/// Prints the rows; says on standard error how many there are and how long it took.
pub(crate) async fn run(args: &Args, globals: &Globals, console: &Console) -> Result<Exit, Stop> {
    let (name, text) = sql(args)?;
    let lake = open::to_look(globals, console)?;
    let started = Instant::now();
    let rows = lake.query(without_end(&text)).await.map_err(|error| {
        let mut sources = lake.project().sources_text.clone();
        let file = sources.add(name, text.as_str());
        near::offered(Stop::of_query(error, &sources, file), &lake)
    })?;
    let grid = Grid::of(&rows.schema, &rows.batches);
    format::print(&grid, args.format, args.max_rows, console)?;
    let cut = args.format == Format::Table && args.max_rows > 0 && grid.len > args.max_rows;
    let shown = if cut { format!(" ({} shown)", args.max_rows) } else { String::new() };
    console.say(&format!("{}{shown} in {}", count(grid.len, "row"), time(started.elapsed())));
    Ok(Exit::Done)
}

/// The query, and what to call the place it stands in.
fn sql(args: &Args) -> Result<(String, String), Stop> {
    let standard_input = || {
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text);
        read.map(|_| ("<stdin>".to_owned(), text))
            .map_err(|error| Stop::Argument(format!("standard input cannot be read: {error}")))
    };
    match (&args.sql, &args.file) {
        (Some(sql), _) if sql == "-" => standard_input(),
        (Some(sql), _) => Ok(("<query>".to_owned(), sql.clone())),
        (None, Some(file)) if file.as_os_str() == "-" => standard_input(),
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => Ok((file.display().to_string(), text)),
            Err(error) => Err(Stop::Argument(format!("`{}` cannot be read: {error}", file.display()))),
        },
        (None, None) => Err(Stop::Argument("there is no query".to_owned())),
    }
}

/// Without the semicolon that ends a statement; the rest keeps its places.
fn without_end(sql: &str) -> &str {
    let sql = sql.trim_end();
    sql.strip_suffix(';').unwrap_or(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_semicolon_may_end_a_query() {
        assert_eq!(without_end("SELECT 1 ;\n"), "SELECT 1 ");
        assert_eq!(without_end("\n SELECT 1"), "\n SELECT 1");
        assert_eq!(without_end("SELECT 1;;"), "SELECT 1;");
    }
}
