# SPDX-License-Identifier: GPL-2.0-only
"""Cost against ring, regions, guests, frame and burst, and what dirty logging costs."""
from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from report import ask, control, order, servers
from report.page import render, table
from report.panels import Panel, data, draw, left_out, middle, rows
from report.run import Cell, Point, Run, repeats
from report.text import fixed, whole


def gather(run: Run) -> list[Cell]:
    """Userspace guests without tracing: medians of the repetitions, an object a cell. model is
    the server, of vhostlab its threading model."""
    groups = order.group_by(
        [p for p in run.last_points if p["guest"] == "process" and p["sink"] != "check"
         and p["knobs"].get("trace") is None],
        order.fields("server", "workload", "size", "burst", "sink", "guests", "knobs"))
    return [_cell(g) for g in groups]


def _cell(reps: list[Point]) -> Cell:
    cell = {k: reps[0][k]
            for k in ("server", "workload", "size", "burst", "sink", "guests", "knobs")}
    cell["model"] = (reps[0]["knobs"].get("worker", "device") if cell["server"] == "vhostlab"
                     else cell["server"])
    cell["samples"], cell["by"] = {}, {}
    for name, field in (("cost", "cost_per_packet"), ("p50", "latency_p50"),
                        ("p99", "latency_p99"), ("p999", "latency_p999")):
        cell["samples"][name] = ask.sample(p.get(field) for p in reps)
        cell["by"][name] = {str(p["rep"]): v for p in reps if (v := p.get(field)) is not None}
        cell[name] = middle(cell["samples"][name])
    cell["rate"] = ask.median(ask.quotient(p["packets"], p["seconds"]) for p in reps)
    for name in ("jain", "min_max"):
        cell[name] = ask.median((p.get("detail") or {}).get(name) for p in reps)
    cell["even"] = ask.sample((p.get("detail") or {}).get("min_max") for p in reps)
    cell["samples"]["min_max"] = cell["even"]
    cell["repetitions"] = len(reps)
    cell["lost"] = max((p["lost"] for p in reps if p["lost"] is not None), default=None)
    return cell


def only(cells: list[Cell], knobs: Collection[str]) -> list[Cell]:
    """Cells whose knobs are at their default but for those."""
    return [c for c in cells if not set(c["knobs"]) - set(knobs)]


def varied(cells: list[Cell], x: Callable[[Cell], Any]) -> bool:
    """Is there more than one value of x?"""
    return len({order.key(x(c)) for c in cells}) > 1


def name_of(cell: Cell) -> str:
    """What a sentence calls the cell."""
    burst = "" if cell["workload"] == "rr" else f", burst {cell['burst']}"
    sink = "" if cell["sink"] == "stack" else f", {cell['sink']}"
    return f"{servers.WORKLOADS[cell['workload']]}{burst}, {cell['size']} bytes{sink}"


Axis = tuple[str, str, Collection[str], tuple[int | None, int | None, int | None],
             Callable[[Cell], Any]]
AXES: list[Axis] = [
    # Name in the table, at the figure, knobs that may differ, size, burst and guests (None: any).
    ("ring", "ring (entries)", ["ring"], (64, 64, 1), lambda c: c["knobs"].get("ring", 256)),
    ("regions", "memory regions", ["regions"], (64, 64, 1),
     lambda c: c["knobs"].get("regions", 1)),
    ("guests", "guests", [], (64, 64, None), lambda c: c["guests"]),
    ("frame", "frame (bytes)", [], (None, 64, 1), lambda c: c["size"]),
    ("burst", "burst (packets per kick)", [], (64, None, 1), lambda c: c["burst"]),
]


def _along(cells: list[Cell], workload: str, axis: Axis) -> list[Cell]:
    """Cells of 64 bytes, burst 64, one guest, in which only one thing is not as usual."""
    _, _, knobs, (size, burst, guests), x = axis
    some = [c for c in only(cells, knobs) if c["workload"] == workload and c["sink"] == "stack"
            and size in (None, c["size"]) and burst in (None, c["burst"])
            and guests in (None, c["guests"])]
    return some if varied(some, x) else []


def scaling_data(cells: list[Cell]) -> str:
    """One panel an axis; guests, frame and burst only beside one of the others."""
    panels: list[Panel] = []
    for workload in ("tx", "rx"):
        own = [(f"{servers.WORKLOADS[workload]}|{axis[1]}",
                rows(some, axis[4], lambda c: c["server"], lambda c: c["samples"]["cost"]))
               for axis in AXES if (some := _along(cells, workload, axis))]
        if any(title.endswith(("(entries)", "regions")) for title, _ in own):
            panels += own
    return data(panels, _columns(panels, servers.ALL)) + left_out(panels)


def _columns(panels: list[Panel], names: list[str]) -> list[str]:
    have = {n for _, r in panels for _, y in r for n, v in y.items() if v is not None}
    return [n for n in names if n in have]


def log_data(cells: list[Cell]) -> str:
    """Without and with the dirty log, one panel a workload."""
    panels: list[Panel] = []
    some = [c for c in only(cells, ["log"]) if c["sink"] == "stack" and c["guests"] == 1]
    for group in order.group_by(
            some, lambda c: [servers.workload_rank(c["workload"]), c["size"], c["burst"]]):
        if any(c["knobs"].get("log") == 1 for c in group):
            few = [c for c in group if c["server"] in ("intree", "vhostlab")]
            panels.append((name_of(group[0]), rows(
                few, lambda c: "on" if c["knobs"].get("log") == 1 else "off",
                lambda c: c["server"], lambda c: c["samples"]["cost"])))
    return data(panels, _columns(panels, servers.ALL), False) + left_out(panels, False)


