"""The answers of contract 2, slowly and plainly: `tables(events, day)` = every table after that day, a function of the event log alone.

An event is (table, day, file, position, row): one JSON object of a landing file. Nothing here is incremental. The rules are numbered
as in CONTRACT2.md.
"""
import datetime as dt
from collections import defaultdict
from decimal import Decimal
import pyarrow as pa

BEGIN, OPEN = dt.date(1900, 1, 1), dt.date(9999, 12, 31)
UNKNOWN = "(unknown)"
FEEDS = ("orders", "customers", "products", "countries")          # with UpdatedAt; "prices" is a full snapshot per file


# -- typing: a value or None -------------------------------------------------------------------------------------------------------
def text(v): return v


def stamp(v):
    try: return dt.datetime.fromisoformat(v) if len(v) >= 19 else None
    except (ValueError, TypeError): return None


def day(v):
    try: return dt.datetime.strptime(v, "%Y-%m-%d").date() if len(v) == 10 else None
    except (ValueError, TypeError): return None


def money(v):
    try: return Decimal(v).quantize(Decimal("0.01"))
    except (ArithmeticError, TypeError): return None


def lines(v): return None if v is None else [(l["LineNo"], l["ProductID"], l["Qty"], l["Amount"]) for l in v]


# silver columns in declared order: name, JSON field, type, default
COLUMNS = {
    "orders": [("order_id", "OrderID", text, None), ("customer_id", "CustomerID", text, None), ("order_date", "OrderDate", day, None),
               ("status", "Status", text, "placed"), ("country_code", "CountryCode", text, None), ("lines", "Lines", lines, None),
               ("updated_at", "UpdatedAt", stamp, None)],
    "customers": [("customer_id", "CustomerID", text, None), ("name", "Name", text, None), ("segment", "Segment", text, "none"), ("email", "Email", text, None),
                  ("country_code", "CountryCode", text, None), ("note", "Note", text, None), ("updated_at", "UpdatedAt", stamp, None)],
    "products": [("product_id", "ProductID", text, None), ("product_name", "ProductName", text, None), ("category", "Category", text, None),
                 ("updated_at", "UpdatedAt", stamp, None)],
    "countries": [("country_code", "CountryCode", text, None), ("region", "Region", text, None), ("updated_at", "UpdatedAt", stamp, None)],
    "prices": [("price_id", "PriceID", text, None), ("price", "Price", money, None), ("currency", "Currency", text, None)],
}
RULES = {  # a rule passes only when True
    "orders": {"order_id_present": lambda r: r["order_id"] is not None, "date_present": lambda r: r["order_date"] is not None, "stamp_present": lambda r: r["updated_at"] is not None},
    "customers": {"customer_id_present": lambda r: r["customer_id"] is not None, "name_present": lambda r: r["name"] is not None, "stamp_present": lambda r: r["updated_at"] is not None},
    "products": {"product_id_present": lambda r: r["product_id"] is not None, "name_present": lambda r: r["product_name"] is not None, "stamp_present": lambda r: r["updated_at"] is not None},
    "countries": {"country_code_present": lambda r: r["country_code"] is not None, "stamp_present": lambda r: r["updated_at"] is not None},
    "prices": {"price_id_present": lambda r: r["price_id"] is not None, "price_positive": lambda r: r["price"] is not None and r["price"] > 0},
}
TRACK = ("name", "segment", "email", "region")
TRACK_PRODUCT = ("product_name", "category")


def rank(v):
    """R3: NULL smallest; lists element by element, a prefix is smaller; a line by its fields in declared order."""
    if v is None: return (0,)
    return (1, tuple(rank(x) for x in v)) if isinstance(v, (list, tuple)) else (1, v)


def read(table, row):
    """-> (stored values, failed rules); a delete marker needs only its key and its stamp (R2)."""
    r, failed = {}, []
    key = COLUMNS[table][0][0]
    gone = row.get("_operation") == "delete"
    for name, field, typed, default in COLUMNS[table]:
        r[name] = typed(row.get(field)) if row.get(field) is not None else None
        if r[name] is None and row.get(field) is not None and (not gone or name in (key, "updated_at")): failed.append(f"{name} does not parse")
    failed += [n for n, ok in RULES[table].items() if not ok(r) and (not gone or n in (f"{key}_present", "stamp_present"))]
    if not failed:                                                  # defaults count in comparisons: as stored (R3)
        for name, _, _, default in COLUMNS[table]:
            if r[name] is None and not gone: r[name] = default
    return r, gone, failed


