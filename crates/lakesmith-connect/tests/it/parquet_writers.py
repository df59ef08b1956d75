"""Parquet files by those who write most of them, and beside each what its writer reads of it, as JSON."""

import datetime as dt
import decimal
import json
import sys
import uuid
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


def shown(value):
    """A value as the test shows it: NULLs left out of rows and structs, instants in UTC, bytes in hex."""
    if isinstance(value, dict):
        return {key: shown(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return [shown(part) for part in value]
    if isinstance(value, dt.datetime):
        value = value.replace(tzinfo=value.tzinfo or dt.timezone.utc).astimezone(dt.timezone.utc)
        digits = "" if value.microsecond == 0 else f".{value.microsecond:06}"
        digits = digits[:4] if digits.endswith("000") else digits
        return value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + digits + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        digits = "" if value.microsecond == 0 else f".{value.microsecond:06}"
        return value.strftime("%H:%M:%S") + (digits[:4] if digits.endswith("000") else digits)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value


def keep(folder, name, rows):
    (folder / f"{name}.json").write_text(json.dumps([shown(row) for row in rows]))


FIRST, LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)
START, END = dt.datetime(1582, 10, 4, 1, 2, 3, 999), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
BIG, LEAST = decimal.Decimal("9" * 38), decimal.Decimal("-" + "9" * 38)


def by_pyarrow(folder):
    columns = {
        "b": pa.array([True, None, False]),
        "i8": pa.array([-128, None, 127], pa.int8()),
        "u16": pa.array([0, None, 65535], pa.uint16()),
        "u64": pa.array([0, None, 2**53], pa.uint64()),
        "i64": pa.array([-(2**63), None, 2**63 - 1]),
        "f16": pa.array([0.5, None, -2.0], pa.float16()),
        "f32": pa.array([0.5, None, -2.5], pa.float32()),
        "f64": pa.array([1e300, None, -0.0]),
        "dec": pa.array([BIG, None, LEAST], pa.decimal128(38, 0)),
        "small": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.50")], pa.decimal128(5, 2)),
        "d": pa.array([FIRST, None, LAST]),
        "ms": pa.array([START.replace(microsecond=0), None, END.replace(microsecond=999000)], pa.timestamp("ms")),
        "us": pa.array([START, None, dt.datetime(2400, 1, 1, 0, 0, 0, 1)], pa.timestamp("us", tz="UTC")),
        "ns": pa.array([dt.datetime(2024, 2, 29, 1, 2, 3, 4), None, dt.datetime(1969, 12, 31, 23, 59, 59, 999999)], pa.timestamp("ns")),
        "t": pa.array([dt.time(1, 2, 3, 4), None, dt.time(23, 59, 59, 999999)], pa.time64("us")),
        "s": pa.array(["é", None, ""]),
        "ls": pa.array(["é", None, ""], pa.large_string()),
        "sv": pa.array(["a text longer than twelve bytes", None, ""], pa.string_view()),
        "cat": pa.array(["x", None, "x"]).dictionary_encode(),
        "by": pa.array([b"\x00\xff", None, b""]),
        "fx": pa.array([b"ab", None, b"cd"], pa.binary(2)),
        "n": pa.nulls(3),
        "l": pa.array([[1, None], None, []], pa.list_(pa.int32())),
        "fl": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)),
        "st": pa.array([{"A": 1, "b": {"c": ["x"]}}, None, {"A": None, "b": None}]),
        "m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "ll": pa.array([[{"x": [1]}, {"x": None}], None, [None]]),
    }
    table = pa.table(columns)
    for name, options in {
        "pyarrow": {},
        "pyarrow-1.0": {"version": "1.0", "use_dictionary": False, "data_page_version": "1.0", "compression": "gzip"},
        "pyarrow-v2": {"data_page_version": "2.0", "compression": "zstd", "use_compliant_nested_type": False, "write_page_index": True},
        "pyarrow-delta": {"use_dictionary": False, "column_encoding": {"i64": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT"}, "compression": "lz4"},
        "pyarrow-brotli": {"compression": "brotli", "row_group_size": 1},
    }.items():
        # Parquet 1.0 has neither unsigned 64-bit numbers nor nanoseconds.
        written = table.drop_columns(["u64", "ns"]) if name == "pyarrow-1.0" else table
        pq.write_table(written, folder / f"{name}.parquet", **options)
        keep(folder, name, written.to_pylist(maps_as_pydicts="strict"))
    old = pa.table({"t": pa.array([dt.datetime(1700, 1, 1, 1), None, dt.datetime(2200, 1, 1, 0, 0, 0, 1)], pa.timestamp("us"))})
    pq.write_table(old, folder / "pyarrow-int96.parquet", use_deprecated_int96_timestamps=True)
    keep(folder, "pyarrow-int96", old.to_pylist())


def by_duckdb(folder):
    query = """
        SELECT * FROM (VALUES
            (true, 127::TINYINT, 255::UTINYINT, 4294967295::UINTEGER, 1.5::FLOAT, 1e300::DOUBLE, 1.25::DECIMAL(4,2),
             12345678901234567890.5::DECIMAL(30,1), 'é', '\\xFF'::BLOB, DATE '0001-01-01', TIMESTAMP '1582-10-14 00:00:00.000001',
             TIMESTAMPTZ '2024-02-29 12:00:00+02', TIME '23:59:59.000001', '00010203-0405-0607-0809-0a0b0c0d0e0f'::UUID,
             'b'::ENUM('a', 'b'), [1, NULL], {'x': 1, 'y': [{'z': 'q'}]}, MAP {'k': 1}),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
        ) t(b, i8, u8, u32, f, d, dec, wide, s, bl, day, ts, tz, tm, id, e, l, st, m)"""
    path = folder / "duckdb.parquet"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    cursor = connection.execute(f"SELECT * REPLACE (tz::TIMESTAMP AS tz) FROM '{path}'")
    names = [column[0] for column in cursor.description]
    keep(folder, "duckdb", [dict(zip(names, row)) for row in cursor.fetchall()])


def by_polars(folder):
    frame = pl.DataFrame(
        {
            "i": [1, None, -1],
            "u8": pl.Series([0, None, 255], dtype=pl.UInt8),
            "f": [0.5, None, -0.0],
            "s": ["é", None, ""],
            "cat": pl.Series(["x", None, "y"], dtype=pl.Categorical),
            "d": [FIRST, None, LAST],
            "us": pl.Series([START, None, END], dtype=pl.Datetime("us")),
            "tz": pl.Series([START, None, END], dtype=pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "t": [dt.time(1, 2, 3, 4), None, dt.time(23, 59, 59)],
            "by": [b"\x00", None, b""],
            "dec": pl.Series([decimal.Decimal("1.5"), None, decimal.Decimal("-2.25")], dtype=pl.Decimal(20, 2)),
            "l": [[1, None], None, []],
            "st": [{"a": 1, "b": [True]}, None, {"a": None, "b": None}],
        }
    )
    frame.write_parquet(folder / "polars.parquet")
    keep(folder, "polars", pl.read_parquet(folder / "polars.parquet").to_dicts())


by_pyarrow(Path(sys.argv[1]))
by_duckdb(Path(sys.argv[1]))
by_polars(Path(sys.argv[1]))
