"""The protocol of a batch: plan, compute, record, commit, one atomic action after the other.

A runner is a tuple of its phase and what it holds in memory. Each function below gives every action that a runner in that phase can
take, as (what is told of it, the world after it). What is told has the form of a line of a trace:
(event, flow, batch, attempt, output, version); see replay.py, which checks traces of the program by these same functions.

A record whose answer is lost needs no action of its own: the runner plans again and finds it, or ends, which is a crash.
"""
from steps import compute
from world import IDLE, Record, Version, latest, put


def actions(s, w, i):
    """Every atomic action that runner i can take next."""
    phase, *memory = w.runners[i]
    return PHASES[phase](s, w, i, *memory)


def go(w, i, runner, **changes):
    return w._replace(runners=put(w.runners, i, runner), **changes)


def told(s, event, record, table=None, version=None):
    output = None if table is None else s.tables[table]
    return (event, s.flows[record.flow].name, record.batch, record.attempt, output, version)


def toward(s, record, at):
    """The runner on its way to an output: those that gain nothing of the batch are passed over; after the last one it is idle."""
    tables = outputs(s, record)
    while at < len(tables) and not gains(s, record, tables[at]):
        at += 1
    return ("committing", record, at, None) if at < len(tables) else IDLE


def gains(s, record, table):
    """What an output gains of a batch. The target always does: its positions."""
    companions = s.companions[record.flow]
    return record.companions[companions.index(table)] if table in companions else record.target


def idle(s, w, i):
    """Take one snapshot of the target: its batch and the positions of its inputs are of one moment.

    Who would find nothing to do need not look: nothing comes of it, and looking later finds the same (arrivals wait for nobody).
    """
    for f, table in enumerate(s.target):
        held = w.logs[table][-1]
        if (s.companions[f] and latest(w.records, f, held.batch + 1)) or s.flows[f].kind.gained(s, w, f, held):
            yield None, go(w, i, ("planned", f, len(w.logs[table]) - 1))


def planned(s, w, i, f, version):
    """A record of the next batch is to be finished. Otherwise what the inputs gained is a batch; nothing gained, no batch."""
    held = w.logs[s.target[f]][version]
    record = latest(w.records, f, held.batch + 1) if s.companions[f] else None
    if record:
        yield told(s, "found", record), go(w, i, ("recorded", record, 0))
        return
    reads = s.flows[f].kind.gained(s, w, f, held)
    if reads is None:
        yield None, go(w, i, IDLE)
        return
    record = computed(s, w, f, held, reads, 1)
    yield told(s, "plan", record), go(w, i, binding(s, record))


def restoring(s, w, i):
    """A restore is a batch: what is recorded is finished first, and it puts a record like any other, so that it wins or loses."""
    for f, table in enumerate(s.target):
        held = w.logs[table][-1]
        if latest(w.records, f, held.batch + 1) and s.broken != "restore-without-record":
            continue
        for to in restorable(w.logs[table]).values():
            record = computed(s, w, f, held, ("restore", to), 1)
            after = toward(s, record, 0) if s.broken == "restore-without-record" else binding(s, record)
            left = w.left._replace(restores=w.left.restores - 1)
            yield ("restoring", s.tables[table], record.batch, to.batch), go(w, i, after, left=left)


def restorable(log):
    """Of each former batch the last version."""
    return {v.batch: v for v in log if v and v.by != "foreign" and v.batch != log[-1].batch}


def binding(s, record):
    """A batch of a flow with companions is recorded first; a flow without binds by its commit."""
    recorded = s.companions[record.flow]
    if s.broken == "no-record-without-bad-rows" and not any(record.companions):
        recorded = False
    return ("files-closed", record, 0) if recorded else toward(s, record, 0)


def computed(s, w, f, held, reads, attempt, number=None):
    number = number or held.batch + 1
    target, companions = compute(s, w, f, held, reads, number)
    return Record(f, number, attempt, reads, held.file, target, companions)


def files_closed(s, w, i, record, at):
    """Put the record if it is absent. From here the batch is binding, whether or not a companion gains rows."""
    f = record.flow
    place = [r for r in w.records if (r.flow, r.batch, r.attempt) == (f, record.batch, record.attempt)]
    if place and s.broken != "record-overwritten":
        theirs = latest(w.records, f, record.batch)                      # someone else was first: theirs binds
        yield None, go(w, i, IDLE if record.attempt == 1 else ("recorded", theirs, at))
        return
    records = tuple(sorted({*w.records, record} - set(place), key=lambda r: r[:3]))
    yield told(s, "record", record), go(w, i, ("recorded", record, at), records=records)


