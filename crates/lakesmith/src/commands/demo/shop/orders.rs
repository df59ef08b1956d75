//! Orders as lines of JSON, four files a day: what was placed, and what changed about orders of the day before.

use super::dice::Dice;
use super::products::{self, Products, dollars};
use super::{DAYS, cast, customers, date};

/// Orders of a day: so many, and up to as many more as [`MORE`].
const ORDERS: usize = 960;
const MORE: usize = 120;
/// Of a hundred orders so many are shipped on the next day.
const SHIPPED: usize = 9;
/// Per cent of tax on what is left after the discount.
const TAX: i64 = 8;
/// The hours up to which a file reaches.
const HOURS: [u32; 4] = [6, 12, 18, 24];
/// The file of this day and hour is delivered again on the next day, under another name.
const TWICE: (usize, u32) = (2, 6);
/// The file of this day and hour is torn off in its last line; the order comes again on the next day.
const TORN: (usize, u32) = (3, 18);
/// How many bytes it lacks.
const LACKS: usize = 70;

/// How busy each hour of the day is.
const BUSY: [usize; 24] = [4, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 12, 10, 9, 9, 10, 12, 13, 14, 14, 12, 9, 6];
const CHANNELS: [(&str, usize); 3] = [("web", 55), ("app", 30), ("store", 15)];
const LINES: [(usize, usize); 4] = [(1, 35), (2, 35), (3, 20), (4, 10)];
const QUANTITIES: [(i64, usize); 5] = [(1, 60), (2, 22), (3, 9), (4, 6), (6, 3)];
const DISCOUNTS: [(i64, usize); 4] = [(0, 70), (5, 15), (10, 10), (20, 5)];

/// One state of an order.
#[derive(Clone)]
struct Order {
    id: Option<String>,
    customer: usize,
    date: String,
    status: &'static str,
    channel: &'static str,
    lines: Vec<Line>,
    /// In cents; the sum of the lines.
    amount: i64,
    updated: String,
}

/// One line of an order; amounts in cents.
#[derive(Clone)]
struct Line {
    product: usize,
    quantity: i64,
    price: i64,
    discount: i64,
    tax: i64,
    amount: i64,
}

/// The orders of all days.
pub(super) struct Orders {
    /// By day, in the order in which they were placed, each with the hour.
    placed: Vec<Vec<(u32, Order)>>,
    /// What became of orders of the day before, by day.
    changed: Vec<Vec<Order>>,
}

impl Orders {
    pub(super) fn new(seed: u64, products: &Products) -> Orders {
        let placed: Vec<_> = (1..=DAYS).map(|day| placed(seed, day, products)).collect();
        let changed = (1..=DAYS).map(|day| if day == 1 { vec![] } else { changed(seed, day, &placed[day - 2], products) });
        let changed = changed.collect();
        Orders { placed, changed }
    }

    /// The files that come on a day: what their names end with, their text, and the hour at which they come.
    pub(super) fn files(&self, day: usize) -> Vec<(String, String, u32)> {
        let mut files = vec![];
        for hour in HOURS {
            let mut text = self.text(day, hour);
            if (day, hour) == TORN {
                text.truncate(text.trim_end().len() - LACKS);
            }
            files.push((format!("{}_{hour:02}", date(day)), text, hour));
        }
        if day == TWICE.0 + 1 {
            files.push((format!("{}_{:02}_again", date(TWICE.0), TWICE.1), self.text(TWICE.0, TWICE.1), 7));
        }
        files
    }

