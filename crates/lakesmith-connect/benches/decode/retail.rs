//! Files of a shop, always the same: orders with their lines inside as NDJSON, customers and order lines as CSV.

use std::fmt::Write;

const STATUS: [&str; 5] = ["placed", "Paid", "SHIPPED", "delivered", "returned"];
const CITIES: [&str; 10] =
    ["Berlin", "Paris", "Zürich", "São Paulo", "New York", "Vienna", "Lisbon", "Dublin", "Prague", "Athens"];
const COUNTRIES: [&str; 6] = ["DE", "FR", "CH", "BR", "US", "AT"];
const CHANNELS: [&str; 4] = ["web", "store", "app", "partner"];
const NOTES: [&str; 4] = ["", "leave at the door, please", "gift wrapping and a greeting card", "call before delivery"];
const FIRST: [&str; 8] = ["Anna", "Ben", " Clara ", "David", "Zoë", "Felix", "Greta", "Hugo"];
const LAST: [&str; 8] = ["Smith", "Jones", "Müller", "Garcia", "O'Neil", "Novak", "Kowalski", "Silva"];
const SEGMENTS: [&str; 4] = ["consumer", "CORPORATE", " home office ", "small business"];
const KINDS: [&str; 4] = ["Compact", "Deluxe", "Heavy", "Smart"];
const THINGS: [&str; 5] = ["Chair", "Lamp", "Kettle", "Shovel", "Puzzle"];

/// Numbers by chance: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn pick<'a>(&mut self, several: &[&'a str]) -> &'a str {
        several[self.below(several.len() as u64) as usize]
    }

    fn stamp(&mut self) -> String {
        let (month, day) = (self.below(12) + 1, self.below(28) + 1);
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        format!("{}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}", 2023 + self.below(2))
    }
}

/// At least `bytes` of orders, one JSON object a line.
pub(crate) fn orders(bytes: usize) -> String {
    let (mut dice, mut text) = (Dice(42), String::with_capacity(bytes + 4096));
    for order in 0.. {
        if text.len() >= bytes {
            break;
        }
        let stamp = dice.stamp();
        let (customer, status) = (dice.below(100_000), dice.pick(&STATUS));
        let total = dice.below(1_000_000) as f64 / 100.0;
        let _ = write!(
            text,
            "{{\"OrderID\":\"O{order:09}\",\"customerId\":\"C{customer:08}\",\"OrderDate\":\"{}\",\"order_status\":\"{status}\",\
             \"Currency\":\"USD\",\"TotalAmount\":{total:?},\"UpdatedAt\":\"{stamp}\",",
            &stamp[..10]
        );
        let (city, zip, country) = (dice.pick(&CITIES), dice.below(99_999), dice.pick(&COUNTRIES));
        let (channel, notes) = (dice.pick(&CHANNELS), dice.pick(&NOTES));
        let _ = write!(
            text,
            "\"ShipTo\":{{\"City\":\"{city}\",\"Zip\":\"{zip:05}\",\"Country\":\"{country}\"}},\"Channel\":\"{channel}\",\
             \"Notes\":\"{notes}\",\"Lines\":["
        );
        for line in 0..dice.below(7) + 1 {
            let comma = if line > 0 { "," } else { "" };
            let (product, kind, thing) = (dice.below(10_000), dice.pick(&KINDS), dice.pick(&THINGS));
            let (quantity, price, discount) = (dice.below(5) + 1, 199 + dice.below(60_000), [0, 5, 10][dice.below(3) as usize]);
            let (price, amount) = (price as f64 / 100.0, (price * quantity) as f64 / 100.0);
            let _ = write!(
                text,
                "{comma}{{\"LineNo\":{},\"ProductID\":\"P{product:06}\",\"ProductName\":\"{kind} {thing}\",\"Qty\":{quantity},\
                 \"UnitPrice\":{price:?},\"DiscountPct\":{discount},\"LineAmount\":{amount:?},\"Warehouse\":\"WH-{:02}\"}}",
                line + 1,
                product % 16
            );
        }
        text.push_str("]}\n");
    }
    text
}

/// At least `bytes` of customers, one CSV row each: texts.
pub(crate) fn customers(bytes: usize) -> String {
    let mut text = "CustomerID,First Name,lastName,E-Mail,SEGMENT,city,countryCode,UpdatedAt\n".to_owned();
    let mut dice = Dice(43);
    while text.len() < bytes {
        let (id, first, last) = (dice.below(100_000), dice.pick(&FIRST), dice.pick(&LAST));
        let (segment, city, country) = (dice.pick(&SEGMENTS), dice.pick(&CITIES), dice.pick(&COUNTRIES));
        let stamp = dice.stamp();
        let _ = writeln!(
            text,
            "C{id:08},{first},{last},{}.{id}@example.com,{segment},{city},{country},{stamp}",
            first.trim().to_lowercase()
        );
    }
    text
}

/// At least `bytes` of order lines, one CSV row each: mostly numbers, one field of them quoted.
pub(crate) fn lines(bytes: usize) -> String {
    let mut text = "OrderID,LineNo,ProductID,ProductName,Qty,UnitPrice,DiscountPct,LineAmount,returned\n".to_owned();
    let mut dice = Dice(44);
    for order in 1_000_000_u64.. {
        if text.len() >= bytes {
            break;
        }
        for line in 1..=dice.below(7) + 1 {
            let (product, kind, thing) = (dice.below(10_000), dice.pick(&KINDS), dice.pick(&THINGS));
            let (quantity, price, discount) = (dice.below(5) + 1, 199 + dice.below(60_000), [0, 5, 10][dice.below(3) as usize]);
            let (unit, amount, returned) = (price as f64 / 100.0, (price * quantity) as f64 / 100.0, dice.below(20) == 0);
            let _ = writeln!(
                text,
                "{order},{line},{product},\"{kind}, {thing}\",{quantity},{unit:?},{discount},{amount:?},{returned}"
            );
        }
    }
    text
}
