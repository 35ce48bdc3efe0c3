# SPDX-License-Identifier: GPL-2.0-only
"""The one layout of the figures' data files, and drawing.

A file has one block a panel, two blank lines apart: "# panel TITLE", a header, then one row an
x value with one column a server, and behind them two a server, the ends of its whisker. The header
names them; "-" is a value that was not measured. "# left out" lines say what is not shown, and why.
"""
from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from report import order, servers
from report.ask import ROOT
from report.run import Cell, Run
from report.text import fixed, shortest

Row = tuple[Any, dict[str, Any]]
"""x, and by column a number, a sample (of it median, low and high are shown), or None."""
Panel = tuple[str, list[Row]]


def plain(cells: list[Cell]) -> list[Cell]:
    """Of the measured passes: process guest, one queue, knobs at their default."""
    return [c for c in cells if c["knobs"] == {} and c["guest"] == "process"
            and c["queues"] == 1 and c["guests"] == 1]


def stack(cells: list[Cell]) -> list[Cell]:
    """Of these, those whose frames go to the host's stack."""
    return [c for c in plain(cells) if c["sink"] == "stack"]


def rows(cells: list[Cell], x: Callable[[Cell], Any], column: Callable[[Cell], Any],
         value: Callable[[Cell], Any]) -> list[Row]:
    """For each x the values by column; without the rows in which nothing was measured."""
    out: list[Row] = []
    for group in order.group_by(cells, x):
        y = {column(c): value(c) for c in group}
        if any(v is not None for v in y.values()):
            out.append((x(group[0]), y))
    return out


def metric_rows(cells: list[Cell], axis: str, metric: str) -> list[Row]:
    """Of a metric along an axis, a column a server."""
    return rows(cells, lambda c: c[axis], lambda c: c["server"], lambda c: c.get(metric))


def middle(value: Any) -> Any:
    """What a bar or a mark stands at."""
    return value["median"] if isinstance(value, dict) else value


def ends(value: Any) -> list[Any]:
    """Of a whisker, around the middle of it."""
    if not isinstance(value, dict):
        return [None, None]
    if value["low"] is None or value["high"] is None:
        return [value["median"], value["median"]]
    return [min(value["low"], value["median"]), max(value["high"], value["median"])]


def scaled(sample: Any, factor: float) -> Any:
    """A sample in another unit."""
    return sample and {k: None if sample[k] is None else sample[k] * factor
                       for k in ("median", "low", "high")}


NOTHING = 0.001
"""A panel of bars that are nowhere that part of its neighbours' longest one looks empty."""


def _longest(panel_rows: list[Row]) -> float:
    return max((abs(middle(v)) for _, y in panel_rows for v in y.values() if v is not None),
               default=0)


def _dots(panel_rows: list[Row]) -> set[str]:
    """The curves of one point."""
    count = {n: sum(y.get(n) is not None for _, y in panel_rows)
             for n in {n for _, y in panel_rows for n in y}}
    return {n for n, many in count.items() if many < 2}


def _without_dots(panel_rows: list[Row]) -> list[Row]:
    """The table beside a figure has them."""
    dots = _dots(panel_rows)
    rows_left = [(x, {n: v for n, v in y.items() if n not in dots}) for x, y in panel_rows]
    return [(x, y) for x, y in rows_left if any(v is not None for v in y.values())]


def _worth_showing(panels: list[Panel], curves: bool) -> list[Panel]:
    """Nothing but zeros says nothing, and a curve has two points at least."""
    if curves:
        panels = [(t, _without_dots(r)) for t, r in panels]
        return [(t, r) for t, r in panels if len(r) > 1 and _longest(r) > 0]
    top = max((_longest(r) for _, r in panels), default=0)
    return [(t, r) for t, r in panels if _longest(r) > top * NOTHING]


