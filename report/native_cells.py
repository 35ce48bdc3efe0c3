# SPDX-License-Identifier: GPL-2.0-only
"""Cells of the native rig: finding them, whether they repeat, their time on each side."""
from __future__ import annotations

from typing import Any

from report import ask, order
from report.run import Cell, Run, mid, most
from report.text import fixed, whole

LAYOUTS = {(0, 0): "split", (0, 1): "split, in-order",
           (1, 0): "packed", (1, 1): "packed, in-order"}
"""By knobs packed and in_order."""
APART = 0.05
"""A cell is not published whose odd and even repetitions have medians farther apart, or the
interval of whose median extends farther to a side: so that another run agrees to that."""
ALIKE = 0.03
"""Two cells are compared whose ratio within each repetition has medians of the odd and of the even
repetitions no farther apart. What disturbs a repetition disturbs both cells in it, so that a ratio
repeats where its cells do not: beside other tenants two runs had 26 and 24 of 33 such ratios, and
the 20 of both agreed to 5 %. A run beside which programs were compiled had one, 7 % apart."""
LEAST = 5
"""Repetitions of each half."""
PLACE = ["workload", "server", "size", "burst", "sink"]

Sample = dict[str, Any]


def layout_of(cell: Cell) -> str:
    """Of its ring."""
    return LAYOUTS[(cell["knobs"].get("packed", 0), cell["knobs"].get("in_order", 0))]


def _key(cell: Cell) -> Any:
    return order.key([*(cell[k] for k in PLACE), cell["knobs"]])


class Buffers:
    """The cells of a run, by what they measure."""

    def __init__(self, run: Run):
        self.run = run
        self.cells = [c for c in run.cells if c["clock"] == "native"]
        self._of = {_key(c): c for c in self.cells}
        self._apart = {_key(c): c["difference"] for c in run.controls if c["kind"] == "halves"}
        self._points: dict[Any, list[dict[str, Any]]] = {}
        for p in run.last_points:
            self._points.setdefault(_key(p), []).append(p)

    @staticmethod
    def cores(cell: Cell) -> str:
        """Where its two sides ran."""
        return str(cell["knobs"].get("cores", "two"))

    def find(self, like: Cell) -> Cell | None:
        """The cell with exactly these settings."""
        return self._of.get(_key(like))

    def apart(self, cell: Cell) -> float | None:
        """The medians of its odd and its even repetitions; None where there are too few."""
        return self._apart.get(_key(cell))

    def busy(self, cell: Cell, side: str) -> float | None:
        """Median of the time of one side without its waits, ns per buffer."""
        return ask.median((p.get("ns_per_buffer") or {}).get(side)
                          for p in self._points.get(_key(cell), []))

    def _sample(self, cell: Cell) -> Sample:
        some = self._points.get(_key(cell), [])
        return {"values": [p["cost_per_packet"] for p in some],
                "by": {str(p["rep"]): p["cost_per_packet"] for p in some}}

    def compare(self, how: str, a: Cell | None, b: Cell | None) -> Sample | None:
        """Difference or ratio of two cells that both repeat."""
        if a is None or b is None or not (steady(self, a) and steady(self, b)):
            return None
        found = ask.compare(how, self._sample(a), self._sample(b))
        # It is of the differences within each repetition, and need not hold that of the medians.
        return found and found | {"low": min(found["low"], found["median"]),
                                  "high": max(found["high"], found["median"])}

    def _of_half(self, a: Cell, b: Cell, odd: bool) -> float | None:
        """The median ratio within the odd repetitions, or the even ones."""
        some = []
        for cell in (a, b):
            by = {r: v for r, v in self._sample(cell)["by"].items()
                  if v is not None and int(r) % 2 == odd}
            some.append({"values": list(by.values()), "by": by})
        found = ask.compare("ratio", *some)
        return found["median"] if found and found["n"] >= LEAST else None

    def ratio(self, a: Cell, b: Cell) -> Sample | None:
        """Of two cells, within each repetition, where that repeats."""
        halves = ask.quotient(self._of_half(a, b, True), self._of_half(a, b, False))
        if halves is None or abs(halves - 1) > ALIKE:
            return None
        found = ask.compare("ratio", self._sample(a), self._sample(b))
        return found and found | {"low": min(found["low"], found["median"]),
                                  "high": max(found["high"], found["median"])}

    def minus(self, place: Cell, cores: str, without: str) -> Sample | None:
        """What leaving an optimization out costs."""
        where = {} if cores == "two" else {"cores": cores}
        return self.compare("minus", self.find(place | {"knobs": where | {"without": without}}),
                            self.find(place | {"knobs": where}))

    def busy_minus(self, cell: Cell) -> float | None:
        """The same of the server's own time, on two processors."""
        plain = self.find(cell | {"knobs": {}})
        a, b = self.busy(cell, "server"), self.busy(plain, "server") if plain else None
        return None if a is None or b is None else a - b

    def ghz(self) -> str:
        """The range of the processor's clock over the run."""
        found = ask.sample((p.get("detail") or {}).get("ghz") or None
                           for some in self._points.values() for p in some)
        if found is None:
            return "not known"
        least, most_of_all = fixed(found["min"], 2), fixed(found["max"], 2)
        return f"{fixed(found['median'], 2)} GHz ({least} to {most_of_all})"


