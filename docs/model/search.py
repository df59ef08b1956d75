"""Walks through every world of a model that can be reached, and looks at each.

A model has `start()`, `moves(w)` (every (what happened, world) that one action leads to), `same(w)` (one world for all that differ
in nothing that matters) and `wrong(w)` (what is wrong with a world, or None).
"""
import collections


def check(model, limit=None):
    """(worlds seen, what is wrong or None, how it came about). Breadth first: the first fault has the shortest path."""
    first = model.same(model.start())
    came = {first: None}                                   # world -> (the world before, what happened)
    todo = collections.deque(came)
    while todo:
        w = todo.popleft()
        bad = model.wrong(w)
        if bad:
            return len(came), bad, path(came, w)
        if limit and len(came) > limit:
            return len(came), f"not done after {limit:,} worlds", ()
        for what, n in model.moves(w):
            n = model.same(n)
            if n not in came:
                came[n] = (w, what)
                todo.append(n)
    return len(came), None, ()


def path(came, w):
    """What happened on the way to a world."""
    steps = []
    while came[w]:
        w, what = came[w]
        if what:
            steps.append(what)
    return steps[::-1]
