//! What names of columns tell, by habit. Everything here is a guess that a comment marks as one.

mod latin;

use lakesmith_sql::DataType;

/// Last words of names that tell things apart.
const ID_WORDS: [&str; 10] = ["id", "uuid", "guid", "no", "nr", "num", "number", "code", "key", "sku"];
/// Words of amounts of money.
const MONEY: [&str; 20] = [
    "amount", "price", "cost", "total", "subtotal", "tax", "discount", "revenue", "sales", "profit", "fee", "salary", "balance",
    "paid", "value", "margin", "shipping", "freight", "budget", "payment",
];
/// Words of numbers that must not be summed up.
const RATES: [&str; 12] =
    ["price", "rate", "pct", "percent", "percentage", "ratio", "share", "margin", "score", "rating", "average", "avg"];
/// Words of times at which a row changed.
const CHANGED: [&str; 10] = [
    "updated",
    "modified",
    "changed",
    "update",
    "modification",
    "change",
    "lastmodified",
    "lastupdated",
    "geaendert",
    "aktualisiert",
];
/// Words of times at which something was noted rather than done.
const NOTED: [&str; 6] = ["created", "inserted", "loaded", "exported", "extracted", "birth"];
/// Words of personal data, each with its tag.
const PERSONAL: [(&str, &str); 10] = [
    ("email", "pii.email"),
    ("mail", "pii.email"),
    ("phone", "pii.phone"),
    ("mobile", "pii.phone"),
    ("ssn", "pii.ssn"),
    ("birthday", "pii.birth_date"),
    ("birthdate", "pii.birth_date"),
    ("firstname", "pii.name"),
    ("lastname", "pii.name"),
    ("iban", "pii.iban"),
];

fn words(name: &str) -> Vec<String> {
    lakesmith_compile::snake_case(name).split('_').map(str::to_owned).collect()
}

fn has_word(name: &str, of: &[&str]) -> bool {
    words(name).iter().any(|word| of.contains(&word.as_str()))
}

/// Whether a name is one that tells things apart, such as `order_id`.
pub(super) fn is_id(name: &str) -> bool {
    words(name).last().is_some_and(|word| ID_WORDS.contains(&word.as_str()))
}

/// How likely a column is the key of a table of `thing`s; the smaller the likelier. None if its name says nothing.
pub(super) fn key_rank(name: &str, thing: &str) -> Option<usize> {
    let own = |word: &str| name == format!("{thing}_{word}");
    match words(name).last()?.as_str() {
        "id" if name == "id" || own("id") => Some(0),
        word if own(word) && ID_WORDS.contains(&word) => Some(1),
        "uuid" | "guid" => Some(2),
        "id" => Some(3),
        word if ID_WORDS.contains(&word) => Some(4),
        _ => None,
    }
}

/// Whether it is an amount of money.
pub(super) fn is_money(name: &str) -> bool {
    has_word(name, &MONEY) && !has_word(name, &["pct", "percent", "percentage", "rate", "ratio", "count", "quantity", "units"])
}

/// Whether its values must not be summed up, such as prices and rates.
pub(super) fn is_rate(name: &str) -> bool {
    has_word(name, &RATES) || (has_word(name, &["unit"]) && is_money(name))
}

/// Whether it says when a row changed last, or from when on it holds.
pub(super) fn is_change_time(name: &str, ty: &DataType) -> bool {
    let since = has_word(name, &["valid", "effective"]) && !has_word(name, &["to", "until", "till", "end", "thru", "through"]);
    is_time(ty) && (has_word(name, &CHANGED) || since || matches!(name, "timestamp" | "ts"))
}

/// Whether it is a day or an instant.
pub(super) fn is_time(ty: &DataType) -> bool {
    matches!(ty, DataType::Timestamp | DataType::Date)
}

/// Whether it says when something happened in the business, for a date.
pub(super) fn is_business_time(name: &str, ty: &DataType) -> bool {
    is_time(ty) && !has_word(name, &CHANGED) && !has_word(name, &NOTED)
}

/// Whether it says when something was noted, which is often when it happened.
pub(super) fn is_noted_time(name: &str, ty: &DataType) -> bool {
    is_time(ty) && has_word(name, &["created", "inserted"])
}

/// The tag of personal data.
pub(super) fn personal(name: &str) -> Option<&'static str> {
    let words = words(name);
    let has = |all: &[&str]| all.iter().all(|word| words.iter().any(|own| own == word));
    let joined = words.concat();
    let found = PERSONAL.iter().find(|(word, _)| has(&[word]) || joined == *word);
    match found {
        Some((_, tag)) => Some(tag),
        None if has(&["birth", "date"]) => Some("pii.birth_date"),
        None if words.last().is_some_and(|word| word == "name") => {
            ["first", "last", "full", "customer", "employee"].iter().any(|word| has(&[word])).then_some("pii.name")
        }
        None => None,
    }
}

