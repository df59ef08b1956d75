//! What comes from the shop: rows of its feeds, drawn case by case. Values are drawn from few, so that most of what can go wrong between
//! rows of one key does: equal instants, duplicates, late and back-dated states, deletes before inserts, bad rows around good ones.

use crate::tier::Dice;
use serde_json::{Map, Value, json};

/// An instant, in microseconds since 1970, UTC.
pub(crate) type Instant = i64;
/// A day, in days since 1970.
pub(crate) type Day = i32;

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Text as a source writes it, which may not be what it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Written<T> {
    /// A value.
    Good(T),
    /// Text that does not parse.
    Bad,
    /// Nothing.
    Missing,
}

impl<T: Copy> Written<T> {
    /// What a lenient cast makes of it.
    pub(crate) fn value(&self) -> Option<T> {
        match self {
            Written::Good(value) => Some(*value),
            _ => None,
        }
    }

    fn json(&self, text: impl Fn(T) -> String) -> Value {
        match self {
            Written::Good(value) => Value::from(text(*value)),
            Written::Bad => Value::from("soon"),
            Written::Missing => Value::Null,
        }
    }
}

type Text = Option<&'static str>;

/// A state of a customer, or the end of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Customer {
    pub(crate) id: Text,
    pub(crate) name: Text,
    pub(crate) segment: Text,
    pub(crate) email: Text,
    pub(crate) country: Text,
    pub(crate) note: Text,
    pub(crate) at: Written<Instant>,
    pub(crate) delete: bool,
}

/// A state of a product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Product {
    pub(crate) id: Text,
    pub(crate) name: Text,
    pub(crate) category: Text,
    pub(crate) at: Written<Instant>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) number: Option<i64>,
    pub(crate) product: Text,
    pub(crate) quantity: Option<i64>,
    pub(crate) cents: Option<i64>,
}

/// A state of an order, or the end of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: Text,
    pub(crate) customer: Text,
    pub(crate) day: Written<Day>,
    pub(crate) status: Text,
    pub(crate) country: Text,
    pub(crate) lines: Option<Vec<Line>>,
    pub(crate) at: Written<Instant>,
    pub(crate) delete: bool,
}

/// A state of a country, or the end of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Country {
    pub(crate) code: Text,
    pub(crate) region: Text,
    pub(crate) at: Written<Instant>,
    pub(crate) delete: bool,
}

/// A row of a snapshot: what an article costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Price {
    pub(crate) id: Text,
    /// In cents; not every one is above 0.
    pub(crate) cents: Written<i64>,
    pub(crate) currency: Text,
}

impl Price {
    /// A line of its file.
    pub(crate) fn json(&self, case: usize) -> String {
        json!({ "PriceID": self.id, "Price": self.cents.json(money), "Currency": self.currency, "Case": case }).to_string()
    }
}

/// `-1.05`
pub(crate) fn money(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// What a snapshot says of a case: often nothing, now and then a key several times.
pub(crate) fn prices(random: &mut Dice) -> Vec<Price> {
    let count = *random.pick(&[0, 1, 2, 2, 3, 4]);
    let one = |_| Price {
        id: if random.chance(3) { None } else { Some(*random.pick(&["k", "k", "l", "m"])) },
        cents: match random.below(20) {
            0 => Written::Bad,
            1 => Written::Missing,
            _ => Written::Good([-105, 0, 1, 250, 250, 99_999][random.below(6)]),
        },
        currency: if random.chance(30) { None } else { Some("EUR") },
    };
    (0..count).map(one).collect()
}

/// A row of a feed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Customer(Customer),
    Product(Product),
    Order(Order),
    Country(Country),
}

