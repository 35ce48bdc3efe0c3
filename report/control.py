# SPDX-License-Identifier: GPL-2.0-only
"""What the A/A controls of a run say, and whether it may name a winner.

A control is one question asked twice, so that what differs is noise: a cell that was measured
again as if it were another one, and the odd repetitions of every cell against its even ones.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

from report import ask, order
from report.page import render, table
from report.run import Run
from report.text import round_away, shortest

SHOWN = 8
"""Of the halves that are farthest apart the page has so many."""

Control = dict[str, Any]


def _short(value: float) -> str:
    return shortest(round_away(value * 1000) / 1000)


def _verdict(c: Control) -> str:
    if c["few"]:
        return "too few repetitions to judge"
    return ("DIFFERENT: smaller differences than this are noise here" if c["different"]
            else "no difference")


def _name(c: Control) -> str:
    words = [c["server"], c["workload"], f"{c['size']} x {c['burst']}, sink {c['sink']}"]
    if c["guests"] > 1:
        words.append(f"{c['guests']} guests")
    more = [f"Linux {c['kernel']}"] if "kernel" in c else []
    more += [f"{k}={shortest(v)}" for k, v in c["knobs"].items()]
    return ", ".join([" ".join(words), *more])


def _gather(folder: Path) -> list[Control]:
    return [c | {"name": _name(c)} for c in ask.control(folder)]


def _kind(found: list[Control], kind: str) -> list[Control]:
    return [c for c in found if c["kind"] == kind]


def _widest(found: list[Control]) -> list[Control]:
    """The halves, those that are farthest apart first."""
    return order.sort_by(_kind(found, "halves"), lambda c: -(c["difference"] or 0))


def line_of(folder: Path) -> str:
    """For people, at the end of a sweep."""
    found = _gather(folder)
    out = "".join(
        f"vhostlab: A/A control: {c['name']}, twice: cost {_short(c['a']['median'])} and "
        f"{_short(c['b']['median'])}: {_verdict(c)}\n" for c in _kind(found, "again"))
    halves = _widest(found)
    if halves:
        apart = sum(c["different"] for c in halves)
        out += (f"vhostlab: A/A control: odd against even repetitions of {len(halves)} cells: at "
                f"most {_short((halves[0]['difference'] or 0) * 100)} % apart, "
                f"{apart} DIFFERENT\n")
    return out


def _twice(c: Control) -> str:
    return (f"{c['name']}: cost {_short(c['a']['median'])} and {_short(c['b']['median'])}, "
            f"{_short((c['difference'] or 0) * 100)} % apart")


def _why_not(run: Run) -> str:
    """Why the run names no winner, in half a sentence; empty when it may."""
    found = run.controls
    verdict = found[0]["verdict"] if found else "none"
    if verdict == "apart":
        apart = [c for c in found if c["different"]]
        first = min(apart, key=lambda c: c["kind"])
        return ("its A/A control took noise for a difference (one and the same cell, "
                + ("measured twice, " if first["kind"] == "again" else "odd and even repetitions, ")
                + _twice(first | {"name": _name(first)}) + ")")
    # On the instruction clock a comparison knows its own limit, and needs no test.
    if run.insn or verdict == "same":
        return ""
    if verdict == "few":
        first = _kind(found, "again")[0]
        return (f"its A/A control cannot be judged with {first['a']['n']} repetitions (one and "
                f"the same cell, measured twice, {_twice(first | {'name': _name(first)})})")
    return "it has no A/A control"


def refusal(run: Run) -> str:
    """What stands in place of the winners of a run; empty when it may name them."""
    why = _why_not(run)
    return f"**This run names no winner**: {why}." if why else ""


def _judged(c: Control) -> str:
    if c["threshold"] is not None:
        return f"{_verdict(c)} (limit {_short(c['threshold'] * 100)} %)"
    return _verdict(c) + (f" (p {_short(c['p'])})" if c["p"] is not None and not c["few"] else "")


def _table(found: list[Control], heads: list[str]) -> str:
    return table(
        ["cell", *heads, "apart by", "repetitions", "judged as two cells would be"],
        "lrrrrl", [[c["name"], _short(c["a"]["median"]), _short(c["b"]["median"]),
                    f"{_short((c['difference'] or 0) * 100)} %",
                    f"{c['a']['n']} and {c['b']['n']}", _judged(c)] for c in found])


def text_of(run: Run) -> str:
    """The section; nothing when the run has no control, and each cell was measured once."""
    found = [c | {"name": _name(c)} for c in run.controls]
    again, halves = _kind(found, "again"), _widest(found)
    if not found:
        return ""
    middle = ask.median(c["difference"] for c in halves)
    return render(
        "control", run, again=_table(again, ["cost", "cost, again"]) if again else "",
        count=len(again), work=len({(c["guest"], c["workload"]) for c in halves or again}),
        covered=len({(c["guest"], c["workload"]) for c in again}),
        halves=_table(halves[:SHOWN], ["cost, odd", "cost, even"]) if halves else "",
        cells=len(halves), apart=sum(c["different"] for c in halves),
        few=sum(c["few"] for c in halves), refusal=refusal(run),
        middle="-" if middle is None else _short(middle * 100),
        most=_short((halves[0]["difference"] or 0) * 100) if halves else "-",
        shown=min(SHOWN, len(halves)))
