"""The world that the model moves: a source, tables with their logs, records, and two runners.

A world is one immutable value, so that worlds can be compared, hashed and kept. A table is the list of its versions; a version
says what the table holds. All rows of a table lie in one file, named by the version that wrote it: a replacement and a compaction
write another one, an append to a companion does not matter to anybody.
"""
from typing import NamedTuple, Optional

PUT, DELETE, BAD = "put", "delete", "bad"


class Event(NamedTuple):
    """One row of the source: a state of a key, a delete marker, or a row that fails a rule."""
    key: str
    seq: int
    what: str = PUT


class Version(NamedTuple):
    """One commit of a table, and what the table holds after it."""
    batch: int = 0                         # txn(flow)
    read: tuple = ()                       # the positions of the inputs, see steps.py
    rows: object = frozenset()             # a target: {(key, seq, _batch_id)}; a companion: sorted ((what, _batch_id), …)
    file: int = 0                          # the version that wrote the file of the rows
    former: Optional[frozenset] = frozenset()   # change data: the keys whose rows were taken away; None where it is not there
    undone: frozenset = frozenset()        # batches that a restore took back
    by: str = "batch"                      # batch | restore | compaction | foreign


class Record(NamedTuple):
    """A computed batch. A flow without companions has it in memory only."""
    flow: int
    batch: int
    attempt: int
    reads: tuple                           # what it was computed from: enough to compute it again
    base: int                              # the file of the target that it takes away
    target: Version                        # what the target becomes
    companions: tuple                      # what each companion gains


class Left(NamedTuple):
    """What may still happen to this world."""
    crashes: int = 0
    lost: int = 0                          # answers to commits that landed
    compactions: int = 0
    foreign: int = 0                       # commits of other programs
    vacuums: int = 0                       # change data goes
    restores: int = 0


class World(NamedTuple):
    arrived: tuple                         # the events that the source holds, in the order in which they came
    logs: tuple                            # per table its versions; None for one that nobody will look at any more
    records: tuple
    runners: tuple
    left: Left
    fault: Optional[str] = None            # what a commit did that none may do


IDLE = ("idle",)


class Flow(NamedTuple):
    """What fills one table. `kind` is one of steps.py; `source` is the flow whose table it reads."""
    name: str
    kind: object
    companions: tuple = ()
    source: Optional[int] = None


class Scenario:
    """A small world with its bounds: flows, what arrives, what may happen; and the rule that is left out, if any."""

    def __init__(self, flows, events, left=Left(), any_order=False, runners=2, broken=None):
        self.flows, self.events, self.left = flows, events, left
        self.any_order, self.runners, self.broken = any_order, runners, broken
        self.order = {}                                    # runners as they were met: two worlds name them in the same order
        self.tables, self.target, self.companions = [], [], []
        for flow in flows:
            self.target.append(len(self.tables))
            self.companions.append(tuple(range(len(self.tables) + 1, len(self.tables) + 1 + len(flow.companions))))
            self.tables += [flow.name, *(f"{flow.name}_{companion}" for companion in flow.companions)]
        self.consumers = [f for f, flow in enumerate(flows) if flow.source is not None]

    def start(self):
        logs = tuple((Version(rows=self.empty(t), read=self.nothing_read(t)),) for t in range(len(self.tables)))
        return World((), logs, (), (IDLE,) * self.runners, self.left)

    def empty(self, table):
        return frozenset() if table in self.target else ()

    def nothing_read(self, table):
        return self.flows[self.target.index(table)].kind.NOTHING_READ if table in self.target else ()

    def companion(self, flow, name):
        """The table of a flow's companion, None where the flow has none of that name."""
        names = self.flows[flow].companions
        return self.companions[flow][names.index(name)] if name in names else None


def put(items, n, item):
    """A tuple with one place changed."""
    return items[:n] + (item,) + items[n + 1:]


def latest(records, flow, batch):
    """The record that binds a batch: of several the last."""
    return max((r for r in records if r.flow == flow and r.batch == batch), key=lambda r: r.attempt, default=None)


def counted(held, companion):
    """A companion's rows count once its target has the batch, and no more once the batch is undone."""
    return [(what, batch) for what, batch in companion.rows if batch <= held.batch and batch not in held.undone]
