//! What the demo asks the tables: three stories and three answers.
//!
//! A story is asked after more than one day, and shown once all days are over: what was so, and what became of it.

use super::screen::Screen;
use super::shop::{DAYS, cast};
use crate::exit::Stop;
use lakesmith_engine::Rows;
use lakesmith_run::Lake;

/// One question, and the days after which it is asked.
struct Question {
    title: &'static str,
    words: String,
    sql: String,
    after: &'static [usize],
}

/// The questions, and what was answered so far.
pub(super) struct Questions {
    all: Vec<(Question, Vec<(usize, Rows)>)>,
}

impl Questions {
    pub(super) fn new() -> Self {
        Self { all: stories().into_iter().chain(answers()).map(|question| (question, vec![])).collect() }
    }

    /// Asks what is to be asked after a day.
    pub(super) async fn ask_after(&mut self, day: usize, lake: &Lake) -> Result<(), Stop> {
        for (question, answers) in &mut self.all {
            if question.after.contains(&day) {
                answers.push((day, super::ask(lake, &question.sql).await?));
            }
        }
        Ok(())
    }

    /// Prints all of it.
    pub(super) fn show(&self, screen: &Screen) -> Result<(), Stop> {
        for (question, answers) in &self.all {
            screen.title(question.title)?;
            screen.words(&question.words)?;
            screen.sql(&question.sql)?;
            for (day, rows) in answers {
                let moment = if answers.len() > 1 { format!("\nafter day {day}:") } else { String::new() };
                screen.words(&moment)?;
                screen.rows(rows)?;
            }
        }
        Ok(())
    }
}

fn stories() -> [Question; 3] {
    let (moves, changed, early) = (cast::MOVES, cast::CHANGED, cast::EARLY);
    [
        Question {
            title: "One customer, three versions",
            words: format!(
                "{moves} moved from Vienna to Berlin on day 2 and became a corporate customer on day 4. dim_customer\n\
                 is type 2: it has a version for each span of time, and a sale keeps the one that held on its day."
            ),
            sql: format!(
                "SELECT c.customer_city AS city, c.customer_country AS country, c.customer_segment AS segment,\n       \
                 c.effective_start_date AS valid_from, c.effective_end_date AS valid_to,\n       \
                 count(*) AS order_lines, sum(f.total_amount) AS revenue\n\
                 FROM gold.dim_customer c JOIN gold.fact_sales f ON f.customer_key = c.customer_key\n\
                 WHERE c.customer_id = '{moves}'\n\
                 GROUP BY c.customer_city, c.customer_country, c.customer_segment,\n         \
                 c.effective_start_date, c.effective_end_date\n\
                 ORDER BY valid_from"
            ),
            after: &[DAYS],
        },
        Question {
            title: "An order whose lines changed",
            words: format!(
                "{changed} was placed on day 2 with two lines. On day 3 it came again, with one line of another\n\
                 quantity, and its lines were replaced. Later that day its old state came once more, in the file\n\
                 that was delivered twice: the newer state stays."
            ),
            sql: format!(
                "SELECT f.order_id, f.order_line_number AS line, p.product_name, f.quantity, f.total_amount\n\
                 FROM gold.fact_sales f JOIN gold.dim_product p ON f.product_key = p.product_key\n\
                 WHERE f.order_id = '{changed}' ORDER BY line"
            ),
            after: &[2, 3],
        },
        Question {
            title: "A customer who came late",
            words: format!(
                "{early} was placed on day 2; the row of its customer arrived on day 4. No sale was lost meanwhile:\n\
                 its facts stood at customer_key -1, and the run in which the customer arrived keyed them anew."
            ),
            sql: format!(
                "SELECT f.order_id, f.order_line_number AS line, f.total_amount,\n       \
                 f.customer_key = -1 AS key_is_minus_1, c.customer_id, c.customer_name\n\
                 FROM gold.fact_sales f JOIN gold.dim_customer c ON f.customer_key = c.customer_key\n\
                 WHERE f.order_id = '{early}' ORDER BY line"
            ),
            after: &[2, 4],
        },
    ]
}

fn answers() -> [Question; 3] {
    [
        Question {
            title: "Answer 1: what did each day bring?",
            words: "Read from an aggregate. A day is computed again when one of its sales changes, and only then.".to_owned(),
            sql: "SELECT d.date, d.day_of_week_name AS day, a.orders, a.pieces, a.discounts, a.revenue\n\
                  FROM gold.daily_sales a JOIN gold.dim_date d ON a.date_key = d.date_key\n\
                  ORDER BY d.date"
                .to_owned(),
            after: &[DAYS],
        },
        Question {
            title: "Answer 2: who buys, and what do discounts cost?",
            words: "By the segment that a customer had on the day of the sale.".to_owned(),
            sql: "SELECT c.customer_segment AS segment, count(DISTINCT c.customer_id) AS customers,\n       \
                  sum(f.total_amount) AS revenue, sum(f.discount_amount) AS discounts\n\
                  FROM gold.fact_sales f JOIN gold.dim_customer c ON f.customer_key = c.customer_key\n\
                  GROUP BY c.customer_segment ORDER BY revenue DESC, segment"
                .to_owned(),
            after: &[DAYS],
        },
        Question {
            title: "Answer 3: which sales would stand under the wrong country without versions?",
            words: "Sales to customers who have moved abroad since: a dimension that overwrites would book them\n\
                    where the customer lives now."
                .to_owned(),
            sql: "SELECT c.customer_country AS sold_in, n.customer_country AS lives_in,\n       \
                  count(DISTINCT c.customer_id) AS customers, count(*) AS order_lines,\n       \
                  sum(f.total_amount) AS revenue\n\
                  FROM gold.fact_sales f\n\
                  JOIN gold.dim_customer c ON f.customer_key = c.customer_key\n\
                  JOIN gold.dim_customer n ON n.customer_id = c.customer_id AND n.is_current\n\
                  WHERE c.customer_country <> n.customer_country\n\
                  GROUP BY c.customer_country, n.customer_country\n\
                  ORDER BY revenue DESC, sold_in, lives_in LIMIT 5"
                .to_owned(),
            after: &[DAYS],
        },
    ]
}
