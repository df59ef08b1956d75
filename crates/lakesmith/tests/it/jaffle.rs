//! A year of the jaffle example, cut into drops, a run after each: the gold tables are those of one load of everything.
//!
//! Drops are cut by the day of the order. Customers, products and stores come as they are first needed, or later; some items come
//! before their orders; some rows come wrong and are put right by a later drop.

use crate::contents::{Contents, assert_same, contents};
use crate::examples::{REPOSITORY, example, run};
use crate::house::{Deliveries, House, files};
use crate::lakesmith;
use crate::tier::{Dice, amount, seed, tally};
use chrono::NaiveDate;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const TABLES: [&str; 7] = ["customers", "items", "orders", "products", "stores", "supplies", "tweets"];
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2018, 9, 1).unwrap();
const DAYS: usize = 365;

/// The lines of a table's files.
struct Lines {
    header: String,
    rows: Vec<String>,
}

fn landing() -> PathBuf {
    Path::new(REPOSITORY).join("examples/jaffle/landing")
}

fn lines(table: &str) -> Lines {
    let mut all = Lines { header: String::new(), rows: vec![] };
    for (_, path) in files(&landing().join(table)) {
        let mut text = String::new();
        let mut file = File::open(&path).unwrap();
        match path.extension().is_some_and(|ending| ending == "gz") {
            true => GzDecoder::new(file).read_to_string(&mut text).unwrap(),
            false => file.read_to_string(&mut text).unwrap(),
        };
        let (header, rows) = text.split_once('\n').unwrap();
        all.header = header.to_owned();
        all.rows.extend(rows.lines().map(str::to_owned));
    }
    all
}

/// The nth field of a row; those used here stand before any quote.
fn field(row: &str, n: usize) -> &str {
    row.split(',').nth(n).unwrap()
}

/// The row with another nth field.
fn with(row: &str, n: usize, value: &str) -> String {
    let mut fields: Vec<&str> = row.split(',').collect();
    fields[n] = value;
    fields.join(",")
}

