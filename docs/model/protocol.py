"""The model of the protocol: the rules of a batch, what happens around them, and what must hold."""
from invariants import unfinished, wrong
from rules import actions
from surroundings import distinct, happenings, same
from world import IDLE


class Protocol:
    """A scenario as a model that `search.check` walks through."""

    def __init__(self, scenario):
        self.scenario, self.start, self.ends = scenario, scenario.start, set()

    def moves(self, w):
        for i in distinct(w.runners):
            for what, n in actions(self.scenario, w, i):
                yield (what and (f"runner {i}", *what), n)
        yield from happenings(self.scenario, w)

    def same(self, w):
        return same(self.scenario, w)

    def wrong(self, w):
        bad = w.fault or wrong(self.scenario, w)
        if not bad and all(runner == IDLE for runner in w.runners):
            alone = unfinished(self.scenario, w, self.ends)
            bad = alone and f"then one runner goes on alone: {alone}"
        return bad
