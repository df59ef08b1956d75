//! What a fact measures: columns that are called as the template's measures are, values computed of them, and all other
//! numbers.

use super::super::{guess, yaml};
use super::template::{Holds, Template, Usual, bare, called};
use lakesmith_compile::Column;
use lakesmith_sql::DataType;

/// The type of amounts of money.
const MONEY: &str = "type: \"decimal(18,2)\"";

/// A line of the file: a name, what stands behind it, and a comment.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) comment: Option<String>,
}

impl Line {
    pub(super) fn new(name: &str, value: impl Into<String>, comment: impl Into<String>) -> Line {
        let comment: String = comment.into();
        Line { name: name.to_owned(), value: value.into(), comment: (!comment.is_empty()).then_some(comment) }
    }
}

/// What is measured, and what could be and is to be decided.
#[derive(Debug, Default)]
pub(super) struct Measures {
    pub(super) found: Vec<Line>,
    pub(super) asked: Vec<Line>,
}

impl Measures {
    /// Those of a table of `thing`s with these columns of numbers.
    pub(super) fn of(template: Option<&Template>, numbers: &[&Column], thing: &str) -> Measures {
        let mut measures = Measures::default();
        let mut free = numbers.to_vec();
        // What each of the template's measures is in SQL, as far as it is known.
        let mut terms: Vec<(&str, String)> = vec![];
        for usual in template.map(|template| template.measures).unwrap_or_default() {
            if let Some(column) = usual.find(&free, thing) {
                free.retain(|other| other.name != column.name);
                terms.push((usual.name, yaml::name(&column.name)));
                measures.found.push(taken(usual, column));
            } else if let Some((expression, reason)) = computed(usual.name, &terms, &free, thing) {
                terms.push((usual.name, format!("({expression})")));
                let value = format!("{{ expr: {}, {MONEY} }}", yaml::scalar(&expression));
                measures.found.push(Line::new(usual.name, value, format!("{}; {reason}", usual.about)));
            } else {
                measures.asked.push(asked(usual, &free));
            }
        }
        measures.found.extend(free.into_iter().map(other));
        measures
    }
}

/// A measure that is a column.
fn taken(usual: &Usual, column: &Column) -> Line {
    let (_, currency) = bare(&column.name);
    let money = matches!(usual.holds, Holds::Money | Holds::Price);
    let mut parts = vec![];
    if column.name != usual.name {
        parts.push(format!("from: {}", yaml::scalar(&column.name)));
    }
    if money && column.ty != DataType::decimal(18, 2) {
        parts.push(MONEY.to_owned());
    }
    parts.extend(currency.iter().map(|currency| format!("unit: {currency}")));
    if matches!(usual.holds, Holds::Price | Holds::Share) {
        parts.push("additivity: non_additive".to_owned());
    }
    let mut words = vec![usual.about.to_owned()];
    if column.name != usual.name {
        words.push(format!("a guess: {} is it", column.name));
    }
    if money && column.ty.is_integral() {
        words.push(format!("of cents, write `expr: {} / 100`", yaml::name(&column.name)));
    }
    if money && currency.is_none() {
        words.push("say its `unit`, such as USD".to_owned());
    }
    Line::new(usual.name, braced(&parts), words.join("; "))
}

/// A measure that follows from others, and what the guess rests on.
fn computed(name: &str, terms: &[(&str, String)], columns: &[&Column], thing: &str) -> Option<(String, String)> {
    let term = |name: &str| terms.iter().find(|(known, _)| *known == name).map(|(_, sql)| sql.as_str());
    let column = |name: &str, others: &[&str]| called(name, others, columns, thing);
    match name {
        "discount_amount" => {
            let percent = column("discount_pct", &["discount_percent", "discount_percentage"])?;
            let expression = format!("{} * {} * {} / 100", term("quantity")?, term("unit_price")?, yaml::name(&percent.name));
            Some((expression, format!("a guess: {} is a percentage of the price", percent.name)))
        }
        "total_amount" => {
            let full = format!("{} * {}", term("quantity")?, term("unit_price")?);
            let less = term("discount_amount").map(|discount| format!(" - {discount}")).unwrap_or_default();
            Some((full + &less, "a guess: no column says it".to_owned()))
        }
        "cost_amount" => {
            let unit = column("unit_cost", &["cost_price", "cost_per_unit", "standard_cost", "purchase_price"])?;
            Some((
                format!("{} * {}", term("quantity")?, yaml::name(&unit.name)),
                format!("a guess: {} is of one piece", unit.name),
            ))
        }
        "profit_amount" => {
            let taxed = if term("tax_amount").is_some() { "; take tax_amount off too if total_amount has it in it" } else { "" };
            Some((
                format!("{} - {}", term("total_amount")?, term("cost_amount")?),
                format!("total_amount less cost_amount{taxed}"),
            ))
        }
        _ => None,
    }
}

