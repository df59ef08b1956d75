"""What happens around the runners: arrivals, crashes, compaction, clean-up, foreign commits, change data that goes, restores."""
from rules import append, go, restorable, restoring
from world import IDLE, World


def happenings(s, w):
    """Every world that one event outside of the protocol can lead to, with what is told of it."""
    left = w.left
    waiting = [e for e in s.events if e not in w.arrived]
    for e in waiting if s.any_order else waiting[:1]:
        yield ("arrived", f"{e.key}{e.seq} {e.what}"), w._replace(arrived=w.arrived + (e,))
    if left.crashes:
        for i in distinct(w.runners):
            if matters(s, w.runners[i]):
                yield ("crashed", i), go(w, i, IDLE, left=left._replace(crashes=left.crashes - 1))
    if left.restores:
        for i in distinct(w.runners):
            if w.runners[i] == IDLE:
                yield from restoring(s, w, i)
    for f, table in enumerate(s.target):
        log, name = w.logs[table], s.tables[table]
        head = log[-1]
        if left.compactions and head.rows:
            compacted = head._replace(file=len(log), former=frozenset(), by="compaction")
            yield ("compacted", name), append(w._replace(left=left._replace(compactions=left.compactions - 1)), table, compacted)
        if left.foreign and f not in s.consumers:
            for version in foreign(log):
                yield ("foreign", name), append(w._replace(left=left._replace(foreign=left.foreign - 1)), table, version)
        if left.vacuums and any(version and version.former for version in log):
            gone = tuple(v and v._replace(former=None if v.former else v.former) for v in log)
            logs = w.logs[:table] + (gone,) + w.logs[table + 1:]
            yield ("vacuumed", name), w._replace(logs=logs, left=left._replace(vacuums=left.vacuums - 1))
        # A record is cleaned up once the target has its batch. clean-early: before.
        void = [r for r in w.records if r.flow == f and (r.batch <= head.batch or s.broken == "clean-early")]
        if void:
            yield ("cleaned", name), w._replace(records=tuple(r for r in w.records if r is not void[0]))


def foreign(log):
    """Another program takes a row away, with change data or without, or puts one, without a batch and without change data."""
    head = log[-1]
    for row in sorted(head.rows):
        for former in (None, frozenset({row[0]})):
            yield head._replace(rows=head.rows - {row}, file=len(log), former=former, by="foreign")
    yield head._replace(rows=head.rows | {("foreign", 0, 0)}, file=len(log), former=None, by="foreign")


def matters(s, runner):
    """A crash before a runner has put or committed anything leaves the world as if it had never begun."""
    return runner[0] in ("recorded", "again", "apart") or (runner[0] == "committing" and s.companions[runner[1].flow])


def distinct(runners):
    """One of each kind: two runners that are in the same place are the same."""
    return [i for i, r in enumerate(runners) if r not in runners[:i]]


def forget(s, w):
    """The logs without the versions that nobody can look at any more: worlds that differ only in these are one."""
    low = {table: len(w.logs[table]) - 1 for table in s.target}
    # A consumer reads change data from where it stands, or stood when somebody planned, computed or restored.
    stand = [(f, w.logs[s.target[f]][-1].read[1]) for f in s.consumers]
    records = list(w.records)
    for phase, *memory in w.runners:
        if phase == "planned":
            f, version = memory
            low[s.target[f]] = min(low[s.target[f]], version)
            if f in s.consumers:
                stand.append((f, w.logs[s.target[f]][version].read[1]))
        elif phase in ("files-closed", "recorded", "committing", "again"):
            records.append(memory[0])
    if s.consumers:
        for record in records:
            if record.flow in s.consumers:
                stand.append((record.flow, record.reads[2] if record.reads[0] == "table" else record.target.read[1]))
        for f, version in stand:
            source = s.target[s.flows[f].source]
            low[source] = min(low[source], version)
    logs = list(w.logs)
    for table, n in low.items():
        log = logs[table]
        if w.left.restores:
            if s.consumers:
                continue                                   # a consumer that is restored stands where it once stood
            back = restorable(log).values()
            logs[table] = tuple([v if m >= n or v in back else None for m, v in enumerate(log)])
        elif n and any(log[:n]):
            logs[table] = (None,) * n + log[n:]
    return tuple(logs)


def same(s, w):
    """Runners have no names: worlds in which they have changed places are one. What nobody can look at does not count."""
    order = s.order
    runners = tuple(sorted(w.runners, key=lambda r: order.setdefault(r, len(order))))
    return World(w.arrived, forget(s, w), w.records, runners, w.left, w.fault)
