# SPDX-License-Identifier: GPL-2.0-only
"""A run's figures and its page, from all sections, and those of the runs beside it."""
from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import (ablation, claims, control, direction, figures, functions, guest_cells,
                    guest_figures, guests, inside, judge, method, scaling, stages, summary,
                    tables, threads)
from report.ask import ROOT
from report.panels import DrawingFailed, draw
from report.run import COMPANIONS, Cell, Damaged, Run, lines


@dataclass
class Gathered:
    """What the sections of a run are made from."""

    stages: list[stages.Stage]
    scaling: list[Cell]
    guests: list[Cell]


def check_clock(run: Run) -> None:
    """One clock and one accelerator."""
    clocks = sorted({f"{c['clock']} {c['accel']}" for c in run.cells})
    if len(clocks) > 1:
        raise Damaged(f"{run.folder}/points.jsonl: it mixes clocks or accelerators "
                      f"({', '.join(clocks)}): report on one run at a time")


def draw_own(run: Run, work: Path, full: bool) -> Gathered:
    """Figures of one run. Those that every run has only on its own page (full)."""
    folder = run.folder / "figures"
    subtitle = run.machine
    if full:
        shutil.rmtree(folder, ignore_errors=True)
        subtitle += f", median of {max(c['repetitions'] for c in run.cells)} repetitions"
    folder.mkdir(parents=True, exist_ok=True)
    if full:
        for name, text in figures.USUAL.items():
            draw(run, name, name, text(run.cells), subtitle, run.figure_unit)
    found = Gathered(stages.gather(run, work), scaling.gather(run), guest_cells.gather(run))
    stages.draw_all(run, found.stages)
    stages.draw_flames(run, work)
    inside.draw_latency(run)
    scaling.draw_all(run, found.scaling)
    guest_figures.draw_all(run, found.guests)
    ablation.draw_all(run, subtitle)
    return found


def sections(run: Run, found: Gathered, with_latency: bool = True) -> str:
    """What a run has beside the tables all have."""
    counted = lines(run.folder.parent / "ablation/points.jsonl")
    return (stages.text_of(run, found.stages)
            + (inside.latency_text(run) if with_latency else "") + inside.flames_text(run)
            + inside.overhead_text(run) + threads.text_of(run, found.scaling)
            + scaling.text_of(run, found.scaling) + guests.text_of(run, found.guests)
            + ablation.text_of(run) + direction.text_of(run, counted) + functions.text_of(run))


class Report:
    """The report on one folder of results."""

    def __init__(self, run: Run, work: Path):
        self.run = run
        self.work = work
        self.beside = [Run(run.folder / n, f"{run.name}/{n}") for n in COMPANIONS
                       if (run.folder / n / "points.jsonl").is_file()]
        self.found: dict[str, Gathered] = {}
        self.claims: list[dict[str, Any]] = []

    def draw(self) -> None:
        """All figures."""
        check_clock(self.run)
        self.found[self.run.name] = draw_own(self.run, self.work, True)
        runs = [self.run, *self.beside]
        self.claims = judge.judge_runs(runs, claims.load())
        claims.draw_all(self.run, self.claims, runs)
        for run in self.beside:
            self.found[run.name] = draw_own(run, self.work, False)

    def text(self, prefix: str = "") -> str:
        """The page; figures are named from where it will stand."""
        run = self.run.named_by(prefix + "figures")
        out = summary.text_of(run) + claims.table_text(run, self.claims) + tables.text_of(run)
        out += sections(run, self.found[run.name])
        for other in self.beside:
            folder = other.folder.name
            out += sections(other.named_by(f"{prefix}{folder}/figures"), self.found[other.name],
                            not run.has("latency"))
        return (out + control.text_of(run) + claims.details_text(run, self.claims)
                + method.text_of(run))


def page(report: Report) -> None:
    """RESULTS.md, and the same as one self-contained page of HTML."""
    folder = report.run.folder
    (folder / "RESULTS.md").write_text(report.text(), encoding="utf-8")
    done = subprocess.run(
        ["pandoc", "--self-contained", "--standalone", "--from", "gfm", "--to", "html5", "--toc",
         "--toc-depth", "2", "--css", ROOT / "plots/report.css", "--metadata",
         f"pagetitle=vhostlab: {Path(report.run.name).name}", "--output", "report.html",
         "RESULTS.md"], cwd=folder, check=False)
    if done.returncode:
        raise DrawingFailed(f"{folder}/report.html: pandoc failed: see the lines above")
