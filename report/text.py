# SPDX-License-Identifier: GPL-2.0-only
"""Numbers as text, the same on every machine."""
from __future__ import annotations

import math
from typing import Any

Number = int | float


def fixed(value: Number | None, digits: int) -> str:
    """With that many decimals, rounded half up; "-" for what was not measured."""
    if value is None:
        return "-"
    scale = 10**digits
    scaled = math.floor(abs(float(value)) * scale + 0.5)
    sign = "-" if value < 0 and scaled else ""
    head, tail = divmod(scaled, scale)
    return f"{sign}{head}" + (f".{tail:0{digits}d}" if digits else "")


def whole(value: Number | None) -> str:
    """Without decimals."""
    return fixed(value, 0)


def brief(value: Number | None) -> str:
    """Four decimals at most, without the zeros behind."""
    text = fixed(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text else text


def shortest(value: Any) -> str:
    """A number with the fewest digits that give it back; text as it is; "-" for null."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) < 1e17:
        return str(int(value))
    return repr(float(value))


def round_away(value: Number) -> int:
    """To the next whole number, halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def cell_text(text: Any) -> str:
    """Text that may stand in a cell of a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def anchor(heading: str) -> str:
    """The name by which a link finds a heading of a page, as hosts of Markdown make it."""
    kept = "".join(c for c in heading.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def upper_first(text: str) -> str:
    """For the beginning of a sentence."""
    return text[:1].upper() + text[1:]