def left_out(panels: list[Panel], curves: bool = True) -> str:
    """Lines for the panels and curves that a figure does not show though they were measured."""
    shown = {t for t, _ in _worth_showing(panels, curves)}
    out = []
    for title, panel_rows in panels:
        name = ", ".join(t for t in title.split("|") if t)
        if not panel_rows:
            continue
        if title not in shown:
            most = _longest(panel_rows)
            why = ("nothing but zeros" if most == 0 else "one point only" if curves
                   else f"at most {fixed(most, 4)}, next to nothing beside the others")
            out.append(f"# left out {name}: {why}")
        elif curves and (dots := [d for d in _dots(panel_rows)
                                  if any(y.get(d) is not None for _, y in panel_rows)]):
            out.append(f"# left out {name}: one point only: {', '.join(sorted(dots))}")
    return "".join("\n" + line for line in out)


def data(panels: list[Panel], columns: Sequence[str], curves: bool = True) -> str:
    """The text of a data file; empty when no panel says anything."""
    blocks = []
    shown = _worth_showing(panels, curves)
    whiskers = any(isinstance(v, dict) for _, r in shown for _, y in r for v in y.values())
    for title, panel_rows in shown:
        header = [*columns, *(f"{c}:{end}" for c in columns for end in ("low", "high")
                              if whiskers)]
        lines = [f"# panel {title}", "x " + " ".join(header)]
        for x, y in panel_rows:
            values = [middle(y.get(c)) for c in columns]
            if whiskers:
                values += [end for c in columns for end in ends(y.get(c))]
            lines.append(f"{shortest(x)} " + " ".join(map(shortest, values)))
        blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks)


def server_data(panels: list[Panel], curves: bool = True) -> str:
    """The same, with the columns that servers have, and what is left out. A panel of a server
    alone that has no column, the floor, shows nothing."""
    named = servers.columns_for(name for _, r in panels for _, y in r for name in y)
    panels = [(t, [(x, {n: v for n, v in y.items() if n in named}) for x, y in r])
              for t, r in panels]
    shown = _worth_showing(panels, curves)
    return data(panels, servers.columns_for(name for _, r in shown for _, y in r for name in y),
                curves) + left_out(panels, curves)


class DrawingFailed(Exception):
    """gnuplot or flame failed; the text says on what."""


def whiskers_text(text: str, subtitle: str) -> str:
    """What the whiskers of a figure are, when it has any; by the number of repetitions."""
    found = re.search(r"\bn = (\d+)(?: to (\d+))?", subtitle)
    if not re.search(r":low\b| low\b", text) or found is None:
        return ""
    least, most = int(found[1]), int(found[2] or found[1])
    if most == 1:
        return ""
    if least >= ALL_OF_THEM:
        return "whiskers: 95 % interval of the median"
    return "whiskers: least and largest repetition" + (
        f" (from n = {ALL_OF_THEM} on: 95 % interval of the median)" if most >= ALL_OF_THEM else "")


ALL_OF_THEM = 6
"""Of fewer repetitions the interval of the median is all of them."""


def draw(run: Run, name: str, script: str, text: str, subtitle: str, unit: str) -> bool:
    """Writes one data file and draws it, as SVG and PNG beside it. False when it is empty."""
    path = run.folder / "figures" / f"{name}.dat"
    run.left_out[name] = re.findall(r"^# left out (.*)$", text, re.M)
    if "# panel" not in text:
        return False
    whiskers = whiskers_text(text, subtitle)
    path.write_text(f"# script {script}\n# subtitle {subtitle}\n# unit {unit}\n"
                    + (f"# whiskers {whiskers}\n" if whiskers else "") + f"{text}\n",
                    encoding="utf-8")
    if _later is None:
        draw_again(path)
    else:
        _later.append(path)
    return True


_later: list[Path] | None = None


@contextlib.contextmanager
def drawn() -> Iterator[None]:
    """Figures of the block are drawn at its end, as many at once as there are processors."""
    global _later
    _later = []
    try:
        yield
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(draw_again, _later))
    finally:
        _later = None


def draw_again(path: Path) -> None:
    """A figure from its data file."""
    done = subprocess.run([ROOT / "plots/draw", path], stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise DrawingFailed(f"{path.stem}: it cannot be drawn: {done.stderr.strip()}")