/// One of several: `customers` → `customer`, `categories` → `category`.
pub(super) fn singular(name: &str) -> String {
    for (end, one) in [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")] {
        if let Some(stem) = name.strip_suffix(end).filter(|stem| stem.len() > 1) {
            return format!("{stem}{one}");
        }
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) && !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// Several of one: `order` → `orders`, `category` → `categories`.
pub(super) fn plural(name: &str) -> String {
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if name.ends_with(['s', 'x']) || name.ends_with("ch") => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

/// A name that a project may use: snake_case, of ASCII letters and digits; empty if nothing of it remains. Latin letters
/// are written without their marks, others are left out.
pub(super) fn name(text: &str) -> String {
    let name = lakesmith_compile::snake_case(&latin::plain(text));
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("c_{name}"),
        false => name,
    }
}

/// Whether letters of the text are left out by [`name`], so that something of its meaning is lost.
pub(super) fn loses_letters(text: &str) -> bool {
    text.chars().any(|c| c.is_alphabetic() && !c.is_ascii() && latin::letters(c).is_none())
}

/// A name that is not among `taken`, made free by a number, and then is.
pub(super) fn free(name: String, taken: &mut Vec<String>) -> String {
    let mut own = name.clone();
    let mut n = 2;
    while taken.contains(&own) {
        own = format!("{name}_{n}");
        n += 1;
    }
    taken.push(own.clone());
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_keys_come_first() {
        let rank = |name: &str| key_rank(name, "order");
        assert!(rank("order_id") < rank("customer_id") && rank("id") == rank("order_id"));
        assert!(rank("order_number") < rank("customer_id") && rank("line_no").is_some());
        assert_eq!(rank("amount"), None);
        assert!(is_id("Order ID") && is_id("CustomerID") && !is_id("paid"));
    }

    #[test]
    fn words_tell_what_a_column_is() {
        assert!(is_money("unit_price") && is_money("TotalAmount") && !is_money("discount_pct") && !is_money("quantity"));
        assert!(is_rate("unit_price") && is_rate("unit_cost") && is_rate("discount_pct") && !is_rate("total_amount"));
        for name in ["valid_from", "effective_date", "last_modified", "timestamp", "geaendert_am"] {
            assert!(is_change_time(name, &DataType::Date), "{name}");
        }
        assert!(!is_change_time("valid_to", &DataType::Date) && !is_change_time("birth_date", &DataType::Date));
        assert!(is_change_time("updated_at", &DataType::Timestamp) && !is_change_time("updated_at", &DataType::String));
        assert!(is_business_time("order_date", &DataType::Date) && !is_business_time("created_at", &DataType::Timestamp));
        assert_eq!(personal("customer_email"), Some("pii.email"));
        assert_eq!(personal("First_Name"), Some("pii.name"));
        assert_eq!(personal("lastName"), Some("pii.name"));
        assert_eq!((personal("product_name"), personal("order_date")), (None, None));
    }

    #[test]
    fn one_and_several() {
        for (several, one) in [
            ("customers", "customer"),
            ("categories", "category"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("order_lines", "order_line"),
        ] {
            assert_eq!((singular(several), plural(one)), (one.to_owned(), several.to_owned()));
        }
        assert_eq!((singular("status"), singular("address")), ("status".to_owned(), "address".to_owned()));
    }

    #[test]
    fn names_are_made_fit() {
        for (text, fit) in [
            ("Order ID", "order_id"),
            ("_id", "id"),
            ("2024 sales", "c_2024_sales"),
            ("größe", "groesse"),
            ("€", ""),
            ("Straße", "strasse"),
            ("Geändert am", "geaendert_am"),
            ("GRÖSSE", "groesse"),
            ("ÄnderungsDatum", "aenderungs_datum"),
            ("Café\u{301}", "cafe"),
            ("日本", ""),
            ("ID номер", "id"),
        ] {
            assert_eq!(name(text), fit, "{text}");
        }
        assert!(loses_letters("日本 id") && !loses_letters("Größe €"));
        let mut taken = vec!["a".to_owned()];
        assert_eq!((free("a".to_owned(), &mut taken), free("a".to_owned(), &mut taken)), ("a_2".to_owned(), "a_3".to_owned()));
    }
}