def model_data(cells: list[Cell], values: dict[str, str]) -> str:
    """Against the number of guests, one curve a threading model or other server, one panel a
    workload and value; none where no models were asked for."""
    panels: list[Panel] = []
    if all(c["knobs"].get("worker") is None for c in cells):
        return ""
    for what, value in values.items():
        for group in questions(cells):
            panels.append((what + name_of({**group[0], "sink": "stack"}),
                           rows(group, lambda c: c["guests"], lambda c: c["model"],
                                lambda c, value=value: c["samples"][value])))  # type: ignore[misc]
    return data(panels, _columns(panels, servers.MODELS)) + left_out(panels)


def questions(cells: list[Cell]) -> list[list[Cell]]:
    """Groups of what was asked, each with more than one number of guests."""
    groups = order.group_by(only(cells, ["worker"]), lambda c: [
        servers.workload_rank(c["workload"]), c["sink"], c["size"], c["burst"]])
    return [g for g in groups if varied(g, lambda c: c["guests"])]


def draw_all(run: Run, cells: list[Cell]) -> None:
    """The figures of this section and of that about threading models."""
    trips = [c for c in cells if c["workload"] == "rr"]
    texts = {
        "threads-cost": model_data(cells, {"": "cost"}),
        "threads-latency": model_data(trips, {"median, ": "p50", "99th percentile, ": "p99"}),
        "threads-fairness": model_data([c for c in cells if c["guests"] > 1], {"": "min_max"}),
        "scaling": scaling_data(cells),
        "scaling-log": log_data(cells),
    }
    trip = run.subtitle("latency_p50", "latency_p99")
    even = [c["even"] for c in cells if c["guests"] > 1 and c["even"] is not None]
    subtitle = dict.fromkeys(texts, run.subtitle()) | {
        "threads-latency": trip,
        "threads-fairness": f"{run.machine}; " + repeats(
            [c["repetitions"] for c in cells], [e["spread"] for e in even if e["n"] > 1])}
    for name, text in texts.items():
        draw(run, name, name, text, subtitle[name], run.figure_unit)


def by_server(cells: list[Cell], x: Callable[[Cell], Any], column: str) -> list[dict[str, Any]]:
    """One object an x, the servers (or models) side by side."""
    return [{"x": x(g[0]), "first": g[0]} | {c[column]: c for c in g}
            for g in order.group_by(cells, x)]


def value(row: dict[str, Any], column: str, name: str) -> Any:
    """Of a server in such an object."""
    return row[column][name] if column in row else None


def times(a: Any, b: Any) -> str:
    """How many times as much."""
    return fixed(ask.quotient(a, b), 3)


def text_of(run: Run, cells: list[Cell]) -> str:
    """The sections of the page; nothing when the run has no such figures."""
    out = ""
    if run.has("scaling"):
        axes = [(f"{servers.WORKLOADS[w]}: {axis[0]}",
                 by_server(_along(cells, w, axis), axis[4], "server"))
                for w in ("tx", "rx") for axis in AXES]
        columns = servers.columns_for(k for _, r in axes for row in r for k in row)
        out += render("scaling", run,
                      regions=[] if control.refusal(run) else _regions(axes),
                      table=_axes_table(axes, columns))
    if run.has("scaling-log"):
        out += render("logging", run, table=_log_table(cells))
    return out


def _regions(axes: list[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    out = []
    for what, found in axes:
        if what.endswith("regions") and len(found) > 1:
            a, b = found[0], found[-1]
            out.append({"few": a["x"], "many": b["x"], "workload": a["vhostlab"]["workload"],
                        "times": [times(value(b, s, "cost"), value(a, s, "cost"))
                                  for s in ("vhostlab", "intree")]})
    return out


def _axes_table(axes: list[tuple[str, list[dict[str, Any]]]], columns: list[str]) -> str:
    out = []
    for what, found in axes:
        for row in found:
            out.append([what, row["x"], *(whole(value(row, s, "cost")) for s in columns),
                        *(times(value(row, s, "cost"), value(found[0], s, "cost"))
                          for s in ("vhostlab", "intree"))])
    return table(["axis", "value", *columns, "vhostlab / its first", "in-tree / its first"],
                 "lr" + "r" * (len(columns) + 2), out)


def _log_table(cells: list[Cell]) -> str:
    out = []
    some = [c for c in only(cells, ["log"]) if c["sink"] == "stack" and c["guests"] == 1]
    for group in order.group_by(some, lambda c: [
            servers.workload_rank(c["workload"]), c["size"], c["burst"],
            servers.rank(c["server"])]):
        none = next((c for c in group if c["knobs"].get("log") is None), None)
        log = next((c for c in group if c["knobs"].get("log") == 1), None)
        if none is not None and log is not None:
            out.append([name_of(log), log["server"], whole(none["cost"]), whole(log["cost"]),
                        whole(log["cost"] - none["cost"]), times(log["cost"], none["cost"])])
    return table(["workload", "server", "none", "log", "more", "log / none"], "llrrrr", out)