class Feed:
    """One feed's rows up to a day: good ones by key, bad ones as they are."""
    def __init__(self, events, table):
        self.bad, self.by_key, self.rows = [], defaultdict(list), 0
        cols = [c[0] for c in COLUMNS[table]]
        for e in events:
            if e[0] != table: continue
            self.rows += 1
            r, gone, failed = read(table, e[4])
            if failed: self.bad.append((r, sorted(failed)))
            else: self.by_key[r[cols[0]]].append(((r["updated_at"], gone, tuple(rank(r[c]) for c in cols)), gone, r))

    def latest(self):
        """R1, R3, R4: per key the largest (stamp, delete, columns); nothing when that is a delete."""
        top = (max(v, key=lambda x: x[0]) for v in self.by_key.values())
        return [r for _, gone, r in top if not gone]

    def states(self):
        """R5: per key and stamp the largest; deletes stay as what they are: the end of what was before."""
        out = {}
        for k, v in self.by_key.items():
            best = {}
            for order, gone, r in v:
                if order[0] not in best or best[order[0]][0] < order: best[order[0]] = (order, gone, r)
            out[k] = [(s, best[s][1], best[s][2]) for s in sorted(best)]
        return out


def type2(states, track):
    """R6: [start, end) versions of one member from its states in order of stamp."""
    last = {}
    for s, gone, r in states: last[s.date()] = (gone, r)             # of several changes on one day the last counts
    out = []
    for d, (gone, r) in sorted(last.items()):
        is_open = out and out[-1]["end"] == OPEN
        if is_open and not gone and all(out[-1][t] == r[t] for t in track):
            out[-1].update({k: v for k, v in r.items() if k != "updated_at"})   # untracked attributes overwrite, in this version
            continue
        if is_open: out[-1]["end"] = d
        if not gone: out.append({**r, "start": d, "end": OPEN})
    return out


def as_of(versions, d):
    return next((v for v in versions if v["start"] <= d < v["end"]), None)


def prices(events):
    """R9: one file = one snapshot, in order of arrival. The last good row of a key wins; a key only in bad rows is not missing."""
    files, bad, n = defaultdict(list), [], 0
    for t, d, f, pos, row in events:
        if t == "prices": files[(d, f)].append((pos, row)); n += 1
    now = {}
    for f in sorted(files):
        new, there = {}, set()
        for _, row in sorted(files[f], key=lambda x: x[0]):
            r, _, failed = read("prices", row)
            there.add(r["price_id"])
            if failed: bad.append((r, sorted(failed)))
            else: new[r["price_id"]] = r
        now = {**{k: v for k, v in now.items() if k in there}, **new}
    return list(now.values()), bad, n


S, I, M, D, T, B = pa.string(), pa.int64(), pa.decimal128(18, 2), pa.date32(), pa.timestamp("us"), pa.bool_()
SCHEMA = {
    "sales_orders": dict(order_id=S, customer_id=S, order_date=D, status=S, country_code=S, region=S, updated_at=T),
    "sales_order_lines": dict(order_id=S, order_line_number=I, customer_id=S, order_date=D, product_id=S, quantity=I, amount=M, region=S),
    "sales_customers": dict(customer_id=S, name=S, segment=S, email=S, country_code=S, note=S, region=S, updated_at=T),
    "sales_products": dict(product_id=S, product_name=S, category=S, updated_at=T),
    "sales_countries": dict(country_code=S, region=S, updated_at=T),
    "sales_prices": dict(price_id=S, price=M, currency=S),
    "sales_orders_quarantine": dict(order_id=S, customer_id=S, updated_at=T, failed=S),
    "sales_customers_quarantine": dict(customer_id=S, country_code=S, updated_at=T, failed=S),
    "sales_products_quarantine": dict(product_id=S, category=S, updated_at=T, failed=S),
    "sales_prices_quarantine": dict(price_id=S, currency=S, failed=S),
    "dim_customer": dict(customer_id=S, name=S, segment=S, email=S, region=S, country_code=S, note=S, effective_start_date=D, effective_end_date=D, is_current=B),
    "dim_product": dict(product_id=S, product_name=S, category=S, effective_start_date=D, effective_end_date=D, is_current=B),
    "dim_item": dict(product_id=S, product_name=S, category=S),
    "fact_sales": dict(order_id=S, order_line_number=I, date_key=I, customer_id=S, customer_start=D, product_id=S, product_start=D, item_id=S, region=S, quantity=I, amount=M),
    "daily_sales": dict(date_key=I, product_id=S, product_start=D, revenue=M, orders=I, max_line=M),
    "customer_sales": dict(customer_id=S, customer_start=D, revenue=M, line_count=I, last_date_key=I),
}


