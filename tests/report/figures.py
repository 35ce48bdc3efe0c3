# SPDX-License-Identifier: GPL-2.0-only
"""What every figure must have, checked in the SVG and its data. VHOSTLAB_FIGURES names another
folder than the reference."""
from __future__ import annotations

import html
import itertools
import os
import re
import unittest
from dataclasses import dataclass
from pathlib import Path

import tap

from report import ablation, guest_figures, servers, stages

REFERENCE = Path(os.environ.get("VHOSTLAB_FIGURES", tap.ROOT / "results/reference"))
PHONE = 390
ROOM = 360
"""Of a screen that is 390 pixels wide a figure has that much; the rest is the page's margin."""
READABLE = 9
LETTER = 0.54
"""Width of a letter of the figures' font, as part of its size: rather too small than too large."""
PLACED = re.compile(r'<g transform="translate\(([-\d.]+),([-\d.]+)\)( rotate\([-\d.]+\))?"[^>]*?'
                    r'font-size="([\d.]+)"[^>]*?text-anchor="(\w+)"[^>]*>\s*<text>(.*?)</text>',
                    re.S)
KINDS = ("figures", "figures-narrow")
SHARE = {"start": 0.0, "middle": 0.5, "end": 1.0}


@dataclass
class Text:
    """One text of a figure, and the box it is in."""

    words: str
    size: float
    left: float
    right: float
    y: float
    turned: bool


def figures(kind: str = "figures") -> list[Path]:
    """All of the reference."""
    return sorted(p for folder in REFERENCE.rglob(kind) for p in folder.glob("*.svg"))


def texts(svg: str) -> list[Text]:
    """Those that gnuplot placed."""
    out = []
    for x, y, turned, size, anchor, words in PLACED.findall(svg):
        plain = html.unescape(words).strip()
        width = len(plain) * LETTER * float(size)
        left = float(x) - SHARE[anchor] * width
        if plain:
            out.append(Text(plain, float(size), left, left + width, float(y), bool(turned)))
    return out


def width_of(svg: str) -> float:
    """Of the picture."""
    found = re.search(r'<svg[^>]*\bwidth="([\d.]+)"', svg)
    assert found is not None
    return float(found[1])


def said(svg: str) -> str:
    """All words of a figure."""
    return html.unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)))


def short(path: Path) -> str:
    """Its name in a message."""
    return str(path.relative_to(REFERENCE))


# Machado, Oliveira and Fernandes (2009), severity 1, of linear RGB.
SEEN = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881))}


def lab(colour: str, how: str) -> tuple[float, float, float]:
    """A colour in CIELAB, as it is seen."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    r, g, b = (min(1, max(0, sum(m * c for m, c in zip(row, linear)))) for row in SEEN[how])
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(a: str, b: str, how: str) -> float:
    """Of two colours; about 2 can just be told apart side by side."""
    return sum((p - q) ** 2 for p, q in zip(lab(a, how), lab(b, how))) ** 0.5


def palette(script: str) -> list[str]:
    """The colours a script of plots/ has for servers."""
    style = (tap.ROOT / "plots" / script).read_text(encoding="utf-8")
    found = re.search(r"^array colour.*= \[(.*)\]$", style, re.M)
    assert found is not None
    return re.findall(r"#[0-9a-f]{6}", found[1])


class Every(unittest.TestCase):
    def each(self, kinds: tuple[str, ...] = KINDS) -> list[tuple[Path, str]]:
        found = [(p, p.read_text(encoding="utf-8")) for k in kinds for p in figures(k)]
        self.assertGreater(len(found), 40 * len(kinds))
        return found

    def none(self, bad: list[str]) -> None:
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_has_a_second_rendering_for_narrow_screens(self) -> None:
        narrow = {(p.parent.parent, p.name) for p in figures("figures-narrow")}
        self.none([short(p) for p, _ in self.each(("figures",))
                   if (p.parent.parent, p.name) not in narrow])

    def test_says_n_and_the_spread(self) -> None:
        spread = re.compile(r"repeats to|whiskers:|differ by|n = 1\b(?! to)")
        self.none([short(p) for p, svg in self.each()
                   if not re.search(r"\bn = \d", said(svg)) or not spread.search(said(svg))])

    def test_names_its_clock_and_emulated_time(self) -> None:
        self.none([short(p) for p, svg in self.each()
                   if not re.search("instruction clock|wall clock|native rig", said(svg))
                   or ("wall clock, tcg" in said(svg)
                       and not re.search("emulated.{0,9}time", said(svg)))])

    def test_text_can_be_read(self) -> None:
        bad = []
        for path, svg in self.each():
            narrow = path.parent.name == "figures-narrow"
            scale = min(1, ROOM / width_of(svg)) if narrow else 1
            least = min(float(s) for s in re.findall(r'font-size="([\d.]+)"', svg)) * scale
            if least < (READABLE if narrow else 10.5):
                bad.append(f"{short(path)}: {least:.1f} px")
        self.none(bad)

    def test_no_text_is_cut_off(self) -> None:
        self.none([f"{short(p)}: {t.words}" for p, svg in self.each() for t in texts(svg)
                   if not t.turned and (t.left < 0 or t.right > width_of(svg))])

    def test_no_text_overlaps_another(self) -> None:
        bad = []
        for path, svg in self.each():
            level = [t for t in texts(svg) if not t.turned]
            bad += [f"{short(path)}: {a.words} / {b.words}"
                    for a, b in itertools.combinations(level, 2)
                    if abs(a.y - b.y) < 0.6 * min(a.size, b.size)
                    and min(a.right, b.right) - max(a.left, b.left) > 1]
        self.none(bad)

    def test_has_no_panel_of_one_value_or_of_zeros(self) -> None:
        bad = []
        for path, _ in self.each(("figures",)):
            own = path.with_suffix(".dat")
            if not own.is_file():
                continue
            for block in own.read_text(encoding="utf-8").split("\n\n\n"):
                rows = re.search(r"^# panel ([^\n]*)\nx ([^\n]*)\n(.*)", block, re.M | re.S)
                if rows is None or " total " in rows[2] or " to " in rows[2]:
                    continue
                names = [n for n in rows[2].split() if ":" not in n]
                values = [v for line in rows[3].splitlines() if not line.startswith("#")
                          for v in re.sub('"[^"]*"', "x", line).split()[1:len(names) + 1]
                          if v != "-"]
                if len(values) < 2 or all(float(v) == 0 for v in values):
                    bad.append(f"{short(path)}: {rows[1]}")
        self.none(bad)


class Colours(unittest.TestCase):
    def apart(self, colours: list[str], least: float) -> None:
        close = [f"{a} {b} {how} {d:.1f}" for a, b in itertools.combinations(colours, 2)
                 for how in SEEN if (d := distance(a, b, how)) < least]
        self.assertEqual(close, [])

    def test_servers(self) -> None:
        self.apart(palette("style.gp"), 25)

    def test_threading_models(self) -> None:
        self.apart(palette("models.gp"), 25)

    def test_parts_of_bars(self) -> None:
        self.apart([*guest_figures.PALETTE, f"#{guest_figures.REST_COLOUR:06x}"], 25)

    def test_optimizations(self) -> None:
        self.apart(list(ablation.KEY.values()), 25)

    def test_stages(self) -> None:
        # Shades of grey are steps of one scale, in the order in which they are stacked.
        self.apart([f"#{c:06x}" for c in stages.COLOURS.values()], 15)
        self.assertEqual(len(servers.colours()), len(servers.ALL))


if __name__ == "__main__":
    tap.main()
