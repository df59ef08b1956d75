#!/usr/bin/env python3
"""Makes `landing/` anew: files as partners deliver them, in every format and with every flaw that has a name.

    pip install openpyxl pyarrow fastavro zstandard
    python3 make.py
"""
import datetime as dt
import gzip
import io
import json
import os
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

LANDING = Path(__file__).parent / "landing"
CLOCK = dt.datetime(2025, 5, 1, 6, tzinfo=dt.timezone.utc)


def put(path: str, content: bytes | str) -> None:
    """Writes a file, an hour younger than the one before: the order of arrival is the order of these calls."""
    global CLOCK
    file = LANDING / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(file, (CLOCK.timestamp(), CLOCK.timestamp()))
    CLOCK += dt.timedelta(hours=1)


def gz(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def orders() -> None:
    """One table, nine files: the shop's nightly CSV through a hard May."""
    put("orders/2025-04-29.csv", "Order ID,Customer Name,Amount (EUR),Order Date,Order Date\n"
        "1001,Ann,12.50,2025-04-28,2025-04-29\n1002,\"Bo, Jr.\",7,2025-04-28,2025-04-29\n")
    put("orders/2025-04-30.csv", "\ufefforder id,CUSTOMER NAME,Amount (EUR),Order Date,Order Date\r\n"
        "1003,Chloé,3.00,2025-04-30,2025-04-30\r\n")
    # A column appeared in May, and the columns stand in another order.
    put("orders/2025-05-01.csv", "Channel,Order ID,Amount (EUR),Customer Name,Order Date,Order Date\n"
        "web,1004,20,Dana,2025-05-01,2025-05-01\nshop,1005,n/a,\"Eve\nLine Two\",2025-05-01,2025-05-01\n")
    # Two gzip members, as `cat a.gz b.gz` makes them.
    head = "Order ID,Customer Name,Amount (EUR),Order Date,Order Date,Channel\n"
    put("orders/2025-05-02.csv.gz", gz(head + "1006,Finn,1.25,2025-05-02,2025-05-02,web\n")
        + gz("1007,Gia,2.25,2025-05-02,2025-05-02,web\n"))
    put("orders/2025-05-03.csv", (head + "1008,Jürgen,9.99,2025-05-03,2025-05-03,5 €\n").encode("cp1252"))
    put("orders/2025-05-04.csv", (head + "1009,Ōsaka,4,2025-05-04,2025-05-04,web\n").encode("utf-16"))
    # One byte is no character, one row is too short, one too long.
    put("orders/2025-05-05.csv", (head + "1010,Zoë,5,2025-05-05,2025-05-05,web\n").encode()
        + b"1011,Ann\xe9,6,2025-05-05,2025-05-05,web\n" + b"1012,Ben\n1013,Cy,8,2025-05-05,2025-05-05,web,more\n")
    # Torn off: none of its rows can be trusted.
    long = "".join(f"{n},Row {n * 7919 % 1000},1,2025-05-06,2025-05-06,web\n" for n in range(2000, 4000))
    put("orders/2025-05-06.csv.gz", gz(head + long)[:4000])
    put("orders/2025-05-07.csv", head + "1014,\"never closed,1,2025-05-07,2025-05-07,web\n")
    put("orders/2025-05-08.csv", head)
    put("orders/2025-05-09 #1 50%2F ü.csv", head + "1015,Ivo,11,2025-05-09,2025-05-09,web\n")


def clicks() -> None:
    put("clicks/a.ndjson.zst", zstandard.ZstdCompressor().compress(b"".join(
        json.dumps({"id": n, "at": f"2025-05-01T00:00:{n:02}Z", "page": {"path": f"/p/{n % 3}", "ms": n * 1.5}}).encode()
        + b"\n" for n in range(5))))
    put("clicks/b.ndjson", "\n".join([
        '{"id":5,"at":"2025-05-02T00:00:00Z","page":{"path":"/p/5","ms":1,"ref":"mail"}}',
        "not json",
        '{"id":9007199254740993,"at":"2025-05-02T00:00:01Z","page":null}',
        '{"id":1e400,"at":"2025-05-02T00:00:02Z"}',
        '{"id":6,"id":7,"at":"2025-05-02T00:00:03Z"}',
        '{"ID":8,"at":"yesterday","page":{"path":"/p/8","ms":"slow"}}']) + "\n")


def documents() -> None:
    put("products/catalog.json", json.dumps({"version": 2, "catalog": {"items": [
        {"sku": "A-1", "price": 9.5, "tags": ["new"]}, {"sku": "B-2", "price": 12, "tags": []}, {"sku": "C-3"}]}}, indent=2))
    put("countries/countries.xml", """<?xml version="1.0" encoding="ISO-8859-1"?>
<countries>
  <country code="DE"><name>Deutschland</name><language main="yes">Deutsch</language></country>
  <country code="CH"><name>Schweiz</name><language main="yes">Deutsch</language><language>Fran\xe7ais</language></country>
  <!-- none yet --><country code="AQ"/>
</countries>
""".encode("latin-1"))
    put("ledger/2025-05.txt", "LEDGER MAY 2025\n"
        "0001 20250501     120.50 opening      \n0002 20250502      -3.10 café         \n0003 20250503   1,000.00 \n")
    put("notes/2025-05-01.txt", "Called Ann: wants the blue one.\n\nBo moves to Köln in June.\n")


def binaries() -> None:
    table = pa.table({
        "sku": pa.array(["A-1", "B-2", None]),
        "on_hand": pa.array([5, -1, 2**31 - 1], pa.int32()),
        "value": pa.array([Decimal("47.50"), Decimal("-0.01"), None], pa.decimal128(18, 2)),
        "counted_at": pa.array([dt.datetime(2025, 5, 1, 8, 30), None, dt.datetime(1, 1, 1)], pa.timestamp("us", tz="UTC")),
        "bins": pa.array([["A1", "A2"], [], None], pa.list_(pa.string())),
    })
    out = io.BytesIO()
    pq.write_table(table, out)
    put("stock/2025-05-01.parquet", out.getvalue())
    schema = {"type": "record", "name": "reading", "fields": [
        {"name": "sensor", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "celsius", "type": ["null", "double"]},
        {"name": "state", "type": {"type": "enum", "name": "state", "symbols": ["ok", "worn"]}}]}
    out = io.BytesIO()
    at = dt.datetime(2025, 5, 1, 12, tzinfo=dt.timezone.utc)
    fastavro.writer(out, schema, [
        {"sensor": "fridge", "at": at, "celsius": 4.25, "state": "ok"},
        {"sensor": "freezer", "at": at, "celsius": None, "state": "worn"}], codec="deflate", sync_marker=b"0123456789abcdef")
    put("sensors/2025-05-01.avro", out.getvalue())
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = dt.datetime(2025, 5, 1)
    sheet = book.active
    sheet.title = "Notes"
    sheet["A1"] = "see the other sheet"
    sheet = book.create_sheet("Budget 2025")
    sheet["A1"] = "Budget of the shop"
    sheet.merge_cells("A1:D1")
    for row, cells in enumerate([
            ("Department", "Month", "Budget", "Approved on"),
            ("Sales", dt.date(2025, 5, 1), 12000, dt.datetime(2025, 4, 2, 9, 30)),
            ("Service", dt.date(2025, 5, 1), 3500.5, None),
            ("Food", dt.date(2025, 6, 1), "tbd", dt.datetime(2025, 4, 3))], start=3):
        for column, cell in enumerate(cells, start=1):
            sheet.cell(row, column, cell)
    sheet["C4"].number_format = '#,##0.00 "EUR"'
    sheet["A8"] = "below the table"
    out = io.BytesIO()
    book.save(out)
    put("budget/2025.xlsx", out.getvalue())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [("returns/b.csv", "id,reason\n3,late\n"), ("returns/a.csv", "id,reason\n1,broken\n2,\"wrong, size\"\n"),
                           ("__MACOSX/._a.csv", "\0\0")]:
            archive.writestr(zipfile.ZipInfo(name, (2025, 5, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    put("returns/2025-05.zip", out.getvalue())


def main() -> None:
    shutil.rmtree(LANDING, ignore_errors=True)
    orders()
    clicks()
    documents()
    binaries()


if __name__ == "__main__":
    main()
