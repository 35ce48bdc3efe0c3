# SPDX-License-Identifier: GPL-2.0-only
"""The cost model: constants of the machine times counts per packet, beside what the rig measured;
and the cells of the instruction clock in ns, predicted. All numbers are of build/bench/model."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from report import ask, order, servers
from report.ask import ROOT
from report.native_cells import APART, LAYOUTS, Buffers, layout_of, steady
from report.page import render, table
from report.panels import Panel, data, draw
from report.run import Run, lines
from report.text import brief, fixed

Model = dict[str, Any]

CORES = {"two": "two processors", "turns": "one processor, in turns"}
WORKLOADS = {"stream": "transmit, stream", "tx": "transmit, each burst awaited",
             "rx": "receive", "rr": "round trip"}
PLACES = {"descriptors": "descriptors", "avail": "avail", "used": "used", "flags": "flags",
          "payload": "payload", "doorbells": "doorbells", "own": "own state"}
KINDS = ["alone", "more", "stored"]
"""How a line can travel: loaded and waited for, loaded beside another one, stored to."""
FIGURE_BURST = 64
"""Of the figure; wake-ups, which it leaves out, decide smaller ones."""
NEAR = 0.25
"""The lines beside the diagonal of the figure: so far off, as a share of what was measured."""


def counted_points(run: Run) -> Path:
    """The cells of the instruction clock that are predicted: those beside the run, or else the
    published ones."""
    beside = run.folder.parent / "points.jsonl"
    if beside.is_file() and any(p["clock"] == "insn" for p in lines(beside)[:1]):
        return beside
    return ROOT / "results/reference/points.jsonl"


_known: dict[Path, Model] = {}


def gather(run: Run) -> Model | None:
    """What the model says of a run; None where it has no constants."""
    if not (run.data / "constants.jsonl").is_file():
        return None
    if run.data not in _known:
        _known[run.data] = ask.model(run.data, counted_points(run))
    return _known[run.data]


def _is_steady(b: Buffers, m: dict[str, Any]) -> bool:
    cell = b.find(m)
    return cell is not None and steady(b, cell)


def _compared(b: Buffers, model: Model) -> list[dict[str, Any]]:
    """The cells that were predicted, and measured well enough to be published."""
    return [m for m in _all(b, model) if _is_steady(b, m)]


def _all(b: Buffers, model: Model) -> list[dict[str, Any]]:
    """The cells that were predicted, in the order of the page."""
    return order.sort_by([m for m in model["cells"] if m["predicted"] is not None], lambda m: [
        list(CORES).index(b.cores(m)), list(WORKLOADS).index(m["workload"]), m["server"],
        m["size"], m["burst"], sorted(map(str, m["knobs"].items()))])


def _percent(share: float | None) -> str:
    return fixed(None if share is None else share * 100, 0)


def _errors(some: list[dict[str, Any]]) -> str:
    """In a sentence: the typical and the largest."""
    off = ask.sample(m["off"] for m in some)
    return ("nothing" if off is None else
            f"median error {_percent(off['median'])} %, largest {_percent(off['max'])} %")


def _by_cores(b: Buffers, model: Model) -> list[tuple[str, list[dict[str, Any]]]]:
    """The cells that are compared, on two processors and in turns: errors of these are far
    apart."""
    return [(name, of) for cores, name in CORES.items()
            if (of := [m for m in _compared(b, model) if b.cores(m) == cores])]


def _errors_by(b: Buffers, model: Model) -> str:
    return "; ".join(f"{name}: {_errors(of)}" for name, of in _by_cores(b, model)) or "nothing"


def _medians(b: Buffers, model: Model) -> str:
    """In few words, for a figure."""
    return ", ".join(f"{name.split(', ')[-1]} {_percent(ask.median(m['off'] for m in of))} %"
                     for name, of in _by_cores(b, model)) or "not known"


def panels_of(b: Buffers, model: Model) -> list[Panel]:
    """Predicted against measured, a mark a cell, with the error in the title."""
    return [(f"{name}: {_errors(of)}|measured, ns per buffer|predicted, ns per buffer",
             [(m["measured"], {m["server"]: m["predicted"]}) for m in of])
            for name, of in _by_cores(b, model)]


def headline_panels(model: Model) -> list[Panel]:
    """Cells of the instruction clock, a bar a server: at the pace of ring code, with a whisker to
    one instruction per cycle."""
    out: list[Panel] = []
    for key, name in (("one", "guest and server on one processor"),
                      ("lines", "on two, nothing sleeps")):
        rows = []
        for cell in _headline(model):
            values = {s: {"median": v[f"{key}_fast"], "low": v[f"{key}_fast"],
                          "high": v[f"{key}_slow"]}
                      for s, v in cell["servers"].items() if v[f"{key}_fast"] is not None}
            if values and cell["size"] == 64 and cell["burst"] == FIGURE_BURST:
                rows.append((f"\"{servers.WORKLOADS[cell['workload']]}"
                             + ("" if cell["sink"] == "stack" else r",\nno stack") + "\"", values))
        if rows:
            out.append((f"{name}, 64-byte frames, burst {FIGURE_BURST}||", rows))
    return out


def _headline(model: Model) -> list[dict[str, Any]]:
    return order.sort_by(model["headline"], lambda c: [
        servers.workload_rank(c["workload"]), c["sink"], c["size"], c["burst"]])


def draw_all(run: Run, b: Buffers) -> None:
    """Both figures."""
    model = gather(run)
    if model is None:
        return
    draw(run, "native-model", "native-model", _marks(panels_of(b, model)), run.subtitle(), "ns")
    # Its whiskers are no intervals.
    text = data(headline_panels(model), servers.USUAL, False)
    draw(run, "native-predicted", "native-predicted",
         text.replace(":low", ":fast").replace(":high", ":slow"),
         "predicted from counts of the instruction clock; bars: instructions at the pace of ring "
         "code, whiskers: up to one per cycle; "
         + f"median error on the native rig: {_medians(b, model)}; "
         + run.subtitle().split("; ")[-1], "ns")


def _marks(panels: list[Panel]) -> str:
    """Rows as they are: one x may come twice."""
    return data(panels, ["intree", "vhostlab"], False)


def _constants(model: Model) -> str:
    rows = []
    for c in model["constants"]:
        agrees = c["apart"] is not None and c["apart"] <= APART
        rows.append([c["name"], c["what"], *(fixed(c[q], 3 if (c["p50"] or 0) < 1 else 1)
                                             for q in ("p10", "p50", "p90")), c["passes"],
                     _percent(c["spread"]), fixed((c["apart"] or 0) * 100, 1),
                     "yes" if agrees else "**no**"])
    return table(["constant", "what it is", "p10, ns", "p50, ns", "p90, ns", "passes", "spread, %",
                  "begin and end apart, %", "agrees to 5 %"], "llrrrrrrl", rows)


def _apart(model: Model) -> list[str]:
    return [f"{c['name']} ({fixed(c['apart'] * 100, 1)} %)" for c in model["constants"]
            if c["apart"] is None or c["apart"] > APART]


def _setting(cell: dict[str, Any]) -> str:
    knobs = [f"{k}={v}" for k, v in sorted(cell["knobs"].items()) if k != "cores"]
    return ", ".join(knobs) or "-"


def _cells(b: Buffers, model: Model) -> str:
    rows = []
    for m in _all(b, model):
        server, driver = m["server_parts"], m["driver_parts"]
        known = _is_steady(b, m)
        rows.append([CORES[b.cores(m)], WORKLOADS[m["workload"]], m["server"], m["size"],
                     m["burst"], _setting(m), fixed(m["measured"] if known else None, 1),
                     fixed(m["predicted"], 1), _signed(m["error"] if known else None),
                     fixed(driver["ns"], 0), fixed(server["ns"], 0),
                     *(fixed(server[p], 0) for p in ("instructions", "lines", "windows", "locked",
                                                     "copies"))])
    return table(["processors", "workload", "server", "size", "burst", "setting", "measured",
                  "predicted", "error, %", "driver", "server", "of it instructions", "lines",
                  "windows", "locked", "string operations"], "lllrrl" + "r" * 10, rows)


def _signed(share: float | None) -> str:
    text = _percent(share)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def _groups(b: Buffers, model: Model) -> str:
    rows = []
    some = _compared(b, model)
    for group in order.group_by(some, lambda m: [
            list(CORES).index(b.cores(m)), list(WORKLOADS).index(m["workload"]), m["server"]]):
        off = ask.sample(m["off"] for m in group)
        error = ask.sample(m["error"] for m in group)
        if off is None or error is None:
            continue
        rows.append([CORES[b.cores(group[0])], WORKLOADS[group[0]["workload"]], group[0]["server"],
                     len(group), _percent(off["median"]), _signed(error["median"]),
                     _signed(error["min"]), _signed(error["max"])])
    return table(["processors", "workload", "server", "cells", "median error, %",
                  "median, with its sign", "least", "largest"], "lllrrrrr", rows)


def _lines_text(counts: dict[str, Any], place: str) -> str:
    """Touched, and of them travelled."""
    moved = sum(counts[k].get(place, 0) for k in KINDS)
    touched = counts["touched"].get(place, 0)
    return "-" if not touched else f"{fixed(touched, 2)} / {fixed(moved, 2)}"


def _counted(b: Buffers, model: Model) -> str:
    """Counts per packet and side of the plain cells, by layout."""
    rows = []
    for m in model["cells"]:
        if (b.cores(m) != "two" or m["size"] != 64
                or set(m["knobs"]) - {"packed", "in_order"}
                or (m["workload"] != "rr" and m["burst"] != 64)):
            continue
        for side in ("driver", "server"):
            c = m[f"{side}_counts"]
            rows.append([[list(WORKLOADS).index(m["workload"]), m["server"],
                          list(LAYOUTS.values()).index(layout_of(m)), side],
                         [WORKLOADS[m["workload"]], m["server"], layout_of(m), side,
                          fixed(c["instructions"], 0), fixed(c["windows"], 2),
                          fixed(c["locked"], 2),
                          f"{fixed(c['copies'], 2)} + {fixed(c['words'], 2)}",
                          *(_lines_text(c, p) for p in PLACES if p != "own"),
                          brief(m["kicks_per_packet"]), brief(m["calls_per_packet"])]])
    rows = order.sort_by(rows, lambda r: r[0])
    return table(["workload", "server", "ring", "side", "instructions", "windows", "locked",
                  "string operations", *(n for p, n in PLACES.items() if p != "own"), "kicks",
                  "calls"],
                 "llll" + "r" * 12, [r[1] for r in rows])


def _range(server: dict[str, Any], key: str) -> str:
    low, high = server[f"{key}_fast"], server[f"{key}_slow"]
    return "-" if low is None or high is None else f"{fixed(low, 0)} to {fixed(high, 0)}"


def _predicted(model: Model) -> str:
    rows = []
    for cell in _headline(model):
        for name in servers.USUAL:
            if name not in cell["servers"]:
                continue
            s = cell["servers"][name]
            rows.append([cell["workload"], cell["sink"], cell["size"], cell["burst"], name,
                         fixed(s["instructions"], 0), brief(s["syscalls"]), brief(s["kicks"]),
                         brief(s["calls"]), _range(s, "one"), fixed(s["lines_ns"], 0),
                         _range(s, "lines"), fixed(s["wakeups_ns"], 0)])
    return table(["workload", "sink", "size", "burst", "server", "instructions", "system calls",
                  "kicks", "calls", "ns, one processor", "ns of lines", "ns, two processors",
                  "ns of wake-ups"], "llrrlrrrrrrrr", rows)


def _survives(model: Model) -> str:
    rows = []
    for cell in _headline(model):
        for other, saved in cell["saved"].items():
            rows.append([cell["workload"], cell["sink"], cell["size"], cell["burst"], other,
                         _percent(saved["instructions"]),
                         *(f"{_percent(saved[k + '_fast'])} / {_percent(saved[k + '_slow'])}"
                           for k in ("one", "lines", "two")),
                         f"{_percent(saved['part_fast'])} / {_percent(saved['part_slow'])}"])
    return table(["workload", "sink", "size", "burst", "against", "instructions saved, %",
                  "time, one processor, %", "two processors, %", "with wake-ups, %",
                  "survives on two, %"], "llrrlrrrrr", rows)


def _pairs(b: Buffers, model: Model) -> list[dict[str, Any]]:
    """Ratios to in-tree's algorithm on two processors, predicted and measured, where both have a
    measured time."""
    of: dict[Any, dict[str, dict[str, Any]]] = {}
    for m in _compared(b, model):
        if b.cores(m) == "two":
            key = order.key([m["workload"], m["size"], m["burst"], m["knobs"]])
            of.setdefault(key, {})[m["server"]] = m
    out = []
    for pair in of.values():
        if {"vhostlab", "intree"} <= set(pair):
            ours, theirs = pair["vhostlab"], pair["intree"]
            out.append(ours | {
                "ratios": [ours[k] / theirs[k] for k in ("predicted", "measured")]})
    return out


def _ratios(pairs: list[dict[str, Any]]) -> str:
    return table(["workload", "size", "burst", "setting", "predicted", "measured"], "lrrlrr",
                 [[WORKLOADS[p["workload"]], p["size"], p["burst"], _setting(p),
                   *(fixed(r, 2) for r in p["ratios"])] for p in pairs])


def saved(b: Buffers, model: Model | None, cell: dict[str, Any]) -> float | None:
    """What the model says that leaving an optimization out costs on two processors."""
    if model is None:
        return None
    of = {order.key([m["server"], m["workload"], m["size"], m["burst"], m["knobs"]]):
          m["predicted"] for m in model["cells"]}

    def cost(knobs: dict[str, Any]) -> float | None:
        return of.get(order.key([cell["server"], cell["workload"], cell["size"], cell["burst"],
                                 knobs]))
    but, full = cost(cell["knobs"]), cost({})
    return None if but is None or full is None else but - full


def text_of(run: Run, b: Buffers) -> str:
    """The section."""
    model = gather(run)
    if model is None:
        return ""
    some = _compared(b, model)
    source = counted_points(run)
    pairs = _pairs(b, model)
    return render(
        "native-model", run, constants=_constants(model), apart=_apart(model),
        errors=_errors_by(b, model), shown=len(some), all=len(model["cells"]), near=_percent(NEAR),
        within=len([m for m in some if m["off"] <= NEAR]),
        groups=_groups(b, model) if some else "", cells=_cells(b, model) if some else "",
        counted=_counted(b, model), predicted=_predicted(model), survives=_survives(model),
        ratios=_ratios(pairs), pairs=len(pairs),
        better=sum(p["ratios"][0] < p["ratios"][1] for p in pairs),
        names=[c["name"] for c in model["constants"]],
        beside=source.parent == run.folder.parent, ghz=model["ghz"])
