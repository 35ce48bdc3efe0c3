# SPDX-License-Identifier: GPL-2.0-only
"""A page of Markdown as one self-contained page of HTML, its figures inline."""
from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

from report.ask import ROOT

IMAGE = re.compile(r'(?:<picture>\s*<source\b[^>]*?srcset="(?P<narrow>[^"]+\.svg)"[^>]*>\s*)?'
                   r'<img\b[^>]*?src="(?P<wide>[^"]+\.svg)"[^>]*>(?(narrow)\s*</picture>)')


def _inline(svg: str, prefix: str) -> str:
    """A figure in the page, so that its hover text works; its names are its own."""
    text = re.sub(r"^.*?(?=<svg\b)", "", svg, count=1, flags=re.S)
    text = re.sub(r"""\bid=(["'])([^"']+)\1""", rf'id="{prefix}-\2"', text)
    text = re.sub(r"""href=(["'])#([^"']+)\1""", rf'href="#{prefix}-\2"', text)
    text = re.sub(r"url\((['\"]?)#([^)'\"]+)\1\)", rf"url(#{prefix}-\2)", text)
    width = re.search(r'<svg\b[^>]*?\bwidth="(\d+)', text)
    if width is not None and "viewBox" in text[:1000]:
        # It shrinks with the page, and is never larger than it was drawn.
        text = re.sub(r'(<svg\b[^>]*?)\s+width="[^"]*"\s+height="[^"]*"',
                      rf'\1 style="width:100%;max-width:{width[1]}px;height:auto"', text, count=1)
    return text


def page_of(markdown: Path, title: str) -> str:
    """The page; figures are found from the folder of the Markdown."""
    style = f"<style>\n{(ROOT / 'plots/report.css').read_text(encoding='utf-8')}</style>\n"
    done = subprocess.run(
        ["pandoc", "--standalone", "--from", "gfm", "--to", "html5", "--toc", "--toc-depth", "2",
         "--wrap=none", "--metadata", f"pagetitle={title}", "--variable", "document-css=false",
         "--include-in-header", "/dev/stdin", markdown],
        input=style, stdout=subprocess.PIPE, text=True, check=True)
    count = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        drawn = {}
        for kind, name in found.groupdict().items():
            path = markdown.parent / html.unescape(name or "")
            if path.is_file():
                drawn[kind] = _inline(path.read_text(encoding="utf-8"), f"f{count}{kind[0]}")
        if "wide" not in drawn:
            return found[0]
        caption = re.search(r'alt="([^"]*)"', found[0])
        # Of the two the style shows the one for the screen.
        both = ("".join(f'<span class="{kind}">{svg}</span>' for kind, svg in drawn.items())
                if "narrow" in drawn else drawn["wide"])
        return (f'<span class="figure" role="img" aria-label="{caption[1] if caption else ""}">'
                f"{both}</span>")
    return IMAGE.sub(replaced, done.stdout)
