# SPDX-License-Identifier: GPL-2.0-only
"""The queue served by the task that kicks it (worker=caller) beside a thread per device."""
from __future__ import annotations

from typing import Any

from report import ask, control, guest_cells, guest_summary, order, servers
from report.headline import GUESTS
from report.page import render, table
from report.panels import data, draw, scaled
from report.run import Cell, Run, most
from report.tables import gather as process_cells
from report.text import fixed, whole

PLACE = ["guest", "workload", "sink", "size", "burst"]
SERVERS = ["userspace", "intree", "device", "caller"]
"""The last two are the models of vhostlab."""

WORKLOADS = [*servers.WORKLOADS, *guest_cells.WORKLOADS]
"""In reading order."""

Place = dict[str, Any]
"""PLACE, and by server an object of cost, apart (how far repetitions are) and lost."""


def _process(cell: Cell) -> Place:
    cost = cell["cost_per_packet"] or {"median": None, "spread": None}
    return {"cost": cost["median"], "apart": cost["spread"], "lost": most(cell, "lost"),
            "sample": cell["cost_per_packet"]}


def _guest(cell: Cell) -> Place:
    """Losses of real guests stand on their page, as a share."""
    return {"cost": cell["cost"], "apart": cell["apart"], "lost": None,
            "sample": cell["samples"]["cost"]}


def _model(server: str, knobs: dict[str, Any]) -> str:
    return str(knobs.get("worker", "device")) if server == "vhostlab" else server


def gather(run: Run) -> list[Place]:
    """One object per place in which both models were measured; none where a run has not both."""
    if not any(c["knobs"].get("worker") == "caller" for c in run.cells):
        return []
    found = [({k: c[k] for k in PLACE}, _model(c["server"], c["knobs"]), _process(c))
             for c in process_cells(run) if not set(c["knobs"]) - {"worker"}
             and c["sink"] != "check"]
    found += [({k: c[k] for k in PLACE}, _model(c["server"], c["knobs"]), _guest(c))
              for c in guest_cells.single(guest_cells.gather(run))
              if c["guest"] == "qemu" and not set(c["knobs"]) - {"worker"}]
    places = [group[0][0] | {name: value for _, name, value in group}
              for group in order.group_by(found, lambda f: f[0])]
    return order.sort_by(
        [p for p in places if all(p.get(m, {}).get("cost") for m in ("device", "caller"))],
        lambda p: [order.rank(p["guest"], list(GUESTS)),
                   order.rank(p["workload"], WORKLOADS), p["burst"], p["sink"], p["size"]])


def draw_all(run: Run) -> None:
    """A panel per guest and burst; costs as multiples of in-tree's, since they are far apart."""
    panels = []
    places = [p for p in gather(run) if p.get("intree", {}).get("cost")]
    for group in order.group_by(places, lambda p: [order.rank(p["guest"], list(GUESTS)),
                                                        p["burst"]]):
        first = group[0]
        panels.append((f"{GUESTS[first['guest']]} guest, burst {first['burst']}",
                       [(f"\"{p['workload']}, {p['sink']}\"",
                         {s: scaled(p[s]["sample"], 1 / p["intree"]["cost"])
                          for s in SERVERS if s in p}) for p in group]))
    draw(run, "caller", "caller", data(panels, SERVERS, False), run.subtitle(), run.figure_unit)


def _quotient(place: Place, model: str) -> str:
    """To the in-tree module, with what makes it doubtful."""
    ours, other = place[model], place.get("intree") or {"cost": None, "apart": None}
    text = fixed(ask.quotient(ours["cost"], other["cost"]), 3)
    apart = max(ours["apart"] or 0, other["apart"] or 0)
    return text + (f" ({guest_summary.percent(apart)} % apart)"
                   if apart > guest_summary.EXACT else "")


def _row(place: Place) -> list[Any]:
    return [GUESTS[place["guest"]], *(place[k] for k in PLACE[1:])]


def brief_table(run: Run) -> str:
    """A row per place, both models by in-tree. A run that may name no winner has none."""
    places = [p for p in gather(run) if "intree" in p]
    if not places or control.refusal(run):
        return ""
    return table(["guest", "workload", "sink", "size", "burst", "a thread per device / intree",
                  "the task that kicks / intree"], "lllrrrr",
                 [[*_row(p), _quotient(p, "device"), _quotient(p, "caller")] for p in places])


def text_of(run: Run) -> str:
    """The section of the page; nothing when the run has one model."""
    places = gather(run)
    if not places:
        return ""
    rows = [[*_row(p), *(whole(p[s]["cost"]) if s in p else "-" for s in SERVERS),
             _quotient(p, "device"), _quotient(p, "caller"),
             ", ".join(whole(p[s]["lost"]) for s in SERVERS if s in p)] for p in places]
    heads = ["guest", "workload", "sink", "size", "burst", *servers.USUAL[:2],
             "vhostlab, a thread per device", "vhostlab, the task that kicks",
             "thread / intree", "task that kicks / intree", "lost"]
    return render("caller", run, table=table(heads, "lllrr" + "r" * 7, rows))
