//! How text files are written, told from their first lines.

use super::super::sample::{date_pattern, is_date, is_timestamp};
use super::discover::Kind;

/// Delimiters that are tried, the usual ones first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// How a CSV file seems to be written.
#[derive(Debug, PartialEq)]
pub(super) struct Csv {
    pub(super) delimiter: char,
    pub(super) header: bool,
    /// Whether numbers have a comma before their fraction.
    pub(super) comma: bool,
    /// Lines before the first record: `sep=;`, which spreadsheets write.
    pub(super) skipped: usize,
}

/// Whether it is no text at all.
pub(super) fn is_binary(lines: &[String]) -> bool {
    let characters: usize = lines.iter().map(|line| line.chars().count()).sum();
    let strange = |c: &char| *c == '\0' || *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    // A text in another character set has some that cannot be told.
    lines.iter().flat_map(|line| line.chars()).filter(strange).count() * 10 > characters
}

/// What text is whose name does not say it.
pub(super) fn kind(lines: &[String]) -> Kind {
    let first = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or_default();
    if first.starts_with(['{', '[']) {
        return Kind::Json;
    }
    if first.starts_with('<') {
        return Kind::Xml;
    }
    let lines: Vec<&String> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    let alike = |delimiter: char| {
        let counts: Vec<usize> = lines.iter().map(|line| fields(line, delimiter).len()).collect();
        counts.len() > 1 && counts[0] > 1 && counts.iter().all(|count| *count == counts[0])
    };
    if DELIMITERS.into_iter().any(alike) { Kind::Csv } else { Kind::Text }
}

/// How the records are written. The delimiter is the one that makes the most of the first line.
pub(super) fn csv(lines: &[String]) -> Csv {
    let mut lines = lines.iter().map(|line| line.trim_start_matches('\u{feff}')).filter(|line| !line.trim().is_empty());
    let mut first = lines.next().unwrap_or_default();
    let told = first.strip_prefix("sep=").and_then(|mark| mark.chars().next());
    if told.is_some() {
        first = lines.next().unwrap_or_default();
    }
    let count = |delimiter: char| fields(first, delimiter).len();
    let usual = || DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(',');
    let delimiter = told.unwrap_or_else(usual);
    let rest: Vec<Vec<String>> = lines.map(|line| fields(line, delimiter)).collect();
    let values = || rest.iter().flatten();
    let comma = values().any(|value| is_number(value, ',')) && !values().any(|value| is_number(value, '.'));
    let header = is_header(&fields(first, delimiter), &rest);
    Csv { delimiter, header, comma: comma && delimiter != ',', skipped: usize::from(told.is_some()) }
}

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Empty,
    Number,
    Time,
    Mail,
    Text,
}

fn form(field: &str) -> Form {
    let field = field.trim();
    let number = || field.replace(',', ".").parse::<f64>().is_ok() && field.contains(|c: char| c.is_ascii_digit());
    if field.is_empty() {
        Form::Empty
    } else if number() || is_number(field, ',') || is_number(field, '.') {
        Form::Number
    } else if is_date(field) || is_timestamp(field) || date_pattern([field].into_iter()).is_some() {
        Form::Time
    } else if field.contains('@') {
        Form::Mail
    } else {
        Form::Text
    }
}

/// Whether the first record names the columns: unless it looks like the records below it. A year above other numbers is the
/// name of a column, as in a table with a column a year.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    let (mut alike, mut unlike) = (0, 0);
    let words = first.iter().any(|field| form(field) == Form::Text);
    for (n, field) in first.iter().enumerate() {
        let below = || rest.iter().filter_map(|record| record.get(n)).filter(|value| form(value) != Form::Empty);
        let mut forms = below().map(|value| form(value));
        let same = forms.next().filter(|one| forms.all(|other| other == *one));
        match (form(field), same) {
            (Form::Empty, _) | (Form::Text, None | Some(Form::Text)) | (Form::Number, Some(Form::Text)) => {}
            (Form::Number, Some(Form::Number)) if words && is_year(field) && !below().any(|value| is_year(value)) => unlike += 1,
            (own, Some(other)) if own != other && own == Form::Text => unlike += 1,
            _ => alike += 1,
        }
    }
    alike == 0 || unlike >= alike
}

