# SPDX-License-Identifier: GPL-2.0-only
"""The cells of real guests: medians over the repetitions, per packet, with the prediction."""
from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from report import ask, order, servers
from report.ask import ROOT
from report.run import Cell, Point, Run
from report.text import shortest

WORKLOADS = {
    "tx": "transmit", "rx": "receive, fixed rate", "udp_tx": "UDP out, fixed rate",
    "udp_rx": "UDP in, fixed rate", "tcp_tx": "TCP stream out", "tcp_rx": "TCP stream in",
    "ping": "ping", "udp_rr": "UDP round trip", "tcp_rr": "TCP round trip", "echo": "echo"}
GUEST_KNOBS = ["event_idx", "indirect", "mrg_rxbuf", "version_1", "packed", "in_order", "ring",
               "calls", "offload", "rate"]
"""Of the knobs these are the guest's: they make another cell. The others make another server."""
DIRECTIONS = {"tx": ["tx"], "udp_tx": ["tx"], "rx": ["rx"], "udp_rx": ["rx"],
              "ping": ["tx", "rx"], "udp_rr": ["tx", "rx"], "tcp_rr": ["tx", "rx"]}

SIDES = {"serving side": ["main", "worker", "server"], "vCPU": ["vcpu"]}
"""Threads whose system calls a figure shows."""

ByName = dict[str, Any]


def predictions() -> dict[str, Any]:
    """What QEMU's own code says of its system calls."""
    return json.loads((ROOT / "report/predictions.json").read_text(encoding="utf-8"))


def workload_rank(workload: str) -> int | None:
    """The place of a workload in reading order."""
    return order.rank(workload, list(WORKLOADS))


def _median_by_name(objects: Iterable[ByName | None]) -> ByName | None:
    """None where nothing was counted. What a repetition does not name did not happen."""
    some = [o for o in objects if o is not None]
    if not some:
        return None
    names = sorted({k for o in some for k in o})
    return {k: ask.median(o.get(k, 0) for o in some) for k in names}


def _knob_text(knobs: ByName, own: bool) -> str:
    return ",".join(f"{k}={shortest(v)}" for k, v in knobs.items()
                    if (k not in GUEST_KNOBS) == own)


def _share(value: Any, packets: Any) -> float | None:
    """A sum over a pass, per packet of it."""
    return ask.quotient(value, packets)


def _shares(values: ByName | None, packets: Any) -> ByName | None:
    if values is None or not packets:
        return None
    return {k: ask.quotient(v, packets) for k, v in values.items()}


def _detail(point: Point) -> ByName:
    return point.get("detail") or {}


def _thread(point: Point, role: str) -> ByName:
    return (_detail(point).get("threads") or {}).get(role) or {}


def _counted(point: Point, sums: list[ByName | None]) -> float | None:
    """All that was counted by name, per packet of the pass in which it was."""
    some = [v for s in sums if s is not None for v in s.values()]
    if all(s is None for s in sums):
        return None
    return ask.quotient(sum(some), _detail(point).get("counted_packets"))


def _all_cpu(point: Point) -> float | None:
    """Processor time of all threads, per packet."""
    some = [v for t in (_detail(point).get("threads") or {}).values()
            if (v := t.get("cpu_ns")) is not None]
    return ask.quotient(sum(some), point["packets"]) if some else None


def _turns(cell: Cell) -> float | None:
    """How many turns of the serving loop a packet had. A round trip has one packet under way, so
    one each; transmitting, every turn begins with a kick; receiving, QEMU ends every turn with a
    read too many, and no packet has more than one turn."""
    ways = DIRECTIONS.get(cell["workload"], [])
    if len(ways) == 2:
        return 1
    if ways == ["tx"]:
        return cell["kicks"]
    reads = ((cell["calls_by"] or {}).get("main") or {}).get("read")
    if ways == ["rx"] and cell["server"] == "userspace" and reads is not None:
        return min(max(reads - 1, 0), 1)
    return None


def _predicted(cell: Cell, model: ByName) -> list[ByName] | None:
    """What the model says of this cell, call by call: per packet when every packet has a turn of
    its own (alone), and with as many turns as there were (here)."""
    ways = DIRECTIONS.get(cell["workload"], [])
    known = model["servers"].get(cell["server"])
    if cell["guest"] != "qemu" or not ways or known is None:
        return None
    knobs = model["defaults"] | cell["knobs"]
    steps = [s for w in ways for s in known[w]
             if all(knobs.get(k) == v for k, v in s.get("when", {}).items())]
    out = []
    for group in order.group_by(steps, order.fields("role", "call")):
        alone = sum(s.get("per_turn", 0) + s.get("per_packet", 0) for s in group)
        here = None
        if cell["turns"] is not None:
            here = sum(s.get("per_turn", 0) * cell["turns"] + s.get("per_packet", 0)
                       for s in group) / len(ways)
        out.append({"role": group[0]["role"], "call": group[0]["call"],
                    "alone": alone / len(ways), "here": here})
    return out


