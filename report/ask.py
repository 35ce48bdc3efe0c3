# SPDX-License-Identifier: GPL-2.0-only
"""Numbers from the programs of stats/: the report computes none itself."""
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Number = int | float
Answer = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("VHOSTLAB_BUILD", ROOT / "build")) / "bench"

_program: subprocess.Popen[str] | None = None


def _ask(*question: Any) -> Any:
    global _program
    if _program is None:
        _program = subprocess.Popen([BENCH / "ask"], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
    assert _program.stdin is not None and _program.stdout is not None
    _program.stdin.write(json.dumps(question) + "\n")
    _program.stdin.flush()
    answer = _program.stdout.readline()
    if not answer:
        raise RuntimeError("ask: it gave no answer: see the line above")
    return json.loads(answer)


def close() -> None:
    """Ends the program that answers."""
    global _program
    if _program is not None and _program.stdin is not None:
        _program.stdin.close()
        _program.wait()
        _program = None


def sample(values: Iterable[Number | None]) -> Answer | None:
    """n, median, min, max, low, high and spread of the values that are there."""
    return _ask("sample", [v for v in values if v is not None])


def median(values: Iterable[Number | None]) -> float | None:
    """Of the values that are there."""
    answer = sample(values)
    return None if answer is None else answer["median"]


def quotient(a: Number | None, b: Number | None) -> float | None:
    """a / b; None where one is missing or b is 0."""
    if a is None or b is None or b == 0:
        return None
    return _ask("quotient", a, b)


def compare(how: str, a: Answer, b: Answer) -> Answer | None:
    """The "ratio" of two samples, or "minus": n, median, low, high. A sample has its values,
    and those by repetition."""
    return _ask("compare", how, a, b)


def signs(level: float, rows: list[list[bool | None]]) -> Answer:
    """Two-sided sign tests of all rows of pairs, corrected together for that level: rows (n,
    more, p_single, p, few), how many tests count, and how many pairs a row needs."""
    return _ask("signs", level, rows)


def differ(clock: str, level: float, pairs: list[list[Answer]]) -> list[Answer]:
    """Of pairs of samples, all of them together at that level: whether they differ, whether the
    first is more, and whether there are too few repetitions to tell."""
    return _ask("differ", clock, level, pairs)


def _program_json(*argv: str | Path) -> Any:
    done = subprocess.run([BENCH / argv[0], *argv[1:]], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return json.loads(done.stdout)


def cells(points: Path) -> list[dict[str, Any]]:
    """The cells of a file of points, every metric with its median and interval."""
    return _program_json("stats", "--json", points)


def control(folder: Path) -> list[dict[str, Any]]:
    """The A/A control of a run, judged as two cells would be."""
    return _program_json("stats", "--control", folder)


def model(folder: Path, points: Path) -> dict[str, Any]:
    """What the cost model makes of a run of the native rig, and of the cells of a file of points on
    the instruction clock."""
    return _program_json("model", folder, points)


def defaults() -> dict[str, Any]:
    """What a knob is that a point does not name."""
    return _program_json("plan", "--defaults")


def function_differences(folder: Path, base: str, other: str) -> list[dict[str, Any]]:
    """From one server to another in the cells that a run has counted functions of: columns (what
    was measured, of both) and rows (function, object, instructions of both), the largest difference
    first."""
    return _program_json("functions", "--compare", "--json", "--servers", f"{base},{other}", folder)
