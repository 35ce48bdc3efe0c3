# SPDX-License-Identifier: GPL-2.0-only
"""How long round trips are, call chains, and what tracing costs."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.panels import draw
from report.run import Cell, Run, mid, most
from report.text import fixed, shortest, whole

TRACED_BY = {"out": "tracepoints not in the module at all", "off": "in the module, disabled",
         "count": "`perf stat -e vhostlab:*`", "record": "`perf record -e vhostlab:*`"}
MARKED = (0.5, 0.99, 0.999)
OWN_SECTION = ("events", "profile", "functions")


def latency_data(cells: list[Cell]) -> str:
    """Percentiles of round trips. A block a server in every panel: share of the trips, length,
    and 1 where the figure has a mark."""
    some = [c for c in cells if c["workload"] == "rr" and c["guest"] == "process"
            and c["knobs"] == {} and c["guests"] == 1 and c["latency_merged"] is not None]
    columns = [s for s in servers.ALL if any(c["server"] == s for c in some)]
    panels = []
    for group in order.group_by(some, order.fields("size", "sink")):
        blocks = []
        for server in columns:
            lines = [f"{shortest(share)} {shortest(value)} {int(share in MARKED)}"
                     for c in group if c["server"] == server
                     for share, value in c["latency_merged"]["curve"]]
            blocks.append("\n".join(["share length mark", *(lines or ["- - -"])]))
        total = sum(c["latency_merged"]["count"] for c in group)
        panels.append(f"# panel round trip of {group[0]['size']}-byte frames, {total} trips\n"
                      f"# names {' '.join(columns)}\n" + "\n\n\n".join(blocks))
    return "\n\n\n".join(panels)


def draw_latency(run: Run) -> None:
    """The figure of round trips."""
    draw(run, "latency", "latency", latency_data(run.cells),
         run.subtitle("latency_p50", "latency_p99", "latency_p999"), run.time_unit)


def latency_text(run: Run) -> str:
    """Nothing when the run has no such figure."""
    return render("latency", run) if run.has("latency") else ""


def flames_text(run: Run) -> str:
    """Nothing when the run has no call chains."""
    found = [f for f in run.drawn() if f.startswith("flame-")]
    return render("flames", run, found=found) if found else ""


def overhead_text(run: Run) -> str:
    """What tracing costs: cells that were measured with and without."""
    some = [c | {"trace": c["knobs"].get("trace", "off")} for c in run.cells
            if set(c["knobs"]) <= {"trace"}]
    some = [c for c in some if c["trace"] not in OWN_SECTION]
    found = [c for g in order.group_by(
        some, order.fields("server", "workload", "size", "burst", "sink"))
        if any(c["trace"] != "off" for c in g) for c in g]
    if not found:
        return ""
    kinds = list(TRACED_BY)
    rows: list[list[Any]] = []
    for group in order.group_by(found, lambda c: [
            -(servers.rank(c["server"]) or 0), servers.workload_rank(c["workload"]), c["size"],
            c["burst"], c["sink"]]):
        own = order.sort_by(group, lambda c: [order.rank(c["trace"], kinds, 9), c["trace"]])
        rows += [_overhead_row(c, mid(own[0], "cost_per_packet")) for c in own]
    heads = ["server", "workload", "burst", "trace", "traced by", "cost",
             "more than the first", "", "lost"]
    return render("overhead", run, table=table(heads, "llrllrrrr", rows).replace(
        " |  | lost |", " | | lost |", 1))


def _overhead_row(c: Cell, base: float | None) -> list[Any]:
    cost = mid(c, "cost_per_packet")
    row = [c["server"], c["workload"], c["burst"], c["trace"],
           TRACED_BY.get(c["trace"], f"bpftrace `trace/{c['trace']}.bt`"), whole(cost)]
    if base is None:
        return [*row, "-", "-", whole(most(c, "lost"))]
    times = ask.quotient(cost, base)
    more = None if times is None else (times - 1) * 100
    return [*row, fixed(cost - base, 1), f"{fixed(more, 2)} %", whole(most(c, "lost"))]
