# SPDX-License-Identifier: GPL-2.0-only
"""The reliability page: what was tried by chance and at length, in which kernel, and what came of
it; and what of the module's code was reached. Its data is written by make reliability."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from report import order
from report.ask import ROOT
from report.page import render_text, table
from report.run import lines
from report.text import fixed, whole

FOLDER = ROOT / "results/reliability"
PAGE = "RELIABILITY.md"

PROGRAMS = {
    "mutate": "a guest with two vCPUs changes rings, indirect tables, headers and frames while the "
              "device serves them",
    "fuzz": "processes do anything to devices from several threads, until they are killed",
    "guided": "sequences of calls and ring contents, kept and changed where they reach new code",
    "failing": "each allocation and each access to user memory fails once in turn",
    "mixed": "checked traffic, moves, migrations, clients by chance and hostile guests at once",
}
"""What each program does, in the order of the page."""

WORDS = {
    "mutations": "ring mutations", "ioctls": "ioctls", "inputs": "inputs", "faults": "faults",
    "frames": "frames checked", "softirq_frames": "of them from a softirq", "moves": "moves",
    "migrations": "migrations", "killed": "processes killed", "processes": "processes",
    "served": "frames served", "broken_rules": "broken rules found", "lost": "lost",
    "corrupt": "changed", "doubled": "doubled", "missing_kib": "KiB missing in the end",
}
"""The figures that are shown, in this order."""

Campaign = dict[str, Any]


def gather(folder: Path) -> list[Campaign]:
    """Every record, in the order of the page."""
    some: list[Campaign] = lines(folder / "campaigns.jsonl")
    return order.sort_by(some, lambda c: [order.rank(c["program"], list(PROGRAMS)), c["kernel"],
                                          c["date"]])


def is_debug(campaign: Campaign) -> bool:
    """Was it the kernel with the detectors?"""
    return str(campaign["kernel"]).endswith("-debug")


def _clean(campaign: Campaign) -> bool:
    return campaign["status"] == 0 and campaign["failed"] == 0


def _figures(campaign: Campaign) -> str:
    found = campaign["figures"]
    return ", ".join(f"{whole(found[k])} {word}" for k, word in WORDS.items() if k in found)


def _rows(some: list[Campaign]) -> str:
    return table(
        ["program", "kernel", "processors", "rounds", "seed", "minutes", "what was tried", "checks",
         "failed", "revision", "day"], "llrrrrlrrll",
        [[c["program"], c["kernel"], c.get("processors", "-"), whole(c["rounds"]), c["seed"],
          fixed(c["seconds"] / 60, 0), _figures(c), whole(c["passed"]),
          whole(c["failed"] + (c["status"] != 0)),
          c["revision"][:12] + (" and changes" if c["dirty"] else ""), c["date"][:10]]
         for c in some])


def total(some: list[Campaign], figure: str, debug: bool) -> int:
    """Of that figure, over all that passed in a debug kernel, or outside of it."""
    return sum(int(c["figures"].get(figure, 0)) for c in some
               if _clean(c) and is_debug(c) == debug)


def _totals(some: list[Campaign]) -> str:
    shown = ["mutations", "ioctls", "inputs", "faults", "frames", "migrations", "killed"]
    return table(["", "in the debug kernel", "in kernels as they are"], "lrr",
                 [[WORDS[f], whole(total(some, f, True)), whole(total(some, f, False))]
                  for f in shown if total(some, f, True) + total(some, f, False)])


def _coverage(folder: Path) -> tuple[str, dict[str, Any]]:
    """By file of kmod/, and of all."""
    path = folder / "coverage.jsonl"
    if not path.is_file():
        return "", {}
    some = sorted(lines(path), key=lambda c: str(c["file"]))
    every = {"sites": sum(c["sites"] for c in some), "hit": sum(c["hit"] for c in some)}
    return table(["file", "places", "reached", "%"], "lrrr",
                 [[c["file"], whole(c["sites"]), whole(c["hit"]),
                   fixed(100 * c["hit"] / c["sites"], 0)] for c in some if c["sites"]]), every


def _share(folder: Path) -> str:
    """How long a frame takes beside a hostile guest, by what that does and by server."""
    path = folder / "share.jsonl"
    if not path.is_file():
        return ""
    some = lines(path)
    names = [*dict.fromkeys(c["server"] for c in some)]
    found = {(c["beside"], c["server"]): c for c in some}
    return table(
        ["beside a guest with", *names], "l" + "r" * len(names),
        [[what.replace("-", " "),
          *(f"{fixed(c['median_us'], 0)} / {fixed(c['longest_us'], 0)}"
            if (c := found.get((what, n))) else "-" for n in names)]
         for what in dict.fromkeys(c["beside"] for c in some)])


def text_of(folder: Path) -> str:
    """The page."""
    some = gather(folder)
    coverage, every = _coverage(folder)
    detectors = lines(folder / "detectors.jsonl") \
        if (folder / "detectors.jsonl").is_file() else []
    return render_text(
        "reliability", programs=[(n, what) for n, what in PROGRAMS.items()
                                 if any(c["program"] == n for c in some)],
        rows=_rows(some), totals=_totals(some),
        alone=any(is_debug(c) and "processors" not in c for c in some), bad=[c for c in some if not _clean(c)],
        coverage=coverage, every=every, share=_share(folder),
        detectors=table(["what was put into the module", "file", "found by", "said"], "llll",
                        [[d["fault"], d["file"], d["program"], f"`{d['says']}`"]
                         for d in detectors]) if detectors else "")


def write(folder: Path) -> Path:
    """The page beside its data."""
    path = folder / PAGE
    path.write_text(text_of(folder), encoding="utf-8")
    return path


def brief() -> str:
    """For the front page: what the record amounts to, in a sentence; empty where there is none."""
    if not (FOLDER / "campaigns.jsonl").is_file():
        return ""
    some = gather(FOLDER)
    parts = [f"{whole(total(some, f, True))} {WORDS[f]}" for f in ("mutations", "ioctls", "faults")
             if total(some, f, True)]
    return " and ".join(p for p in [", ".join(parts[:-1]), parts[-1]] if p) if parts else ""


def is_record(folder: Path) -> bool:
    """Is that folder one of make reliability?"""
    return (folder / "campaigns.jsonl").is_file()
