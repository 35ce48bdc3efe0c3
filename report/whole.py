# SPDX-License-Identifier: GPL-2.0-only
"""A run's figures and its page, from all sections, and those of the runs beside it."""
from __future__ import annotations

import functools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import (ablation, best, caller, claim_file, claims, control, defaults, direction,
                    figures, front, functions, goals, guest_cells, guest_figures, guests, headline,
                    html, inside, judge, kernels, method, native, origin, places, policy, scaling,
                    stages, summary, tables, threads)
from report.listed import COMPANIONS
from report.page import figure_of, render
from report.panels import draw
from report.parts import split
from report.run import Cell, Damaged, Run, lines

HEADLINE = ["intree", "guests", "linux-6.12", "newest-kernel", "kernels"]
"""The runs beside the reference's own whose ratios make its headline."""


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


def counted_beside(run: Run) -> list[Any]:
    """The points of the ablation on the instruction clock, where they lie beside this run."""
    return lines(run.folder.parent / "ablation/points.jsonl")


def draw_own(run: Run, work: Path, full: bool) -> Gathered:
    """Figures of one run. Those that every run has only on its own page (full)."""
    folder = run.folder / "figures"
    if full:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run.folder / "figures-narrow", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if native.is_native(run):
        native.draw_all(run, counted_beside(run))
        return Gathered([], [], [])
    if full:
        for name, (text, metrics) in figures.USUAL.items():
            draw(run, name, name, text(run.cells), run.subtitle(*metrics), run.figure_unit)
    found = Gathered(stages.gather(run, work), scaling.gather(run), guest_cells.gather(run))
    policy.draw_all(run)
    caller.draw_all(run)
    stages.draw_all(run, found.stages)
    stages.draw_flames(run, work)
    inside.draw_latency(run)
    scaling.draw_all(run, found.scaling)
    guest_figures.draw_all(run, found.guests)
    ablation.draw_all(run)
    return found


def _series(release: str) -> str:
    """A kernel's release without the number of its build: 6.1.0-57-amd64 is 6.1-amd64."""
    return re.sub(r"^(\d+\.\d+)[.\d]*(-\d+)?(\+deb\d+)?", r"\1", release)


def same_kernel(run: Run, usual: Run) -> bool:
    """May both be judged together, claims and pages? Another kernel, or one with another command
    line, may not. Builds of one series may: what a claim compares is in one run, and a newer build
    has moved the costs of a cell by 1.2 % at most."""
    return len(split(run)) == 1 and (_series(run.env["kernel"]), run.env.get("append")) == (
        _series(usual.env["kernel"]), usual.env.get("append"))


