# SPDX-License-Identifier: GPL-2.0-only
"""The tables all runs have: calls, cost, floor, notifications, round trips, checked bytes."""
from __future__ import annotations

from typing import Any

from report import ask, interval, order, servers
from report.page import render, table
from report.run import Cell, Run, mid, most, policy_words
from report.text import brief, shortest, whole

Row = dict[str, Any]

PLACE = ["workload", "sink", "size", "burst", "queues", "guests", "guest"]
LETTERS = {"uring": "ur", "vhostuser": "vu"}
OWN_SECTION = ("trace", "regions", "log", "shared_poll_us")


def gather(run: Run) -> list[Cell]:
    """Cells of one userspace guest. Several at once, and real ones, have their own sections."""
    return [c for c in run.cells if c["guest"] == "process" and c["guests"] == 1]


def rows_of(cells: list[Cell]) -> list[Row]:
    """One object a place, the servers side by side, in reading order."""
    rows = [{k: g[0][k] for k in PLACE} | {c["server"]: c for c in g} for g in order.group_by(
        [c for c in cells if c["knobs"] == {}], order.fields(*PLACE))]
    return order.sort_by(rows, lambda r: [servers.workload_rank(r["workload"]), r["sink"],
                                          r["size"], r["burst"]])


def measured(rows: list[Row]) -> list[Row]:
    """Those that measure cost."""
    return [r for r in rows if r["sink"] != "check" and r["workload"] in servers.WORKLOADS]


def shown(rows: list[Row]) -> list[str]:
    """The servers of such rows."""
    return servers.columns_for(k for r in rows for k in r)


def others(rows: list[Row]) -> list[str]:
    """What vhostlab is compared with."""
    return [s for s in shown(rows) if s != "vhostlab"]


def over(row: Row, other: str, metric: str) -> float | None:
    """vhostlab's metric by the other one's."""
    return ask.quotient(mid(row.get("vhostlab"), metric), mid(row.get(other), metric))


def _losses(row: Row, names: list[str]) -> str:
    return ", ".join(whole(most(row.get(s), "lost")) for s in names)


def _lost_heading(names: list[str]) -> str:
    return "lost " + ", ".join(LETTERS.get(s, s[:1]) for s in names)


def _less(row: Row, metric: str) -> float | None:
    a, b = mid(row.get("userspace"), metric), mid(row.get("vhostlab"), metric)
    return None if a is None or b is None else a - b


def _each(run: Run, row: Row, names: list[str], metric: str) -> list[str]:
    return [interval.of(run, row.get(s), metric) for s in names]


def _ratios(run: Run, row: Row, names: list[str], metric: str) -> list[str]:
    return [interval.ratio(run, row.get("vhostlab"), row.get(s), metric) for s in names]


def cost_table(run: Run, rows: list[Row]) -> str:
    """Cost per packet."""
    names, rest = shown(rows), others(rows)
    heads = ["workload", "sink", "size", "burst", *names, *(f"vhostlab / {s}" for s in rest),
             "userspace - vhostlab", _lost_heading(names)]
    return table(heads, "llrr" + "r" * len(names + rest) + "rl", [
        [r["workload"], r["sink"], r["size"], r["burst"], *_each(run, r, names, "cost_per_packet"),
         *_ratios(run, r, rest, "cost_per_packet"), whole(_less(r, "cost_per_packet")),
         _losses(r, names)] for r in rows])


def floor_table(run: Run, rows: list[Row]) -> str:
    """What the ring, the copies and the notifications cost: all but the tap itself."""
    names, rest = shown(rows), others(rows)
    metric = "above_floor_per_packet"
    heads = ["workload", "sink", "size", "burst", "floor", *names,
             *(f"vhostlab / {s}" for s in rest), _lost_heading(names)]
    return table(heads, "llrrr" + "r" * len(names + rest) + "l", [
        [r["workload"], r["sink"], r["size"], r["burst"],
         interval.of(run, r["floor"], "cost_per_packet"), *_each(run, r, names, metric),
         *_ratios(run, r, rest, metric), _losses(r, names)] for r in rows])


