use super::*;
use std::collections::BTreeSet;

fn text<'a>(days: &'a [Day], day: usize, name: &str) -> &'a str {
    let file = days[day - 1].files.iter().find(|file| file.path.ends_with(name)).unwrap();
    std::str::from_utf8(&file.bytes).unwrap()
}

#[test]
fn a_seed_gives_the_same_files_and_another_one_others() {
    assert_eq!(days(7), days(7));
    let (one, other) = (days(7), days(8));
    for (one, other) in one.iter().zip(&other) {
        assert_ne!(one, other);
        let paths = |day: &Day| day.files.iter().map(|file| (file.path.clone(), file.modified)).collect::<Vec<_>>();
        assert_eq!(paths(one), paths(other), "names and times are the same with any seed");
    }
}

#[test]
fn files_arrive_in_order_and_within_their_day() {
    let mut last = None;
    for day in days(SEED) {
        for file in day.files {
            assert_eq!(file.modified.date_naive(), day.date, "{}", file.path);
            assert!(last <= Some(file.modified), "{}", file.path);
            last = Some(file.modified);
        }
    }
}

/// With any seed: who the demo tells of is there, and so is every flaw.
#[test]
fn what_the_demo_tells_of_is_there() {
    for seed in [0, SEED, u64::MAX] {
        let days = days(seed);
        let lines = |needle: &str| -> Vec<(usize, String)> {
            let of = |day: &Day| -> Vec<(usize, String)> {
                let lines = day.files.iter().flat_map(|file| std::str::from_utf8(&file.bytes).unwrap().lines());
                lines.filter(|line| line.contains(needle)).map(|line| (day.number, line.to_owned())).collect()
            };
            days.iter().flat_map(of).collect()
        };
        let on = |needle: &str| lines(needle).into_iter().map(|(day, _)| day).collect::<Vec<_>>();
        let states = |id: &str| on(&format!("{id},"));
        let orders = |id: &str| on(&format!("\"CustomerID\":\"{id}\"")).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(states(cast::MOVES), [1, 2, 4]);
        assert!(orders(cast::MOVES).is_superset(&BTreeSet::from([1, 3, 5])));
        assert_eq!(states(cast::LATE), [4], "the late customer's row");
        assert!(orders(cast::LATE).is_superset(&BTreeSet::from([2])));
        let quantities = |(day, line): (usize, String)| (day, line.matches("\"Qty\"").count());
        let changed: Vec<_> = lines(cast::CHANGED).into_iter().map(quantities).collect();
        assert_eq!(changed, [(2, 2), (3, 1), (3, 2)], "as it was, changed, and as it was once more");
        assert!(
            !lines("\"TotalAmount\":-").is_empty() && !lines("2025-02-30").is_empty() && !lines("\"OrderID\":null").is_empty()
        );
        assert!(!lines(",tomorrow").is_empty() && !lines(".at.Example.com").is_empty());
        assert_eq!(lines("\"Qty\":0").len(), 2);
    }
}

#[test]
fn torn_files_come_again_whole() {
    let days = days(SEED);
    let name = "products_2025-03-05.json";
    let (torn, whole) = (text(&days, 3, name), text(&days, 4, name));
    assert!(whole.starts_with(torn) && torn.len() < whole.len());
    assert!(serde_json::from_str::<serde_json::Value>(torn).is_err());
    assert!(serde_json::from_str::<serde_json::Value>(whole).unwrap().as_array().unwrap().len() > 1);
    let torn = text(&days, 3, "orders_2025-03-05_18.json").lines().last().unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(torn).is_err());
    assert!(text(&days, 4, "orders_2025-03-06_06.json").lines().any(|line| line.starts_with(torn)), "{torn}");
    assert_eq!(text(&days, 2, "orders_2025-03-04_06.json"), text(&days, 3, "orders_2025-03-04_06_again.json"));
}

#[test]
fn amounts_add_up() {
    let cents = |value: &serde_json::Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    let mut seen = 0;
    for line in text(&days(SEED), 1, "orders_2025-03-03_12.json").lines() {
        let order: serde_json::Value = serde_json::from_str(line).unwrap();
        let of = |line: &serde_json::Value, name: &str| cents(&line[name]);
        let mut total = 0;
        for line in order["Lines"].as_array().unwrap() {
            let gross = line["Qty"].as_i64().unwrap() * of(line, "UnitPrice");
            assert_eq!(gross - of(line, "Discount") + of(line, "Tax"), of(line, "Amount"), "{line}");
            total += of(line, "Amount");
        }
        assert_eq!(cents(&order["TotalAmount"]).abs(), total, "{order}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}
