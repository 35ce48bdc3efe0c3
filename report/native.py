# SPDX-License-Identifier: GPL-2.0-only
"""A run of the native rig: nanoseconds per buffer between two processors, by layout and batch, and
what each optimization and each default is worth in them."""
from __future__ import annotations

from typing import Any

from report import ask, control, native_model, order, places
from report.ablation import WORDS
from report.native_cells import (LAYOUTS, Buffers, busy, layout_of, losses, steady, unsteady_text,
                                 value, within)
from report.native_defaults import defaults_table
from report.page import render, table
from report.panels import Panel, data, draw
from report.run import Cell, Point, Run, mid
from report.text import brief, fixed

SERIES = ["in-tree", *(name.replace(", ", "-") for name in LAYOUTS.values())]
"""Columns of the figure: in-tree's algorithm, and the module's code by layout."""
CORES = {"two": "two processors", "turns": "one processor, in turns"}
WORKLOADS = {"stream": "transmit, stream", "tx": "transmit, each burst awaited",
             "rx": "receive", "rr": "round trip"}
COUNTED = {"stream": "tx", "rx": "rx"}
"""The workload of the ablation that counts the same ring code in instructions."""


def is_native(run: Run) -> bool:
    """Was it measured by the rig?"""
    return bool(run.env["clock"] == "native")


def _column(cell: Cell) -> str:
    return "in-tree" if cell["server"] == "intree" else layout_of(cell).replace(", ", "-")


def batch_panels(b: Buffers) -> list[Panel]:
    """ns per buffer against the burst that the driver shows at once, a curve a layout."""
    panels: list[Panel] = []
    for cores, name in CORES.items():
        some = [c for c in b.cells if c["workload"] == "stream" and c["sink"] == "drop"
                and b.cores(c) == cores and c["size"] == 64
                and set(c["knobs"]) <= {"cores", "publish", "packed", "in_order"}
                and c["knobs"].get("publish") == "burst" and steady(b, c)]
        rows = [(g[0]["burst"], {_column(c): c["cost_per_packet"] for c in g})
                for g in order.group_by(some, lambda c: c["burst"])]
        panels.append((f"{name}|buffers shown at once|", rows))
    return panels


def _saved_panels(rows: list[dict[str, Any]]) -> str:
    """A panel a workload, a row an optimization: name, saved on two processors and in turns."""
    blocks = []
    for group in order.group_by(rows, lambda r: list(COUNTED).index(r["workload"])):
        lines = [f"# panel {WORKLOADS[group[0]['workload']]}, 64-byte frames, burst 64",
                 "idea two turns low high low high"]
        lines += [f"\"{WORDS[r['idea']]}\" " + " ".join(
            "-" if v is None else f"{v:.4g}" for v in (
                *(r[c] and r[c]["median"] for c in CORES),
                *(r[c] and r[c][end] for c in CORES for end in ("low", "high"))))
            for r in group if r["two"] and r["turns"]]
        if len(lines) > 2:
            blocks.append("\n".join(lines))
    keys = [(0x8da0cb, CORES["two"]), (0xfc8d62, CORES["turns"])]
    return "\n\n\n".join(blocks) + "".join(f"\n# key {c} {n}" for c, n in keys if blocks)


def draw_all(run: Run, counted: list[Point]) -> None:
    """The figures of the page."""
    run = places.main(run)
    b = Buffers(run)
    panels = batch_panels(b)
    draw(run, "native-batch", "native-batch", data(panels, SERIES), run.subtitle(), "ns")
    draw(run, "native-saved", "native-saved", _saved_panels(saved(b, counted)), run.subtitle(),
         "ns")
    native_model.draw_all(run, b)


def _algorithms(b: Buffers) -> str:
    """In-tree's algorithm beside the module's code."""
    rows = []
    for cell in b.cells:
        knobs = {k: v for k, v in cell["knobs"].items() if k != "cores"}
        other = b.find(cell | {"server": "intree"})
        if (cell["server"] != "vhostlab" or cell["sink"] == "check" or other is None
                or not (steady(b, cell) and steady(b, other))):
            continue
        rows.append([WORKLOADS[cell["workload"]], cell["size"], cell["burst"],
                     ", ".join(f"{k}={v}" for k, v in knobs.items()) or "-",
                     CORES[b.cores(cell)], *(value(b, c) for c in (other, cell)),
                     fixed(ask.quotient(mid(cell, "cost_per_packet"),
                                        mid(other, "cost_per_packet")), 3),
                     busy(b, other, "server"), busy(b, cell, "server"),
                     brief(mid(other, "kicks_per_packet")), brief(mid(cell, "kicks_per_packet"))])
    rows = order.sort_by(rows, lambda r: [list(WORKLOADS.values()).index(r[0]), r[4], r[3], r[1],
                                          r[2]])
    return table(["workload", "size", "burst", "setting", "processors", "in-tree's algorithm",
                  "vhostlab", "ratio", "busy: in-tree's", "busy: vhostlab", "kicks: in-tree's",
                  "kicks: vhostlab"], "lrrllrrrrrrr", rows)


