# SPDX-License-Identifier: GPL-2.0-only
"""Goals of the module's path length (configs/goals.json): which are reached by the runs of the
reference, and where the others spend what they spend."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from report import ask, native, native_cells, places
from report.ask import ROOT
from report.functions import BASE, OTHER, PLACE
from report.guest_summary import percent
from report.headline import GUESTS
from report.page import render, table
from report.run import Cell, Damaged, Run, mid, most
from report.text import fixed, whole

PATH = ROOT / "configs/goals.json"
FIELDS = {"title", "run", "metric", "most", "place", "ours", "theirs", "because"}
METRICS = {"cost_per_packet": "cost", "above_floor_per_packet": "cost above the floor",
           "latency_p50": "median round trip"}
USUAL = {"guests": 1, "knobs": {}}
"""What a cell has that says nothing else."""
LARGEST = 8
"""Functions that are named where a goal is missed."""
ALIKE = 0.01
"""A function costs two servers the same where they differ by no larger a share."""
EXACT = 0.01
"""Repetitions that are farther apart make a ratio doubtful."""

RUNS = {"process": 0.001, "qemu": EXACT}
"""The same cell of two runs is no farther apart, by guest; repetitions of one may be closer."""

Goal = dict[str, Any]


def load(path: Path = PATH) -> list[Goal]:
    """All goals, each complete."""
    goals: list[Goal] = json.loads(path.read_text(encoding="utf-8"))["goals"]
    for goal in goals:
        goal.setdefault("because", "")
        if wrong := sorted(set(goal) ^ FIELDS):
            raise Damaged(f"{path}: goal {goal.get('title', '?')}: missing or unknown: {wrong[0]}")
        if goal["metric"] not in METRICS:
            raise Damaged(f"{path}: goal {goal['title']}: metric: {goal['metric']}; allowed: "
                          f"{', '.join(METRICS)}")
    return goals


def _is(cell: Cell, place: Goal, want: Goal) -> bool:
    """Knobs "any" are those of a search for the cheapest."""
    want = USUAL | place | want
    if want["knobs"] == "any":
        want = {k: v for k, v in want.items() if k != "knobs"}
    return all(cell.get(k) == v for k, v in want.items())


def _cheapest(cells: list[Cell], goal: Goal, side: str) -> Cell | None:
    """Of the cells of one side; of those of a search, only such as lose no more than the one
    without knobs."""
    metric = goal["metric"]
    some = [(c, w) for w in goal[side] for c in cells if _is(c, goal["place"], w)
            and mid(c, metric) is not None]
    plain = [most(c, "lost") or 0 for c, _ in some if not c["knobs"]]
    fair = [c for c, w in some if w.get("knobs") != "any" or not plain
            or (most(c, "lost") or 0) <= min(plain)]
    return min(fair, key=lambda c: float(mid(c, metric) or 0)) if fair else None


def _cells(run: Run) -> list[Cell]:
    """Those that may be published, under the default policy of Linux."""
    if not native.is_native(run):
        return [c for c in run.cells if c.get("policy") != "batch"]
    rig = native_cells.Buffers(places.main(run))
    return [c for c in rig.cells if native_cells.steady(rig, c)]


def judge(goals: list[Goal], runs: list[Run]) -> list[Goal]:
    """Each goal with its verdict, its ratio and the two cells. `runs`: by the name of the folder,
    or, for the reference's own, of the configuration."""
    named = {r.folder.name: r for r in runs} | {r.env["experiment"]: r for r in runs[:1]}
    known = {name: _cells(run) for name, run in named.items()
             if name in {g["run"] for g in goals}}
    out = []
    for goal in goals:
        cells = known.get(goal["run"], [])
        ours, theirs = _cheapest(cells, goal, "ours"), _cheapest(cells, goal, "theirs")
        ratio = ask.quotient(mid(ours, goal["metric"]), mid(theirs, goal["metric"]))
        spread = max(_spread([ours, theirs], goal["metric"]), RUNS[goal["place"]["guest"]])
        verdict = _verdict(ratio, goal["most"], spread)
        out.append(goal | {"cells": [ours, theirs], "ratio": ratio, "verdict": verdict,
                           "of": named.get(goal["run"])})
    return out