impl Event {
    /// The folder it comes in.
    pub(crate) fn feed(&self) -> &'static str {
        match self {
            Event::Customer(_) => "customers",
            Event::Product(_) => "products",
            Event::Order(_) => "orders",
            Event::Country(_) => "countries",
        }
    }

    /// A line of its file.
    pub(crate) fn json(&self, case: usize) -> String {
        let mut row = match self {
            Event::Customer(c) => json!({
                "CustomerID": c.id, "Name": c.name, "Segment": c.segment, "Email": c.email, "CountryCode": c.country, "Note": c.note,
                "UpdatedAt": c.at.json(stamp), "_operation": operation(c.delete),
            }),
            Event::Product(p) => {
                json!({ "ProductID": p.id, "ProductName": p.name, "Category": p.category, "UpdatedAt": p.at.json(stamp) })
            }
            Event::Order(o) => json!({
                "OrderID": o.id, "CustomerID": o.customer, "OrderDate": o.day.json(date), "Status": o.status, "CountryCode": o.country,
                "Lines": o.lines.as_ref().map(|lines| lines.iter().map(line).collect::<Vec<_>>()),
                "UpdatedAt": o.at.json(stamp), "_operation": operation(o.delete),
            }),
            Event::Country(c) => json!({
                "CountryCode": c.code, "Region": c.region, "UpdatedAt": c.at.json(stamp), "_operation": operation(c.delete),
            }),
        };
        let fields: &mut Map<String, Value> = row.as_object_mut().unwrap();
        // What is NULL is left out in every second case.
        if case % 2 == 1 {
            fields.retain(|_, value| !value.is_null());
        }
        fields.insert("Case".to_owned(), Value::from(case));
        row.to_string()
    }
}

fn operation(delete: bool) -> Option<&'static str> {
    delete.then_some("delete")
}

fn line(line: &Line) -> Value {
    json!({ "LineNo": line.number, "ProductID": line.product, "Qty": line.quantity, "Amount": line.cents.map(|cents| cents as f64 / 100.0) })
}

/// `2024-03-01 08:00:00` or `2024-03-01 08:00:00.000001`, as Spark writes it too.
pub(crate) fn stamp(at: Instant) -> String {
    let text = chrono::DateTime::from_timestamp_micros(at).unwrap().format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// `2024-03-01`
pub(crate) fn date(day: Day) -> String {
    stamp(i64::from(day) * DAY)[..10].to_owned()
}

/// The events of a case, in the order in which they happened to be thought of.
pub(crate) fn case(random: &mut Dice) -> Vec<Event> {
    let mut drawn = Draw::new(random);
    let mut events = vec![];
    let (customers, products, orders, countries) =
        *drawn.random.pick(&[(20, 0, 0, 0), (12, 0, 3, 0), (6, 0, 5, 3), (8, 0, 5, 0), (0, 8, 5, 0), (3, 3, 5, 2), (0, 0, 8, 2)]);
    drawn.several(&mut events, customers, |drawn| Event::Customer(drawn.customer()));
    drawn.several(&mut events, products, |drawn| Event::Product(drawn.product()));
    drawn.several(&mut events, orders, |drawn| Event::Order(drawn.order()));
    drawn.several(&mut events, countries, |drawn| Event::Country(drawn.country()));
    events
}

struct Draw<'a> {
    random: &'a mut Dice,
    /// The first day of the case.
    first: Day,
    /// The instants at which things happen in it.
    instants: Vec<Instant>,
}

impl<'a> Draw<'a> {
    fn new(random: &'a mut Dice) -> Self {
        let first = 19_723 + random.below(300) as Day;
        let times = [0, 1, 30_600_000_000, DAY - 1];
        let mut instants = vec![];
        for _ in 0..2 + random.below(6) {
            instants.push((i64::from(first) + random.below(6) as i64) * DAY + *random.pick(&times));
        }
        Draw { random, first, instants }
    }

