# SPDX-License-Identifier: GPL-2.0-only
"""The headline in one table: vhostlab against the in-tree module, for a process guest and a real
one, on each kernel."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from report import ask, best, control, guest_summary, order
from report.guest_cells import WORKLOADS, single
from report.guest_summary import EXACT
from report.page import table
from report.run import Cell, Run, most
from report.text import fixed, whole

PLACE = ["guest", "workload", "sink", "size", "burst"]
GUESTS = {"process": "process", "qemu": "unmodified Linux"}

Ratios = tuple[str, str]
"""Of vhostlab to the in-tree module as it is, and to it at its best."""
Place = tuple[Any, ...]


def _shown(ratio: float | None, apart: float | None, lost: list[Any]) -> str:
    """The ratio, and in brackets what makes it doubtful: repetitions of either that are apart, and
    lost frames of both."""
    doubts = [f"{guest_summary.percent(apart)} % apart"] if (apart or 0) > EXACT else []
    if any(lost):
        doubts.append(f"lost {whole(lost[0])} and {whole(lost[1])}")
    return fixed(ratio, 3) + (f" ({', '.join(doubts)})" if doubts else "")


def ratio_text(*cells: Cell) -> str:
    """Of the costs of two cells, with what makes it doubtful."""
    costs = [c["cost_per_packet"] for c in cells]
    return _shown(ask.quotient(*(c["median"] for c in costs)),
                  max(c["spread"] or 0 for c in costs), [most(c, "lost") or 0 for c in cells])


def _guest_ratio(*cells: Cell) -> str:
    """Losses stand on the page of that run."""
    return _shown(ask.quotient(*(c["cost"] for c in cells)),
                  max(c["apart"] or 0 for c in cells), [])


def _processes(run: Run) -> dict[Place, Ratios]:
    found = {}
    for place in best.gather(run):
        ours = place["vhostlab"]
        if ours is None or not ours["cost_per_packet"] or place["policy"] != "other":
            continue
        where = ("process", *(place[k] for k in PLACE[1:]))
        found[where] = (ratio_text(ours, place["usual"]), ratio_text(ours, place["best"]))
    return found


def _guests(cells: Iterable[Cell]) -> dict[Place, Ratios]:
    """On the instruction clock only, where it repeats."""
    found = {}
    some = [c for c in single(list(cells)) if c["guest"] == "qemu" and c["clock"] == "insn"
            and not c["setting"] and c["cost"]]
    for c in some:
        where = tuple(c[k] for k in PLACE)
        intree = [o for o in some if o["server"] == "intree"
                  and tuple(o[k] for k in PLACE) == where]
        usual = next((o for o in intree if o["name"] == "intree"), None)
        if c["name"] != "vhostlab" or usual is None:
            continue
        cheapest = min(intree, key=lambda o: o["cost"])
        found[where] = (_guest_ratio(c, usual),
                        _guest_ratio(c, cheapest) if len(intree) > 1 else "-")
    return found


def _rank(place: Place) -> list[Any]:
    guest, workload, sink, size, burst = place
    return [order.rank(guest, list(GUESTS)), order.rank(workload, ["tx", "rx", "rr", *WORKLOADS]),
            burst, sink, size]


def table_of(runs: list[tuple[Run, list[Cell]]]) -> str:
    """A row per place that was measured on two kernels of these runs or more, each with its cells of
    real guests; nothing when there is none.
    A run whose control is apart brings none."""
    kernels: dict[str, dict[Place, Ratios]] = {}
    for run, cells in runs:
        if run.insn and not control.refusal(run):
            found = kernels.setdefault(run.env["kernel"], {})
            found |= _processes(run) | _guests(cells)
    names = [k for k in kernels if kernels[k]]
    places = {p for k in names for p in kernels[k]
              if len(names) == 1 or sum(p in kernels[k] for k in names) > 1}
    if not places:
        return ""
    rows = [[GUESTS[p[0]], *p[1:], *(text for k in names
                                     for text in kernels[k].get(p, ("-", "-")))]
            for p in sorted(places, key=_rank)]
    heads = ["guest", "workload", "sink", "size", "burst",
             *(f"Linux {k}: {what}" for k in names for what in ("as it is", "at its best"))]
    return table(heads, "lllrr" + "r" * (2 * len(names)), rows)
