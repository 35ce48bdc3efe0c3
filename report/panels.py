# SPDX-License-Identifier: GPL-2.0-only
"""The one layout of the figures' data files, and drawing.

A file has one block a panel, two blank lines apart: "# panel TITLE", a header, then one row an
x value with one column a server. The header names them; "-" is a value that was not measured.
"""
from __future__ import annotations

import concurrent.futures
import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from report import order, servers
from report.ask import ROOT
from report.run import Cell, Run, mid
from report.text import shortest

Row = tuple[Any, dict[str, Any]]
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
    return rows(cells, lambda c: c[axis], lambda c: c["server"], lambda c: mid(c, metric))


NOTHING = 0.001
"""A panel of bars that are nowhere that part of its neighbours' longest one looks empty."""


def _longest(panel_rows: list[Row]) -> float:
    return max((abs(v) for _, y in panel_rows for v in y.values() if v is not None), default=0)


def _without_dots(panel_rows: list[Row]) -> list[Row]:
    """Without the curves of one point; the table beside a figure has it."""
    names = {n for _, y in panel_rows for n in y}
    dots = {n for n in names if sum(y.get(n) is not None for _, y in panel_rows) < 2}
    rows_left = [(x, {n: v for n, v in y.items() if n not in dots}) for x, y in panel_rows]
    return [(x, y) for x, y in rows_left if any(v is not None for v in y.values())]


def _worth_showing(panels: list[Panel], curves: bool) -> list[Panel]:
    """Nothing but zeros says nothing, and a curve has two points at least."""
    if curves:
        panels = [(t, _without_dots(r)) for t, r in panels]
        return [(t, r) for t, r in panels if len(r) > 1 and _longest(r) > 0]
    top = max((_longest(r) for _, r in panels), default=0)
    return [(t, r) for t, r in panels if _longest(r) > top * NOTHING]


def data(panels: list[Panel], columns: Sequence[str], curves: bool = True) -> str:
    """The text of a data file; empty when no panel says anything."""
    blocks = []
    for title, panel_rows in _worth_showing(panels, curves):
        lines = [f"# panel {title}", "x " + " ".join(columns)]
        lines += [f"{shortest(x)} " + " ".join(shortest(y.get(c)) for c in columns)
                  for x, y in panel_rows]
        blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks)


def server_data(panels: list[Panel], curves: bool = True) -> str:
    """The same, with the columns that servers have."""
    panels = _worth_showing(panels, curves)
    return data(panels, servers.columns_for(name for _, r in panels for _, y in r for name in y),
                curves)


class DrawingFailed(Exception):
    """gnuplot or flame failed; the text says on what."""


def draw(run: Run, name: str, script: str, text: str, subtitle: str, unit: str) -> bool:
    """Writes one data file and draws it, as SVG and PNG beside it. False when it is empty."""
    path = run.folder / "figures" / f"{name}.dat"
    if "# panel" not in text:
        return False
    path.write_text(f"# script {script}\n# subtitle {subtitle}\n# unit {unit}\n{text}\n",
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
