#!/usr/bin/env python3
"""Makes `landing/`: a jaffle shop's year, cut into a file per table and month, with one customer in eight and all that customer did.
And `expected/`: what some tables must say of it, computed from the rows by loops, without lakesmith.

    python3 make.py --from FOLDER            from the raw_*.csv or raw_*.csv.gz of a run of jafgen; `landing/` was made so
    pip install jafgen==0.4.14
    python3 make.py                          from a run of its own, the same each time
    python3 make.py --every 1 --years 3      all customers, three years
"""
import argparse
import bisect
import csv
import gzip
import io
import os
import random
import shutil
import tempfile
import uuid
from collections import defaultdict
from pathlib import Path

LANDING = Path(__file__).parent / "landing"
EXPECTED = Path(__file__).parent / "expected"
TABLES = ["customers", "items", "orders", "products", "stores", "supplies", "tweets"]


def simulate(years: int, folder: Path) -> None:
    """Runs jafgen. It draws its ids from the system's chance; here all chance comes from one seed."""
    import numpy
    random.seed(1)
    numpy.random.seed(1)
    uuid.uuid4 = lambda: uuid.UUID(int=random.getrandbits(128), version=4)
    from jafgen.simulation import Simulation

    here = Path.cwd()
    os.chdir(folder)
    try:
        simulation = Simulation(years, "raw")
        simulation.run_simulation()
        simulation.save_results()
    finally:
        os.chdir(here)


def rows(folder: Path, table: str) -> list[dict]:
    file = folder / f"raw_{table}.csv"
    packed = folder / f"raw_{table}.csv.gz"
    with (gzip.open(packed, "rt", newline="") if packed.exists() else open(file, newline="")) as text:
        return list(csv.DictReader(text))


def put(place: str, rows: list[dict]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file = LANDING / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0) if place.endswith(".gz") else text.getvalue().encode())


def put_months(table: str, rows: list[dict], month, ending: str) -> None:
    months: dict[str, list[dict]] = {}
    for row in rows:
        months.setdefault(month(row), []).append(row)
    for name, some in sorted(months.items()):
        put(f"{table}/{name}{ending}", some)


def cut(raw: dict[str, list[dict]], every: int) -> dict[str, list[dict]]:
    for table in TABLES:
        shutil.rmtree(LANDING / table, ignore_errors=True)
    customers = raw["customers"][::every]
    chosen = {row["id"] for row in customers}
    orders = [row for row in raw["orders"] if row["customer"] in chosen]
    ordered = {row["id"]: row["ordered_at"][:7] for row in orders}
    first = {}
    for row in orders:
        first[row["customer"]] = min(row["ordered_at"][:7], first.get(row["customer"], "9999"))
    put_months("customers", customers, lambda row: first[row["id"]], ".csv")
    put_months("orders", orders, lambda row: row["ordered_at"][:7], ".csv.gz")
    items = [row for row in raw["items"] if row["order_id"] in ordered]
    put_months("items", items, lambda row: ordered[row["order_id"]], ".csv.gz")
    tweets = [row for row in raw["tweets"] if row["user_id"] in chosen]
    put_months("tweets", tweets, lambda row: row["tweeted_at"][:7], ".csv.gz")
    put("products/menu.csv", raw["products"])
    put("stores/stores.csv", raw["stores"])
    put("supplies/recipes.csv", raw["supplies"])
    return raw | {"customers": customers, "orders": orders, "items": items, "tweets": tweets}


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def expect(table: str, columns: str, rows: list[tuple]) -> None:
    EXPECTED.mkdir(exist_ok=True)
    lines = [columns] + [",".join(map(str, row)) for row in rows]
    (EXPECTED / f"{table}.csv").write_text("\n".join(lines) + "\n")


def expect_sales(shop: dict[str, list[dict]]) -> None:
    stores = {row["id"]: row["name"] for row in shop["stores"]}
    days = defaultdict(list)
    for order in shop["orders"]:
        days[order["ordered_at"][:10], stores[order["store_id"]]].append(order)
    expect("daily_store_sales", "date,store_name,orders,customers,revenue,tax,largest", [
        (*day, len(some), len({order["customer"] for order in some}), dollars(sum(int(order["subtotal"]) for order in some)),
         dollars(sum(int(order["tax_paid"]) for order in some)), dollars(max(int(order["order_total"]) for order in some)))
        for day, some in sorted(days.items())])
    month = {order["id"]: order["ordered_at"][:7] + "-01" for order in shop["orders"]}
    menu = {row["sku"]: row for row in shop["products"]}
    types = defaultdict(list)
    for item in shop["items"]:
        types[month[item["order_id"]], menu[item["sku"]]["type"]].append(item)
    expect("monthly_type_sales", "order_month,product_type,pieces,orders,revenue", [
        (*group, len(some), len({item["order_id"] for item in some}), dollars(sum(int(menu[item["sku"]]["price"]) for item in some)))
        for group, some in sorted(types.items())])


def expect_costs(shop: dict[str, list[dict]]) -> None:
    recipes = defaultdict(list)
    for row in shop["supplies"]:
        recipes[row["sku"]].append(row)
    expect("product_costs", "sku,supplies,cost,perishable_cost", [
        (sku, len(some), dollars(sum(int(row["cost"]) for row in some)),
         dollars(sum(int(row["cost"]) for row in some if row["perishable"] == "True"))) for sku, some in sorted(recipes.items())])


def mood(tweet: str) -> str:
    return "delighted" if tweet.startswith("Jaffles ") else "content" if tweet.startswith("Jaffle shop ") else "annoyed"


def expect_moods(shop: dict[str, list[dict]]) -> None:
    """Orders by what the customer had said last when ordering."""
    said = defaultdict(list)
    for tweet in shop["tweets"]:
        said[tweet["user_id"]].append((tweet["tweeted_at"], mood(tweet["content"])))
    moods = defaultdict(list)
    for order in shop["orders"]:
        before = sorted(said[order["customer"]])
        n = bisect.bisect_right([at for at, _ in before], order["ordered_at"])
        moods[before[n - 1][1] if n else "(unknown)"].append(int(order["subtotal"]))
    expect("mood_orders", "mood,orders,revenue", [(name, len(some), dollars(sum(some))) for name, some in sorted(moods.items())])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--from", dest="folder", type=Path, help="the folder with the raw files; left out: jafgen is run")
    options.add_argument("--every", type=int, default=8, help="of how many customers one is taken (8)")
    options.add_argument("--years", type=int, default=1, help="how long jafgen simulates (1)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if given.folder is None:
            simulate(given.years, Path(made))
        folder = given.folder or Path(made) / "jaffle-data"
        shop = cut({table: rows(folder, table) for table in TABLES}, given.every)
    expect_sales(shop)
    expect_costs(shop)
    expect_moods(shop)


main()
