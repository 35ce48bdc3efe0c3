# SPDX-License-Identifier: GPL-2.0-only
"""Are the module's defaults right in nanoseconds? Each beside its other values, on two
processors."""
from __future__ import annotations

from typing import Any

from report import ask, order
from report.native_cells import APART, Buffers, name_of, steady
from report.page import table
from report.run import Cell, mid
from report.text import brief, fixed

KNOBS = ["tx_batch", "rx_batch", "packet_weight", "prefetch", "ring_access", "without"]
"""The module's parameters that the rig has."""
ELSEWHERE = ["all", "array", "direct", "yield"]
"""Values of `without` that leave out what saves work outside the rig."""
KICK = 0.001
"""More kicks per packet than that are no price to pay: each is an exit and a wake-up, microseconds
that the rig does not have."""


def _verdict(ratio: dict[str, Any] | None, kicks: float) -> str:
    """Of another value, by its cost as a multiple of the default's: an interval."""
    if ratio is None:
        return "not judged: see below"
    if ratio["median"] >= 1 - APART or ratio["high"] >= 1:
        return "the default is right"
    if kicks > KICK:
        return "the default is right: the other saves time here, and needs more kicks"
    return "**the default costs more**"


def _rows(b: Buffers) -> list[dict[str, Any]]:
    out = []
    usual = ask.defaults()
    for cell in b.cells:
        own = [k for k in KNOBS if k in cell["knobs"]]
        # One parameter of the module, in a ring of any layout; not what is switched on alone.
        if (len(own) != 1 or cell["sink"] == "check" or cell["server"] != "vhostlab"
                or set(cell["knobs"]) - {*KNOBS, "packed", "in_order"}
                or str(cell["knobs"][own[0]]).startswith("only-")
                or str(cell["knobs"][own[0]]) in ELSEWHERE):
            continue
        knobs = {k: v for k, v in cell["knobs"].items() if k not in own}
        plain = b.find(cell | {"knobs": knobs})
        if plain is None:
            continue
        more = (mid(cell, "kicks_per_packet") or 0) - (mid(plain, "kicks_per_packet") or 0)
        ratio = b.ratio(cell, plain)
        out.append({"knob": own[0], "usual": usual[own[0]], "other": cell["knobs"][own[0]],
                    "cell": cell, "plain": plain, "ratio": ratio,
                    "verdict": _verdict(ratio, more)})
    return order.sort_by(out, lambda r: [KNOBS.index(r["knob"]), r["cell"]["workload"],
                                         r["cell"]["knobs"].get("packed", 0),
                                         r["cell"]["knobs"].get("in_order", 0), r["other"]])


def _cost(b: Buffers, cell: Cell) -> str:
    return fixed(mid(cell, "cost_per_packet"), 1) if steady(b, cell) else "-"


def defaults_table(b: Buffers) -> dict[str, Any]:
    """The table, how many rows are judged, and those in which the default costs more."""
    rows = _rows(b)
    wrong = [r for r in rows if "costs more" in r["verdict"]]
    body = []
    for r in rows:
        cell, plain, ratio = r["cell"], r["plain"], r["ratio"]
        body.append([r["knob"], r["usual"], r["other"], cell["workload"],
                     ", ".join(k for k in ("packed", "in_order") if k in cell["knobs"]) or "split",
                     _cost(b, plain), _cost(b, cell),
                     "-" if ratio is None else f"{fixed(ratio['median'], 3)} "
                     f"[{fixed(ratio['low'], 3)}, {fixed(ratio['high'], 3)}]",
                     brief(mid(plain, "kicks_per_packet")), brief(mid(cell, "kicks_per_packet")),
                     r["verdict"]])
    heads = ["parameter", "default", "other value", "workload", "ring", "ns, default", "ns, other",
             "other / default", "kicks, default", "kicks, other", "verdict"]
    return {"table": table(heads, "lrrllrrrrrl", body),
            "judged": sum(r["ratio"] is not None for r in rows),
            "wrong": [f"`{r['knob']}={r['other']}` ({name_of(r['plain'])}): "
                      f"{fixed(r['ratio']['median'], 3)} times the time" for r in wrong]}