def _layouts(b: Buffers) -> str:
    """Every layout, by workload, burst and how the driver shows its buffers."""
    some = [c for c in b.cells if c["server"] == "vhostlab" and c["sink"] == "drop"
            and c["size"] == 64
            and set(c["knobs"]) <= {"cores", "publish", "packed", "in_order", "copy"}]

    def place(c: Cell) -> list[Any]:
        return [list(WORKLOADS).index(c["workload"]), b.cores(c), c["knobs"].get("copy", 1),
                c["knobs"].get("publish", "each"), c["burst"]]
    rows = []
    for group in order.group_by(some, place):
        have = {layout_of(c): c for c in group}
        if len(have) < 2:
            continue
        first = group[0]
        rows.append([WORKLOADS[first["workload"]], CORES[b.cores(first)],
                     "no" if first["knobs"].get("copy") == 0 else "yes",
                     first["knobs"].get("publish", "each"), first["burst"],
                     *(value(b, have.get(name)) if name in have and steady(b, have[name]) else "-"
                       for name in LAYOUTS.values())])
    return table(["workload", "processors", "copied", "shown", "burst", *LAYOUTS.values()],
                 "lllrr" + "r" * len(LAYOUTS), rows)


def saved(b: Buffers, counted: list[Point]) -> list[dict[str, Any]]:
    """What each optimization saves as the last one: instructions of the ablation run, and ns on
    two processors and in turns (median and interval of the differences)."""
    some = [p for p in counted if p["server"] == "vhostlab" and p["clock"] == "insn"
            and p["guest"] == "process" and p["sink"] == "stack" and p["burst"] == 64
            and p["size"] == 64 and not set(p["knobs"]) - {"without"}]

    def cost(workload: str, without: str) -> float | None:
        return ask.median(p["cost_per_packet"] for p in some if p["workload"] == workload
                          and p["knobs"].get("without", "none") == without)
    out = []
    model = native_model.gather(b.run)
    for cell in b.cells:
        idea = cell["knobs"].get("without", "")
        if (cell["workload"] not in COUNTED or cell["sink"] != "drop" or idea not in WORDS
                or set(cell["knobs"]) != {"without"}):
            continue
        work = COUNTED[cell["workload"]]
        with_all, but = cost(work, "none"), cost(work, idea)
        row = {"workload": cell["workload"], "idea": idea,
               "counted": None if with_all is None or but is None else but - with_all}
        for cores in CORES:
            row[cores] = b.minus({"workload": cell["workload"], "server": "vhostlab", "size": 64,
                                  "burst": 64, "sink": "drop"}, cores, idea)
        row["busy"] = b.busy_minus(cell)
        row["predicted"] = native_model.saved(b, model, cell)
        out.append(row)
    return order.sort_by(out, lambda r: [list(COUNTED).index(r["workload"]), -(r["counted"] or 0)])


def _sign(d: dict[str, Any] | None) -> int:
    """Of a difference: 0 where its interval has both."""
    return 0 if d is None else (d["low"] > 0) - (d["high"] < 0)


def why(row: dict[str, Any]) -> str:
    """Whether time agrees with the instructions, and if not, where they part."""
    two, turns = _sign(row["two"]), _sign(row["turns"])
    if row["two"] is None or row["turns"] is None:
        return "not published: see below"
    if two < 0:
        return ("**disagrees**: on two processors it costs time"
                + (", in turns it saves some" if turns > 0 else ""))
    if two == 0 and turns > 0:
        return ("**disagrees**: its instructions run while a cache line is on its way, and are "
                "free on two processors; in turns they count")
    if two == 0:
        return "no gain that time shows" if (row["counted"] or 0) > 0 else "agrees: no gain"
    if row["two"]["high"] < row["turns"]["low"]:
        share = ask.quotient(row["two"]["median"], row["turns"]["median"]) or 0
        return (f"**in part**: on two processors it saves {fixed(share * 100, 0)} % of what it "
                "saves in turns, as the rest of its instructions run while a cache line is on its "
                "way")
    if row["two"]["low"] > row["turns"]["high"]:
        return "agrees, and more: beside its instructions it saves lines or barriers"
    return "agrees"


def _saved_table(rows: list[dict[str, Any]]) -> str:
    def difference(d: dict[str, Any] | None) -> str:
        return "-" if d is None else f"{fixed(d['median'], 1)}{within(d)}"
    return table(["workload", "optimization", "instructions", "ns, two processors",
                  "predicted", "ns, in turns", "ns of the server alone", "do they agree?"],
                 "llrrrrrl",
                 [[WORKLOADS[r["workload"]], WORDS[r["idea"]], fixed(r["counted"], 0),
                   difference(r["two"]), fixed(r["predicted"], 1), difference(r["turns"]),
                   fixed(r["busy"], 1), why(r)]
                  for r in rows])


def text_of(all_of_it: Run, counted: list[Point]) -> str:
    """The whole page but for control and method."""
    run, *others = places.split(all_of_it)
    b = Buffers(run)
    rows = saved(b, counted)
    judged = [r for r in rows if r["two"] is not None and r["turns"] is not None]
    apart = [r for r in rows if "disagrees" in why(r)]
    partly = [r for r in rows if "in part" in why(r)]
    found = defaults_table(b)
    return render(
        "native", run, refusal=control.refusal(run), algorithms=_algorithms(b),
        places=places.text_of(all_of_it), others=[(o.words, _algorithms(Buffers(o)))
                                                  for o in others if isinstance(o, places.Placed)],
        layouts=_layouts(b), saved=_saved_table(rows) if rows else "",
        rows=len(rows), compared=len(judged), apart=len(apart), partly=len(partly),
        counted=any(r["counted"] for r in rows),
        defaults=found["table"], wrong=found["wrong"], judged=found["judged"],
        unsteady=unsteady_text(b), shown=len([c for c in b.cells if steady(b, c)]),
        ghz=b.ghz(), delivery=losses(b), model=native_model.text_of(run, b))
