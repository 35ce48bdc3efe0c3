# SPDX-License-Identifier: GPL-2.0-only
"""Templates to text. A section is a list of blocks; each block ends with an empty line."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jinja2

from report import servers, text
from report.ask import ROOT
from report.run import Run

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(ROOT / "report/templates"), trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
_environment.filters.update(
    whole=text.whole, brief=text.brief, cell=text.cell_text, fixed=text.fixed,
    shortest=text.shortest, upper_first=text.upper_first)


def render(template: str, run: Run, **values: Any) -> str:
    """One template with the run and these values; never with a statistic to compute."""
    return _environment.get_template(template + ".md.j2").render(
        run=run, env=run.env, unit=run.unit, rank=servers.rank, figure=figure_of(run), **values)


def render_text(template: str, **values: Any) -> str:
    """One template that is of no run."""
    return _environment.get_template(template + ".md.j2").render(**values)


NARROW = 800
"""Screens that are no wider, in pixels, get the figures whose panels stand one below the other."""


def figure_of(run: Run) -> Callable[[str, str], str]:
    """A function from a figure's name and caption to the lines that show it, and say what it
    leaves out; what would show nothing was not drawn, and they say so."""
    def shown(name: str, caption: str) -> str:
        missing = "; ".join(run.left_out.get(name, []))
        if not run.has(name):
            return f"No figure \"{caption}\": {missing}." if missing else ""
        image = f"![{caption}]({run.figures}/{name}.svg)"
        if run.has(name, "figures-narrow"):
            image = (f'<picture><source media="(max-width: {NARROW}px)" '
                     f'srcset="{run.figures}-narrow/{name}.svg">{image}</picture>')
        return image + (f"\n\nLeft out of the figure: {missing}." if missing else "")
    return shown


def table(heads: Iterable[str], align: str, rows: Iterable[Iterable[Any]]) -> str:
    """A table: headings, a letter each for how they are aligned (l or r), rows of text."""
    rules = "".join({"l": "---|", "r": "--:|"}[a] for a in align)
    out = ["| " + " | ".join(heads) + " |", "|" + rules]
    out += ["| " + " | ".join(text.shortest(c) for c in row) + " |" for row in rows]
    return "\n".join(out) + "\n"