fn is_year(field: &str) -> bool {
    let field = field.trim();
    field.len() == 4 && field.parse().is_ok_and(|year: u32| (1900..=2100).contains(&year))
}

/// The name of the elements that seem to be the rows: the first within the outermost one.
pub(super) fn row_tag(lines: &[String]) -> Option<String> {
    let text = lines.join("\n");
    let names = text.split('<').skip(1).filter(|tag| tag.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    let name = |tag: &str| tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default().to_owned();
    names.map(name).nth(1)
}

/// The fields of a record, quotes taken off.
fn fields(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => fields.push(String::new()),
            c => fields.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    fields
}

/// Whether it is a number with a fraction behind this mark.
fn is_number(text: &str, mark: char) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = |text: &str| !text.is_empty() && text.trim_start_matches('-').split(['.', ',']).all(digits);
    text.trim()
        .rsplit_once(mark)
        .is_some_and(|(before, fraction)| digits(fraction) && fraction.len() != 3 && !before.contains(mark) && whole(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn csv_is_told_by_its_first_lines() {
        for (text, delimiter, header, comma) in [
            ("a,b\n1,2", ',', true, false),
            ("name;price\nBread;4,50\nRoll;1.200,10", ';', true, true),
            ("name;price;from\nBread;4,50;01.01.2025", ';', true, true),
            ("a\tb\n1\t2.5", '\t', true, false),
            ("1|x\n2|y", '|', false, false),
            ("one\n1", ',', true, false),
            ("\"a;b\",c\n1,2", ',', true, false),
            (",name,amt\n0,a,1.5\n1,b,2.5", ',', true, false),
            ("id,,x,\n1,2,3,4", ',', true, false),
            ("region,2024,2025\nN,10,20", ',', true, false),
            ("N,2024,20\nS,2025,40", ',', false, false),
            ("1,2,3\n4,5,6", ',', false, false),
            ("2025-01-01,a\n2025-01-02,b", ',', false, false),
            ("a,b\nx,y", ',', true, false),
            ("1,a@example.com", ',', false, false),
        ] {
            assert_eq!(csv(&lines(text)), Csv { delimiter, header, comma, skipped: 0 }, "{text}");
        }
        let told = csv(&lines("sep=;\na,b;c\n1;2"));
        assert_eq!(told, Csv { delimiter: ';', header: true, comma: false, skipped: 1 });
    }

    #[test]
    fn text_is_told_by_its_first_lines() {
        for (text, expected) in [
            ("{\"a\":1}", Kind::Json),
            ("<?xml version=\"1.0\"?>\n<a/>", Kind::Xml),
            ("a|b\n1|2", Kind::Csv),
            ("Dear all, hello\nwe meet at noon", Kind::Text),
            ("", Kind::Text),
        ] {
            assert_eq!(kind(&lines(text)), expected, "{text}");
        }
    }

    #[test]
    fn bytes_are_no_text() {
        let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert!(is_binary(&text(&["PK\u{3}\u{4}\0\0\u{8}", "\u{fffd}\u{fffd}a"])));
        assert!(!is_binary(&text(&["Gr\u{fffd}\u{df}e;Preis\tin EUR", "klein;4,50"])) && !is_binary(&[]));
    }

    #[test]
    fn rows_of_xml_are_the_first_inner_elements() {
        let found = |text: &str| row_tag(&lines(text));
        assert_eq!(
            found("<?xml version=\"1.0\"?>\n<!-- all -->\n<orders at=\"1\">\n <order id=\"1\">"),
            Some("order".to_owned())
        );
        assert_eq!(found("<a>"), None);
    }
}
