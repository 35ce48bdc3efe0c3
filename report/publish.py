# SPDX-License-Identifier: GPL-2.0-only
"""The reference: a run becomes it, or a part of it; all of its pages, or none, are renewed."""
from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from report import aside, origin
from report.ask import ROOT
from report.listed import COMPANIONS, LISTED
from report.panels import drawn
from report.run import Run, lines
from report.whole import Report, write, write_all

RESULTS = ROOT / "results"
REFERENCE = RESULTS / "reference"
KEPT = ["env.json", "control.jsonl", "verdicts.jsonl", "constants.jsonl"]


class Refused(Exception):
    """The tree is not in a state to publish from."""


def refuse_dirty_tree() -> None:
    """What is published names the revision it came from. What publishing itself wrote may stand
    there, so that several runs can be published one after the other."""
    done = subprocess.run(
        ["git", "-C", ROOT, "status", "--porcelain", "--", ".", ":!results/reference",
         ":!RESULTS.md"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Refused(f"{ROOT}: git cannot tell its state: publish from a clone")
    if done.stdout.strip():
        first = done.stdout.splitlines()[0][3:]
        raise Refused(f"{ROOT}: it has uncommitted changes ({first}): commit them first")


def in_reference(folder: Path) -> bool:
    """Is it the reference, or a part of it?"""
    return folder == REFERENCE or folder.parent == REFERENCE


def _without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_zeros(v) for k, v in value.items() if v != 0}
    return value


def _take_over(run: Path, to: Path) -> None:
    """The measurements of a run, in place of those that stand there."""
    to.mkdir(parents=True, exist_ok=True)
    for old in to.iterdir():
        if old.name not in COMPANIONS:
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()
    with open(to / "points.jsonl", "w", encoding="utf-8") as out:
        for point in lines(run / "points.jsonl"):
            # Half of a run is the module's counters, and nearly all are 0: one that is not
            # there is.
            if (point.get("detail") or {}).get("module"):
                point["detail"]["module"] = _without_zeros(point["detail"]["module"])
            out.write(json.dumps(point, ensure_ascii=False, separators=(",", ":")) + "\n")
    for path in [*run.glob("*.conf"), *run.glob("env-*.json"), *(run / n for n in KEPT)]:
        if path.is_file() and path.stat().st_size:
            shutil.copy(path, to / path.name)
    counts = run / "counts/points.jsonl"
    if counts.is_file():
        (to / "counts").mkdir()
        shutil.copy(counts, to / "counts/points.jsonl")
    if (run / "raw").is_dir():
        shutil.copytree(run / "raw", to / "raw")


def _folder_for(run: Run) -> str:
    """Below the reference. A run of a configuration that is not listed takes the place of the
    reference run itself."""
    some = [one for one in LISTED if one.experiment == run.env["experiment"]]
    for one in some:
        if one.clock == run.env["clock"]:
            return one.folder
    if some:
        raise Refused(f"{run.folder}: it was measured on clock {run.env['clock']}; "
                      f"configs/reference.json has {some[0].config} on clock {some[0].clock}")
    return ""


def _replace(fill: Callable[[Path], None]) -> None:
    """The reference by what is filled into a new folder; in place at the end only."""
    RESULTS.mkdir(exist_ok=True)
    with aside.scratch(RESULTS, ".reference.") as scratch:
        new, old = scratch / "reference", scratch / "old"
        fill(new)
        front = _build(new)
        target = scratch / "RESULTS.md"
        target.write_text(front, encoding="utf-8")
        with aside.in_one_go():
            if REFERENCE.is_dir():
                REFERENCE.rename(old)
            new.rename(REFERENCE)
            if front:
                target.replace(ROOT / "RESULTS.md")


def renew(published: list[Path] | None = None) -> None:
    """All pages and figures of the reference, with these runs in it."""
    some = [(path, _folder_for(Run(path, ""))) for path in published or []]
    for i, (path, place) in enumerate(some):
        if (first := next((p for p, other in some[:i] if other == place), None)) is not None:
            raise Refused(f"{path}: it takes the same place as {first}: publish one of them")

    def fill(new: Path) -> None:
        if REFERENCE.is_dir():
            shutil.copytree(REFERENCE, new)
        for path, place in some:
            _take_over(path, new / place)
    _replace(fill)


def runs_below(folder: Path) -> list[Run]:
    """Those of the list that are measured, each in a folder of its name."""
    runs = []
    for one in LISTED:
        run = Run(folder / one.name, one.name)
        if not (run.folder / "env.json").is_file():
            continue
        is_one = run.env["experiment"], run.env["clock"]
        if is_one != (one.experiment, one.clock):
            raise Refused(f"{run.folder}: it is a run of {is_one[0]} on clock {is_one[1]}: remove "
                          f"it; configs/reference.json has {one.config} on clock {one.clock}")
        runs.append(run)
    why = origin.mixed(runs)
    if why is not None:
        raise Refused(why)
    return runs


def renew_all(folder: Path) -> None:
    """A reference of these runs and no others."""
    missing = {one.name for one in LISTED} - {run.name for run in runs_below(folder)}
    if missing:
        raise Refused(f"{folder}: these runs are missing: {', '.join(sorted(missing))}")

    def fill(new: Path) -> None:
        for one in LISTED:
            _take_over(folder / one.name, new / one.folder)
    _replace(fill)


def _build(new: Path) -> str:
    """Every part by itself, then the reference's own run; its page as the tree shows it."""
    front = ""
    for name in [*COMPANIONS, ""]:
        folder = new / name if name else new
        if not (folder / "points.jsonl").is_file():
            continue
        label = "results/reference" + (f"/{name}" if name else "")
        with tempfile.TemporaryDirectory(prefix="work.", dir=new.parent) as work:
            report = Report(Run(folder, label), Path(work))
            with drawn():
                report.draw()
            write_all(report, folder, True)
            if not name:
                write(folder, "claims", report.claims_text())
                write(folder, "goals", report.goals_text())
                front = report.front_text("results/reference/")
    return front
