# SPDX-License-Identifier: GPL-2.0-only
"""One run: its folder, what its files say, and the words about the machine it was made on."""
from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from report import ask, order, text

Point = dict[str, Any]
Cell = dict[str, Any]

IDENTITY = ["server", "guest", "workload", "size", "burst", "queues", "guests", "sink", "knobs",
            "kernel"]
"""The last one only where a run has several."""


POLICIES = {"other": "SCHED_OTHER", "batch": "SCHED_BATCH"}
"""How the bench schedules its guest and their servers; the default comes first."""


def policy_of(point: Point) -> str | None:
    """The policy of a point. Those from before there was a choice do not name it: they ran under
    SCHED_BATCH. None with real guests, which the bench does not schedule."""
    said = (point.get("detail") or {}).get("policy") or point["knobs"].get("policy")
    return str(said) if said else "batch" if point["guest"] == "process" else None


def policy_words(cells: Iterable[Cell]) -> str:
    """The policies of these cells in words; empty when they have none."""
    have = {c["policy"] for c in cells}
    return " and ".join(name for policy, name in POLICIES.items() if policy in have)


CLOCKS = {"insn": "instruction clock", "wall": "wall clock", "native": "native rig"}
"""In words."""
_COST = {"insn": "instructions", "wall": "ns of processor time", "native": "ns"}


class Damaged(Exception):
    """A file of the run cannot be used; the text says which, and what to do."""


def lines(path: Path) -> list[Any]:
    """The objects of a file of lines; a half-written last one does not count."""
    if not path.is_file():
        return []
    content = path.read_text(encoding="utf-8")
    try:
        return [json.loads(line) for line in content.split("\n")[:-1] if line.strip()]
    except ValueError as error:
        raise Damaged(f"{path}: it is damaged: measure again ({error})") from error


FIRST_FIGURES = {
    "policy": "Cost per packet under each scheduling policy, by server",
    "overview": "Cost per packet, by server",
    "guests-overview": "Real guests, as a multiple of userspace's",
    "stages": "Stages of a burst, stacked, by server",
    "threads-cost": "Cost per packet, by threading model",
    "claim-producer-consumer": "Producer and consumer",
}


