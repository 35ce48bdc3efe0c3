# SPDX-License-Identifier: GPL-2.0-only
"""What of the headline is a default of the kernel: the same cells of two boots."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.run import Cell, Run, mid
from report.tables import gather as process_cells
from report.text import fixed, whole

PLACE = ["workload", "sink", "size", "burst", "policy"]
NAMES = ["floor", "userspace", "intree", "vhostlab"]

ALIKE = 0.01
"""Costs of two boots that differ by no larger a share are called the same."""

Place = dict[str, Any]


def _plain(run: Run) -> list[Cell]:
    return [c for c in process_cells(run) if c["sink"] != "check"
            and not set(c["knobs"]) - {"policy"}]


def gather(usual: Run, other: Run) -> list[Place]:
    """One object per place that both runs have: the cells of each, by server. Empty when they
    differ in more than the command line of the kernel."""
    if any(usual.env[k] != other.env[k] for k in ("kernel", "clock", "accel")):
        return []
    rows = []
    for group in order.group_by(_plain(other), order.fields(*PLACE)):
        place: Place = {k: group[0][k] for k in PLACE}
        place["other"] = {c["server"]: c for c in group}
        place["usual"] = {c["server"]: c for c in _plain(usual)
                          if all(c[k] == place[k] for k in PLACE)}
        if place["usual"]:
            rows.append(place)
    return order.sort_by(rows, lambda p: [servers.workload_rank(p["workload"]), p["burst"],
                                          p["sink"], p["size"]])


def _cost(place: Place, side: str, server: str) -> Any:
    return mid(place[side].get(server), "cost_per_packet")


def _ratio(place: Place, side: str) -> str:
    return fixed(ask.quotient(_cost(place, side, "vhostlab"), _cost(place, side, "intree")), 3)


def differences(usual: Run, other: Run) -> str:
    """Which defaults are different, and what they are in each run."""
    a, b = (r.env.get("kernel_defaults") or {} for r in (usual, other))
    found = [f"{name} = {b[name]} instead of {a[name]}" for name in sorted(a.keys() & b.keys())
             if a[name] != b[name]]
    return ", ".join(found) or other.env.get("append") or "another command line"


def text_of(usual: Run, other: Run, prefix: str) -> str:
    """A paragraph and a table for the front page; nothing when the runs have no place in common."""
    places = gather(usual, other)
    if not places:
        return ""
    rows = [[p["workload"], p["sink"], p["size"], p["burst"], _ratio(p, "usual"),
             _ratio(p, "other"), *(f"{whole(_cost(p, 'usual', s))} | {whole(_cost(p, 'other', s))}"
                                   for s in NAMES)] for p in places]
    said = other.env.get("append") or "other defaults"
    heads = ["workload", "sink", "size", "burst", "vhostlab / intree", f"with {said}",
             *(f"{s} | with {said}" for s in NAMES)]
    dearer = [f"{s} ({p['workload']}, {p['sink']}, burst {p['burst']})"
              for p in places for s in NAMES
              if (a := _cost(p, "usual", s)) is not None and (b := _cost(p, "other", s)) is not None
              and b > a * (1 + ALIKE)]
    return render("defaults", usual, dearer=dearer,
                  table=table(heads, "llrr" + "r" * (2 + 2 * len(NAMES)), rows),
                  differences=differences(usual, other), prefix=prefix,
                  folder=other.folder.name)