    /// Up to so many events, some of which are like an earlier one: the same again, the same at another time, or another at the same time.
    fn several(&mut self, events: &mut Vec<Event>, most: usize, one: impl Fn(&mut Self) -> Event) {
        let start = events.len();
        for _ in 0..self.random.below(most + 1) {
            let new = one(self);
            let earlier = (events.len() > start).then(|| events[start + self.random.below(events.len() - start)].clone());
            let event = match &earlier {
                Some(earlier) if self.random.chance(10) => earlier.clone(),
                Some(earlier) if self.random.chance(25) => moved(earlier, &new),
                Some(earlier) if self.random.chance(15) => moved(&new, earlier),
                _ => new,
            };
            events.push(event);
        }
    }

    fn text(&mut self, missing: usize, several: &[&'static str]) -> Text {
        match self.random.chance(missing) {
            true => None,
            false => Some(*self.random.pick(several)),
        }
    }

    fn at(&mut self) -> Written<Instant> {
        match self.random.below(100) {
            0..4 => Written::Bad,
            4..7 => Written::Missing,
            _ => Written::Good(*self.random.pick(&self.instants)),
        }
    }

    fn delete(&mut self) -> bool {
        self.random.chance(18)
    }

    fn customer(&mut self) -> Customer {
        Customer {
            id: self.text(3, &["a", "a", "a", "a", "a", "b"]),
            name: self.text(8, &["Ann", "Ann", "Ann", "Bo"]),
            segment: self.text(60, &["none", "x", "x"]),
            email: self.text(70, &["e", "e", "E"]),
            country: self.text(30, &["DE", "FR"]),
            note: self.text(50, &["1", "2"]),
            at: self.at(),
            delete: self.delete(),
        }
    }

    fn product(&mut self) -> Product {
        Product {
            id: self.text(8, &["p", "p", "q"]),
            name: self.text(8, &["Pen", "pen", "Pen "]),
            category: self.text(40, &["ä", "z"]),
            at: self.at(),
        }
    }

    fn order(&mut self) -> Order {
        let day = match self.random.below(100) {
            0..4 => Written::Bad,
            4..7 => Written::Missing,
            _ => Written::Good(self.first - 2 + self.random.below(9) as Day),
        };
        let lines = match self.random.below(10) {
            0 => None,
            1 => Some(vec![]),
            _ => Some((0..1 + self.random.below(3)).map(|_| self.line()).collect()),
        };
        Order {
            id: self.text(3, &["o", "o", "o", "u"]),
            customer: self.text(8, &["a", "a", "a", "a", "b", "z"]),
            day,
            status: self.text(40, &["placed", "shipped"]),
            country: self.text(30, &["DE", "FR", "XX"]),
            lines,
            at: self.at(),
            delete: self.delete(),
        }
    }

    fn line(&mut self) -> Line {
        Line {
            number: (!self.random.chance(4)).then(|| 1 + self.random.below(4) as i64),
            product: self.text(8, &["p", "p", "q", "r"]),
            quantity: (!self.random.chance(8)).then(|| 1 + self.random.below(3) as i64),
            cents: (!self.random.chance(8)).then(|| [1, 10, 333, 333, 99_999_999][self.random.below(5)]),
        }
    }

    fn country(&mut self) -> Country {
        Country {
            code: self.text(3, &["DE", "DE", "FR"]),
            region: self.text(20, &["north", "south"]),
            at: self.at(),
            delete: self.delete(),
        }
    }
}

/// What one event says, at the key and the instant of the other. Events of a feed only.
fn moved(says: &Event, of: &Event) -> Event {
    match (says, of) {
        (Event::Customer(says), Event::Customer(of)) => {
            Event::Customer(Customer { id: of.id, at: of.at.clone(), ..says.clone() })
        }
        (Event::Product(says), Event::Product(of)) => Event::Product(Product { id: of.id, at: of.at.clone(), ..says.clone() }),
        (Event::Order(says), Event::Order(of)) => Event::Order(Order { id: of.id, at: of.at.clone(), ..says.clone() }),
        (Event::Country(says), Event::Country(of)) => {
            Event::Country(Country { code: of.code, at: of.at.clone(), ..says.clone() })
        }
        _ => says.clone(),
    }
}
