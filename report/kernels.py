# SPDX-License-Identifier: GPL-2.0-only
"""A run on several kernels: what they have side by side."""
from __future__ import annotations

from typing import Any

from report import control, order, origin, panels, servers
from report.headline import ratio_text
from report.page import render, table
from report.panels import draw
from report.parts import split
from report.run import Run, mid, most
from report.tables import gather as process_cells
from report.tables import measured, rows_of
from report.text import whole
from report.winners import dearer

PLACE = ["workload", "sink", "size", "burst"]

Place = dict[str, Any]


def _rows(one: Run) -> list[Place]:
    return measured(rows_of(process_cells(one)))


def _places(runs: list[Run]) -> list[tuple[Place, list[Place]]]:
    """Of each place that was measured on all kernels its row on each."""
    by_place = [{tuple(r[k] for k in PLACE): r for r in _rows(one)} for one in runs]
    shared = [p for p in by_place[0] if all(p in rows for rows in by_place)]
    return [(dict(zip(PLACE, p)), [rows[p] for rows in by_place]) for p in shared]


def _release(one: Run) -> str:
    return f"Linux {one.env['kernel']}"


def draw_all(run: Run, runs: list[Run]) -> None:
    """A panel per burst: cost of each server, a group of bars a kernel and workload."""
    found = []
    places = [p for p in _places(runs) if p[0]["sink"] == "stack"]
    for group in order.group_by(places, lambda p: [p[0]["burst"], p[0]["size"]]):
        first = group[0][0]
        rows: list[panels.Row] = [
            (f"\"{place['workload']}, {'.'.join(one.env['kernel'].split('.')[:2])}\"",
             {s: c.get("cost_per_packet") for s, c in row.items() if s in servers.USUAL})
            for place, on in group for one, row in zip(runs, on)]
        found.append((f"{first['size']}-byte frames, burst {first['burst']}", rows))
    draw(run, "kernels", "kernels", panels.server_data(found, False),
         run.subtitle(), run.figure_unit)


def _quotient(row: Place, other: str) -> str:
    cells = [row.get(s) for s in ("vhostlab", other)]
    if any(mid(c, "cost_per_packet") is None for c in cells):
        return "-"
    return ratio_text(*(c for c in cells if c is not None))


def ratio_table(runs: list[Run]) -> str:
    """A row per place, vhostlab by in-tree on each kernel; empty when both were not measured on any.
    A run that may name no winner has none."""
    some = [(p, on) for p, on in _places(runs)
            if any("vhostlab" in r and "intree" in r for r in on)]
    if not some or any(control.refusal(one) for one in runs):
        return ""
    return table([*PLACE, *map(_release, runs)], "llrr" + "r" * len(runs),
                 [[*place.values(), *(_quotient(r, "intree") for r in on)] for place, on in some])


def _cost_table(runs: list[Run]) -> str:
    some = _places(runs)
    names = servers.columns_for(s for _, on in some for r in on for s in r)
    rows = [[*place.values(), _release(one), *(whole(mid(r.get(s), "cost_per_packet"))
                                               for s in names),
             ", ".join(whole(most(r.get(s), "lost")) for s in names)]
            for place, on in some for one, r in zip(runs, on)]
    return table([*PLACE, "kernel", *names, "lost"], "llrrl" + "r" * len(names) + "l", rows)


def _slower(runs: list[Run]) -> list[str]:
    """Where vhostlab costs more than the in-tree module, by kernel: first of all that is said."""
    found = []
    for one in runs:
        refused = control.refusal(one)
        rows = _rows(one)
        more = [] if refused else dearer(one, rows, ["intree"])["intree"]
        if refused:
            found.append(f"{_release(one)}: {refused}")
        elif more:
            found.append(f"**On {_release(one)} vhostlab costs more than intree in {len(more)} of "
                         f"{len([r for r in rows if 'vhostlab' in r and 'intree' in r])} cells**: "
                         + ", ".join(f"{r['workload']}, {r['sink']}, burst {r['burst']}"
                                     for r in more) + ".")
    return found


def brief(run: Run, prefix: str) -> str:
    """For the front page: the figure and the ratios."""
    runs = split(run)
    if len(runs) < 2:
        return ""
    return render("kernels-brief", run.named_by(f"{prefix}{run.folder.name}/figures"),
                  ratios=ratio_table(runs), page=f"{prefix}{run.folder.name}/RESULTS.md")


def text_of(run: Run, runs: list[Run]) -> str:
    """The head of the page of such a run: kernels side by side. Each has a page of its own."""
    return render("kernels", run, runs=[(_release(one), one.folder.name, origin.brief(one))
                                        for one in runs],
                  ratios=ratio_table(runs), costs=_cost_table(runs), slower=_slower(runs),
                  missing=len(run.failed), kept=len(run.points))
