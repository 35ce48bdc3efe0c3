# SPDX-License-Identifier: GPL-2.0-only
"""Where a run comes from: revision, module, kernel, clock and day; and whether all runs of the
reference come from one revision."""
from __future__ import annotations

from typing import Any

from report.listed import LISTED, title_of
from report.parts import split
from report.run import CLOCKS, Run

Env = dict[str, Any]

DIGITS = 12
"""Of a revision and of a hash: as many as git shows in large trees."""


def revision(env: Env) -> str:
    """In short."""
    name = (env["git"].get("revision") or "none")[:DIGITS]
    return name + (" with uncommitted changes" if env["git"].get("dirty") else "")


def day(env: Env) -> str:
    """On which the run began."""
    return (env["date"] or "no date")[:10]


def _clock(env: Env) -> str:
    """With a word where its times are no real ones."""
    return str(env["clock"]) + (" (emulated)" if env["clock"] == "wall" and env["accel"] == "tcg"
                                else "")


def brief(run: Run) -> str:
    """For a cell of a table."""
    env = run.env
    return (f"{revision(env)}; module {(env['module'].get('sha256') or 'none')[:DIGITS]}; "
            f"Linux {env['kernel']}; {_clock(env)}; {day(env)}")


def sentence(run: Run) -> str:
    """For a page."""
    env = run.env
    return (f"Run of {day(env)}: revision {revision(env)}, module with sha256 "
            f"{(env['module'].get('sha256') or 'none')[:DIGITS]}, Linux {env['kernel']}, {CLOCKS[env['clock']]}.")


def _days(runs: list[Run]) -> str:
    days = sorted({day(r.env) for r in runs})
    return days[0] + (f" to {days[-1]}" if len(days) > 1 else "")


def _title(run: Run) -> str:
    # A title may have commas of its own.
    return f"*{title_of(run.folder.name, LISTED[0].title)}*"


def unity(runs: list[Run]) -> str:
    """One line about all runs of the reference; the first is the reference's own."""
    by_revision: dict[str, list[Run]] = {}
    for run in runs:
        by_revision.setdefault(revision(run.env), []).append(run)
    (name, same), *others = by_revision.items()
    if not others:
        return f"All runs: revision {name}, {_days(same)}."
    return (f"**Not all runs are of one revision.** Revision {name}, {_days(same)}: "
            + ", ".join(_title(r) for r in same) + ". Of other revisions: "
            + "; ".join(f"{', '.join(_title(r) for r in some)} ({other}, {_days(some)})"
                        for other, some in others) + ".")


def mixed(runs: list[Run]) -> str | None:
    """Why runs may not be published together: each names the one clean revision, and for each
    kernel one module."""
    modules: dict[str, tuple[str, str]] = {}
    for run in [one for run in runs for one in split(run)]:
        env = run.env
        if not env["git"].get("revision") or env["git"].get("dirty"):
            return f"{run.name}: it was measured at revision {revision(env)}: measure it again"
        if env["git"]["revision"] != runs[0].env["git"]["revision"]:
            return (f"{run.name}: it was measured at revision {revision(env)}, {runs[0].name} at "
                    f"{revision(runs[0].env)}: measure all of them at one")
        if env["clock"] == "native":
            continue  # the module's sources are in the program, and of that revision
        module = env["module"].get("sha256")
        if not module:
            return f"{run.name}: its env.json names no module: measure it again"
        first, before = modules.setdefault(env["kernel"], (run.name, module))
        if module != before:
            return (f"{run.name}: it was measured with module {module[:DIGITS]}, {first} with "
                    f"{before[:DIGITS]}, both on Linux {env['kernel']}: measure one of them again")
    return None
