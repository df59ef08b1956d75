"""The model of releases: one object that names the versions of all tables, so that a reader never sees a fact without its dimension row.

Two stars, each a dimension and a fact table. Batch n of a dimension gives its one member the surrogate key n and takes n - 1 away; a
version of the fact table holds one row with the surrogate key of the dimension's batch that it was computed from, and that batch as
its position. (How a table gets from one version to the next is the other model.) Two runners fill and publish in any order. Releases
are objects 1, 2, 3 …, put if absent; readers read through the newest.
"""
from typing import NamedTuple

IDLE = ("idle",)


class Star(NamedTuple):
    dimension: int = 0                     # its head: the batch, and the surrogate key of its member
    facts: tuple = (0,)                    # per version of the fact table the dimension's batch that its row points to
    oldest: tuple = (0, 0)                 # versions below are vacuumed, of the dimension and of the fact table


class World(NamedTuple):
    stars: tuple
    releases: tuple                        # each is per star (version of the dimension, version of the fact table)
    runners: tuple
    changes: int                           # batches that dimensions may still get
    crashes: int
    vacuums: int
    back: bool = False                     # a release that readers saw was replaced by one with an older star


class Releases:
    """The model that `search.check` walks through."""

    def __init__(self, stars=2, changes=2, crashes=1, vacuums=1, broken=None):
        self.stars, self.changes, self.crashes, self.vacuums, self.broken = stars, changes, crashes, vacuums, broken

    def start(self):
        nothing = ((0, 0),) * self.stars
        return World((Star(),) * self.stars, (nothing,), (IDLE, IDLE), self.changes, self.crashes, self.vacuums)

    def same(self, w):
        """Runners have no names, and neither have stars."""
        return w._replace(runners=tuple(sorted(w.runners)))

    def moves(self, w):
        for i, runner in enumerate(w.runners):
            if runner not in w.runners[:i]:
                for what, n in self.actions(w, i):
                    yield (what and (f"runner {i}", *what), n)
                # A crash while filling leaves the world as if the runner had never begun: the commit is one action.
                if w.crashes and runner[0] != "filling" and runner != IDLE:
                    yield ("crashed", i), go(w, i, IDLE, crashes=w.crashes - 1)
        for n, star in enumerate(w.stars):
            if w.changes:
                yield ("dimension", n), change(w, n, star._replace(dimension=star.dimension + 1))._replace(changes=w.changes - 1)
            if w.vacuums:
                # What the newest release names stays. vacuum-released: only the heads stay.
                keep = (star.dimension, len(star.facts) - 1) if self.broken == "vacuum-released" else w.releases[-1][n]
                yield ("vacuumed", n), change(w, n, star._replace(oldest=keep))._replace(vacuums=w.vacuums - 1)

    def actions(self, w, i):
        runner = w.runners[i]
        phase = runner[0]
        if phase == "idle":
            for n, star in enumerate(w.stars):
                if star.facts[-1] < star.dimension:         # the fact table's flow has something to read, at a pinned version
                    yield ("planned", n), go(w, i, ("filling", n, len(star.facts), star.dimension))
            # A run publishes at its end; an idle run publishes a missing release.
            if self.broken != "no-idle-publish" and heads(w) != w.releases[-1]:
                yield None, go(w, i, ("publishing", len(w.releases), ()))
        elif phase == "filling":
            _, n, version, pinned = runner
            star = w.stars[n]
            if len(star.facts) != version:                  # compare-and-swap: another commit was first
                yield None, go(w, i, IDLE)
            else:
                after = change(w, n, star._replace(facts=star.facts + (pinned,)))
                yield ("committed", n), go(after, i, ("publishing", len(w.releases), ()))
        elif phase == "publishing":                         # heads are read one table after the other, while others commit
            _, number, seen = runner
            n, fact = divmod(len(seen), 2)
            if n == len(w.stars):
                release = self.composed(w, number, seen)
                yield None, go(w, i, IDLE if release == w.releases[number - 1] else ("putting", number, release))
            else:
                star = w.stars[n]
                yield None, go(w, i, ("publishing", number, seen + (len(star.facts) - 1 if fact else star.dimension,)))
        elif phase == "putting":                            # put if absent; who loses merges with the winner and puts the next one
            _, number, release = runner
            if len(w.releases) == number:
                yield ("published", number, release), go(w, i, IDLE, releases=w.releases + (release,))
            elif self.broken == "release-overwritten":
                yield ("overwrote", number, release), self.overwritten(w, i, number, release)
            else:
                winner = w.releases[-1]
                # Star by star, the newer. last-publisher-wins: the loser's own as it is.
                merged = release if self.broken == "last-publisher-wins" else tuple(map(max, release, winner))
                yield None, go(w, i, IDLE if merged == winner else ("putting", len(w.releases), merged))

    def composed(self, w, number, seen):
        """A star is published when its fact table's position is the dimension's batch; otherwise it stays as it was."""
        release = []
        for n, former in enumerate(w.releases[number - 1]):
            dimension, fact = seen[2 * n:2 * n + 2]
            fits = w.stars[n].facts[fact] == dimension or self.broken == "publish-unchecked"
            release.append((dimension, fact) if fits else former)
        return tuple(release)

    def overwritten(self, w, i, number, release):
        back = any(own < theirs for own, theirs in zip(release, w.releases[number]))
        return go(w, i, IDLE, releases=w.releases[:number] + (release,) + w.releases[number + 1:], back=back)

    def wrong(self, w):
        for n, (dimension, fact) in enumerate(w.releases[-1]):
            star = w.stars[n]
            if dimension < star.oldest[0] or fact < star.oldest[1]:
                return f"star {n}: the release names a version that is vacuumed"
            if star.facts[fact] != dimension:
                return f"star {n}: the fact points to member {star.facts[fact]}, the release's dimension has {dimension}"
        if w.back:
            return "a release that readers saw was replaced by one with an older star"
        for former, later in zip(w.releases, w.releases[1:]):
            for n, (a, b) in enumerate(zip(former, later)):
                if a > b:
                    return f"star {n}: a release has {b} after one that had {a}"
        if all(runner == IDLE for runner in w.runners):
            return self.unfinished(w)

    def unfinished(self, w):
        """One runner alone publishes what there is."""
        for _ in range(100):
            if w.runners[0] == IDLE and not any(True for _ in self.actions(w, 0)):
                break
            w = next(self.actions(w, 0))[1]
        if w.releases[-1] != heads(w):
            return f"the newest release has {w.releases[-1]}, the tables are at {heads(w)}"


def heads(w):
    return tuple((star.dimension, len(star.facts) - 1) for star in w.stars)


def go(w, i, runner, **changes):
    return w._replace(runners=w.runners[:i] + (runner,) + w.runners[i + 1:], **changes)


def change(w, n, star):
    return w._replace(stars=w.stars[:n] + (star,) + w.stars[n + 1:])
