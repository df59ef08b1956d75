//! What to try in the folder that the demo leaves.

use super::screen::Screen;
use crate::exit::Stop;
use crate::shell::quoted;
use std::path::Path;

/// Commands, each with what it shows.
const TRY: [(&str, &str); 6] = [
    ("lakesmith run", "nothing is new: nothing is written"),
    (
        "lakesmith query \"SELECT order_id, order_amount, _validation_errors FROM silver.sales_orders_quarantine ORDER BY order_id\"",
        "the rejected orders with all of their reasons",
    ),
    ("lakesmith files bronze.shop_products", "what became of every file, the torn one too"),
    ("lakesmith history gold.fact_sales", "a version per day: who wrote what"),
    ("lakesmith compile gold.fact_sales", "the Spark SQL that fills a table"),
    ("lakesmith test", "the project's unit tests"),
];

/// Prints it.
pub(super) fn show(dir: &Path, screen: &Screen) -> Result<(), Stop> {
    screen.title("What to try next")?;
    screen.words(&format!("  cd {}", quoted(&dir.display().to_string())))?;
    for (command, shows) in TRY {
        match command.chars().count() {
            0..=45 => screen.words(&format!("  {command:<45} {shows}"))?,
            _ => screen.words(&format!("  {command}\n  {:<45} {shows}", ""))?,
        }
    }
    screen.words(
        "\nThen change something: say `check: order_amount > 100` in silver/sales/orders.yaml and look at\n\
         `lakesmith plan`, or write a file of your own into landing/orders/ and run. README.md tells what\n\
         is where.",
    )
}
