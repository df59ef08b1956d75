#!/usr/bin/env python3
"""Four readers, one answer: lakesmith, delta-rs, DuckDB and Polars read every table of a project that has run.

    readers.py PROJECT BINARY [--storage DIR] [--show]

Compares the columns and every row of every table, value by value: decimals digit by digit, instants by the microsecond, nested data
field by field. Exits 0 if all agree, 1 on a difference, 2 if a reader is not installed (scripts/requirements.txt). DuckDB reads the data
files that the table's log lists. `--show` prints a row that differs; without it no value is printed.
"""
import argparse
import base64
import collections
import datetime
import decimal
import json
import os
import subprocess
import sys

try:
    import duckdb
    import polars
    import pyarrow
    from deltalake import DeltaTable, QueryBuilder
except ImportError as error:
    print(f"readers: {error}; install scripts/requirements.txt", file=sys.stderr)
    sys.exit(2)

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


# ---------------------------------------------------------------- tables
def table_name(path):
    """`silver/sales/orders` is silver.sales_orders, `gold/facts/fact_sales` is gold.fact_sales."""
    layer, folder, *name = path.split("/")
    return f"gold.{name[0]}" if layer == "gold" else f"{layer}.{'_'.join([folder, *name])}"


def tables(storage):
    """Every Delta table below the storage, by name."""
    found = {}
    for folder, below, _ in os.walk(storage):
        if "_delta_log" in below:
            path = os.path.relpath(folder, storage).replace(os.sep, "/")
            below.clear()
            if path.split("/")[0] in ("bronze", "silver", "gold"):
                found[table_name(path)] = folder
    return found


# ---------------------------------------------------------------- readers
def lakesmith(binary, project, *arguments):
    done = subprocess.run([binary, "--project-dir", project, "--quiet", *arguments, "--format", "json"], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"readers: lakesmith {arguments[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def delta_rs(folder):
    return pyarrow.table(QueryBuilder().register("t", DeltaTable(folder)).execute("SELECT * FROM t").read_all())


def with_duckdb(folder):
    table = DeltaTable(folder)
    files = table.file_uris()
    if not files:
        return None
    connection = duckdb.connect()
    connection.sql("SET timezone = 'UTC'")
    partitioned = bool(table.metadata().partition_columns)
    read = connection.sql(f"SELECT * FROM read_parquet({files!r}, hive_partitioning = {partitioned}, union_by_name = true)")
    return read.to_arrow_table()


def with_polars(folder):
    return polars.read_delta(folder).to_arrow()


# ---------------------------------------------------------------- values
def plain(value, type):
    """A value in the one form in which the readers are compared, told by its Arrow type."""
    t = pyarrow.types
    if value is None:
        return None
    if t.is_struct(type):
        return {field.name: plain(value.get(field.name), field.type) for field in type}
    if t.is_list(type) or t.is_large_list(type):
        return [plain(element, type.value_type) for element in value]
    if t.is_map(type):
        pairs = value.items() if isinstance(value, dict) else value
        return sorted([str(key), plain(element, type.item_type)] for key, element in pairs)
    if t.is_floating(type):
        return repr(float(value))
    if t.is_decimal(type):
        return f"{decimal.Decimal(str(value)):f}"
    if t.is_timestamp(type):
        return microseconds(value)
    if t.is_date(type):
        return value.isoformat() if isinstance(value, datetime.date) else value
    if t.is_binary(type) or t.is_large_binary(type):
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return value


def microseconds(value):
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return (value - EPOCH) // datetime.timedelta(microseconds=1)


def rows(values, schema):
    """A bag of rows, each as text; `values` are dictionaries by column."""
    text = lambda row: json.dumps([plain(row.get(field.name), field.type) for field in schema], sort_keys=True, ensure_ascii=False)
    return collections.Counter(map(text, values))


# ---------------------------------------------------------------- comparison
def compare(name, folder, binary, project, show):
    """What the readers disagree about in one table, and how many rows it has."""
    truth = delta_rs(folder)
    schema = truth.schema
    expected = rows(truth.to_pylist(), schema)
    answers = {"Polars": with_polars(folder), "DuckDB": with_duckdb(folder)}
    faults = []
    found = {}
    for reader, table in answers.items():
        if table is None:
            found[reader] = collections.Counter()
            continue
        if set(table.column_names) != set(schema.names):
            faults.append(f"{reader} sees the columns {sorted(table.column_names)}, delta-rs {sorted(schema.names)}")
        found[reader] = rows(table.to_pylist(), schema)
    own = lakesmith(binary, project, "query", f"SELECT * FROM {name}")
    if own and list(own[0]) != schema.names:
        faults.append(f"lakesmith sees the columns {list(own[0])}, delta-rs {schema.names}")
    found["lakesmith"] = rows(own, schema)
    for reader, bag in found.items():
        missing, further = expected - bag, bag - expected
        if missing or further:
            faults.append(f"{reader} lacks {missing.total()} rows of delta-rs and has {further.total()} others")
            if show:
                faults += [f"  delta-rs: {row}" for row in sorted(missing)[:2]] + [f"  {reader}: {row}" for row in sorted(further)[:2]]
    return faults, expected.total()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project")
    parser.add_argument("binary")
    parser.add_argument("--storage", help="where the tables lie; PROJECT/.lake if left out")
    parser.add_argument("--show", action="store_true", help="print rows that differ")
    given = parser.parse_args()
    here = tables(given.storage or os.path.join(given.project, ".lake"))
    known = {row["table"] for row in lakesmith(given.binary, given.project, "tables") if row.get("exists", True)}
    bad = [f"{name}: lies in the storage, and lakesmith does not list it" for name in sorted(set(here) - known)]
    bad += [f"{name}: lakesmith lists it, and it does not lie in the storage" for name in sorted(known - set(here))]
    total = 0
    for name in sorted(set(here) & known):
        faults, count = compare(name, here[name], given.binary, given.project, given.show)
        bad += [f"{name}: {fault}" for fault in faults]
        total += count
    print("\n".join(bad) if bad else f"{len(here)} tables, {total} rows: four readers agree")
    if not here:
        print("readers: there are no tables; run the project first", file=sys.stderr)
    sys.exit(1 if bad or not here else 0)


if __name__ == "__main__":
    main()
