"""What a batch computes: three kinds of flows. Nothing here changes a world.

`gained` says what the inputs hold that the target has not read, or None; it is all that the computation rests on (with the versions
of the target and the companions), so that a record can be computed again. `compute` gives what the target becomes, and what each
companion gains. Change data comes with the rows: `former` names the keys whose rows the commit takes away.
"""
from world import BAD, DELETE, PUT, Event, Version, counted


class Bronze:
    """Appends whole files. What is read stands in the receipts, a companion: that is its position."""
    NOTHING_READ, REPLACES = (), False

    @staticmethod
    def gained(s, w, flow, held):
        receipts = w.logs[s.companion(flow, "receipts")][-1]
        counts = receipts.rows if s.broken == "undone-rows-count" else counted(held, receipts)
        new = tuple(sorted(set(w.arrived) - {file for file, _ in counts}))
        return ("files", new) if new else None

    @staticmethod
    def compute(s, w, flow, held, reads, number):
        rows = held.rows | {(e.key, e.seq, number) for e in reads[1]}
        return (), rows, frozenset(), (reads[1],)


class Silver:
    """Keeps the highest state of each key, by sequence and not by arrival; bad rows go to the quarantine, markers to the tombstones."""
    NOTHING_READ, REPLACES = (0,), True

    @staticmethod
    def gained(s, w, flow, held):
        return ("range", held.read[0], len(w.arrived)) if len(w.arrived) > held.read[0] else None

    @staticmethod
    def compute(s, w, flow, held, reads, number):
        events = w.arrived[reads[1]:reads[2]]
        tombs = tombstones(s, w, flow, held, number)
        best = {}
        for e in events:
            # Of equal sequences a delete is larger than any state. A tombstone lets only a larger sequence pass.
            if e.what != BAD and e.seq > tombs.get(e.key, -1):
                if e.key not in best or larger(s, e, best[e.key]):
                    best[e.key] = e
        rows = {key: (key, seq, batch) for key, seq, batch in held.rows}
        former = set()
        for key, e in best.items():
            if key in rows and not larger(s, e, Event(*rows[key][:2])):
                continue
            if key in rows:
                former.add(key)
                del rows[key]
            if e.what == PUT:
                rows[key] = (key, e.seq, number)
        gains = {"quarantine": BAD, "tombstones": DELETE}
        # What a companion gains follows from the inputs alone: it is committed before the target may have to be computed again.
        companions = tuple(tuple(e for e in events if e.what == gains[name]) for name in s.flows[flow].companions)
        return (reads[2],), frozenset(rows.values()), frozenset(former), companions


def larger(s, e, other):
    # ties-by-arrival: of equal sequences the later arrival wins
    if s.broken == "ties-by-arrival":
        return e.seq >= other.seq
    return (e.seq, e.what == DELETE) > (other.seq, other.what == DELETE)


def tombstones(s, w, flow, held, number):
    """The highest deleted sequence of each key, of batches below this one that are not undone."""
    table = s.companion(flow, "tombstones")
    if table is None or s.broken == "no-tombstones":
        return {}
    companion = w.logs[table][-1]
    if s.broken == "tombstones-unbounded":
        rows = companion.rows                              # its own markers of a former attempt are read too
    elif s.broken == "undone-rows-count":
        rows = [(e, n) for e, n in companion.rows if n < number]
    else:
        rows = [(e, n) for e, n in companion.rows if n < number and n not in held.undone]
    tombs = {}
    for e, _ in rows:
        tombs[e.key] = max(tombs.get(e.key, -1), e.seq)
    return tombs


class Gold:
    """Follows another flow's table, row for row: rows of a batch range at a pinned version, and change data for what vanished.

    Its positions are (the input's batch, the input's version), committed with its rows.
    """
    NOTHING_READ, REPLACES = (0, 0), True

    @staticmethod
    def gained(s, w, flow, held):
        log = w.logs[s.target[s.flows[flow].source]]
        batch, at = held.read
        head = log[-1]
        # A batch that changes no row moves nobody, and the position stays where it is.
        changed = [n for n in range(at + 1, len(log)) if log[n].rows != log[n - 1].rows] if at else [len(log) - 1]
        moved = head.batch > batch and bool(changed)
        if s.broken != "foreign-unseen":                   # a commit without the flow's txn moves the input too
            moved |= any(version.by == "foreign" for version in log[at + 1:])
        return ("table", batch, at, head.batch, len(log) - 1) if moved else None

    @staticmethod
    def compute(s, w, flow, held, reads, number):
        log = w.logs[s.target[s.flows[flow].source]]
        _, batch, at, upto, version = reads
        # read-at-head: the rows are not those of the version that the positions name
        there = {row[0]: row[1] for row in (log[-1] if s.broken == "read-at-head" else log[version]).rows}
        concerned = {key for key, _, n in log[version].rows if batch < n <= upto}
        rows = {row[0]: row[1] for row in held.rows}
        since = log[at + 1:version + 1]
        if s.broken == "foreign-unseen":
            since = [v for v in since if v.by != "foreign"]
        if s.broken == "restore-unseen":
            since = [v for v in since if v.by != "restore"]
        told = [v.former for v in since]
        if at == 0 or (None in told and s.broken != "gap-unseen"):
            rows = there                                   # the first read is a full one; a gap is one replace-all by difference
        else:
            if s.broken != "vanished-unread":
                concerned |= {key for former in told if former for key in former}
            rows = {key: seq for key, seq in rows.items() if key not in concerned}
            rows |= {key: there[key] for key in concerned if key in there}
        # Its one companion, if it has one, gains a row a batch: the range that was read.
        companions = tuple(((batch, upto),) for _ in s.flows[flow].companions)
        return (upto, version), frozenset((key, seq, 0) for key, seq in rows.items()), frozenset(), companions


def compute(s, w, flow, held, reads, number):
    """What a batch makes of its target, and what its companions gain."""
    if reads[0] == "restore":
        # Rows and positions go back in one commit; the batches since are undone. It has no change data.
        to = reads[1]
        read = held.read if s.broken == "restore-without-positions" else to.read
        undone = to.undone | frozenset(range(to.batch + 1, number))
        batch = to.batch if s.broken == "restore-reuses-numbers" else number
        return Version(batch, read, to.rows, 0, None, undone, "restore"), ((),) * len(s.flows[flow].companions)
    read, rows, former, companions = s.flows[flow].kind.compute(s, w, flow, held, reads, number)
    return Version(number, read, rows, 0, former, held.undone), companions
