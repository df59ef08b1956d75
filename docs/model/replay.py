#!/usr/bin/env python3
"""Checks that a trace of the program is a path that the model allows, by the model's own rules.

    replay.py TRACE…       files or folders of *.jsonl; exit 1 if a trace is no path
    replay.py --self-test  the traces beside this file: good/ must be paths, bad/ must not; walks of the model itself must be, and some
                           of a model with a rule left out must not

A trace is one JSON object a line, with the fields runner, event, flow, batch, attempt, output, version:

    plan              the inputs gained something: there is a batch to compute
    found             a record of the next batch is there
    compute           data files of every output lie in the storage
    record            a record has landed
    commit_companion  a version of a companion has landed (output, version)
    commit_target     a version of the target has landed (output, version)
    crash, fail       the runner is gone, or its run ended with an error (flow and all that follows null)

Records and commits stand in the order in which they landed. What a trace does not tell (looking, losing a compare-and-swap, a
compaction) may have happened in between, so the replay goes on with every world that the lines so far allow; when none is left, the
line is no step of the protocol. Rows are not in a trace: here every batch has something to read, and a companion gains rows of a
batch if the trace commits it anywhere. Flows meet in rows alone, so each is replayed by itself.
"""
import json
import pathlib
import random
import sys
from rules import actions, go
from scenarios import SCENARIOS
from world import IDLE, Flow, Scenario, Version

EVENTS = {"plan", "found", "compute", "record", "commit_companion", "commit_target"}
ENDS = {"crash", "fail"}
FIELDS = ("event", "flow", "batch", "attempt", "output", "version")


class Batches:
    """A kind of flow whose rows are not known: which companions gain any is seen in the trace."""
    NOTHING_READ, REPLACES = (), True

    def __init__(self, flow, companions, gained):
        self.flow, self.names, self.companions = flow, companions, gained

    @staticmethod
    def gained(s, w, f, held):
        return ("something",)

    def compute(self, s, w, f, held, reads, number):
        gains = tuple((("row",) if (number, name) in self.companions else ()) for name in self.names)
        return (), frozenset(), frozenset(), gains


def replay(lines):
    """None, or (the number of the first line that is no step, what is wrong)."""
    events = []
    for n, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError:
            return n, "not JSON"
        if line.get("event") not in EVENTS | ENDS or not line.get("runner"):
            return n, f"not an event of a runner: {line.get('event')}"
        if line["event"] in EVENTS and None in (line.get("flow"), line.get("batch"), line.get("attempt")):
            return n, f"{line['event']}: of which flow, batch and attempt?"
        events.append((n, line))
    flows = dict.fromkeys(line["flow"] for _, line in events if line["event"] in EVENTS)
    faults = [fault for flow in flows if (fault := replay_flow(flow, events))]
    return min(faults, default=None)


def replay_flow(flow, events):
    events = [(n, line) for n, line in events if line.get("flow") == flow or line["event"] in ENDS]
    own = [line for _, line in events if line.get("flow") == flow]
    runners = list(dict.fromkeys(line["runner"] for _, line in events))
    s, w = begin(flow, own, len(runners))
    worlds, computed = {w}, {}
    for n, line in events:
        i = runners.index(line["runner"])
        number = (line["batch"], line["attempt"])
        if line["event"] == "compute":
            computed[i] = number
        elif line["event"] == ("record" if s.companions[0] else "commit_target") and computed.get(i) != number:
            return n, f"runner {line['runner']} has not computed batch {line['batch']}.{line['attempt']}"
        if line["event"] in ENDS:
            worlds = {go(w, i, IDLE) for w in worlds}
            continue
        after = {v for w in reached(s, worlds, line) for v in steps(s, w, i, line) if not v.fault}
        if not after:
            return n, why(s, worlds, i, line)
        worlds = after
    return None


def begin(flow, own, runners):
    """The flow's tables as they were before the trace: their names, and what they had, follow from its lines."""
    outputs = {event: list(dict.fromkeys(line["output"] for line in own if line["event"] == event)) for event in EVENTS}
    target = (outputs["commit_target"] or ["the target"])[0]
    companions = tuple(outputs["commit_companion"])
    if not companions and any(line["event"] == "record" for line in own):
        companions = ("a companion",)
    gained = {(line["batch"], line["output"]) for line in own if line["event"] == "commit_companion"}
    s = Scenario([Flow(flow, Batches(flow, companions, gained), companions)], [], runners=runners)
    s.tables = [target, *companions]
    first = min(line["batch"] for line in own) - 1
    logs = []
    for table in s.tables:
        versions = [line["version"] for line in own if line.get("output") == table]
        rows = frozenset() if table == target else ()
        logs.append((None,) * (min(versions, default=1) - 1) + (Version(first, rows=rows),))
    return s, s.start()._replace(logs=tuple(logs))


