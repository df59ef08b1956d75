#!/usr/bin/env python3
"""Makes `landing/`: a jaffle shop's year, cut into a file per table and month, with one customer in eight and all that customer did.

    python3 make.py --from FOLDER            from the raw_*.csv or raw_*.csv.gz of a run of jafgen; `landing/` was made so
    pip install jafgen==0.4.14
    python3 make.py                          from a run of its own, the same each time
    python3 make.py --every 1 --years 3      all customers, three years
"""
import argparse
import csv
import gzip
import io
import os
import random
import shutil
import tempfile
import uuid
from pathlib import Path

LANDING = Path(__file__).parent / "landing"
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


def cut(raw: dict[str, list[dict]], every: int) -> None:
    shutil.rmtree(LANDING, ignore_errors=True)
    customers = raw["customers"][::every]
    chosen = {row["id"] for row in customers}
    orders = [row for row in raw["orders"] if row["customer"] in chosen]
    ordered = {row["id"]: row["ordered_at"][:7] for row in orders}
    first = {}
    for row in orders:
        first[row["customer"]] = min(row["ordered_at"][:7], first.get(row["customer"], "9999"))
    put_months("customers", customers, lambda row: first[row["id"]], ".csv")
    put_months("orders", orders, lambda row: row["ordered_at"][:7], ".csv.gz")
    put_months("items", [row for row in raw["items"] if row["order_id"] in ordered], lambda row: ordered[row["order_id"]], ".csv.gz")
    put_months("tweets", [row for row in raw["tweets"] if row["user_id"] in chosen], lambda row: row["tweeted_at"][:7], ".csv.gz")
    put("products/menu.csv", raw["products"])
    put("stores/stores.csv", raw["stores"])
    put("supplies/recipes.csv", raw["supplies"])


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
        cut({table: rows(folder, table) for table in TABLES}, given.every)


main()
