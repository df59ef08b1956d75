#!/usr/bin/env python3
"""Checks the protocol over every interleaving of small worlds, and that each rule is needed.

    check.py                       every scenario with small bounds, then every rule left out (each must be noticed)
    check.py batch consumer        these scenarios
    check.py --break target-first  one rule left out: what goes wrong, and how it comes about (exit 1)
    check.py --soak                every scenario with large bounds
    check.py batch --rows 4 --crashes 2 --any-order     bounds of one's own
"""
import argparse
import multiprocessing
import os
import sys
import time
from scenarios import BREAKS, SCENARIOS
from search import check

BOUNDS = ("rows", "crashes", "lost", "compactions", "foreign", "vacuums", "restores")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--break", dest="broken", choices=sorted({rule for rule, _ in BREAKS}), metavar="RULE")
    parser.add_argument("--soak", action="store_true", help="large bounds")
    parser.add_argument("--any-order", action="store_true", help="rows arrive in every order")
    parser.add_argument("--limit", type=int, help="stop after so many worlds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    for bound in BOUNDS:
        parser.add_argument(f"--{bound}", type=int)
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    own = {bound: value for bound in BOUNDS if (value := getattr(options, bound)) is not None}
    if options.any_order:
        own["any_order"] = True
    names = options.scenarios or list(SCENARIOS)
    if options.broken:
        names = [name for rule, name in BREAKS if rule == options.broken and name in names] or options.scenarios
        return max(show(name, options.broken, {**SCENARIOS[name][2], **own}, options.limit) for name in names)
    whole = not own and not options.soak
    work = [(name, None, {**SCENARIOS[name][3 if options.soak else 2], **own}, options.limit) for name in names]
    if whole:
        work += [(name, rule, SCENARIOS[name][2], options.limit) for rule, name in BREAKS if name in names]
    failed = False
    with multiprocessing.Pool(options.jobs) as pool:
        for line, bad in pool.imap(one, work):
            print(line, flush=True)
            failed |= bad
    if whole:
        rules = {rule for rule, name in BREAKS if name in names}
        print("a rule does not hold, or is not noticed when it is left out" if failed else f"the protocol holds, and each of {len(rules)} rules left out is noticed")
    return int(failed)


def one(work):
    """Checks one scenario. With a rule left out, something must go wrong."""
    name, rule, bounds, limit = work
    began = time.process_time()
    worlds, bad, path = check(SCENARIOS[name][1](broken=rule, **bounds), limit)
    took = f"{worlds:,} worlds, {time.process_time() - began:.1f} s"
    said = ", ".join(f"{key} {value}" for key, value in bounds.items() if value)
    if rule:
        noticed = bad and path
        return f"  {rule}, in {name}: " + (f"{bad} ({worlds:,} worlds)" if noticed else f"NOT NOTICED ({took})"), not noticed
    told = "".join(f"\n    {step(what)}" for what in path)
    return f"{name} ({said}): " + (f"{bad} ({took}){told}" if bad else f"holds ({took})"), bool(bad)


def show(name, rule, bounds, limit):
    worlds, bad, path = check(SCENARIOS[name][1](broken=rule, **bounds), limit)
    print(f"{name}, {rule}: {bad or 'the protocol holds'} ({worlds:,} worlds)")
    for what in path:
        print("   ", step(what))
    return int(bool(bad))


def step(what):
    return " ".join(str(word) for word in what if word is not None)


if __name__ == "__main__":
    sys.exit(main())