    fn text(&self, day: usize, hour: u32) -> String {
        let placed = self.placed[day - 1].iter().enumerate().filter(|(_, (at, _))| *at < hour && *at + 6 >= hour);
        let mut lines: Vec<String> = placed.map(|(n, (_, order))| flawed(day, n, order).json()).collect();
        if hour == HOURS[0] {
            lines.extend(self.changed[day - 1].iter().map(Order::json));
            if day == TORN.0 + 1 {
                lines.extend(self.last_of(TORN).map(Order::json));
            }
        }
        // Some rows stand in a file twice.
        if (day, hour) == (4, 12) {
            lines.extend_from_within(..3.min(lines.len()));
        }
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// The last order of a file.
    fn last_of(&self, (day, hour): (usize, u32)) -> Option<&Order> {
        self.placed[day - 1].iter().rev().find(|(at, _)| *at < hour).map(|(_, order)| order)
    }
}

/// What is ordered on a day.
fn placed(seed: u64, day: usize, products: &Products) -> Vec<(u32, Order)> {
    let mut dice = Dice::new(seed, "orders", day);
    let count = ORDERS + dice.below(MORE);
    let hours: Vec<(u32, usize)> = (0..).zip(BUSY).collect();
    let mut times: Vec<(u32, usize)> = (0..count).map(|_| (dice.weighted(&hours), dice.below(3600))).collect();
    times.sort_unstable();
    let date = date(day);
    let mut all = vec![];
    for (n, (hour, second)) in times.into_iter().enumerate() {
        let id = format!("O-{day}{n:04}");
        let customer = customer(&id, day, n, &mut dice);
        let lines = match id.as_str() {
            cast::CHANGED => vec![line(3, 1, 0, day, products), line(16, 2, 0, day, products)],
            cast::EARLY => vec![line(21, 1, 5, day, products), line(37, 2, 5, day, products)],
            _ => (0..dice.weighted(&LINES)).map(|_| any_line(day, products, &mut dice)).collect(),
        };
        let order = Order {
            id: Some(id),
            customer,
            date: date.to_string(),
            status: "PAID",
            channel: dice.weighted(&CHANNELS),
            amount: lines.iter().map(|line| line.amount).sum(),
            lines,
            updated: format!("{date} {hour:02}:{:02}:{:02}", second / 60, second % 60),
        };
        all.push((hour, order));
    }
    all
}

/// Who places an order: some do much more often than others.
fn customer(id: &str, day: usize, n: usize, dice: &mut Dice) -> usize {
    let known = customers::known(day);
    let any = 1 + dice.below(known).min(dice.below(known));
    let [moves, late] = [cast::MOVES, cast::LATE].map(cast::number);
    match id {
        cast::EARLY => late,
        _ if n == 100 && day % 2 == 1 => moves,
        _ if any == moves || any == late => any + 1,
        _ => any,
    }
}

fn any_line(day: usize, products: &Products, dice: &mut Dice) -> Line {
    let product = dice.below(products.len());
    line(product, dice.weighted(&QUANTITIES), dice.weighted(&DISCOUNTS), day, products)
}

fn line(product: usize, quantity: i64, percent: i64, day: usize, products: &Products) -> Line {
    let price = products.price(product, day);
    let discount = (quantity * price * percent + 50) / 100;
    let net = quantity * price - discount;
    let tax = (net * TAX + 50) / 100;
    Line { product, quantity, price, discount, tax, amount: net + tax }
}

/// What became of orders of the day before.
fn changed(seed: u64, day: usize, before: &[(u32, Order)], products: &Products) -> Vec<Order> {
    let mut dice = Dice::new(seed, "changed", day);
    let date = date(day);
    let mut all = vec![];
    for (_, order) in before {
        let shipped = dice.percent(SHIPPED);
        let updated = format!("{date} {:02}:{:02}:00", dice.below(6), dice.below(60));
        if order.id.as_deref() == Some(cast::CHANGED) {
            let lines = vec![line(3, 3, 0, day - 1, products)];
            let amount = lines.iter().map(|line| line.amount).sum();
            all.push(Order { status: "CORRECTED", lines, amount, updated, ..order.clone() });
        } else if shipped {
            all.push(Order { status: "SHIPPED", updated, ..order.clone() });
        }
    }
    all
}

/// The order as it is delivered: some have a flaw.
fn flawed(day: usize, n: usize, order: &Order) -> Order {
    let mut order = order.clone();
    match (day, n) {
        (1, 60 | 610) | (2, 300) | (3, 410) | (4, 380) | (5, 801) => order.amount = -order.amount,
        (2, 505) => order.date = "2025-02-30".to_owned(),
        (4, 655) => order.date = "6 March".to_owned(),
        (4, 150) | (5, 90) => order.id = None,
        (2, 720) | (5, 222) => order.lines[0].quantity = 0,
        _ => {}
    }
    order
}

impl Order {
    fn json(&self) -> String {
        let Order { customer, date, status, channel, updated, .. } = self;
        let id = self.id.as_ref().map_or("null".to_owned(), |id| format!("\"{id}\""));
        let lines: Vec<String> = self.lines.iter().enumerate().map(|(n, line)| line.json(n + 1)).collect();
        format!(
            "{{\"OrderID\":{id},\"CustomerID\":\"C-{customer:04}\",\"OrderDate\":\"{date}\",\"Status\":\"{status}\",\"Channel\":\"{channel}\",\
             \"TotalAmount\":{},\"UpdatedAt\":\"{updated}\",\"Lines\":[{}]}}",
            dollars(self.amount),
            lines.join(",")
        )
    }
}

impl Line {
    fn json(&self, number: usize) -> String {
        let [price, discount, tax, amount] = [self.price, self.discount, self.tax, self.amount].map(dollars);
        format!(
            "{{\"LineNo\":{number},\"ProductID\":\"{}\",\"Qty\":{},\"UnitPrice\":{price},\"Discount\":{discount},\"Tax\":{tax},\"Amount\":{amount}}}",
            products::id(self.product),
            self.quantity
        )
    }
}
