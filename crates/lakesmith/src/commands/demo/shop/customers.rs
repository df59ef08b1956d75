//! Customers as CSV: everybody on the first day, then who is new and who changed.

use super::dice::Dice;
use super::{DAYS, cast, date};
use std::fmt::Write;

/// How many there are on the first day.
const FIRST: usize = 300;
/// How many are new on each further day.
const NEW: usize = 6;
/// How many change on each further day.
const CHANGES: usize = 10;

const HEADER: &str = "CustomerID,First Name,lastName,E-Mail,SEGMENT,city,State,countryCode,UpdatedAt\n";

const FIRST_NAMES: [&str; 24] = [
    "Ada", "Anton", "Bela", "Carla", "David", "Elena", "Emil", "Flora", "Georg", "Hanna", "Ines", "Jonas", "Karin", "Leo",
    "Marta", "Nils", "Olga", "Paul", "Rosa", "Simon", "Tara", "Ugo", "Vera", "Yann",
];
const LAST_NAMES: [&str; 24] = [
    "Adler", "Berg", "Costa", "Dahl", "Engel", "Farkas", "Grant", "Holm", "Ivers", "Jansen", "Kovac", "Lind", "Moreau", "Novak",
    "Orsi", "Pratt", "Quinn", "Rossi", "Sand", "Torres", "Ulm", "Vidal", "Weiss", "Young",
];
/// City, state, country, and how many of a hundred or so live there.
const PLACES: [((&str, &str, &str), usize); 14] = [
    (("Austin", "Texas", "US"), 14),
    (("San Diego", "California", "US"), 14),
    (("Buffalo", "New York", "US"), 10),
    (("Portland", "Oregon", "US"), 8),
    (("Berlin", "Berlin", "DE"), 10),
    (("Munich", "Bavaria", "DE"), 7),
    (("Vienna", "Vienna", "AT"), 6),
    (("Rennes", "Brittany", "FR"), 6),
    (("Marseille", "Provence", "FR"), 5),
    (("Rome", "Lazio", "IT"), 6),
    (("Barcelona", "Catalonia", "ES"), 5),
    (("Leeds", "England", "GB"), 5),
    (("Warsaw", "Masovia", "PL"), 4),
    (("Bergen", "Vestland", "NO"), 3),
];
const SEGMENTS: [(&str, usize); 3] = [("consumer", 60), ("corporate", 25), ("home office", 15)];

/// A customer as they are at the moment.
#[derive(Clone)]
struct Person {
    id: usize,
    first: &'static str,
    last: &'static str,
    place: (&'static str, &'static str, &'static str),
    segment: &'static str,
}

/// How many customers may order on a day: their numbers begin with 1.
pub(super) fn known(day: usize) -> usize {
    FIRST + NEW * (day - 1)
}

/// The file of each day.
pub(super) fn texts(seed: u64) -> [String; DAYS] {
    let mut people: Vec<Person> = (1..=FIRST).map(|id| person(seed, id)).collect();
    std::array::from_fn(|n| {
        let day = n + 1;
        let mut text = String::from(HEADER);
        match day {
            1 => everybody(&people, seed, &mut text),
            _ => changes(&mut people, seed, day, &mut text),
        }
        flaws(&people, day, &mut text);
        text
    })
}

fn person(seed: u64, id: usize) -> Person {
    let mut dice = Dice::new(seed, "person", id);
    let mut person = Person {
        id,
        first: dice.pick(&FIRST_NAMES),
        last: dice.pick(&LAST_NAMES),
        place: dice.weighted(&PLACES),
        segment: dice.weighted(&SEGMENTS),
    };
    if id == cast::number(cast::MOVES) {
        person = Person { first: "Marta", last: "Kovac", place: ("Vienna", "Vienna", "AT"), segment: "consumer", ..person };
    }
    if id == cast::number(cast::LATE) {
        person = Person { first: "Ines", last: "Moreau", place: ("Rennes", "Brittany", "FR"), segment: "consumer", ..person };
    }
    person
}

/// All that there are on the first day, each from some moment of the year before.
fn everybody(people: &[Person], seed: u64, text: &mut String) {
    let mut dice = Dice::new(seed, "since", 1);
    for person in people {
        let (month, day, hour, minute) = (1 + dice.below(12), 1 + dice.below(28), 7 + dice.below(14), dice.below(60));
        line(person, &format!("2024-{month:02}-{day:02} {hour:02}:{minute:02}:00"), text);
    }
}

/// Who is new and who changed.
fn changes(people: &mut Vec<Person>, seed: u64, day: usize, text: &mut String) {
    let mut dice = Dice::new(seed, "changes", day);
    let date = date(day);
    for id in known(day - 1) + 1..=known(day) {
        people.push(person(seed, id));
        if id != cast::number(cast::LATE) {
            line(&people[id - 1], &format!("{date} 00:{:02}:00", 10 + dice.below(50)), text);
        }
    }
    for _ in 0..CHANGES {
        let id = 1 + dice.below(FIRST);
        let at = format!("{date} {:02}:{:02}:{:02}", 8 + dice.below(11), dice.below(60), dice.below(60));
        if id == cast::number(cast::MOVES) {
            continue;
        }
        let person = &mut people[id - 1];
        match dice.percent(50) {
            true => person.segment = dice.weighted(&SEGMENTS),
            false => person.place = dice.weighted(&PLACES),
        }
        line(person, &at, text);
    }
    let moves = &mut people[cast::number(cast::MOVES) - 1];
    match day {
        2 => {
            moves.place = ("Berlin", "Berlin", "DE");
            line(moves, &format!("{date} 09:30:00"), text);
        }
        4 => {
            moves.segment = "corporate";
            line(moves, &format!("{date} 11:00:00"), text);
            // The row of one who has been a customer since day 2.
            line(&people[cast::number(cast::LATE) - 1], &format!("{} 00:05:00", self::date(2)), text);
        }
        _ => {}
    }
}

/// Rows that a rule rejects.
fn flaws(people: &[Person], day: usize, text: &mut String) {
    let date = date(day);
    let mut bad = |id: usize, from: &str, to: &str, at: &str| {
        let mut row = String::new();
        line(&people[id - 1], at, &mut row);
        text.push_str(&row.replace(from, to));
    };
    match day {
        1 => bad(12, "C-0012", "", &format!("{date} 08:00:00")),
        2 => bad(120, "@", ".at.", &format!("{date} 12:00:00")),
        3 => bad(150, "later", "tomorrow", "later"),
        4 => bad(180, "@", ".at.", &format!("{date} 15:00:00")),
        _ => {}
    }
}

/// A row, with the odd case and the blanks that such exports have.
fn line(person: &Person, at: &str, text: &mut String) {
    let Person { id, first, last, place: (city, state, country), segment } = person;
    let (first_name, segment, country) = match id % 7 {
        0 => (format!(" {first}"), segment.to_uppercase(), country.to_lowercase()),
        3 => ((*first).to_owned(), format!("{segment} "), (*country).to_owned()),
        _ => ((*first).to_owned(), (*segment).to_owned(), (*country).to_owned()),
    };
    // Writing to a text does not fail.
    let _ =
        writeln!(text, "C-{id:04},{first_name},{last},{first}.{last}{id}@Example.com,{segment},{city},{state},{country},{at}");
}
