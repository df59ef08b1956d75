"""Tables that delta-rs writes, step by step: foreign.py FOLDER STEP. Prints the rows of `orders` afterwards, as JSON."""
import datetime
import decimal
import json
import os
import sys

import pyarrow
from deltalake import DeltaTable, write_deltalake

folder, step = sys.argv[1], sys.argv[2]
ORDERS, EVENTS = f"{folder}/or ders", f"{folder}/events"
CDF = {"delta.enableChangeDataFeed": "true"}


def orders(*rows):
    schema = pyarrow.schema(
        [
            ("order_id", pyarrow.int64()),
            ("amount", pyarrow.decimal128(18, 2)),
            ("clock", pyarrow.timestamp("us")),
            ("lines", pyarrow.list_(pyarrow.struct([("sku", pyarrow.string()), ("n", pyarrow.int32())]))),
            ("tags", pyarrow.map_(pyarrow.string(), pyarrow.string())),
            ("country", pyarrow.string()),
        ]
    )
    clock = datetime.datetime(2024, 3, 1, 8, 30)
    return pyarrow.Table.from_pylist(
        [
            {
                "order_id": key,
                "amount": decimal.Decimal(amount),
                "clock": clock,
                "lines": [{"sku": "a", "n": key}],
                "tags": {"k": f"v{key}"},
                "country": country,
            }
            for key, amount, country in rows
        ],
        schema=schema,
    )


def events(*ids, **more):
    return pyarrow.table({"id": pyarrow.array(ids, pyarrow.int64()), **{k: pyarrow.array(v) for k, v in more.items()}})


if step == "create":
    rows = orders((1, "10.00", "de"), (2, "20.00", "fr é/%"), (3, "30.00", None))
    write_deltalake(ORDERS, rows, partition_by=["country"], configuration=CDF)
    write_deltalake(EVENTS, events(1, 2))
elif step == "append":
    rows = orders((4, "40.00", "de"))
    write_deltalake(ORDERS, rows, mode="append")
    write_deltalake(EVENTS, events(3), mode="append")
    write_deltalake(EVENTS, events(4, kind=["late"]), mode="append", schema_mode="merge")
elif step == "update":
    DeltaTable(ORDERS).update(updates={"amount": "amount + 1"}, predicate="order_id <= 2")
    DeltaTable(ORDERS).delete("order_id = 3")
    DeltaTable(EVENTS).optimize.compact()
elif step == "overwrite":
    rows = orders((1, "11.00", "de"), (5, "50.00", "it"))
    write_deltalake(ORDERS, rows, mode="overwrite")
elif step == "vacuum":
    write_deltalake(EVENTS, events(5, kind=["x"]), mode="append")
    DeltaTable(EVENTS).optimize.compact()
    DeltaTable(EVENTS).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
elif step == "rewrite":
    DeltaTable(EVENTS).delete("id = 1")
else:
    sys.exit(f"no step {step}")

table = DeltaTable(ORDERS).to_pyarrow_table()
rows = [{"order_id": r["order_id"], "amount": str(r["amount"]), "country": r["country"]} for r in table.to_pylist()]
print(json.dumps(sorted(rows, key=lambda row: row["order_id"])))
sys.stdout.flush()
# Threads of delta-rs that still live at the end may take the process down with them.
os._exit(0)