/// What is to be decided where nothing is called so.
fn asked(usual: &Usual, free: &[&Column]) -> Line {
    let ambiguous = free.iter().find(|column| usual.name == "discount_amount" && bare(&column.name).0 == "discount");
    let (from, question) = match ambiguous {
        Some(column) => (yaml::scalar(&column.name), format!("is {} an amount, or a share of the price?", column.name)),
        None => ("COLUMN".to_owned(), usual.question.to_owned()),
    };
    let value = match usual.holds {
        Holds::Money => format!("{{ from: {from}, {MONEY} }}"),
        Holds::Price => format!("{{ from: {from}, {MONEY}, additivity: non_additive }}"),
        Holds::Share => format!("{{ from: {from}, additivity: non_additive }}"),
        Holds::Count | Holds::Text => format!("{{ from: {from} }}"),
    };
    Line::new(usual.name, value, question)
}

/// A column that no template knows.
fn other(column: &Column) -> Line {
    // A discount may be an amount or a share: it is not summed up before somebody has decided.
    let unclear = bare(&column.name).0 == "discount";
    let rate = guess::is_rate(&column.name) || unclear;
    let mut words: Vec<&str> = vec![];
    if guess::is_money(&column.name) && !unclear {
        words.push("say its `unit`, such as USD");
    }
    if rate {
        words.push("a guess: not to be summed up");
    }
    Line::new(&column.name, if rate { "{ additivity: non_additive }" } else { "{}" }, words.join("; "))
}

fn braced(parts: &[String]) -> String {
    if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sales(columns: &[(&str, DataType)]) -> (Vec<(String, String)>, Vec<String>) {
        let columns: Vec<Column> = columns.iter().map(|(name, ty)| Column::new(*name, ty.clone())).collect();
        let measures = Measures::of(Template::of("sales"), &columns.iter().collect::<Vec<_>>(), "line");
        let found = measures.found.into_iter().map(|line| (line.name, line.value)).collect();
        (found, measures.asked.into_iter().map(|line| line.name).collect())
    }

    fn expected(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_there_is_taken_and_what_follows_is_computed() {
        let money = DataType::decimal(18, 2);
        let (found, asked) = sales(&[
            ("qty", DataType::BigInt),
            ("unit_price", money.clone()),
            ("discount_pct", DataType::Int),
            ("line_amount", DataType::Double),
            ("unit_cost", money),
            ("weight", DataType::Double),
        ]);
        let lines = [
            ("quantity", "{ from: qty }"),
            ("unit_price", "{ additivity: non_additive }"),
            ("discount_amount", "{ expr: qty * unit_price * discount_pct / 100, type: \"decimal(18,2)\" }"),
            ("total_amount", "{ from: line_amount, type: \"decimal(18,2)\" }"),
            ("cost_amount", "{ expr: qty * unit_cost, type: \"decimal(18,2)\" }"),
            ("profit_amount", "{ expr: line_amount - (qty * unit_cost), type: \"decimal(18,2)\" }"),
            ("discount_pct", "{ additivity: non_additive }"),
            ("unit_cost", "{ additivity: non_additive }"),
            ("weight", "{}"),
        ];
        assert_eq!(found, expected(&lines));
        assert_eq!(asked, ["tax_amount"]);
    }

    #[test]
    fn what_may_mean_two_things_is_asked() {
        let (found, asked) = sales(&[("amount_eur", DataType::Int), ("discount", DataType::Double)]);
        let lines = [
            ("total_amount", "{ from: amount_eur, type: \"decimal(18,2)\", unit: EUR }"),
            ("discount", "{ additivity: non_additive }"),
        ];
        assert_eq!(found, expected(&lines));
        assert_eq!(asked, ["quantity", "unit_price", "discount_amount", "tax_amount", "cost_amount", "profit_amount"]);
    }
}
