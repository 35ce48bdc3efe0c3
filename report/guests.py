# SPDX-License-Identifier: GPL-2.0-only
"""Real guests: system calls, prediction, exits, throughput, round trips, processor time."""
from __future__ import annotations

from typing import Any

from report import ask, guest_summary, interval, order
from report.guest_cells import predictions, single, total
from report.guest_summary import peer, percent
from report.page import render, table
from report.run import Cell, Run
from report.text import brief, fixed, whole

ROLES = {"vcpu": "vCPU", "main": "main loop", "other": "other threads of QEMU",
         "worker": "worker", "server": "server's process", "guest": "guest's process",
         "serving": "serving side"}
PLACE = ["workload", "size", "setting", "server"]
RARE = 0.005
"""What happens less often per packet is one sum."""


def words(name: str) -> str:
    """Of a setting or a server with its settings."""
    return name.replace(",", ", ") or "-"


def micro(ns: float | None) -> str:
    """Nanoseconds as microseconds."""
    return "-" if ns is None else fixed(ns / 1000, 1)


def named(values: dict[str, Any] | None) -> str:
    """Calls or exits by name, the most frequent first."""
    if values is None:
        return "not counted"
    some = sorted(((k, v) for k, v in values.items() if v > 0), key=lambda p: (-p[1], p[0]))
    rare = total(v for _, v in some if v < RARE)
    out = [f"{k} {fixed(v, 2)}" for k, v in some if v >= RARE]
    if rare is not None:
        out.append(f"the rest {brief(rare)}")
    return ", ".join(out) or "none"


def place(c: Cell) -> list[Any]:
    """The first columns of a table."""
    return [c["workload"], c["size"], words(c["setting"]), words(c["name"])]


def _serving(c: Cell) -> str:
    out = []
    for role, calls in (c["calls_by"] or {}).items():
        if role in ("vcpu", "guest"):
            continue
        if role != "other" or any(v > 0 for v in (calls or {}).values()):
            out.append(f"{ROLES.get(role, role)}: {named(calls)}")
    return "; ".join(out) or "not counted"


def _of(values: dict[str, Any] | None, name: str) -> Any:
    return (values or {}).get(name)


def _syscall_table(cells: list[Cell]) -> str:
    return table([*PLACE, "serving side, all", "serving side, by thread", "vCPU", "kicks",
                  "calls", "lost %"], "lrllrllrrr", [
        [*place(c), brief(c["syscalls"]), _serving(c), named(_of(c["calls_by"], "vcpu")),
         brief(c["kicks"]), brief(c["calls"]), percent(c["lost_share"])] for c in cells])


def _exit_table(cells: list[Cell]) -> str:
    some = [c for c in cells if c["exits"] is not None]
    return table([*PLACE, "exits per packet", "by reason"], "lrllrl", [
        [*place(c), fixed(sum(c["exits"].values()), 2), named(c["exits"])]
        for c in some]) if some else ""


def _over(cells: list[Cell], c: Cell, field: str) -> str:
    other = peer(cells, c, "userspace")
    return fixed(ask.quotient(c[field], None if other is None else other[field]), 3)


def _ends(c: Cell, name: str, form: interval.Format) -> str:
    return interval.ends(c["samples"][name], form) if c["clock"] == "wall" else ""


def _rate_table(cells: list[Cell]) -> str:
    return table([*PLACE, "packets per second", "of userspace's", "Mbit/s",
                  "transactions per second", "lost", "lost %"], "lrllrrrrrr", [
        [*place(c), whole(c["rate"]) + _ends(c, "rate", whole), _over(cells, c, "rate"),
         "-" if c["bits"] is None else fixed(c["bits"] / 1e6, 1), whole(c["transactions"]),
         whole(c["lost"]), percent(c["lost_share"])] for c in cells])


def _trip_table(cells: list[Cell]) -> str:
    some = [c for c in cells if c["p50"] is not None]
    return table([*PLACE, "p50", "p99", "p99.9", "p50, of userspace's", "lost"], "lrllrrrrr", [
        [*place(c), micro(c["p50"]) + _ends(c, "p50", micro), micro(c["p99"]), micro(c["p999"]),
         _over(cells, c, "p50"), whole(c["lost"])] for c in some]) if some else ""


def _cpu_table(cells: list[Cell]) -> str:
    rows = []
    for c in cells:
        switches = total(_of(c["switches"], r) for r in ("main", "worker", "server"))
        rows.append([*place(c), micro(c["cost"]),
                     *(micro(_of(c["cpu"], r)) for r in ("vcpu", "main", "worker", "server")),
                     fixed(switches, 2), percent(c["lost_share"])])
    return table([*PLACE, "whole machine", "vCPU", "main loop", "worker", "server's process",
                  "switches of the serving side", "lost %"], "lrllrrrrrrr", rows)


def _scaling_table(cells: list[Cell]) -> str:
    """Cells of workloads that were also measured with more guests or queues."""
    some = [c for g in order.group_by([c for c in cells if c["guest"] == "qemu"],
                                      order.fields("workload", "size", "setting"))
            if any(c["guests"] > 1 or c["queues"] > 1 for c in g) for c in g]
    return table(["workload", "size", "setting", "guests", "queues", "server",
                  "packets per second, all", "lost %", "p50", "p99", "processor time per packet",
                  "system calls of the serving side"], "lrlrrlrrrrrr", [
        [c["workload"], c["size"], words(c["setting"]), c["guests"], c["queues"],
         words(c["name"]), whole(c["rate"]), percent(c["lost_share"]),
         *(micro(c[k]) for k in ("p50", "p99", "cost")), brief(c["syscalls"])]
        for c in some]) if some else ""