/// The rows that each drop brings, by table.
struct Drops(Vec<BTreeMap<&'static str, Vec<String>>>);

impl Drops {
    /// A row comes with a drop, or with the last one.
    fn bring(&mut self, drop: usize, table: &'static str, row: impl Into<String>) {
        let last = self.0.len() - 1;
        self.0[drop.min(last)].entry(table).or_default().push(row.into());
    }

    /// The drop of a day.
    fn of(&self, moment: &str) -> usize {
        let day: NaiveDate = moment[..10].parse().unwrap();
        let days = usize::try_from((day - FIRST_DAY).num_days()).unwrap();
        days * self.0.len() / DAYS
    }

    /// Their files, in a folder; the first delivery brings the project too.
    fn deliveries(&self, shop: &BTreeMap<&str, Lines>, folder: &Path) -> Deliveries {
        let project = files(&Path::new(REPOSITORY).join("examples/jaffle"));
        let written = |place: &Path| place.extension().is_some_and(|ending| ending == "yaml");
        let mut deliveries: Vec<Vec<(PathBuf, PathBuf)>> = vec![vec![]; self.0.len()];
        deliveries[0].extend(project.into_iter().filter(|(place, _)| written(place) && !place.starts_with(".lake")));
        for (n, drop) in self.0.iter().enumerate() {
            for (table, rows) in drop {
                let packed = ["items", "orders", "tweets"].contains(table);
                let place = format!("landing/{table}/{n:02}.csv{}", if packed { ".gz" } else { "" });
                let text = format!("{}\n{}\n", shop[*table].header, rows.join("\n"));
                let path = folder.join(&place);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, if packed { gzip(&text) } else { text.into_bytes() }).unwrap();
                deliveries[n].push((PathBuf::from(place), path));
            }
        }
        Deliveries(deliveries)
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// By how many drops a row is late.
fn late(dice: &mut Dice, percent: usize, most: usize) -> usize {
    if dice.chance(percent) { 1 + dice.below(most) } else { 0 }
}

fn cut(shop: &BTreeMap<&str, Lines>, count: usize, dice: &mut Dice) -> Drops {
    let mut drops = Drops(vec![BTreeMap::new(); count]);
    let (mut ordered, mut first) = (BTreeMap::new(), BTreeMap::new());
    for order in &shop["orders"].rows {
        let drop = drops.of(field(order, 2));
        ordered.insert(field(order, 0), drop);
        let met = first.entry(field(order, 1)).or_insert(drop);
        *met = drop.min(*met);
        let mut lag = late(dice, 5, 4);
        if dice.chance(2) {
            // At first in a store that is not open yet, or with a total that does not add up.
            let wrong = if dice.chance(50) { with(order, 3, field(&shop["stores"].rows[3], 0)) } else { with(order, 6, "1") };
            drops.bring(drop, "orders", wrong);
            lag = 1 + dice.below(6);
        }
        drops.bring(drop + lag, "orders", order);
    }
    for item in &shop["items"].rows {
        let lag = late(dice, 5, 5);
        drops.bring(ordered[field(item, 1)] + lag, "items", item);
    }
    for tweet in &shop["tweets"].rows {
        let lag = late(dice, 10, 6);
        drops.bring(drops.of(field(tweet, 2)) + lag, "tweets", tweet);
    }
    for customer in &shop["customers"].rows {
        let drop = first[field(customer, 0)];
        if dice.chance(20) {
            // Takes this name later.
            drops.bring(drop, "customers", with(customer, 1, "Somebody Else"));
            drops.bring(drop + 7, "customers", customer);
        } else {
            let lag = late(dice, 20, 5);
            drops.bring(drop + lag, "customers", customer);
        }
    }
    for (n, store) in shop["stores"].rows.iter().enumerate() {
        // Brooklyn comes some weeks after its first orders.
        drops.bring(n * count * 2 / 3, "stores", store);
    }
    cut_menu(shop, count, &mut drops);
    drops
}

/// The menu grows, a price is put right, and a second recipe book brings the beverages and takes the parsley away.
fn cut_menu(shop: &BTreeMap<&str, Lines>, count: usize, drops: &mut Drops) {
    for product in &shop["products"].rows {
        match field(product, 0) {
            "JAF-001" => {
                drops.bring(0, "products", with(product, 3, "1000"));
                drops.bring(count / 6, "products", product);
            }
            "JAF-005" => drops.bring(count / 5, "products", product),
            "BEV-005" => drops.bring(count / 10, "products", product),
            _ => drops.bring(0, "products", product),
        }
    }
    let recipes = &shop["supplies"].rows;
    for supply in recipes.iter().filter(|supply| field(supply, 4).starts_with("JAF")) {
        drops.bring(0, "supplies", supply);
    }
    drops.bring(0, "supplies", "SUP-099,parsley,5,True,JAF-001");
    for supply in recipes {
        drops.bring(count / 4, "supplies", supply);
    }
}

fn gold(house: &House) -> Contents {
    let gold: Contents = contents(house).into_iter().filter(|(table, _)| table.starts_with("gold.")).collect();
    assert_eq!(gold.len(), 12, "{:?}", gold.keys());
    gold
}

#[test]
fn a_year_in_thirty_drops_is_the_year_in_one() {
    let shop: BTreeMap<&str, Lines> = TABLES.map(|table| (table, lines(table))).into();
    let plain = gold(&House::after(&Deliveries::of_example("jaffle", &["landing"]), 1));
    let (cases, count) = (amount(1, 1, 10), amount(8, 30, 30));
    for case in 0..cases {
        let folder = TempDir::new().unwrap();
        let drops = cut(&shop, count, &mut Dice::of("jaffle", case)).deliveries(&shop, folder.path());
        let each = House::after(&drops, count);
        let once = House::after(&Deliveries(vec![drops.0.concat()]), 1);
        let (each, once) = (gold(&each), gold(&once));
        let case = format!("case {case} in {count} drops, seed {}", seed());
        assert_same(&each, &once, &case);
        // All that came wrong was put right.
        assert_same(&once, &plain, &format!("{case}, and the example"));
    }
    tally("a_year_in_thirty_drops_is_the_year_in_one", &[("years", cases), ("drops", cases * count)]);
}

/// `expected/` was computed by loops over the files.
#[test]
fn the_shop_says_what_its_files_say() {
    let project = example("jaffle", |_| true);
    run(project.path());
    let questions = [
        (
            "daily_store_sales",
            "SELECT d.date, s.store_name, a.orders, a.customers, a.revenue, a.tax, a.largest FROM gold.daily_store_sales a
             JOIN gold.dim_date d ON a.date_key = d.date_key JOIN gold.dim_store s ON a.store_key = s.store_key ORDER BY d.date, s.store_name",
        ),
        (
            "monthly_type_sales",
            "SELECT order_month, product_type, pieces, orders, revenue FROM gold.monthly_type_sales ORDER BY order_month, product_type",
        ),
        (
            "product_costs",
            "SELECT p.sku, c.supplies, c.cost, c.perishable_cost FROM gold.product_costs c
             JOIN gold.dim_product p ON c.product_key = p.product_key ORDER BY p.sku",
        ),
        (
            "mood_orders",
            "SELECT o.mood, count(*) AS orders, sum(f.subtotal) AS revenue FROM gold.fact_orders f
             JOIN gold.dim_opinion o ON f.opinion_key = o.opinion_key GROUP BY o.mood ORDER BY o.mood",
        ),
    ];
    assert_eq!(fs::read_dir(project.path().join("expected")).unwrap().count(), questions.len());
    for (name, sql) in questions {
        let output = lakesmith().current_dir(project.path()).args(["query", "--format", "csv", sql]).output().unwrap();
        let expected = fs::read_to_string(project.path().join("expected").join(name).with_extension("csv")).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
