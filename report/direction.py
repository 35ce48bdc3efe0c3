# SPDX-License-Identifier: GPL-2.0-only
"""Does the wall clock agree with the gains counted in instructions?

A difference is judged by its sign in the repetitions, each of which measured both sides soon
after one another: a two-sided sign test, as a gain may be contradicted as well as confirmed. All
rows share one level of 5 %, so that a page of noise alone has a finding with at most that chance.
"""
from __future__ import annotations

from typing import Any

from report import ask, control, interval, order, servers
from report.ablation import PLACE, WORDS
from report.page import render, table
from report.run import Point, Run
from report.text import fixed

LEVEL = 0.05
GAIN = 0.01
"""On the instruction clock a smaller difference is not claimed to be a gain."""
LEAST = 5
"""Repetitions below which no sign test says anything."""

Pair = dict[str, Any]


def other_side(point: Point) -> str | None:
    """What vhostlab as it is is compared with: the in-tree module, or vhostlab without
    something."""
    if point["server"] == "intree" and not point["knobs"]:
        return "intree"
    if point["server"] == "vhostlab" and list(point["knobs"]) == ["without"]:
        without = str(point["knobs"]["without"])
        return None if without.startswith("only-") else without
    return None


def _sign(a: float, b: float) -> bool | None:
    """Is it more? A tie says neither."""
    return None if a == b else a > b


def _sample(points: list[Point]) -> dict[str, Any]:
    return {"values": [p["cost_per_packet"] for p in points],
            "by": {str(p["rep"]): p["cost_per_packet"] for p in points}}


def pairs(points: list[Point]) -> list[Pair]:
    """One object a place and other side: the ratio of the medians, and the signs."""
    some = [p for p in points if p["guest"] == "process" and p["guests"] == 1
            and p["sink"] != "check" and p["cost_per_packet"] is not None]
    out = []
    for place in order.group_by(some, order.fields(*PLACE)):
        base = [p for p in place if p["server"] == "vhostlab" and p["knobs"] == {}]
        usual = ask.median(p["cost_per_packet"] for p in base)
        for group in order.group_by(place, other_side):
            name = other_side(group[0])
            if name is None:
                continue
            cost = ask.median(p["cost_per_packet"] for p in group)
            ratio = 0.0 if usual is None else ask.quotient(cost, usual)
            signs = [_sign(p["cost_per_packet"], b["cost_per_packet"])
                     for p in group for b in base if b["rep"] == p["rep"]]
            out.append({k: group[0][k] for k in PLACE} | {
                "other": name, "ratio": ratio, "signs": signs,
                "interval": ask.compare("ratio", _sample(group), _sample(base))})
    return out


def verdict(counted: float, signs: dict[str, Any]) -> str:
    """Agrees, contradicts, or neither."""
    found = signs["p"] <= LEVEL
    more = found and signs["more"] * 2 > signs["n"]
    less = found and not more
    if counted > 1 + GAIN:
        return "agrees" if more else "**contradicts**" if less else "open"
    if counted < 1 - GAIN:
        return "agrees" if less else "**contradicts**" if more else "open"
    return "costs more here" if more else "costs less here" if less else "no gain either"


def judged(found: list[Pair]) -> Pair:
    """Rows, each with its signs and verdict; how many tests that took, and how many repetitions
    each needs to decide anything. What was not counted is not tested."""
    tested = [p for p in found if p["counted"] is not None]
    answer = ask.signs(LEVEL, [p["signs"] for p in tested])
    for pair, signs in zip(tested, answer["rows"]):
        pair |= {"verdict": verdict(pair["counted"], signs), "few": signs["few"]}
    for pair in found:
        have = [s for s in pair["signs"] if s is not None]
        pair |= {"seen": f"{sum(have)} of {len(have)}"}
        pair.setdefault("verdict", "no count")
    return {"rows": found, "tests": len(tested), "needed": answer["needed"],
            "few": sum(p["few"] for p in tested)}


def what(other: str) -> str:
    """The other side in words."""
    return {"intree": "the in-tree module", "all": "without any optimization"}.get(
        other, "without " + WORDS.get(other, other))


def text_of(run: Run, counted_points: list[Point]) -> str:
    """The section of the page: only of a run on the wall clock with enough repetitions."""
    if run.env["clock"] != "wall":
        return ""
    def place(p: Pair) -> Any:
        return order.key([p[k] for k in (*PLACE, "other")])
    counted = {place(p): p["ratio"] for p in pairs(counted_points)}
    all_rows = judged([p | {"counted": counted.get(place(p))} for p in pairs(run.points)
                       if len(p["signs"]) >= LEAST])
    found = all_rows["rows"]
    if not found:
        return ""
    found = order.sort_by(found, lambda p: [servers.workload_rank(p["workload"]), p["sink"],
                                            -(p["counted"] or 0)])
    refusal = control.refusal(run)
    for p in found if refusal else []:
        p["verdict"] = "not judged"
    gains = [p for p in found if p["counted"] is not None and p["counted"] > 1 + GAIN]
    rows = [[p["workload"], p["sink"], p["size"], p["burst"], what(p["other"]),
             fixed(p["counted"], 3),
             fixed(p["ratio"], 3) + interval.ends(p["interval"], lambda v: fixed(v, 3)),
             p["seen"], p["verdict"]]
            for p in found]
    heads = ["workload", "sink", "size", "burst", "compared with vhostlab as it is",
             "instructions", "processor time", "costs more in", "verdict"]
    return render(
        "direction", run, refusal=refusal, table=table(heads, "llrrlrrrl", rows), gains=len(gains),
        tests=all_rows["tests"], needed=all_rows["needed"], few=all_rows["few"],
        agree=sum(p["verdict"] == "agrees" for p in gains),
        contradicted=sum(p["verdict"] == "**contradicts**" for p in found),
        open=sum(p["verdict"] == "open" for p in gains))
