#!/usr/bin/env python3
"""One lake, one answer: delta-rs, DuckDB, Polars and lakesmith read every table alike, at every version.

    readers.py PROJECT BINARY [--storage DIR] [--show]     a project that has run
    readers.py --storage DIR [--show]                      tables alone, without lakesmith
    readers.py --self-test                                 whether a difference would be noticed

Compares the columns and every row of every table at every version, value by value: decimals digit by digit, instants by the microsecond,
nested data field by field. DuckDB reads the data files that the log lists, which is replayed here; lakesmith answers for the newest
version. Where a table keeps change data, the changes of each version must lead from the version before to it.
Exits 0 if all agree, 1 on a difference, 2 if a reader is not installed (scripts/requirements.txt). `--show` prints a row that differs;
without it no value is printed.
"""
import argparse
import base64
import collections
import datetime
import decimal
import json
import os
import re
import struct
import subprocess
import sys
import urllib.parse

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
            if path.split("/")[0] in ("bronze", "silver", "gold", "monitoring"):
                found[table_name(path)] = folder
    return found


# ---------------------------------------------------------------- the log
class Log:
    """A table's log, replayed commit by commit: the files of each version, and what it says of changes."""

    def __init__(self, folder):
        self.folder = folder
        names = sorted(name for name in os.listdir(os.path.join(folder, "_delta_log")) if re.fullmatch(r"\d{20}\.json", name))
        self.first, self.last = int(names[0][:20]), int(names[-1][:20])
        self.files, self.changes, self.feeds = {}, {}, {}
        self.partitioned = False
        active, feeds = {}, False
        if self.first:
            raise SystemExit(f"readers: the log of {folder} does not begin at 0")
        for name in names:
            changed = []
            with open(os.path.join(folder, "_delta_log", name), encoding="utf-8") as lines:
                actions = [json.loads(line) for line in lines if line.strip()]
            for action in actions:
                if "metaData" in action:
                    feeds = action["metaData"]["configuration"].get("delta.enableChangeDataFeed") == "true"
                    self.partitioned = bool(action["metaData"]["partitionColumns"])
                if "remove" in action:
                    active.pop(action["remove"]["path"], None)
                if "cdc" in action:
                    changed.append(action["cdc"])
            for action in actions:
                if "add" in action:
                    active[action["add"]["path"]] = action["add"]
            version = int(name[:20])
            self.files[version], self.changes[version], self.feeds[version] = list(active.values()), changed, feeds


