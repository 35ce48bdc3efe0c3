# SPDX-License-Identifier: GPL-2.0-only
"""The in-tree module at its best: the cheapest of its own settings, in each headline cell."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.run import Cell, Run, mid, most
from report.tables import gather as process_cells
from report.text import fixed, shortest, whole

PLACE = ["workload", "sink", "size", "burst", "policy"]
OWN = {"event_idx", "poll_us", "sndbuf", "zcopytx", "policy"}
"""Knobs that the in-tree module has, too, or that are those of its tap."""
LEAST = 0.001
"""On the instruction clock a smaller difference is none."""

Place = dict[str, Any]


def setting(cell: Cell) -> str:
    """The knobs of a cell, in words."""
    knobs = {k: v for k, v in cell["knobs"].items() if k != "policy"}
    return ", ".join(f"{k} = {shortest(v)}" for k, v in sorted(knobs.items())) or "as it is"


def _cost(cell: Cell | None) -> Any:
    return mid(cell, "cost_per_packet")


def gather(run: Run) -> list[Place]:
    """One object per place where the in-tree module was measured with settings of its own: it as
    it is (usual), the cheapest of all that lost no more frames (best), and vhostlab as it is."""
    some = [c for c in process_cells(run) if c["sink"] != "check" and not set(c["knobs"]) - OWN
            and c["server"] in ("intree", "vhostlab") and _cost(c) is not None]
    rows = []
    for group in order.group_by(some, order.fields(*PLACE)):
        place: Place = {k: group[0][k] for k in PLACE}
        plain = {c["server"]: c for c in group if not set(c["knobs"]) - {"policy"}}
        intree = [c for c in group if c["server"] == "intree"]
        usual = plain.get("intree")
        if usual is None or len(intree) < 2:
            continue
        fair = [c for c in intree if (most(c, "lost") or 0) <= (most(usual, "lost") or 0)]
        best = min(fair, key=_cost)
        gain = ask.quotient(_cost(best), _cost(usual))
        if gain is None or gain > 1 - LEAST:
            best = usual
        rows.append(place | {"usual": usual, "best": best, "all": intree,
                             "vhostlab": plain.get("vhostlab")})
    return order.sort_by(rows, lambda p: [servers.workload_rank(p["workload"]), p["burst"],
                                          p["sink"], p["size"]])


def _over(place: Place, side: str) -> str:
    return fixed(ask.quotient(_cost(place["vhostlab"]), _cost(place[side])), 3)


def table_of(run: Run) -> str:
    """A row per place; nothing when no setting was measured."""
    rows = [[p["workload"], p["sink"], p["size"], p["burst"], whole(_cost(p["usual"])),
             whole(_cost(p["best"])), setting(p["best"]), whole(_cost(p["vhostlab"])),
             _over(p, "usual"), _over(p, "best")] for p in gather(run)]
    heads = ["workload", "sink", "size", "burst", "intree as it is", "at its best",
             "its best setting", "vhostlab", "vhostlab / intree as it is", "/ at its best"]
    return table(heads, "llrrrrlrrr", rows) if rows else ""


def text_of(run: Run) -> str:
    """The section of the page: the best setting of each place, and then all of them. Other runs
    vary such knobs for questions of their own."""
    places = gather(run) if run.env["experiment"] == "intree" else []
    if not places:
        return ""
    every = [[p["workload"], p["sink"], p["size"], p["burst"], setting(c), whole(_cost(c)),
              fixed(ask.quotient(_cost(c), _cost(p["usual"])), 3), whole(most(c, "lost"))]
             for p in places for c in order.sort_by(p["all"], _cost)]
    heads = ["workload", "sink", "size", "burst", "setting", "cost", "/ as it is", "lost"]
    return render("best", run, best=table_of(run), every=table(heads, "llrrlrrr", every))