def syscall_table(rows: list[Row]) -> str:
    """System calls per packet."""
    names, metric = shown(rows), "syscalls_per_packet"
    heads = ["workload", "size", "burst", *names, "userspace - vhostlab", _lost_heading(names)]
    return table(heads, "lrr" + "r" * len(names) + "rl", [
        [r["workload"], r["size"], r["burst"], *(brief(mid(r.get(s), metric)) for s in names),
         brief(_less(r, metric)), _losses(r, names)] for r in rows])


def notification_table(rows: list[Row]) -> str:
    """Kicks and calls per packet."""
    names = shown(rows)
    heads = ["workload", "size", "burst", "kicks: | " + " | ".join(names),
             "calls: | " + " | ".join(names), _lost_heading(names)]
    body = [[r["workload"], r["size"], r["burst"],
             *(brief(mid(r.get(s), m)) for m in ("kicks_per_packet", "calls_per_packet")
               for s in names), _losses(r, names)] for r in rows]
    text = table(heads, "lrr" + "r" * 2 * len(names) + "l", body)
    # A heading for each group, in front of its first column.
    return text.replace("kicks: | ", "kicks: ", 1).replace("calls: | ", "calls: ", 1)


def trip_table(run: Run, rows: list[Row]) -> str:
    """Length of a round trip."""
    names, rest = shown(rows), others(rows)
    heads = ["sink", "size", "percentile", *names, *(f"vhostlab / {s}" for s in rest),
             _lost_heading(names)]
    return table(heads, "lrl" + "r" * len(names + rest) + "l", [
        [r["sink"], r["size"], m.removeprefix("latency_"), *_each(run, r, names, m),
         *_ratios(run, r, rest, m), _losses(r, names)]
        for r in rows for m in ("latency_p50", "latency_p99", "latency_p999")])


def check_table(rows: list[Row]) -> str:
    """Passes in which the far end reads every frame."""
    return table(["workload", "size", "burst", "server", "delivered", "lost", "corrupt"],
                 "lrrlrrr", [
        [r["workload"], r["size"], r["burst"], s, whole(mid(r[s], "packets")),
         whole(most(r[s], "lost")), whole(most(r[s], "corrupt"))]
        for r in rows for s in shown(rows) if s in r])


def setting_table(run: Run, cells: list[Cell]) -> str:
    """Cells with other settings. An ablation has a table of its settings of its own."""
    if any("without" in c["knobs"] for c in cells):
        return ""
    some = [c for c in cells if c["knobs"] and not set(c["knobs"]) & set(OWN_SECTION)]
    return table(["workload", "sink", "size", "burst", "server", "settings", "cost",
                  "system calls", "round trip, p50", "lost"], "llrrllrrrr", [
        [c["workload"], c["sink"], c["size"], c["burst"], c["server"],
         " ".join(f"{k}={shortest(v)}" for k, v in c["knobs"].items()),
         interval.of(run, c, "cost_per_packet"), brief(mid(c, "syscalls_per_packet")),
         interval.of(run, c, "latency_p50"), whole(most(c, "lost"))] for c in some]) if some else ""


def text_of(run: Run) -> str:
    """The sections."""
    cells = gather(run)
    rows = rows_of(cells)
    some = measured(rows)
    packets = [r for r in some if r["workload"] != "rr"]
    stack = [r for r in packets if r["sink"] == "stack"]
    trips = [r for r in some if r["workload"] == "rr"]
    floored = [r for r in some if "floor" in r]
    checked = [r for r in rows if r["sink"] == "check"]
    return render(
        "tables", run, servers=", ".join(shown(packets)),
        policies=policy_words(c for c in cells if not c["knobs"]),
        syscalls=syscall_table(stack) if stack else "",
        costs=cost_table(run, packets) if packets else "",
        floor=floor_table(run, floored) if floored else "",
        notifications=notification_table(stack) if stack else "",
        trips=trip_table(run, trips) if trips else "",
        checked=check_table(checked) if checked else "", settings=setting_table(run, cells),
        intervals=interval.note(run))
