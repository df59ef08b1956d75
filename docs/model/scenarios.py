"""Small worlds, each for the rules that meet in it, and the rules that can be left out of each."""
from protocol import Protocol
from release import Releases
from steps import Bronze, Gold, Silver
from world import BAD, DELETE, Event, Flow, Left, Scenario

A1, A2, A3, B1 = Event("a", 1), Event("a", 2), Event("a", 3), Event("b", 1)
A2_DELETED, C1_BAD, C2_BAD = Event("a", 2, DELETE), Event("c", 1, BAD), Event("c", 2, BAD)


def protocol(flows, events, any_order=False):
    """A world of flows; its bounds are `rows` (how many of the events arrive, and whether in every order) and what may happen."""
    def model(rows, broken, **left):
        shuffled = left.pop("any_order", any_order)
        return Protocol(Scenario(flows, events[:rows], Left(**left), shuffled, broken=broken))
    return model


def releases(rows, broken, **left):
    return Releases(changes=rows, broken=broken, **left)


SILVER = Flow("silver", Silver)
#   name: (what it is, how a model is made of bounds, small bounds, large bounds)
SCENARIOS = {
    "batch": ("one flow with a quarantine: the protocol itself",
              protocol([Flow("silver", Silver, ("quarantine",))], [A1, A2, C1_BAD, C2_BAD]),
              dict(rows=3, crashes=1, lost=1, compactions=1), dict(rows=3, crashes=2, lost=1, compactions=1, any_order=True)),
    "receipts": ("a table of whole files, whose position is its receipts, and a restore",
                 protocol([Flow("bronze", Bronze, ("receipts",))], [Event("f", n) for n in (1, 2, 3, 4)]),
                 dict(rows=2, crashes=1, restores=1), dict(rows=3, crashes=1, restores=1)),
    "deletes": ("states and delete markers of one key, in every order and every batching",
                protocol([Flow("silver", Silver, ("tombstones",))], [A1, A2_DELETED, A2, A3], any_order=True),
                dict(rows=3, compactions=1), dict(rows=3, crashes=2, lost=1, compactions=1)),
    "consumer": ("a second flow that reads the first one's table and binds by its commit",
                 protocol([SILVER, Flow("gold", Gold, source=0)], [A1, A2_DELETED, B1]),
                 dict(rows=2, compactions=1, foreign=1, vacuums=1), dict(rows=2, compactions=1, foreign=2, vacuums=1)),
    "recorded": ("a second flow that has a record",
                 protocol([SILVER, Flow("gold", Gold, ("counts",), source=0)], [A1, A2_DELETED, A3]),
                 dict(rows=3, compactions=1), dict(rows=2, crashes=1, compactions=1, foreign=1)),
    "restore": ("a table with tombstones, one that follows it, and a restore of either",
                protocol([Flow("silver", Silver, ("tombstones",)), Flow("gold", Gold, source=0)], [A1, A2_DELETED, A3]),
                dict(rows=2, restores=1), dict(rows=2, crashes=1, compactions=1, restores=1)),
    "release": ("two stars, two publishers", releases, dict(rows=2, crashes=1, vacuums=1), dict(rows=3, crashes=2, vacuums=2)),
}

# (the rule left out, the scenario in which that is seen)
BREAKS = [
    ("no-record-without-bad-rows", "batch"), ("target-first", "batch"), ("no-skip", "batch"), ("blind-commit", "batch"),
    ("blind-apply", "batch"), ("record-overwritten", "batch"), ("recompute-reads-on", "batch"), ("clean-early", "batch"),
    ("void-record-finished", "batch"), ("unknown-is-failure", "batch"),
    ("no-tombstones", "deletes"), ("target-first", "deletes"), ("tombstones-unbounded", "deletes"), ("ties-by-arrival", "deletes"),
    ("vanished-unread", "consumer"), ("change-data-apart", "consumer"), ("gap-unseen", "consumer"), ("foreign-unseen", "consumer"),
    ("positions-apart", "consumer"), ("read-at-head", "recorded"),
    ("restore-without-positions", "restore"), ("restore-reuses-numbers", "restore"), ("restore-without-record", "restore"),
    ("restore-unseen", "restore"), ("undone-rows-count", "restore"), ("undone-rows-count", "receipts"),
    ("publish-unchecked", "release"), ("last-publisher-wins", "release"), ("release-overwritten", "release"),
    ("no-idle-publish", "release"), ("vacuum-released", "release"),
]