# ---------------------------------------------------------------- readers
def lakesmith(binary, project, *arguments):
    done = subprocess.run([binary, "--project-dir", project, "--quiet", *arguments, "--format", "json"], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"readers: lakesmith {arguments[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def delta_rs(folder, version):
    table = DeltaTable(folder, version=version)
    return pyarrow.table(QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())


def with_duckdb(folder, files, schema):
    """The rows of data files; partition values are those of the log."""
    if not files:
        return None
    connection = duckdb.connect()
    connection.sql("SET timezone = 'UTC'")
    paths = [os.path.join(folder, urllib.parse.unquote(file["path"])) for file in files]
    held = connection.sql(f"SELECT * FROM read_parquet({texts(paths)}, hive_partitioning = false, union_by_name = true) LIMIT 0").columns
    names = list(files[0]["partitionValues"])
    select = []
    for field in schema:
        name = quoted(field.name)
        if field.name in names:
            select.append(f"CAST(values.{name} AS {duckdb_type(field.type)}) AS {name}")
        elif field.name in held:
            select.append(f"rows.{name}")
        else:
            select.append(f"NULL AS {name}")
    read = f"read_parquet({texts(paths)}, hive_partitioning = false, union_by_name = true, filename = '_of_file')"
    values = pyarrow.table(
        {"_of_file": paths, **{name: pyarrow.array([file["partitionValues"][name] for file in files], pyarrow.string()) for name in names}}
    )
    connection.register("values", values)
    return connection.sql(f"SELECT {', '.join(select)} FROM {read} rows JOIN values USING (_of_file)").to_arrow_table()


def texts(values):
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def duckdb_type(type):
    t = pyarrow.types
    if t.is_timestamp(type):
        return "TIMESTAMPTZ"
    if t.is_decimal(type):
        return f"DECIMAL({type.precision}, {type.scale})"
    simple = {"int8": "TINYINT", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "bool": "BOOLEAN", "date32[day]": "DATE"}
    return {**simple, "float": "FLOAT", "double": "DOUBLE"}.get(str(type), "VARCHAR")


def with_polars(folder, version):
    return polars.read_delta(folder, version=version).to_arrow()


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
    if t.is_float32(type):
        return repr(struct.unpack("f", struct.pack("f", float(value)))[0])
    if t.is_floating(type):
        return repr(float(value))
    if t.is_decimal(type):
        return f"{decimal.Decimal(str(value)):f}"
    if t.is_timestamp(type):
        return value if isinstance(value, int) else microseconds(value)
    if t.is_date(type):
        return value if isinstance(value, int) else days(value)
    if "binary" in str(type):
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value
    return value


def days(value):
    """A day by its number since 1970; Python itself knows none before the year 1 or after 9999."""
    if not isinstance(value, str):
        value = value.isoformat()
    sign = -1 if value.startswith("-") else 1
    year, month, day = (int(part) for part in value.lstrip("+-").split("-"))
    year *= sign
    cycles, within = divmod(year - 1, 400)
    return datetime.date(within + 1, month, day).toordinal() + cycles * 146_097 - EPOCH.toordinal()


def microseconds(value):
    if isinstance(value, str):
        day, time = value.replace("Z", "+00:00").split("T")
        since = datetime.datetime.fromisoformat(f"1970-01-01T{time}") - EPOCH  # with its zone
        return days(day) * 86_400_000_000 + since // datetime.timedelta(microseconds=1)
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return (value - EPOCH) // datetime.timedelta(microseconds=1)


def numbered(table):
    """Days and instants as numbers: Python's own have no room for all of them. Nested ones stay."""
    t = pyarrow.types
    for at, field in enumerate(table.schema):
        if t.is_date32(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(pyarrow.int32()))
        elif t.is_timestamp(field.type):
            instants = table.column(at).cast(pyarrow.timestamp("us", field.type.tz))
            table = table.set_column(at, field.name, instants.cast(pyarrow.int64()))
    return table.to_pylist()


def rows(values, schema):
    """A bag of rows, each as text; `values` are dictionaries by column."""
    text = lambda row: json.dumps([plain(row.get(field.name), field.type) for field in schema], sort_keys=True, ensure_ascii=False)
    return collections.Counter(map(text, values))


# ---------------------------------------------------------------- comparison
class Comparison:
    """What the readers disagree about."""

    def __init__(self, show):
        self.show, self.faults, self.versions, self.rows = show, [], 0, 0

    def differ(self, where, reader, bag, other, expected):
        missing, further = expected - bag, bag - expected
        if missing or further:
            self.faults.append(f"{where}: {reader} lacks {missing.total()} rows of {other} and has {further.total()} others")
            if self.show:
                self.faults += [f"  {other}: {row}" for row in sorted(missing)[:2]]
                self.faults += [f"  {reader}: {row}" for row in sorted(further)[:2]]

    def table(self, name, folder, own):
        """`own`: gives what lakesmith answers for the newest version, if it is asked."""
        log = Log(folder)
        before = collections.Counter()
        for version in range(log.first, log.last + 1):
            where = f"{name} at version {version}"
            truth = delta_rs(folder, version)
            expected = self.one(where, folder, version, truth, log)
            if log.feeds[version] and version and log.feeds[version - 1]:
                self.change_data(where, folder, version, truth.schema, log, before, expected)
            before = expected
            self.versions += 1
        self.rows += before.total()
        if own:
            answer = own()
            if answer and list(answer[0]) != truth.schema.names:
                self.faults.append(f"{name}: lakesmith sees the columns {list(answer[0])}, delta-rs {truth.schema.names}")
            self.differ(name, "lakesmith", rows(answer, truth.schema), "delta-rs", before)

    def one(self, where, folder, version, truth, log):
        schema = truth.schema
        expected = rows(numbered(truth), schema)
        answers = {"Polars": with_polars(folder, version), "DuckDB": with_duckdb(folder, log.files[version], schema)}
        for reader, table in answers.items():
            if table is not None and set(table.column_names) != set(schema.names):
                self.faults.append(f"{where}: {reader} sees the columns {sorted(table.column_names)}, delta-rs {sorted(schema.names)}")
            bag = collections.Counter() if table is None else rows(numbered(table), schema)
            self.differ(where, reader, bag, "delta-rs", expected)
        return expected

    def change_data(self, where, folder, version, schema, log, before, after):
        """The changes of a version, as delta-rs gives them, lead from the version before to it; and they are those that were written."""
        typed = pyarrow.schema([*schema, pyarrow.field("_change_type", pyarrow.string())])
        written = None
        if log.changes[version]:
            table = with_duckdb(folder, log.changes[version], typed)
            written = rows(numbered(table), typed)
        # delta-rs 1.6 does not find a file of changes (its own neither) in a folder whose name is encoded.
        if any("%" in file["path"] for file in log.changes[version]):
            changes = numbered(table)
        else:
            changes = numbered(pyarrow.table(DeltaTable(folder).load_cdf(starting_version=version, ending_version=version).read_all()))
            if written is not None:
                self.differ(where, "delta-rs' change data", rows(changes, typed), "the files of it", written)
        kinds = collections.Counter(row["_change_type"] for row in changes)
        if set(kinds) - {"delete", "insert", "update_preimage", "update_postimage"} or kinds["update_preimage"] != kinds["update_postimage"]:
            self.faults.append(f"{where}: the change data has the types {dict(kinds)}")
        of = lambda *wanted: rows([row for row in changes if row["_change_type"] in wanted], schema)
        gone, come = of("delete", "update_preimage"), of("insert", "update_postimage")
        if gone & come:
            self.faults.append(f"{where}: {(gone & come).total()} rows of the change data change nothing")
        self.differ(where, "the version before, with the changes,", (before + come) - gone, "the version", after)
        if gone - (before + come):
            self.faults.append(f"{where}: the change data takes rows away that are not there")


def self_test():
    """Spoils a table's data and its change data, and looks whether that is said."""
    import tempfile

    from deltalake import write_deltalake

    def said(spoil):
        with tempfile.TemporaryDirectory() as root:
            folder = os.path.join(root, "silver", "a", "t")
            data = pyarrow.table({"p": ["a b", "ü%", None], "n": [1, 2, 3]})
            write_deltalake(folder, data, partition_by=["p"], configuration={"delta.enableChangeDataFeed": "true"})
            write_deltalake(folder, pyarrow.table({"p": ["x"], "n": [4]}), mode="append")
            DeltaTable(folder).update(updates={"n": "n + 10"}, predicate="n = 2")
            spoil(folder)
            comparison = Comparison(show=False)
            comparison.table("silver.a_t", folder, None)
            return comparison.faults

    def log(folder, version, change):
        path = os.path.join(folder, "_delta_log", f"{version:020}.json")
        with open(path, encoding="utf-8") as lines:
            actions = [json.loads(line) for line in lines]
        with open(path, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(action) + "\n" for action in change(actions))

    def other_partition(actions):
        for action in actions:
            if "add" in action:
                action["add"]["partitionValues"] = {"p": "else"}
        return actions

    assert said(lambda folder: None) == [], said(lambda folder: None)
    lost = said(lambda folder: log(folder, 2, lambda actions: [action for action in actions if "add" not in action]))
    assert any("with the changes" in fault for fault in lost), lost
    moved = said(lambda folder: log(folder, 2, other_partition))
    assert any("with the changes" in fault for fault in moved), moved
    print("differences are noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", nargs="?")
    parser.add_argument("binary", nargs="?")
    parser.add_argument("--storage", help="where the tables lie; PROJECT/.lake if left out")
    parser.add_argument("--show", action="store_true", help="print rows that differ")
    parser.add_argument("--self-test", action="store_true", help="whether a difference would be noticed")
    given = parser.parse_args()
    if given.self_test:
        return self_test()
    if not given.storage and not given.binary:
        parser.error("give a project and the binary, or --storage")
    here = tables(given.storage or os.path.join(given.project, ".lake"))
    comparison = Comparison(given.show)
    if given.binary:
        known = {row["table"] for row in lakesmith(given.binary, given.project, "tables") if row.get("exists", True)}
        comparison.faults += [f"{name}: lies in the storage, and lakesmith does not list it" for name in sorted(set(here) - known)]
        comparison.faults += [f"{name}: lakesmith lists it, and it does not lie in the storage" for name in sorted(known - set(here))]
    for name in sorted(here):
        ask = lambda: lakesmith(given.binary, given.project, "query", f"SELECT * FROM {name}")
        comparison.table(name, here[name], ask if given.binary and name in known else None)
    readers = "four" if given.binary else "three"
    said = f"{len(here)} tables, {comparison.versions} versions, {comparison.rows} rows at the end: {readers} readers agree"
    print("\n".join(comparison.faults) if comparison.faults else said)
    if not here:
        print("readers: there are no tables; run the project first", file=sys.stderr)
    sys.exit(1 if comparison.faults or not here else 0)


if __name__ == "__main__":
    main()
