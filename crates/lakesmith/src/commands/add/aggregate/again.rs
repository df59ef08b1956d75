//! What of an aggregate can be summed up once more.

use super::super::{guess, yaml};
use super::{Input, Measure};
use lakesmith_project::Aggregate;

/// How groups of a measure make larger ones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Again {
    /// By this function: sums of sums and counts, the least of the least, the greatest of the greatest.
    By(&'static str),
    /// Not from the groups: what was distinct in each may be the same in several.
    Distinct,
    /// Not from the groups: they weigh differently.
    Weighed,
    /// Nobody can tell.
    Unknown,
}

/// The measures that larger groups can be made of, and why others are left out.
pub(super) fn measures(groups: &[String], input: &Input, aggregate: &Aggregate) -> (Vec<Measure>, Vec<String>) {
    let mut taken = groups.to_vec();
    let (mut measures, mut left_out) = (vec![], vec![]);
    for (name, expression) in aggregate.measures.iter().filter(|(name, _)| !groups.contains(&name.value)) {
        let why = match again(expression.text()) {
            Again::By(function) => {
                let expression = format!("{function}({})", yaml::name(name));
                measures.push(Measure { name: guess::free(name.value.clone(), &mut taken), expression });
                continue;
            }
            Again::Distinct => "counts what is distinct, which may be the same in several groups",
            Again::Weighed => "is an average, and groups weigh differently",
            Again::Unknown => "is computed in a way that does not tell how groups of it go together",
        };
        left_out.push(format!("Left out, not additive: {name} {why}. Take it from what {} is made of", input.name));
    }
    if measures.is_empty() {
        measures.push(Measure { name: guess::free("groups".to_owned(), &mut taken), expression: "count(*)".to_owned() });
    }
    (measures, left_out)
}

/// What an expression that is one call of an aggregate function tells.
fn again(expression: &str) -> Again {
    let Some((function, arguments)) = call(expression) else { return Again::Unknown };
    let distinct = arguments.trim_start().get(..8).is_some_and(|word| word.eq_ignore_ascii_case("distinct"));
    match (function.to_ascii_lowercase().as_str(), distinct) {
        ("min", _) => Again::By("min"),
        ("max", _) => Again::By("max"),
        ("sum" | "count", true) => Again::Distinct,
        ("sum" | "count" | "count_if", false) => Again::By("sum"),
        ("avg", _) => Again::Weighed,
        ("approx_count_distinct", _) => Again::Distinct,
        _ => Again::Unknown,
    }
}

/// The function and its arguments, if the expression is a call and nothing else.
fn call(expression: &str) -> Option<(&str, &str)> {
    let (function, rest) = expression.trim().split_once('(')?;
    let function = function.trim();
    let arguments = rest.strip_suffix(')')?;
    let mut depth = 0_i32;
    let closes = arguments.chars().any(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth < 0
    });
    let is_name = !function.is_empty() && function.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !closes).then_some((function, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_adds_up_is_summed_up_again() {
        for (expression, expected) in [
            ("sum(total_amount)", Again::By("sum")),
            ("COUNT(*)", Again::By("sum")),
            ("count(if(a, b, (c)))", Again::By("sum")),
            ("min(order_date)", Again::By("min")),
            ("max( a )", Again::By("max")),
            ("count(DISTINCT customer_id)", Again::Distinct),
            ("count( distinct customer_id)", Again::Distinct),
            ("avg(price)", Again::Weighed),
            ("sum(a) / sum(b)", Again::Unknown),
            ("round(sum(a))", Again::Unknown),
            ("percentile(a, 0.5)", Again::Unknown),
        ] {
            assert_eq!(again(expression), expected, "{expression}");
        }
    }
}