def tables(events, upto):
    ev = [e for e in events if e[1] <= upto]
    orders, customers, products, countries = (Feed(ev, t) for t in FEEDS)
    region = {r["country_code"]: r["region"] for r in countries.latest()}          # R8: the lookup's present value, for every row that uses it
    o = [{**r, "region": region.get(r["country_code"])} for r in orders.latest()]
    cs = {k: [(s, g, {**r, "region": region.get(r["country_code"])}) for s, g, r in v] for k, v in customers.states().items()}
    ps = products.states()
    price, bad_prices, n_prices = prices(ev)
    ol = [dict(order_id=r["order_id"], order_line_number=l[0], customer_id=r["customer_id"], order_date=r["order_date"], product_id=l[1], quantity=l[2],
               amount=money(str(l[3])), region=r["region"]) for r in o for l in r["lines"] or []]
    cv = {k: type2(v, TRACK) for k, v in cs.items()}
    pv = {k: type2(v, TRACK_PRODUCT) for k, v in ps.items()}
    # R7: facts by the whole history known now
    facts, infer = [], set()
    for l in ol:
        d = l["order_date"]
        c = as_of(cv.get(l["customer_id"], []), d)
        p = as_of(pv.get(l["product_id"], []), d)
        if p is None and l["product_id"] is not None:
            infer.add(l["product_id"]); p = {"product_id": l["product_id"], "start": BEGIN}
        facts.append(dict(order_id=l["order_id"], order_line_number=l["order_line_number"], date_key=d.year * 10000 + d.month * 100 + d.day,
                          customer_id=c and c["customer_id"], customer_start=c and c["start"], product_id=p and p["product_id"], product_start=p and p["start"],
                          item_id=l["product_id"] if any(not g for _, g, _ in ps.get(l["product_id"], [])) else None, region=l["region"], quantity=l["quantity"], amount=l["amount"]))
    for k in infer:                                                                  # an inferred version fills the time before the first real one
        pv[k] = [{"product_id": k, "product_name": UNKNOWN, "category": UNKNOWN, "start": BEGIN, "end": pv[k][0]["start"] if pv.get(k) else OPEN}] + pv.get(k, [])
    version = lambda v: {**v, "effective_start_date": v["start"], "effective_end_date": v["end"], "is_current": v["end"] == OPEN}
    day_, cust_ = defaultdict(list), defaultdict(list)
    for f in facts:
        day_[(f["date_key"], f["product_id"], f["product_start"])].append(f); cust_[(f["customer_id"], f["customer_start"])].append(f)
    q = lambda bad: [{**r, "failed": ",".join(f)} for r, f in bad]
    flat = lambda st: [r for v in st.values() for _, g, r in v if not g]
    t = {
        "sales_orders": o, "sales_order_lines": ol, "sales_customers": flat(cs), "sales_products": flat(ps), "sales_countries": countries.latest(), "sales_prices": price,
        "sales_orders_quarantine": q(orders.bad), "sales_customers_quarantine": q(customers.bad), "sales_products_quarantine": q(products.bad), "sales_prices_quarantine": q(bad_prices),
        "dim_customer": [version(v) for x in cv.values() for v in x], "dim_product": [version(v) for x in pv.values() for v in x],
        "dim_item": [max(v, key=lambda x: x[0])[2] for v in ps.values()], "fact_sales": facts,
        "daily_sales": [dict(date_key=d, product_id=p, product_start=s, revenue=sum(f["amount"] for f in g), orders=len({f["order_id"] for f in g}), max_line=max(f["amount"] for f in g))
                        for (d, p, s), g in day_.items()],
        "customer_sales": [dict(customer_id=c, customer_start=s, revenue=sum(f["amount"] for f in g), line_count=len(g), last_date_key=max(f["date_key"] for f in g)) for (c, s), g in cust_.items()],
    }
    out = {n: sorted((tuple(r.get(c) for c in SCHEMA[n]) for r in rows), key=rank) for n, rows in t.items()}
    return out, {"orders": orders.rows, "customers": customers.rows, "products": products.rows, "countries": countries.rows, "prices": n_prices}


def arrow(name, rows):
    s = pa.schema(list(SCHEMA[name].items()))
    return pa.table({c: pa.array([r[i] for r in rows], s.field(c).type) for i, c in enumerate(SCHEMA[name])}, schema=s)