def recorded(s, w, i, record, at):
    """A record whose batch the target has is void: it was put by a runner that planned long ago, where another had been cleaned up."""
    void = w.logs[s.target[record.flow]][-1].batch >= record.batch and s.broken != "void-record-finished"
    yield None, go(w, i, IDLE if void else toward(s, record, at))


def outputs(s, record):
    """Companions first, the target last."""
    tables = [*s.companions[record.flow], s.target[record.flow]]
    return tables[::-1] if s.broken == "target-first" else tables


def committing(s, w, i, record, at, version):
    """Look at an output, then commit at exactly the next version; if that is taken, look again."""
    f, table = record.flow, outputs(s, record)[at]
    log, is_target = w.logs[table], table == s.target[f]
    head = log[-1]
    if version is None:
        if head.batch >= record.batch and s.broken != "no-skip":
            yield None, go(w, i, toward(s, record, at + 1))              # it has the batch
        elif is_target and not applies(s, record, head):
            # A flow with a record computes this output again; one without plans again.
            yield None, go(w, i, ("again", record, at) if s.companions[f] else IDLE)
        else:
            yield told(s, "look", record, table, len(log)), go(w, i, ("committing", record, at, len(log)))
    elif version != len(log) and s.broken != "blind-commit":             # compare-and-swap: another commit was first
        yield None, go(w, i, ("committing", record, at, None))
    else:
        event = "commit_target" if is_target else "commit_companion"
        landed = committed(s, w, record, table, head)
        after = toward(s, record, at + 1)
        if s.broken in APART and is_target:
            after = ("apart", table, record.target._replace(file=len(log)))
        yield told(s, event, record, table, len(log)), go(landed, i, after)
        if w.left.lost:
            # The answer is lost: the runner looks again. unknown-is-failure: it takes its files away.
            left = w.left._replace(lost=w.left.lost - 1)
            fault = "the files of a commit that landed are deleted" if s.broken == "unknown-is-failure" else landed.fault
            again = ("committing", record, at, None)
            yield ("answer lost", *told(s, event, record, table, len(log))[1:]), go(landed, i, again, left=left, fault=fault)


def applies(s, record, head):
    """A replacement applies only if the file that it takes away is still there, and none came beside it."""
    return not s.flows[record.flow].kind.REPLACES or record.base == head.file or s.broken == "blind-apply"


APART = ("positions-apart", "change-data-apart")


def committed(s, w, record, table, head):
    """The world with one more version of a table. The target's has rows, positions and change data, in one commit."""
    log = w.logs[table]
    if table != s.target[record.flow]:
        rows = tuple(sorted(head.rows + tuple((what, record.batch) for what in gains(s, record, table))))
        only = (None,) * len(log) + (Version(record.batch, rows=rows),)  # a companion is read at its head alone
        return w._replace(logs=put(w.logs, table, only))
    target = record.target._replace(file=len(log))
    if s.flows[record.flow].kind.REPLACES and record.base != head.file:
        # blind-apply: the file it takes away is gone, and the rows that it rewrote are there twice
        target = target._replace(rows=target.rows | {(key + " again", seq, n) for key, seq, n in head.rows})
    # (Where a restore gives the number back, what comes of it is to be seen.)
    if target.batch != head.batch + 1 and s.broken != "restore-reuses-numbers":
        w = w._replace(fault=f"{s.tables[table]} got batch {target.batch} after batch {head.batch}")
    if s.broken == "positions-apart":
        target = target._replace(read=head.read)
    if s.broken == "change-data-apart":
        target = target._replace(former=frozenset())
    return append(w, table, target)


def apart(s, w, i, table, later):
    """positions-apart, change-data-apart: what belongs to a commit comes in a commit of its own."""
    yield None, append(go(w, i, IDLE), table, later)


def append(w, table, version):
    return w._replace(logs=put(w.logs, table, w.logs[table] + (version,)))


def again(s, w, i, record, at):
    """Compute an output again: from the record's own inputs, the output itself at its head. A further record takes the place."""
    f = record.flow
    reads = record.reads
    held = w.logs[s.target[f]][-1]
    if s.broken == "recompute-reads-on":
        reads = s.flows[f].kind.gained(s, w, f, held) or reads
    new = computed(s, w, f, held, reads, record.attempt + 1, record.batch)
    yield told(s, "compute", new), go(w, i, ("files-closed", new, at))


PHASES = {"idle": idle, "planned": planned, "files-closed": files_closed, "recorded": recorded, "committing": committing, "again": again, "apart": apart}
