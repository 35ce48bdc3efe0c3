# SPDX-License-Identifier: GPL-2.0-only
"""Which of two costs is called the larger one: not by their medians alone.

On the wall clock all comparisons of a page are one family of tests; on the instruction clock two
costs are equal that differ by no more than their repetitions. See doc/comparing.md.
"""
from __future__ import annotations

from typing import Any

from report import ask
from report.run import Cell, Run

LEVEL = 0.05

Samples = dict[str, Any]


def judged(run: Run, pairs: list[tuple[Samples, Samples]]) -> list[dict[str, Any]]:
    """Of each pair: differ, more (the first is), few. All of them are one family."""
    return ask.differ(run.env["clock"], LEVEL, [list(p) for p in pairs])


def dearer(run: Run, rows: list[dict[str, Any]],
           others: list[str]) -> dict[str, list[dict[str, Any]]]:
    """By other server, the rows in which vhostlab is judged to cost more than it."""
    metric = "cost_per_packet"

    def sample(cell: Cell) -> Samples:
        return run.sample(cell, metric)
    some = [(o, r) for o in others for r in rows if "vhostlab" in r and o in r]
    found = judged(run, [(sample(r["vhostlab"]), sample(r[o])) for o, r in some])
    out: dict[str, list[dict[str, Any]]] = {o: [] for o in others}
    for (other, row), said in zip(some, found):
        if said["differ"] and said["more"]:
            out[other].append(row)
    return out