def _dpdk_table(cells: list[Cell]) -> str:
    some = [c for c in cells if c["guest"] == "dpdk"]
    rows = []
    for c in some:
        serving = total(_of(c["cpu"], r) for r in ("worker", "server"))
        rows.append([c["workload"], c["sink"], c["size"], c["burst"], c["queues"],
                     words(c["setting"]), words(c["name"]), whole(c["rate"]),
                     percent(c["lost_share"]),
                     *(micro(c[k]) for k in ("p50", "p99", "p999", "cost")), micro(serving),
                     micro(_of(c["cpu"], "guest")), brief(c["syscalls"]),
                     named(_of(c["calls_by"], "guest"))])
    return table(["workload", "sink", "size", "burst", "queues", "setting", "server",
                  "packets per second", "lost %", "p50", "p99", "p99.9",
                  "processor time per packet", "of it the server's", "the guest's",
                  "system calls of the serving side", "of the guest"],
                 "llrrrllrrrrrrrrrl", rows) if some else ""


def _reason(row: dict[str, Any], c: Cell, unmodelled: dict[str, str]) -> str:
    """Why a count is not the predicted one, by rule."""
    p = row["alone"] if row["here"] is None else row["here"]
    d = row["measured"] - p
    if abs(d) <= max(0.05, p * 0.1):
        if p < row["alone"] - 0.05:
            each = ask.quotient(1, max(c["turns"] or 0, 0.001))
            return f"packets share turns: {fixed(each, 1)} per turn"
        return "as predicted"
    if row["call"] == "KVM_SIGNAL_MSI":
        text = ("sent packets end with an interrupt, too" if d > 0
                else "the guest is still at work and wants no interrupt")
        return text + ("" if c["calls"] is None else f": {fixed(c['calls'], 2)} calls per packet")
    if row["alone"] == 0:
        return unmodelled.get(row["call"], "not in the model")
    if row["call"] == "ppoll":
        return ("turns that found no packet, or one thing to do where the model has two" if d > 0
                else "one turn found more than one thing to do")
    return ("packets share calls" if d < 0
            else "attempts that moved no packet across the tap")


def _prediction_rows(c: Cell) -> list[dict[str, Any]]:
    """Of a server that is a module nothing is predicted but none: its worker as a whole, and
    what QEMU does often all the same."""
    known = {(p["role"], p["call"]) for p in c["predicted"]}
    rows = [p | {"measured": _of(c["calls_by"].get(p["role"]), p["call"]) or 0}
            for p in c["predicted"]]
    rows += [{"role": role, "call": call, "alone": 0, "here": 0, "measured": value}
             for role, calls in c["calls_by"].items() for call, value in (calls or {}).items()
             if value >= 0.05 and (role, call) not in known]
    if not c["predicted"]:
        rows.append({"role": "serving", "call": "all", "alone": 0, "here": 0,
                     "measured": c["syscalls"] or 0})
    roles = ["serving", "main", "worker", "vcpu"]
    return order.sort_by(rows, lambda r: [order.rank(r["role"], roles, 4), -r["alone"],
                                          r["call"]])


def _prediction_table(cells: list[Cell], unmodelled: dict[str, str]) -> str:
    some = [c for c in cells if c["predicted"] is not None and c["calls_by"] is not None
            and c["setting"] == ""]
    rows = []
    for c in some:
        for r in _prediction_rows(c):
            expected = r["alone"] if r["here"] is None else r["here"]
            rows.append([c["workload"], c["size"], words(c["name"]),
                         ROLES.get(r["role"], r["role"]), r["call"], brief(r["alone"]),
                         brief(r["here"]), fixed(r["measured"], 2),
                         fixed(r["measured"] - expected, 2), _reason(r, c, unmodelled)])
    return table(["workload", "size", "server", "thread", "call", "predicted, alone",
                  "predicted, with the turns there were", "measured", "measured - predicted",
                  "why"], "lrlllrrrrl", rows) if rows else ""


def _unit(run: Run, what: str) -> str:
    """Of the columns of durations."""
    if run.insn:
        return "thousand instructions"
    return f"microseconds of {'emulated ' if run.env['accel'] == 'tcg' else ''}{what}"


def text_of(run: Run, cells: list[Cell]) -> str:
    """The sections of the page; nothing when the run has no real guests."""
    if not cells:
        return ""
    model = predictions()
    qemu = [c for c in single(cells) if c["guest"] == "qemu"]
    return guest_summary.text_of(run, cells) + render(
        "guests", run, any_qemu=bool(qemu), source=model["source"],
        time=_unit(run, "time"), cost=_unit(run, "processor time"),
        syscalls=_syscall_table(qemu), prediction=_prediction_table(qemu, model["unmodelled"]),
        exits=_exit_table(qemu), rates=_rate_table(qemu),
        intervals=interval.note(run), trips=_trip_table(qemu),
        cpu=_cpu_table(qemu), scaling=_scaling_table(cells), dpdk=_dpdk_table(cells))