def steady(b: Buffers, cell: Cell) -> bool:
    """Whether it may be published."""
    if cell["sink"] == "check" or mid(cell, "cost_per_packet") is None:
        return False
    apart = b.apart(cell)
    return apart is not None and max(apart, wide(cell)) <= APART


def wide(cell: Cell) -> float:
    """How far the interval of its median extends to either side, as a share of it."""
    found = cell["cost_per_packet"]
    if found["low"] is None or found["high"] is None:
        return 1.0
    return float(max(found["median"] - found["low"], found["high"] - found["median"])
                 / found["median"])


def within(d: Sample | None) -> str:
    """The interval of a difference, in brackets."""
    return "" if d is None else f" [{fixed(d['low'], 1)}, {fixed(d['high'], 1)}]"


def value(b: Buffers, cell: Cell | None) -> str:
    """ns per buffer with the interval of the median."""
    if cell is None:
        return "-"
    found = cell["cost_per_packet"]
    return f"{fixed(found['median'], 1)}{within(found if found['low'] is not None else None)}"


def busy(b: Buffers, cell: Cell, side: str) -> str:
    """ns per buffer of one side without its waits."""
    return fixed(b.busy(cell, side), 0)


def name_of(cell: Cell) -> str:
    """In a list."""
    knobs = ", ".join(f"{k}={v}" for k, v in sorted(cell["knobs"].items()))
    return (f"{cell['server']} {cell['workload']} {cell['size']} x {cell['burst']}"
            + (f" ({knobs})" if knobs else ""))


def unsteady_text(b: Buffers) -> list[str]:
    """The cells that are left out, each with how far it is apart."""
    out = [c for c in b.cells if c["sink"] != "check" and not steady(b, c)]
    return [f"{name_of(c)}: " + ("measured too few times" if b.apart(c) is None else
                                 f"halves {fixed((b.apart(c) or 0) * 100, 1)} % apart, interval up "
                                 f"to {fixed(wide(c) * 100, 1)} % from the median")
            for c in order.sort_by(out, name_of)]


def losses(b: Buffers) -> str:
    """Was everything delivered, and was it right?"""
    checked = [c for c in b.cells if c["sink"] == "check"]
    lost = sum(most(c, "lost") or 0 for c in b.cells)
    wrong = sum(most(c, "corrupt") or 0 for c in checked)
    return (f"{whole(lost)} frames were lost in {len(b.cells)} cells, and {whole(wrong)} had a "
            f"wrong byte in the {len(checked)} cells that compare every frame")