def _spread(cells: list[Cell | None], metric: str) -> float:
    """How far apart the repetitions of the two are, at most."""
    return max([c[metric]["spread"] or 0 for c in cells if c is not None and c[metric]] or [0])


def _verdict(ratio: float | None, limit: float, spread: float) -> str:
    """A ratio that is no farther from its limit than two runs are from each other may lie on either
    side in another one."""
    if ratio is None:
        return "not measured"
    if abs(ratio - limit) < spread * ratio:
        return "at its limit"
    return "reached" if ratio <= limit else "missed"


def counts(judged: list[Goal]) -> str:
    """How many have which verdict."""
    some = [(v, sum(g["verdict"] == v for g in judged))
            for v in ("reached", "at its limit", "missed", "not measured")]
    return ", ".join(f"{n} {v}" for v, n in some if n)


def _ratio(goal: Goal) -> str:
    """With what makes it doubtful. The native rig has intervals of its own, on its page."""
    text = fixed(goal["ratio"], 3)
    spread = _spread(goal["cells"], goal["metric"])
    if goal["ratio"] is None or goal["run"] == "native" or spread <= EXACT:
        return text
    return f"{text} ({percent(spread)} % apart)"


def _who(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    knobs = [f"{k}={v}" for k, v in cell["knobs"].items()]
    return ", ".join([cell["server"], *knobs])


def _rows(judged: list[Goal]) -> list[list[str]]:
    return [[g["title"], METRICS[g["metric"]], *(_who(c) for c in g["cells"]),
             *(whole(mid(c, g["metric"])) for c in g["cells"]), fixed(g["most"], 2),
             _ratio(g), f"**{g['verdict']}**" if g["verdict"] == "missed" else g["verdict"],
             f"[{g['run']}]({g['run']}/RESULTS.md)"] for g in judged]


def _profile(runs: list[Run]) -> dict[tuple[Any, ...], Goal]:
    """The functions of both servers, by kernel and place."""
    return {(r.env["kernel"], *(p["columns"][0][k] for k in PLACE)): p
            for r in runs if r.folder.name == "profile"
            for p in ask.function_differences(r.folder, BASE, OTHER)
            if not p["columns"][0]["knobs"] and not p["columns"][1]["knobs"]}


def _functions(goal: Goal, profile: dict[tuple[Any, ...], Goal]) -> str:
    """The largest ones of our server and what the other one executes there; empty where this place
    was not profiled."""
    place, env = goal["place"], goal["of"].env
    pair = profile.get((env["kernel"], *(place[k] for k in PLACE)))
    if (pair is None or place["guest"] != "process" or env["clock"] != "insn"
            or goal["cells"][0]["knobs"] or goal["cells"][1]["server"] != BASE):
        return ""
    rows = sorted(pair["rows"], key=lambda r: -r["instructions"][1])
    sums = [c["counted"] / c["packets"] for c in pair["columns"]]
    named = rows[:LARGEST]
    rest = [s - sum(r["instructions"][i] for r in named) for i, s in enumerate(sums)]
    body = [[f"`{r['function']}`" + ("" if r["object"] == "kernel" else f" ({r['object']})"),
             *map(whole, r["instructions"])] for r in named]
    body.append(["all others", *map(whole, rest)])
    body.append(["**cost**", *(f"**{whole(s)}**" for s in sums)])
    alike = [r["instructions"] for r in rows
             if abs(r["instructions"][0] - r["instructions"][1]) <= ALIKE * r["instructions"][0]]
    body.append(["of it: functions that cost both the same",
                 *(whole(sum(a[i] for a in alike)) for i in range(2))])
    return table(["function", BASE, OTHER], "lrr", body)


def text_of(run: Run, runs: list[Run], judged: list[Goal], unity: str) -> str:
    """The page."""
    heads = ["goal", "of", "ours", "against", "ours", "against", "at most", "measured", "verdict",
             "run"]
    profile = _profile(runs)
    missed = [g | {"functions": _functions(g, profile)} for g in judged
              if g["verdict"] == "missed"]
    seen: set[str] = set()
    for g in missed:
        # A place that is missed twice is told once.
        if g["functions"] in seen:
            g["functions"] = ""
        seen.add(g["functions"])
    return render("goals", run, unity=unity, counts=counts(judged), missed=missed,
                  ratio=_ratio, guests=GUESTS,
                  table=table(heads, "llllrrrrll", _rows(judged)))
