//! What the shop of the demo delivers: five days of files, made up from a seed.
//!
//! The same seed gives the same files, byte by byte, with the same modification times. Who and what the demo tells of
//! ([`cast`]) is there with any seed, and so are the flaws; amounts, names and who buys what come from the dice.

pub(super) mod cast;
mod customers;
mod dice;
mod orders;
mod products;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// How many days there are.
pub(super) const DAYS: usize = 5;
/// The seed if none is given.
pub(super) const SEED: u64 = 42;

/// What arrives on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// 1 to [`DAYS`].
    pub(super) number: usize,
    /// The day itself.
    pub(super) date: NaiveDate,
    /// Its files, in the order in which they arrive.
    pub(super) files: Vec<Landed>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Landed {
    /// Its place in the project, with `/`.
    pub(super) path: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
    /// When it was written, UTC.
    pub(super) modified: DateTime<Utc>,
}

/// The days of a seed.
pub(super) fn days(seed: u64) -> Vec<Day> {
    let customers = customers::texts(seed);
    let products = products::Products::new(seed);
    let orders = orders::Orders::new(seed, &products);
    let day = |number: usize| {
        let date = date(number);
        let mut files = vec![];
        if let Some((of, text)) = products.text(number) {
            files.push(landed(format!("landing/products/products_{}.json", self::date(of)), text, date, 5));
        }
        files.extend(orders.files(number).into_iter().map(|(name, text, hour)| {
            let path = format!("landing/orders/orders_{name}.json");
            landed(path, text, date, hour)
        }));
        files.push(landed(format!("landing/customers/customers_{date}.csv"), customers[number - 1].clone(), date, 20));
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        Day { number, date, files }
    };
    (1..=DAYS).map(day).collect()
}

/// A day's date: the first one is a Monday.
fn date(number: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2025, 3, 3).unwrap_or_default();
    first.checked_add_days(Days::new(number as u64 - 1)).unwrap_or(first)
}

/// A file that was complete at an hour of a day; at 24 it is the last second.
fn landed(path: String, text: String, date: NaiveDate, hour: u32) -> Landed {
    let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(last);
    Landed { path, bytes: text.into_bytes(), modified: date.and_time(time).and_utc() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
