# SPDX-License-Identifier: GPL-2.0-only
"""How long round trips are, call chains, and what tracing costs."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.panels import draw
from report.run import Cell, Point, Run, mid, most
from report.text import fixed, shortest, whole

LOOKS = {"out": "tracepoints not in the module at all", "off": "in it, nobody looks",
         "count": "`perf stat -e vhostlab:*`", "record": "`perf record -e vhostlab:*`"}
OWN_SECTION = ("events", "profile", "functions")


def latency_data(points: list[Point]) -> str:
    """Histograms of round trips. A block a server in every panel: from, to, share in percent."""
    some = [p for p in points if p["workload"] == "rr" and p["guest"] == "process"
            and p["knobs"] == {} and _buckets(p) is not None]
    columns = servers.columns_for(p["server"] for p in some)
    panels = []
    for group in order.group_by(some, order.fields("size", "sink")):
        blocks = []
        for server in columns:
            own = [b for p in group if p["server"] == server for b in _buckets(p) or []]
            trips = sum(b[2] for b in own)
            lines = [f"{g[0][0]} {g[0][1]} {shortest(sum(b[2] for b in g) * 100 / trips)}"
                     for g in order.group_by(own, lambda b: b[0])]
            blocks.append("\n".join(["from to share", *(lines or ["- - -"])]))
        total = sum(b[2] for p in group for b in _buckets(p) or [])
        panels.append(f"# panel round trip of {group[0]['size']}-byte frames, {total} trips\n"
                      + "\n\n\n".join(blocks))
    return "\n\n\n".join(panels)


def _buckets(point: Point) -> list[list[int]] | None:
    found: list[list[int]] | None = (point.get("detail") or {}).get("latency_histogram")
    return found


def draw_latency(run: Run) -> None:
    """The figure of round trips."""
    draw(run, "latency", "latency", latency_data(run.points), run.machine, run.time_unit)


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
    kinds = list(LOOKS)
    rows: list[list[Any]] = []
    for group in order.group_by(found, lambda c: [
            -(servers.rank(c["server"]) or 0), servers.workload_rank(c["workload"]), c["size"],
            c["burst"], c["sink"]]):
        own = order.sort_by(group, lambda c: [order.rank(c["trace"], kinds, 9), c["trace"]])
        rows += [_overhead_row(c, mid(own[0], "cost_per_packet")) for c in own]
    heads = ["server", "workload", "burst", "trace", "who looks on", "cost",
             "more than the first", "", "lost"]
    return render("overhead", run, table=table(heads, "llrllrrrr", rows).replace(
        " |  | lost |", " | | lost |", 1))


def _overhead_row(c: Cell, base: float | None) -> list[Any]:
    cost = mid(c, "cost_per_packet")
    row = [c["server"], c["workload"], c["burst"], c["trace"],
           LOOKS.get(c["trace"], f"bpftrace `trace/{c['trace']}.bt`"), whole(cost)]
    if base is None:
        return [*row, "-", "-", whole(most(c, "lost"))]
    times = ask.quotient(cost, base)
    more = None if times is None else (times - 1) * 100
    return [*row, fixed(cost - base, 1), f"{fixed(more, 2)} %", whole(most(c, "lost"))]