def _rate(point: Point) -> float | None:
    return ask.quotient(point["packets"], point.get("seconds"))


def _lost_share(point: Point) -> float | None:
    lost = point.get("lost")
    return None if lost is None else ask.quotient(lost, point["packets"] + lost)


def _spread(sample: Any) -> float | None:
    """(max - min) / median, of two repetitions at least."""
    return sample["spread"] if sample and sample["n"] > 1 and sample["median"] else None


def _cell(reps: list[Point], model: ByName) -> Cell:
    names = ("server", "guest", "workload", "size", "burst", "queues", "guests", "sink", "knobs",
             "clock", "accel")
    cell: Cell = {k: reps[0].get(k) for k in names} | {"repetitions": len(reps)}
    roles = sorted({r for p in reps for r in _detail(p).get("threads") or {}})
    cell["name"] = ",".join(t for t in (cell["server"], _knob_text(cell["knobs"], True)) if t)
    cell["setting"] = _knob_text(cell["knobs"], False)
    cell["packets"] = ask.median(p["packets"] for p in reps)
    cell["lost"] = max((p["lost"] for p in reps if p.get("lost") is not None), default=None)
    rates = ask.sample(map(_rate, reps))
    cell["samples"] = {"rate": rates} | {
        n: ask.sample(p.get(f) for p in reps) for n, f in (("p50", "latency_p50"),)} | {
        "cost": ask.sample(p.get("cost_per_packet") for p in reps),
        "lost_share": ask.sample(map(_lost_share, reps)),
        "cpu": ask.sample(_all_cpu(p) for p in reps),
        "exits": ask.sample(_counted(p, [_detail(p).get("kvm_exits")]) for p in reps)}
    for name, value in (("rates", _rate), ("costs", lambda p: p.get("cost_per_packet"))):
        cell[name] = {"values": [v for p in reps if (v := value(p)) is not None],
                      "by": {str(p["rep"]): v for p in reps if (v := value(p)) is not None}}
    cell["calls_of"] = {side: ask.sample(_counted(p, [_thread(p, r).get("syscalls")
                                                      for r in named]) for p in reps)
                        for side, named in SIDES.items()}
    cell["rate"] = rates["median"] if rates else None
    cell["spread"] = _spread(cell["samples"]["cost" if cell["clock"] == "insn" else "rate"])
    cell["apart"] = max((v for v in map(_spread, (cell["samples"]["cost"],
                                                  cell["samples"]["p50"])) if v is not None),
                        default=None)
    cell["lost_share"] = ask.median(map(_lost_share, reps))
    cell["bits"] = ask.median(_detail(p).get("bits_per_second") for p in reps)
    cell["transactions"] = ask.median(_detail(p).get("transactions_per_second") for p in reps)
    for name, field in (("cost", "cost_per_packet"), ("syscalls", "syscalls_per_packet"),
                        ("kicks", "kicks_per_packet"), ("calls", "calls_per_packet"),
                        ("p50", "latency_p50"), ("p99", "latency_p99"),
                        ("p999", "latency_p999")):
        cell[name] = ask.median(p.get(field) for p in reps)
    # Processor time and switches are of the measured pass, what is counted is of another.
    cell["calls_by"] = {r: _median_by_name(
        _shares(_thread(p, r).get("syscalls"), _detail(p).get("counted_packets"))
        for p in reps) for r in roles} or None
    for name, field in (("cpu", "cpu_ns"), ("switches", "switches")):
        cell[name] = {r: ask.median(_share(_thread(p, r).get(field), p["packets"])
                                    for p in reps) for r in roles} or None
    cell["exits"] = _median_by_name(
        _shares(_detail(p).get("kvm_exits"), _detail(p).get("counted_packets")) for p in reps)
    cell["turns"] = _turns(cell)
    cell["predicted"] = _predicted(cell, model)
    return cell


def gather(run: Run) -> list[Cell]:
    """All cells of real guests, in reading order."""
    model = predictions()
    some = [p for p in run.last_points if p["guest"] != "process"]
    cells = [_cell(g, model) for g in order.group_by(some, lambda p: p["point"])]
    return order.sort_by(cells, lambda c: [
        c["guest"], c["setting"], workload_rank(c["workload"]), c["sink"], c["size"],
        c["burst"], c["queues"], c["guests"], servers.rank(c["server"]), c["name"]])


def single(cells: list[Cell]) -> list[Cell]:
    """One guest with one queue pair."""
    return [c for c in cells if c["queues"] == 1 and c["guests"] == 1]


def total(values: Iterable[Any]) -> Any:
    """The sum of what is there; None when nothing is."""
    some = [v for v in values if v is not None]
    return sum(some) if some else None
