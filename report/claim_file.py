# SPDX-License-Identifier: GPL-2.0-only
"""configs/claims.json: read, and refused where a claim does not say what its verdict rests on or
has a bound that its source does not give."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from report.ask import ROOT
from report.run import Damaged

Claim = dict[str, Any]
Check = dict[str, Any]

PATH = ROOT / "configs/claims.json"
JUDGEMENTS = ["other system", "not built"]
"""Words that no data can lead to: the claim has them, with the reason."""
DIRECTIONS = ["less", "more", "no less", "no more"]
TRENDS = ["rising", "falling", "flat", "dip", "peak", "less somewhere", "ends higher",
          "ends lower"]
TEXTS = ["id", "title", "config", "source", "claimed", "method", "shape", "rests"]
"""What every claim says, in words. `method`: how the source measured; `rests`: what the verdict
here rests on, and what it leaves out."""
FIELDS = {*TEXTS, "clock", "accel", "blind", "where", "tested", "checks", "word", "unchanged"}
CHECK_FIELDS = {"metric", "where", "compare", "is", "value", "trend", "words", "keep"}
ACCELS = ["tcg", "kvm", "bare"]


def _word_faults(claim: Claim) -> list[str]:
    word = claim.get("word")
    if word is None:
        return [] if claim.get("checks") else ["it has neither checks nor a word"]
    if not isinstance(word, dict) or word.get("is") not in JUDGEMENTS:
        return [f"its word is none of: {', '.join(JUDGEMENTS)}"]
    return [] if word.get("why") else [f"its word \"{word['is']}\" has no reason: why"]


def _bound(check: Check) -> bool:
    """Does a number decide, other than which of two values is the larger?"""
    trend, value = check.get("trend") or {}, check.get("value")
    return value is not None or any(k in trend for k in ("least", "slack"))


def _check_faults(check: Check) -> list[str]:
    unknown = sorted(set(check) - CHECK_FIELDS)
    if unknown:
        return [f"a check has an unknown field: {unknown[0]}"]
    if sum(k in check for k in ("is", "value", "trend")) != 1:
        return ["a check needs one of: is, value, trend"]
    if "is" in check and check["is"] not in DIRECTIONS:
        return [f"a check is {check['is']}; allowed: {', '.join(DIRECTIONS)}"]
    if "trend" in check and check["trend"].get("is") not in TRENDS:
        return [f"a trend is {check['trend'].get('is')}; allowed: {', '.join(TRENDS)}"]
    if _bound(check) and not check.get("words"):
        return [f"the bound of {check['metric']} is not its source's: words (what the source "
                "says), or a direction (is)"]
    return []


def _faults(claim: Claim) -> list[str]:
    missing = [f"it has no {t}" for t in TEXTS if not str(claim.get(t) or "").strip()]
    unknown = [f"unknown field: {k}" for k in sorted(set(claim) - FIELDS)]
    accel = [f"accel: {a}; allowed: {', '.join(ACCELS)}" for a in claim.get("accel") or []
             if a not in ACCELS]
    if claim.get("accel") and not claim.get("blind"):
        accel.append("it has no blind: why another machine's clock cannot see it")
    checks = [f for check in claim.get("checks") or [] for f in _check_faults(check)]
    return missing + unknown + accel + _word_faults(claim) + checks


def checked(claims: list[Claim], path: Path = PATH) -> list[Claim]:
    """The claims, all of them complete."""
    for claim in claims:
        for fault in _faults(claim):
            raise Damaged(f"{path}: claim {claim.get('id', '?')}: {fault}")
    return claims


def load(path: Path = PATH) -> list[Claim]:
    """The claims of the tree."""
    return checked(json.loads(path.read_text(encoding="utf-8"))["claims"], path)