def sections(run: Run, found: Gathered) -> str:
    """What a run has beside the tables all have."""
    counted = counted_beside(run)
    return (policy.text_of(run) + caller.text_of(run) + best.text_of(run)
            + stages.text_of(run, found.stages) + inside.latency_text(run) + inside.flames_text(run)
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
        runs = split(run)
        self.parts = [Report(one, work) for one in runs] if len(runs) > 1 else []
        """Of a run on several kernels: each has a page of its own."""

    def draw(self) -> None:
        """All figures."""
        check_clock(self.run)
        if self.parts:
            self._draw_parts()
            return
        self.found[self.run.name] = draw_own(self.run, self.work, True)
        runs = [self.run, *(r for r in self.beside if same_kernel(r, self.run))]
        self.claims = ([] if native.is_native(self.run)
                       else judge.judge_runs(runs, claim_file.load()))
        claims.draw_all(self.run, self.claims, runs)
        for run in self.beside:
            if len(split(run)) == 1:
                self.found[run.name] = draw_own(run, self.work, False)

    def _draw_parts(self) -> None:
        (self.run.folder / "figures").mkdir(parents=True, exist_ok=True)
        kernels.draw_all(self.run, [part.run for part in self.parts])
        for part in self.parts:
            part.found[part.run.name] = draw_own(part.run, self.work, True)

    def _guest_cells(self) -> front.Guests:
        """Of the run of real guests beside this one, on the same kernel; where there is none, its
        own. Other runs repeat a few of these cells, or have a table of their own."""
        some = [(r, cells) for r in self.beside if r.folder.name == "guests"
                and same_kernel(r, self.run) and (cells := self.found[r.name].guests)]
        return some or self._own_guests()

    def _own_guests(self) -> front.Guests:
        return [(self.run, self.found[self.run.name].guests)]

    def _own_front(self) -> str:
        """The head of the run's own page: its real guests first where its first figure is of
        processes."""
        beside = front.Beside()
        if self.run.insn and self.run.first_figure[0] == "overview":
            beside.guests = _guest_figure(self.run)
            beside.guests_page = "#real-guests"
        return front.text_of(self.run, self._own_guests(), self.claims, beside, "")

    def _tables(self, run: Run) -> str:
        return (summary.text_of(run) + tables.text_of(run)
                + sections(run, self.found[self.run.name]) + control.text_of(run))

    def _text_of_parts(self) -> str:
        """Kernels side by side."""
        run = self.run
        return _tidy(kernels.text_of(run, [part.run for part in self.parts])
                     + control.text_of(run) + method.text_of(run))

    def text(self) -> str:
        """All of a run on one page."""
        run = self.run
        if self.parts or native.is_native(run):
            return self.topic_text()
        return _tidy(
            self._own_front() + "\n" + claims.table_text(run, self.claims) + self._tables(run)
            + claims.details_text(run, self.claims, [run, *self.beside]) + method.text_of(run))

    def topic_text(self) -> str:
        """A run of the reference: all but the claims, which are judged from all runs at once."""
        run = self.run
        if self.parts:
            return self._text_of_parts()
        if native.is_native(run):
            return _tidy(native.text_of(run, counted_beside(run))
                         + control.text_of(places.main(run))
                         + method.text_of(run))
        return _tidy(self._own_front() + "\n" + self._tables(run) + method.text_of(run))

    @functools.cached_property
    def aims(self) -> list[goals.Goal]:
        """The goals, judged by this run and those beside it."""
        return goals.judge(goals.load(), [self.run, *self.beside])

    def goals_text(self) -> str:
        """The page of all goals."""
        runs = [self.run, *self.beside]
        return _tidy(goals.text_of(self.run, runs, self.aims, origin.unity(runs)))

    def claims_text(self) -> str:
        """The page of all claims."""
        run = self.run
        return _tidy(render("claims-head", run, unity=origin.unity([run, *self.beside]))
                     + claims.table_text(run, self.claims, True)
                     + claims.details_text(run, self.claims, [run, *self.beside], True))

    def _guests_of(self, run: Run) -> list[Cell]:
        return self.found[run.name].guests if run.name in self.found else guest_cells.gather(run)

    def front_text(self, prefix: str) -> str:
        """The front page, as it stands a folder or more above the run."""
        def of(name: str) -> list[Run]:
            return [r for r in self.beside if r.folder.name == name]

        beside = front.Beside(
            self.beside,
            headline=headline.table_of([(one, self._guests_of(one)) for name in HEADLINE
                                        for r in of(name) for one in split(r)]),
            kernels="".join(kernels.brief(r, prefix) for r in of("kernels")),
            policies="".join(policy.brief_table(r) for r in of("policy")),
            callers="".join(caller.brief_table(r) for r in of("caller")),
            best="".join(best.table_of(r) for r in of("intree")),
            defaults="".join(defaults.text_of(self.run, r, prefix) for r in of("kernel-defaults")),
            guests="".join(_guest_figure(r.named_by(f"{prefix}guests/figures"))
                           for r in of("guests") if r.insn),
            guests_page=f"{prefix}guests/RESULTS.md",
            goals=goals.counts(self.aims))
        return _tidy(front.text_of(self.run.named_by(prefix + "figures"), self._guest_cells(),
                                   self.claims, beside, prefix))


def write_all(report: Report, folder: Path, topic: bool) -> None:
    """The page of a run, as a topic of the reference or by itself, and those of its parts."""
    write(folder, "RESULTS", report.topic_text() if topic else report.text())
    for part in report.parts:
        write(part.run.folder, "RESULTS", part.topic_text())


def _guest_figure(run: Run) -> str:
    """On the instruction clock; nothing where the run has no such figure."""
    return figure_of(run)("guests-overview", "Cost per packet of real guests")


def _tidy(text: str) -> str:
    """One empty line between blocks, one newline at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def write(folder: Path, name: str, text: str) -> None:
    """A page, and the same as HTML beside it."""
    page = folder / f"{name}.md"
    page.write_text(text, encoding="utf-8")
    title = f"vhostlab: {name if name != 'RESULTS' else folder.name}"
    html_name = "report" if name == "RESULTS" else name
    (folder / f"{html_name}.html").write_text(html.page_of(page, title), encoding="utf-8")
