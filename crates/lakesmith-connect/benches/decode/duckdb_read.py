#!/usr/bin/env python3
"""How fast DuckDB reads the files of the benchmark `decode`, on one thread: duckdb_read.py FOLDER

The columns are those that lakesmith infers; the batches are fetched as Arrow and thrown away. Prints MB/s of
processor time, the best of several runs.
"""
import os
import sys
import time

import duckdb

LINE = ("STRUCT(LineNo BIGINT, ProductID VARCHAR, ProductName VARCHAR, Qty BIGINT, UnitPrice DOUBLE, DiscountPct BIGINT, "
        "LineAmount DOUBLE, Warehouse VARCHAR)")
ORDERS = {"OrderID": "VARCHAR", "customerId": "VARCHAR", "OrderDate": "VARCHAR", "order_status": "VARCHAR", "Currency": "VARCHAR",
          "TotalAmount": "DOUBLE", "UpdatedAt": "VARCHAR", "ShipTo": "STRUCT(City VARCHAR, Zip VARCHAR, Country VARCHAR)",
          "Channel": "VARCHAR", "Notes": "VARCHAR", "Lines": LINE + "[]"}
CUSTOMERS = dict.fromkeys(["CustomerID", "First Name", "lastName", "E-Mail", "SEGMENT", "city", "countryCode", "UpdatedAt"], "VARCHAR")
LINES = {"OrderID": "BIGINT", "LineNo": "BIGINT", "ProductID": "BIGINT", "ProductName": "VARCHAR", "Qty": "BIGINT", "UnitPrice": "DOUBLE",
         "DiscountPct": "BIGINT", "LineAmount": "DOUBLE", "returned": "BOOLEAN"}


def read(connection, path, columns):
    if path.endswith(".parquet"):
        return sum(batch.num_rows for batch in connection.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_reader(8192))
    function = "read_json" if path.endswith(".json") else "read_csv"
    more = ", format='newline_delimited'" if path.endswith(".json") else ", header=true"
    reader = connection.sql(f"SELECT * FROM {function}('{path}', columns={columns!r}{more})").to_arrow_reader(8192)
    return sum(batch.num_rows for batch in reader)


def main():
    folder = sys.argv[1]
    connection = duckdb.connect(config={"threads": 1})
    print(f"\n| DuckDB {duckdb.__version__}, one thread | MB/s |\n| --- | ---: |")
    for name, columns in [("orders.json", ORDERS), ("customers.csv", CUSTOMERS), ("lines.csv", LINES), ("lines.parquet", None)]:
        path = os.path.join(folder, name)
        best = float("inf")
        for _ in range(7):
            start = time.process_time()
            read(connection, path, columns)
            best = min(best, time.process_time() - start)
        print(f"| {name} | {os.path.getsize(path) / 1e6 / best:.0f} |")


main()
