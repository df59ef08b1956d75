"""What holds in every world, and what must come about in the end."""
from rules import actions
from surroundings import same
from world import BAD, DELETE, IDLE, counted


def wrong(s, w):
    """What holds in every world, or how it does not."""
    for f, flow in enumerate(s.flows):
        held = w.logs[s.target[f]][-1]
        companions = {name: w.logs[s.companion(f, name)][-1] for name in flow.companions}
        untouched = w.left.foreign == s.left.foreign
        bad = CHECKS[flow.kind.__name__](s, w, f, held, companions, untouched)
        if bad:
            return f"{flow.name} at batch {held.batch}: {bad}"


def bronze(s, w, f, held, companions, untouched):
    """Every row once, and a receipt for each file whose rows are there."""
    got = sorted((key, seq) for key, seq, _ in held.rows)
    receipts = sorted((e.key, e.seq) for e, _ in counted(held, companions["receipts"]))
    if got != receipts:
        return f"rows of {names(got)}, receipts of {names(receipts)}"
    if len(set(receipts)) < len(receipts):
        return f"read twice: {names(receipts)}"


def silver(s, w, f, held, companions, untouched):
    """The rows are those of everything up to the position, in whatever order it came; every bad row and every marker is kept once."""
    events = w.arrived[:held.read[0]]
    best = {}
    for e in events:
        if e.what != BAD:
            best[e.key] = max(best.get(e.key, (-1, False)), (e.seq, e.what == DELETE))
    ought = sorted((key, seq) for key, (seq, deleted) in best.items() if not deleted)
    got = sorted((key, seq) for key, seq, _ in held.rows)
    if untouched and got != ought:
        return f"holds {names(got)}, ought to hold {names(ought)}"
    if any(n > held.batch for _, _, n in held.rows):
        return "a row of a batch that it does not have"
    for name, what in (("quarantine", BAD), ("tombstones", DELETE)):
        if name in companions:
            got = sorted((e.key, e.seq) for e, _ in counted(held, companions[name]))
            ought = sorted((e.key, e.seq) for e in events if e.what == what)
            if got != ought:
                return f"{name} hold {names(got)}, ought to hold {names(ought)}"


def gold(s, w, f, held, companions, untouched):
    """The rows are those of the input at the very version that the positions name; each batch of the input is counted once."""
    batch, at = held.read
    source = w.logs[s.target[s.flows[f].source]][at]
    got, ought = (sorted((key, seq) for key, seq, _ in v.rows) for v in (held, source))
    if got != ought or batch != source.batch:
        return f"holds {names(got)} as of version {at} of its input, which holds {names(ought)}"
    for companion in companions.values():
        upto = 0
        for (after, to), _ in sorted(counted(held, companion)):
            if after != upto:
                return f"counts input batches ({after}, {to}] after {upto}"
            upto = to
        if upto != batch:
            return f"counts input batches to {upto}, its position is {batch}"


CHECKS = {"Bronze": bronze, "Silver": silver, "Gold": gold}


def names(rows):
    return "{" + ", ".join(f"{key}{seq}" for key, seq in rows) + "}"


def unfinished(s, w, ends):
    """From wherever the runners stopped, one runner alone gets done what is there: nothing waits for ever, nothing goes round."""
    passed = []
    for _ in range(60):                                    # rounds: in each every flow is planned once
        if w in ends:
            return None                                    # what comes of it has been looked at
        passed.append(w)
        before = w
        for f, table in enumerate(s.target):
            w = w._replace(runners=(("planned", f, len(w.logs[table]) - 1), *w.runners[1:]))
            while w.runners[0] != IDLE:
                w = next(actions(s, w, 0))[1]
                if w.fault:
                    return w.fault
        w = same(s, w)
        if w == before:
            break
    else:
        return "a runner alone does not come to an end"
    ends.update(passed)
    return wrong(s, w) or next((f"{flow.name} never gets all that arrived" for f, flow in enumerate(s.flows) if behind(s, w, f)), None)


def behind(s, w, f):
    """Whether something that arrived is not in a table."""
    held, flow = w.logs[s.target[f]][-1], s.flows[f]
    if flow.source is not None:
        source = w.logs[s.target[flow.source]][-1]
        return {row[:2] for row in held.rows} != {row[:2] for row in source.rows}
    if flow.kind.__name__ == "Bronze":
        return {row[:2] for row in held.rows} != {e[:2] for e in w.arrived}
    return held.read[0] < len(w.arrived)
