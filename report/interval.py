# SPDX-License-Identifier: GPL-2.0-only
"""Medians with their intervals, in the tables of runs on the wall clock.

On the instruction clock repetitions are equal to a part of a thousand, and tables go without.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from report import ask
from report.run import Cell, Run, mid
from report.text import fixed, whole

Format = Callable[[Any], str]

NOTE = ("In brackets behind a median: its interval at 95 % at least, between two of the "
        "repetitions (order statistics: nothing is assumed of their distribution). Fewer than "
        "6 repetitions have no such interval, and their range stands there, which holds the "
        "median in 50 % of cases for 2, 75 % for 3, 87.5 % for 4, 93.75 % for 5. The interval "
        "of a ratio is that of the ratios within each repetition; of fewer than 6 it is the "
        "widest between any two.")


def note(run: Run) -> str:
    """What the brackets are; nothing where there are none."""
    return "" if run.insn else NOTE


def ends(sample: dict[str, Any] | None, form: Format = whole) -> str:
    """The brackets of a sample; nothing when it was measured once."""
    if sample is None or sample["n"] < 2 or sample["low"] is None:
        return ""
    return f" [{form(sample['low'])}, {form(sample['high'])}]"


def of(run: Run, cell: Cell | None, metric: str, form: Format = whole) -> str:
    """A metric of a cell."""
    text = form(mid(cell, metric))
    if run.insn or cell is None or mid(cell, metric) is None:
        return text
    return text + ends(ask.sample(run.sample(cell, metric)["values"]), form)


def ratio(run: Run, a: Cell | None, b: Cell | None, metric: str) -> str:
    """One cell's metric by another's."""
    text = fixed(ask.quotient(mid(a, metric), mid(b, metric)), 3)
    if run.insn or a is None or b is None:
        return text
    found = ask.compare("ratio", run.sample(a, metric), run.sample(b, metric))
    return text + ends(found, lambda v: fixed(v, 3))
