# SPDX-License-Identifier: GPL-2.0-only
"""The beginning of a run's page: what was measured, and in short what came out."""
from __future__ import annotations

from typing import Any

from report import control, order, servers, winners
from report.guest_summary import spread_text
from report.page import render
from report.run import Cell, Run, mid, most
from report.tables import Row, gather, measured, over, others, rows_of
from report.text import brief, fixed, whole

def name_of(row: Row) -> str:
    """What a sentence calls the row."""
    return f"{row['workload']}, {row['sink']}, {row['size']} bytes, burst {row['burst']}"


def verdict(rows: list[Row], other: str, dearer: list[Row]) -> str:
    """In words, from all rows with a cost on both sides, and those judged to cost more."""
    shared = [r | {"q": over(r, other, "cost_per_packet")} for r in rows
              if "vhostlab" in r and other in r]
    # What lost too many frames has no cost.
    some: list[dict[str, Any]] = [r for r in shared if r["q"] is not None]
    if not some:
        return f"vhostlab and {other} have no cell in common here."
    best = min(some, key=lambda r: r["q"])
    worst = max(reversed(some), key=lambda r: r["q"])
    more: list[dict[str, Any]] = [r | {"q": over(r, other, "cost_per_packet")} for r in dearer]
    slower = order.sort_by(more, lambda r: -r["q"])
    text = (f"Against {other}, over {len(some)} cells, vhostlab costs between "
            f"{fixed(best['q'], 3)} ({name_of(best)}) and {fixed(worst['q'], 3)} "
            f"({name_of(worst)}) times as much per packet. ")
    if not slower:
        return text + ("It costs more in no cell." if worst["q"] <= 1
                       else "In no cell is it shown to cost more.")
    return (text + f"**It costs more in {len(slower)} of them**: "
            + "; ".join(f"{name_of(r)} ({fixed(r['q'], 3)})" for r in slower) + ".")


def syscalls_verdicts(rows: list[Row]) -> list[dict[str, Any]]:
    """Of a packet that comes alone."""
    metric = "syscalls_per_packet"
    out = []
    for r in rows:
        if (r["sink"] == "stack" and r["burst"] == 1 and r["workload"] in ("tx", "rx")
                and "userspace" in r and "vhostlab" in r):
            a, b = mid(r["userspace"], metric), mid(r["vhostlab"], metric)
            out.append({"workload": r["workload"], "size": r["size"], "userspace": brief(a),
                        "vhostlab": brief(b),
                        "saved": "-" if a is None or b is None else brief(a - b),
                        "uring": brief(mid(r["uring"], metric)) if "uring" in r else ""})
    return out


def delivery(cells: list[Cell]) -> str:
    """Was everything delivered? In words, by server."""
    groups = order.group_by([c for c in cells if c["server"] != "floor"], order.fields("server"))
    groups = order.sort_by(groups, lambda g: servers.rank(g[0]["server"]))
    return "; ".join(
        f"{g[0]['server']} lost {whole(sum(most(c, 'lost') or 0 for c in g))} frames in its "
        f"{len(g)} cells and delivered {whole(sum(most(c, 'corrupt') or 0 for c in g))} wrong "
        f"ones in the {sum(c['sink'] == 'check' for c in g)} cells that check content"
        for g in groups)


def spreads(cells: list[Cell]) -> list[float]:
    """Of the cost, between repetitions of one cell."""
    costs = [c["cost_per_packet"] for c in cells if c["sink"] != "check"]
    return [v["spread"] for v in costs if v is not None and v["n"] > 1
            and v["spread"] is not None]


def text_of(run: Run) -> str:
    """The section."""
    cells = gather(run)
    rows = measured(rows_of(cells))
    names = others(rows)
    refusal = control.refusal(run)
    more = winners.dearer(run, rows, names)
    return render(
        "summary", run, refusal=refusal, any_cells=bool(cells), syscalls=syscalls_verdicts(rows),
        verdicts=[] if refusal else [verdict(rows, s, more[s]) for s in names],
        delivery=delivery(cells),
        spread=spread_text(spreads(cells), "cost"))