class Run:
    """A folder of results, read once."""

    def __init__(self, folder: Path, name: str, figures: str = "figures"):
        self.folder = folder
        self.data = folder
        """Where its measurements are: of a part of a run, a folder of its own."""
        self.name = name
        """What a page calls it: its folder below the tree."""
        self.figures = figures
        """Where the page that is made finds its figures."""
        self._sampled: dict[str, dict[Any, dict[str, Any]]] = {}
        self.left_out: dict[str, list[str]] = {}
        """Of each figure what it does not show, and why."""

    def named_by(self, figures: str) -> "Run":
        """The same run in a page that finds the figures elsewhere."""
        other = Run(self.folder, self.name, figures)
        other.data = self.data
        other.left_out = self.left_out
        for field in ("env", "points", "cells", "controls"):
            if field in self.__dict__:
                other.__dict__[field] = self.__dict__[field]
        return other

    @functools.cached_property
    def env(self) -> dict[str, Any]:
        """env.json."""
        return json.loads((self.folder / "env.json").read_text(encoding="utf-8"))

    @functools.cached_property
    def points(self) -> list[Point]:
        """All measurements, in the order in which they were made."""
        return [p | {"policy": policy_of(p)} for p in lines(self.data / "points.jsonl")]

    @functools.cached_property
    def last_points(self) -> list[Point]:
        """Of a point and repetition measured twice the last counts."""
        groups = order.group_by(self.points, order.fields("point", "rep"))
        return [g[-1] for g in groups]

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """Medians and intervals of every cell."""
        return ask.cells(self.data / "points.jsonl")

    def sample(self, cell: Cell, metric: str) -> dict[str, Any]:
        """The values of a cell: all of them, and by repetition."""
        return self._samples(metric).get(order.key([cell.get(k) for k in IDENTITY]),
                                         {"values": [], "by": {}})

    def _samples(self, metric: str) -> dict[Any, dict[str, Any]]:
        if metric in self._sampled:
            return self._sampled[metric]
        groups: dict[Any, dict[str, Any]] = {}
        self._sampled[metric] = groups
        for p in self.last_points:
            if p.get(metric) is None:
                continue
            of = groups.setdefault(order.key([p.get(k) for k in IDENTITY]), {"values": [], "by": {}})
            of["values"].append(p[metric])
            of["by"][str(p["rep"])] = p[metric]
        return groups

    @functools.cached_property
    def controls(self) -> list[dict[str, Any]]:
        """The A/A controls, judged."""
        return ask.control(self.data)

    @functools.cached_property
    def failed(self) -> list[dict[str, Any]]:
        """What was not measured. What failed first and was measured later is not missing."""
        have = {(p["point"], p["rep"]) for p in self.points}
        have |= {(p["point"], p["rep"]) for p in lines(self.folder / "control.jsonl")}
        groups = order.group_by(lines(self.folder / "verdicts.jsonl"),
                                order.fields("point", "rep"))
        return [g[0] for g in groups if (g[0].get("point"), g[0].get("rep")) not in have]

    @property
    def policies(self) -> str:
        """Under which scheduling policies guest and server ran, in a sentence; empty with real
        guests."""
        return policy_words(self.cells)

    @property
    def insn(self) -> bool:
        """Was it measured on the instruction clock?"""
        return self.env["clock"] == "insn"

    @property
    def unit(self) -> str:
        """Of costs, in a sentence."""
        return _COST[self.env["clock"]]

    @property
    def time_unit(self) -> str:
        """Of how long something takes."""
        return "instructions" if self.insn else "ns"

    @property
    def figure_unit(self) -> str:
        """Of costs, at an axis."""
        return {"wall": "ns of CPU", "native": "ns"}.get(self.env["clock"], "instructions")

    @property
    def machine(self) -> str:
        """What a figure says about the run below its title."""
        clock = CLOCKS[self.env["clock"]]
        emulated = self.env["clock"] == "wall" and self.env["accel"] == "tcg"
        kernels = list(dict.fromkeys(p["release"] for p in self.points if "kernel" in p))
        return (f"{clock}, {self.env['accel']}, "
                f"Linux {', '.join(kernels or [self.env['kernel']])}"
                + (": emulated time, only ratios count" if emulated else ""))

    def subtitle(self, *metrics: str) -> str:
        """The same with the number of repetitions, and how well they agree on these metrics
        (none: on the cost)."""
        return subtitle([self], *metrics)

    def drawn(self) -> list[str]:
        """The figures that exist, by name."""
        folder = self.folder / "figures"
        return sorted(f.stem for f in folder.glob("*.svg")) if folder.is_dir() else []

    def has(self, figure: str, folder: str = "figures") -> bool:
        """Is there such a figure?"""
        return (self.folder / folder / f"{figure}.svg").is_file()

    @property
    def first_figure(self) -> tuple[str, str]:
        """The one the page begins with, and its caption; no section shows it again."""
        return next(filter(lambda f: self.has(f[0]), FIRST_FIGURES.items()), ("", ""))


def repeats(n: list[int], spreads: list[float]) -> str:
    """Numbers of repetitions, and their spreads in words."""
    if not n:
        return "n = 0"
    count = f"n = {min(n)}" if min(n) == max(n) else f"n = {min(n)} to {max(n)}"
    found = ask.sample(spreads)
    if found is None:
        return count
    if found["median"] > 1:
        return f"{count}, repetitions of a cell differ by more than 100 %"
    worst = ("more than 100" if found["max"] > 1
             else text.fixed(found["max"] * 100, 2 if found["max"] < 0.1 else 0))
    return (f"{count}, repeats to {text.fixed(found['median'] * 100, 2)} % "
            f"({worst} % in the worst cell)")


def subtitle(runs: list[Run], *metrics: str) -> str:
    """What a figure made from these runs has below its title."""
    cells = [c for r in runs for c in [c for c in r.cells if c["sink"] != "check"] or r.cells]
    values = [c.get(m) for c in cells for m in metrics or ("cost_per_packet",)]
    return ("; ".join(order.unique(r.machine for r in runs)) + "; "
            + repeats([c["repetitions"] for c in cells],
                      [v["spread"] for v in values if v is not None and v["n"] > 1
                       and v["spread"] is not None]))


def mid(cell: Cell | None, metric: str) -> Any:
    """The median of a metric, None where it was not measured."""
    value = None if cell is None else cell.get(metric)
    return None if value is None else value["median"]


def most(cell: Cell | None, metric: str) -> Any:
    """The largest value of a metric."""
    value = None if cell is None else cell.get(metric)
    return None if value is None else value["max"]
