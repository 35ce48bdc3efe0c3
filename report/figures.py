# SPDX-License-Identifier: GPL-2.0-only
"""Data of the figures that every run has: calls, cost, round trips, notifications."""
from __future__ import annotations

from collections.abc import Callable

from report import order, servers
from report.panels import Panel, Row, metric_rows, server_data, stack
from report.run import Cell


def _ends(cells: list[Cell], axis: str) -> list[int]:
    return sorted({f(c[axis] for c in cells) for f in (min, max)}) if cells else []


def _each_way(cells: list[Cell]) -> list[tuple[str, list[Cell]]]:
    return [(servers.WORKLOADS[w], [c for c in stack(cells) if c["workload"] == w])
            for w in ("tx", "rx")]


def _smallest(cells: list[Cell]) -> list[Cell]:
    size = min((c["size"] for c in cells), default=None)
    return [c for c in cells if c["size"] == size]


def syscalls(cells: list[Cell]) -> str:
    """System calls per packet against burst, smallest frame, one panel a direction."""
    return server_data([(f"{way}, {few[0]['size']}-byte frames",
                         metric_rows(few, "burst", "syscalls_per_packet"))
                        for way, all_cells in _each_way(cells)
                        if (few := _smallest(all_cells))], False)


def cost_size(cells: list[Cell]) -> str:
    """Cost per packet against frame size, smallest and largest burst."""
    panels: list[Panel] = []
    for way, some in _each_way(cells):
        for burst in _ends(some, "burst"):
            few = [c for c in some if c["burst"] == burst]
            panels.append((f"{way}, burst {burst}", metric_rows(few, "size", "cost_per_packet")))
    return server_data(panels)


def cost_burst(cells: list[Cell]) -> str:
    """Cost per packet against burst, smallest and largest frame."""
    panels: list[Panel] = []
    for way, some in _each_way(cells):
        for size in _ends(some, "size"):
            few = [c for c in some if c["size"] == size]
            panels.append((f"{way}, {size}-byte frames",
                           metric_rows(few, "burst", "cost_per_packet")))
    return server_data(panels)


def round_trip(cells: list[Cell]) -> str:
    """Length of a round trip, median and 99th percentile, one panel a frame size."""
    trips = [c for c in stack(cells) if c["workload"] == "rr"]
    panels: list[Panel] = []
    for group in order.group_by(trips, lambda c: c["size"]):
        rows: list[Row] = []
        for metric, name in (("latency_p50", "p50"), ("latency_p99", "p99")):
            y = {c["server"]: c.get(metric) for c in group}
            if any(v is not None for v in y.values()):
                rows.append((name, y))
        panels.append((f"round trip, {group[0]['size']}-byte frames", rows))
    return server_data(panels, False)


def notifications(cells: list[Cell]) -> str:
    """Kicks (guest to server) and calls (server to guest) per packet against burst; of a single
    burst all in one panel."""
    some = [(what, way, few) for way, some in _each_way(cells) if (few := _smallest(some))
            for what in ("kicks", "calls")]
    panels: list[Panel] = [(f"{what}, {way}, {few[0]['size']}-byte frames",
                            metric_rows(few, "burst", f"{what}_per_packet"))
                           for what, way, few in some]
    if len({c["burst"] for _, _, few in some for c in few}) == 1:
        first = some[0][2][0]
        rows = [(f"\"{what}, {way}\"", y) for (what, way, _), (_, panel) in zip(some, panels)
                for _, y in panel]
        panels = [(f"{first['size']}-byte frames, burst {first['burst']}|kind and direction", rows)]
    return server_data(panels, False)


def overview(cells: list[Cell]) -> str:
    """The one figure of the front page: cost per packet of the smallest frame, a group of bars a
    workload and burst, and of a round trip."""
    some = [c for c in stack(cells) if c["workload"] in servers.WORKLOADS]
    panels: list[Panel] = []
    unknown = ""
    # A burst with which one server alone was measured compares nothing.
    compared = [c for g in order.group_by([c for c in some if c["workload"] != "rr"],
                                          lambda c: c["burst"])
                if len({c["server"] for c in g} - {"floor"}) > 1 for c in g]
    for burst in _ends(compared, "burst"):
        rows: list[Row] = []
        for workload, name in servers.WORKLOADS.items():
            few = _smallest([c for c in some if c["workload"] == workload
                             and (workload == "rr" or c["burst"] == burst)])
            if few and (workload != "rr" or burst == 1):
                costs = {c["server"]: c.get("cost_per_packet")
                         for c in few if c["server"] != "floor"}
                rows.append((f"\"{name}\"", costs))
                if none := [s for s, cost in costs.items() if cost is None]:
                    unknown += (f"\n# left out {name}, burst {burst}, {', '.join(none)}: "
                                "too many frames were lost to know the cost")
        size = min(c["size"] for c in some)
        panels.append((f"{size}-byte frames, burst {burst}", rows))
    return server_data(panels, False) + unknown


USUAL: dict[str, tuple[Callable[[list[Cell]], str], list[str]]] = {
    "overview": (overview, ["cost_per_packet"]), "syscalls": (syscalls, ["syscalls_per_packet"]),
    "cost-size": (cost_size, ["cost_per_packet"]),
    "cost-burst": (cost_burst, ["cost_per_packet"]),
    "round-trip": (round_trip, ["latency_p50", "latency_p99"]),
    "notifications": (notifications, ["kicks_per_packet", "calls_per_packet"])}
"""Each with the metrics it shows."""