def reached(s, worlds, line):
    """Every world that these can have become by what a trace does not tell."""
    seen, todo = set(), list(worlds)
    while todo:
        w = todo.pop()
        if w in seen:
            continue
        seen.add(w)
        for i, runner in enumerate(w.runners):
            if runner[0] not in ("idle", "again"):
                todo += [n for what, n in actions(s, w, i) if what is None or what[0] == "look"]
        for table, name in enumerate(s.tables):
            # Somebody else's commit: up to the version that this line names, or one if an output is computed again.
            there = len(w.logs[table])
            again = table == 0 and line["event"] == "compute" and line["attempt"] > 1 and w in worlds
            if again or (name == line.get("output") and there < line["version"]):
                head = w.logs[table][-1]
                for file in {head.file, there}:
                    version = head._replace(file=file, by="compaction")
                    todo.append(w._replace(logs=w.logs[:table] + (w.logs[table] + (version,),) + w.logs[table + 1:]))
    return seen


def steps(s, w, i, line):
    """The worlds after a line."""
    event, phase = line["event"], w.runners[i][0]
    told = tuple(line.get(field) for field in FIELDS)
    # The line says of which version the snapshot was: any that has the batch before.
    starts = [w]
    if event in ("plan", "found"):
        pinned = [n for n, v in enumerate(w.logs[0]) if v and v.batch == line["batch"] - 1] if phase == "idle" else []
        starts = [go(w, i, ("planned", 0, n)) for n in pinned]
    elif event == "compute" and phase in ("files-closed", "committing"):
        record = w.runners[i][1]
        if (record.batch, record.attempt) == (line["batch"], line["attempt"]):
            yield w
    for start in starts:
        for what, n in actions(s, start, i):
            what = what and (what[0], line["flow"], *what[2:])
            if what == told:
                yield n


def why(s, worlds, i, line):
    """What the model knows that speaks against a line."""
    w = next(iter(worlds))
    has = ", ".join(f"{name} has batch {log[-1].batch} at version {len(log) - 1}" for name, log in zip(s.tables, w.logs))
    records = ", ".join(f"{r.batch}.{r.attempt}" for r in w.records) or "none"
    phases = " or ".join(sorted({w.runners[i][0] for w in worlds}))
    said = " ".join(str(line[field]) for field in FIELDS if line.get(field) is not None)
    return f"runner {line['runner']}: {said}: no step of the protocol here ({has}; records: {records}; the runner: {phases})"


def traces(paths):
    for path in map(pathlib.Path, paths):
        yield from sorted(path.glob("**/*.jsonl")) if path.is_dir() else [path]


def self_test(folder):
    """Good traces must be paths, bad ones must not, at the line that their name ends with."""
    failed = False
    for trace in traces([folder]):
        fault = replay(trace.read_text().splitlines())
        ought = None if trace.parent.name == "good" else int(trace.stem.rsplit("-", 1)[1])
        if (fault and fault[0]) != ought:
            failed = True
            print(f"{trace.parent.name}/{trace.name}: ought to fail at {ought or 'no line'}, but: {fault}")
    for rule in (None, *SEEN_IN_TRACES):
        faults = [fault for seed in range(WALKS) if (fault := replay(walk(rule, seed)))]
        if bool(faults) != bool(rule):
            failed = True
            print(f"walks of the model{f' without {rule}' if rule else ''}: {faults[:1] or 'all are paths'}")
    return failed


WALKS = 200
# The others are about rows, which a trace does not have.
SEEN_IN_TRACES = ("target-first", "no-skip", "blind-commit", "record-overwritten", "no-record-without-bad-rows")


def walk(rule, seed):
    """The trace of one random walk through the model; clean-up is left out, since no trace tells of it."""
    dice = random.Random(seed)
    bounds = dict(rows=4, crashes=2, compactions=2, any_order=True)
    model = SCENARIOS["batch"][1](broken=rule, **bounds)
    w = model.start()
    while not w.fault:
        moves = [move for move in model.moves(w) if not move[0] or move[0][0] != "cleaned"]
        if not moves:
            break
        what, w = dice.choice(moves)
        if what and what[0] == "crashed":
            yield json.dumps({"runner": f"runner {what[1]}", "event": "crash", **dict.fromkeys(FIELDS[1:])})
        elif what and what[0].startswith("runner") and what[1] != "look":
            line = {"runner": what[0], **dict(zip(FIELDS, what[1:]))}
            yield json.dumps(line)
            if line["event"] == "plan":
                yield json.dumps({**line, "event": "compute"})


def main(arguments):
    if arguments == ["--self-test"]:
        return int(self_test(pathlib.Path(__file__).parent / "traces"))
    count, failed = 0, False
    for trace in traces(arguments):
        count += 1
        if fault := replay(trace.read_text().splitlines()):
            failed = True
            print(f"{trace}:{fault[0]}: {fault[1]}")
    print(f"{count} traces" + ("" if failed else ", each a path of the model"))
    return int(failed or not count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
