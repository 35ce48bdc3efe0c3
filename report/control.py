# SPDX-License-Identifier: GPL-2.0-only
"""What the A/A control of a run says: one cell, measured twice as if it were two."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from report import ask
from report.page import render, table
from report.run import Run
from report.text import round_away, shortest


def _short(value: float) -> str:
    return shortest(round_away(value * 1000) / 1000)


def _verdict(c: dict[str, Any]) -> str:
    if c["few"]:
        return "too few repetitions to judge"
    return ("DIFFERENT: smaller differences than this are noise here" if c["different"]
            else "no difference")


def _gather(folder: Path) -> list[dict[str, Any]]:
    if not (folder / "control.jsonl").is_file() or not (folder / "control.jsonl").stat().st_size:
        return []
    return [c | {"name": f"{c['server']} {c['workload']} {c['size']} x {c['burst']}, "
                         f"sink {c['sink']}"}
            for c in ask.control(folder) if c["a"] is not None and c["b"] is not None]


def line_of(folder: Path) -> str:
    """For people, at the end of a sweep."""
    return "".join(
        f"vhostlab: A/A control: {c['name']}, twice: cost {_short(c['a']['median'])} and "
        f"{_short(c['b']['median'])}: {_verdict(c)}\n" for c in _gather(folder))


def _judged(c: dict[str, Any]) -> str:
    if c["threshold"] is not None:
        return f"{_verdict(c)} (limit {_short(c['threshold'] * 100)} %)"
    return _verdict(c) + (f" (p {_short(c['p'])})" if c["p"] is not None else "")


def text_of(run: Run) -> str:
    """The section; nothing when the run has no control."""
    found = _gather(run.folder)
    return render("control", run, table=table(
        ["cell", "cost", "cost, again", "apart by", "repetitions", "judged as two cells would be"],
        "lrrrrl", [[c["name"], _short(c["a"]["median"]), _short(c["b"]["median"]),
                    f"{_short((c['difference'] or 0) * 100)} %",
                    f"{c['a']['n']} and {c['b']['n']}", _judged(c)] for c in found])
    ) if found else ""
