# SPDX-License-Identifier: GPL-2.0-only
"""A run of the native rig as one run a place: a hypervisor moves the two processors of a machine
nearer to each other and farther apart, and what passes between them takes a third of the time or
three times as long. Each measurement says how long a cache line took before it and after it."""
from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from report.run import Point, Run, lines
from report.text import fixed, whole

APART = 1.5
"""Ways of a line by a larger factor apart are of different places."""


class Placed(Run):
    """What of a run was measured in one place, and what the processors do by themselves, which is
    the same in each."""

    def __init__(self, run: Run, low: float, high: float):
        super().__init__(run.folder, run.name, run.figures)
        self.low, self.high = low, high
        self.kept = tempfile.TemporaryDirectory()
        self.data = Path(self.kept.name)
        for name in ("points", "control"):
            self._keep(name, [p for p in lines(run.folder / f"{name}.jsonl")
                              if _way(p) is None or self._here(_way(p))])
        if (run.folder / "constants.jsonl").is_file():
            self._keep("constants", [c for c in lines(run.folder / "constants.jsonl")
                                     if self._here((c["constants"]["line"]["p50"],) * 2)])
        for name in ("env.json", "counts"):
            if (run.folder / name).exists():
                (self.data / name).symlink_to((run.folder / name).resolve())

    def _keep(self, name: str, some: list[Any]) -> None:
        if some:
            (self.data / f"{name}.jsonl").write_text("".join(json.dumps(o) + "\n" for o in some))

    def _here(self, way: Any) -> bool:
        return bool(way and self.low / APART ** 0.5 <= min(way)
                    and max(way) <= self.high * APART ** 0.5)

    @property
    def between(self) -> int:
        """Measurements between two processors."""
        return sum(_way(p) is not None for p in self.points)

    @property
    def words(self) -> str:
        """How long a line takes here."""
        low, high = fixed(self.low, 0), fixed(self.high, 0)
        return f"{low} ns" if low == high else f"{low} to {high} ns"


def _way(point: Point) -> tuple[float, float] | None:
    """ns before and after; None in turns, and in runs of before it was measured."""
    before, after = ((point.get("detail") or {}).get("line") or (None, None))[:2]
    return None if before is None or after is None else (before, after)


def _ranges(ways: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of the places, from those that did not change in the middle of a measurement."""
    found: list[tuple[float, float]] = []
    for value in sorted(v for w in ways if max(w) < min(w) * APART for v in w):
        if found and value < found[-1][1] * APART:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found


_known: dict[Any, list[Run]] = {}


def split(run: Run) -> list[Run]:
    """The run by place, the one with the most measurements first; itself where it says of none."""
    points = run.folder / "points.jsonl"
    key = (points.resolve(), points.stat().st_mtime_ns, points.stat().st_size, run.name, run.figures)
    if key not in _known:
        ways = [w for p in run.points if (w := _way(p)) is not None]
        some = sorted((Placed(run, *r) for r in _ranges(ways)), key=lambda p: -p.between)
        _known[key] = [*some] or [run]
    return _known[key]


def main(run: Run) -> Run:
    """What of the run its page shows."""
    return split(run)[0]


def text_of(run: Run) -> str:
    """Where the processors were, in a sentence or two; empty where it is not known."""
    some = [p for p in split(run) if isinstance(p, Placed)]
    if not some:
        return ""
    ways = [w for p in run.points if (w := _way(p)) is not None]
    moved = len(ways) - sum(p.between for p in some)
    said = f"A cache line took {some[0].words} from one processor to the other"
    model = ("" if (some[0].data / "constants.jsonl").is_file()
             or not (run.folder / "constants.jsonl").is_file() else
             " The constants of the machine were measured elsewhere: there is no cost model.")
    if len(some) == 1:
        return said + (f", but in {whole(moved)} of {whole(len(ways))} measurements, which are left "
                       "out." if moved else " in every measurement.") + model
    others = "; ".join(f"{p.words} in {whole(p.between)}" for p in some[1:] if isinstance(p, Placed))
    return (f"**The two processors were moved during the run**, as a hypervisor does. {said} in "
            f"{whole(some[0].between)} of {whole(len(ways))} measurements, and these are shown; "
            f"{others}. It changed during {whole(moved)}, which are left out.{model}")
