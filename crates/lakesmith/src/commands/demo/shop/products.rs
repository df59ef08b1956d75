//! The catalogue as JSON arrays: all of it on the first day, later what has another price.

use super::date;
use super::dice::Dice;

/// From this day on some products have another price. Their file is torn on that day and comes whole on the next.
const NEW_PRICES: usize = 3;
/// How many.
const CHANGES: usize = 5;

/// Name, category and about what it costs, in cents.
const CATALOGUE: [(&str, &str, i64); 40] = [
    ("Bread knife", "Kitchen", 1890),
    ("Carbon steel pan", "Kitchen", 4900),
    ("Cast iron pot", "Kitchen", 8900),
    ("Coffee grinder", "Kitchen", 3650),
    ("Cutting board", "Kitchen", 2400),
    ("Digital scale", "Kitchen", 2150),
    ("Glass teapot", "Kitchen", 2990),
    ("Salad bowl", "Kitchen", 1950),
    ("Spice rack", "Kitchen", 2750),
    ("Storage jars", "Kitchen", 1690),
    ("Bird house", "Garden", 2290),
    ("Garden hose", "Garden", 3490),
    ("Hand trowel", "Garden", 1290),
    ("Pruning shears", "Garden", 2690),
    ("Raised bed", "Garden", 7990),
    ("Seed tray", "Garden", 890),
    ("Watering can", "Garden", 2490),
    ("Wheelbarrow", "Garden", 9490),
    ("Work gloves", "Garden", 1190),
    ("Desk lamp", "Office", 4590),
    ("Desk organizer", "Office", 1990),
    ("Fountain pen", "Office", 3290),
    ("Laptop stand", "Office", 3990),
    ("Notebook, dotted", "Office", 1090),
    ("Office chair", "Office", 18900),
    ("Paper trimmer", "Office", 5490),
    ("Whiteboard", "Office", 6990),
    ("Camping stove", "Outdoor", 5990),
    ("Dry bag", "Outdoor", 2190),
    ("Head torch", "Outdoor", 3190),
    ("Hiking poles", "Outdoor", 4790),
    ("Picnic blanket", "Outdoor", 2890),
    ("Thermos flask", "Outdoor", 2590),
    ("Two-person tent", "Outdoor", 14900),
    ("Bath towel", "Home", 1790),
    ("Candle holder", "Home", 1590),
    ("Linen basket", "Home", 3390),
    ("Picture frame", "Home", 1490),
    ("Wall clock", "Home", 2790),
    ("Wool blanket", "Home", 6490),
];

/// What the shop sells.
pub(super) struct Products {
    /// The price of each on the first day, in cents.
    prices: Vec<i64>,
    /// The products that get another price, and which.
    changes: Vec<(usize, i64)>,
}

impl Products {
    pub(super) fn new(seed: u64) -> Products {
        let mut dice = Dice::new(seed, "prices", 1);
        let prices: Vec<i64> = CATALOGUE.iter().map(|(_, _, cents)| cents * (90 + dice.below(21) as i64) / 100).collect();
        let mut dice = Dice::new(seed, "prices", NEW_PRICES);
        let step = prices.len() / CHANGES;
        let change = |n: usize| {
            let product = n * step + dice.below(step);
            (product, prices[product] * (103 + dice.below(13) as i64) / 100)
        };
        let changes = (0..CHANGES).map(change).collect();
        Products { prices, changes }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.prices.len()
    }

    /// What one costs on a day, in cents.
    pub(super) fn price(&self, product: usize, day: usize) -> i64 {
        let changed = self.changes.iter().find(|(changed, _)| *changed == product && day >= NEW_PRICES);
        changed.map_or(self.prices[product], |(_, price)| *price)
    }

    /// The file that comes on a day, and the day that it is of.
    pub(super) fn text(&self, day: usize) -> Option<(usize, String)> {
        match day {
            1 => Some((1, array((0..self.len()).map(|product| self.element(product, 1))))),
            NEW_PRICES => {
                let whole = self.new_prices();
                Some((NEW_PRICES, whole[..whole.len() * 2 / 3].to_owned()))
            }
            day if day == NEW_PRICES + 1 => Some((NEW_PRICES, self.new_prices())),
            _ => None,
        }
    }

    fn new_prices(&self) -> String {
        array(self.changes.iter().map(|(product, _)| self.element(*product, NEW_PRICES)))
    }

    fn element(&self, product: usize, day: usize) -> String {
        let (name, category, _) = CATALOGUE[product];
        let (id, price, date) = (id(product), dollars(self.price(product, day)), date(day));
        format!(
            "{{\"ProductID\":\"{id}\",\"Name\":\"{name}\",\"Category\":\"{category}\",\"ListPrice\":{price},\"UpdatedAt\":\"{date} 04:00:00\"}}"
        )
    }
}

/// What the shop calls a product.
pub(super) fn id(product: usize) -> String {
    format!("P-{:03}", product + 1)
}

/// Cents as a number with two decimals.
pub(super) fn dollars(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[\n  {}\n]\n", elements.collect::<Vec<_>>().join(",\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_written_as_dollars() {
        assert_eq!([dollars(5), dollars(-1205), dollars(100)], ["0.05", "-12.05", "1.00"]);
    }

    #[test]
    fn prices_change_once_and_stay() {
        let products = Products::new(3);
        let changed = |day: usize| (0..products.len()).filter(|n| products.price(*n, day) != products.price(*n, 1)).count();
        assert_eq!([changed(2), changed(3), changed(5)], [0, CHANGES, CHANGES]);
    }
}
