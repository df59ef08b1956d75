"""Which rows of a Delta table other readers find by a filter on one value.

Takes the table's folder, and on standard input `[{"id", "column", "type", "text"}]`. Prints the ids that each reader finds for each.
"""
import collections
import json
import os
import sys

import duckdb
import polars
import pyarrow
from deltalake import DeltaTable, QueryBuilder

folder, wanted = sys.argv[1], json.load(sys.stdin)
table = DeltaTable(folder)
files = table.file_uris()
full = polars.read_delta(folder)


def text(value):
    return value["text"] if "+" in value["text"] or value["type"] != "timestamp" else value["text"].replace(" ", "T") + "Z"


def literal(value, instant):
    quoted = text(value).replace("'", "''")
    return f"CAST('{quoted}' AS {value['type'].replace('timestamp', instant)})"


def with_delta_rs(value):
    wanted = literal(value, "TIMESTAMP")
    if value["type"] == "timestamp":
        # Its TIMESTAMP has nanoseconds, which reach from 1677 to 2262.
        wanted = f"arrow_cast('{text(value)}', 'Timestamp(Microsecond, Some(\"UTC\"))')"
    sql = f"SELECT id FROM t WHERE \"{value['column']}\" = {wanted}"
    return pyarrow.table(QueryBuilder().register("t", table).execute(sql).read_all()).column("id").to_pylist()


def with_polars(value):
    own = full.filter(polars.col("id") == value["id"]).get_column(value["column"])
    rows = polars.scan_delta(folder).filter(polars.col(value["column"]) == polars.lit(own).first())
    return rows.collect().get_column("id").to_list()


def with_duckdb(value):
    connection = duckdb.connect()
    connection.sql("SET timezone = 'UTC'")
    paths = ", ".join("'" + os.path.normpath(file).replace("'", "''") + "'" for file in files)
    sql = f"SELECT id FROM read_parquet([{paths}], union_by_name = true) WHERE \"{value['column']}\" = "
    return [row[0] for row in connection.sql(sql + literal(value, "TIMESTAMPTZ")).fetchall()]


answers = collections.defaultdict(dict)
for reader, find in {"delta-rs": with_delta_rs, "Polars": with_polars, "DuckDB": with_duckdb}.items():
    for value in wanted:
        answers[reader][value["id"]] = find(value)
json.dump(answers, sys.stdout)
