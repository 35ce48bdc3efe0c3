# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts on published claims, by the rules in configs/claims.json.

A case holds, fails, or is open: open when the interval of a median lies on both sides of what
it is judged by, or when it was measured so few times on the wall clock that there is none. Nothing
is compared across runs.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from report import ask, order
from report.run import Cell, Point, Run

Case = dict[str, Any]
Holds = bool | None

METRICS = ["cost_per_packet", "above_floor_per_packet", "syscalls_per_packet",
           "kicks_per_packet", "calls_per_packet", "latency_p50", "latency_p99", "latency_p999"]
DERIVED = ["rate", "latency_mean", "lost_share", "bits_per_second", "transactions_per_second"]
COUNTS = ["syscalls_per_packet"]
"""Of one packet under way it is the same each time. Kicks and calls are not: whether one is
needed depends on which side is ahead."""
IDENTITY = ["server", "guest", "workload", "size", "burst", "queues", "guests", "sink", "knobs",
            "clock", "accel", "policy"]
FIELDS = ["workload", "sink", "guest", "size", "burst", "queues", "guests", "server"]
USUAL = {"guest": "process", "queues": 1, "guests": 1, "sink": "stack"}
"""What a cell is like where neither claim nor check says anything."""
EPSILON = 1e-9
ENOUGH = 6
"""Repetitions below which no interval holds a median with 95 %: on the clock that scatters they
decide nothing."""


def _value(point: Point, metric: str) -> Any:
    """A metric of one repetition: of the contract, or what follows from it."""
    if metric == "rate":
        return ask.quotient(point["packets"], point.get("seconds"))
    if metric == "latency_mean":
        # Each guest has one round trip under way, all the time.
        return (ask.quotient(point["seconds"] * 1e9 * point["guests"], point["packets"])
                if point["workload"] == "rr" and point.get("seconds") else None)
    if metric == "lost_share":
        lost = point.get("lost")
        return None if lost is None else ask.quotient(lost, point["packets"] + lost)
    if metric in DERIVED:
        return (point.get("detail") or {}).get(metric)
    return point.get(metric)


def _once(cell: Cell, metric: str, values: list[float]) -> bool:
    """A real guest repeats to 1 % or worse even on the instruction clock; measured once, what is
    not counted decides nothing."""
    return (cell["guest"] != "process" and cell["clock"] == "insn" and metric not in COUNTS
            and len(values) < 2)


def cells_of(run: str, points: list[Point]) -> list[Cell]:
    """The cells of a run as claims see them: of every metric the sample of the repetitions."""
    last = [g[-1] for g in order.group_by(points, order.fields("point", "rep"))]
    out = []
    for reps in order.group_by(last, order.fields(*IDENTITY)):
        cell: Cell = {"run": run} | {k: reps[0].get(k) for k in IDENTITY}
        cell["m"] = {}
        for metric in METRICS + DERIVED:
            have = {str(p["rep"]): v for p in reps if (v := _value(p, metric)) is not None}
            values = [v for p in reps if (v := _value(p, metric)) is not None]
            found = ask.sample(values) if not _once(cell, metric, values) else None
            cell["m"][metric] = None if found is None else found | {"values": values, "by": have}
        out.append(cell)
    return out


class Judge:
    """Judges by what a knob is that a point does not name."""

    def __init__(self, defaults: dict[str, Any]):
        self.defaults = defaults

    def value_of(self, cell: Cell, name: str) -> Any:
        """What a cell has under a name, knobs at their default included."""
        if name.startswith("knob."):
            knob = name.removeprefix("knob.")
            if knob == "policy" and cell.get("policy") is not None:
                return cell["policy"]
            return cell["knobs"].get(knob, self.defaults.get(knob))
        return cell.get(name)

    def fits(self, cell: Cell, where: dict[str, Any], free: Collection[str]) -> bool:
        """Are the fields as `where` says, and all knobs not named at their defaults?"""
        named = {f"knob.{k}" for k in cell["knobs"]} - set(where) - set(free)
        return not named and all(one_of(self.value_of(cell, k), v) for k, v in where.items())

    def compared(self, cells: list[Cell], compare: dict[str, Any] | None,
                 metric: str) -> list[Cell]:
        """Pairs of cells that differ in one field only, as one cell: ratio or difference."""
        if compare is None:
            return cells
        field, how = compare["field"], compare["as"]
        out = []
        for group in order.group_by(cells, lambda c: rest(c, field)):
            left = [c for c in group if one_of(self.value_of(c, field), compare["a"])]
            right = [c for c in group if one_of(self.value_of(c, field), compare["b"])]
            for a in left:
                for b in right:
                    if a["m"][metric] is None or b["m"][metric] is None:
                        continue
                    found = ask.compare(how, a["m"][metric], b["m"][metric])
                    if found is None:
                        continue
                    sign = {"ratio": "/", "minus": "-"}[how]
                    pair = f"{self.value_of(a, field)} {sign} {self.value_of(b, field)}"
                    out.append(a | {"pair": pair, "m": {metric: found}})
        return out

    def trend_cases(self, cells: list[Cell], metric: str, trend: dict[str, Any]) -> list[Case]:
        """Rows of cells along a field: how their medians go."""
        along = trend["along"]
        out = []
        for group in order.group_by(cells, lambda c: [rest(c, along), c.get("pair")]):
            row = order.sort_by([c for c in group if c["m"].get(metric) is not None],
                                lambda c: self.value_of(c, along))
            if len(row) < (3 if trend["is"] in ("dip", "peak") else 2):
                continue
            y = [_above(c["m"][metric], trend.get("floor")) for c in row]
            unsure = any(few(c, metric) for c in row)
            out.append({"cell": _bare(row[0]), "along": along, "few": unsure,
                        "n": [c["m"][metric]["n"] for c in row],
                        "x": [self.value_of(c, along) for c in row],
                        "show": [c["m"][metric]["median"] for c in row],
                        "ends": [[c["m"][metric][k] for k in ("low", "high")] for c in row],
                        "holds": None if unsure else _trend(y, trend)})
        return out

    def check(self, claim: dict[str, Any], check: dict[str, Any],
              cells: list[Cell]) -> dict[str, Any]:
        """One check with its cases."""
        compare, trend = check.get("compare"), check.get("trend")
        free = [compare["field"] if compare else None, trend["along"] if trend else None]
        own = (claim.get("where") or {}) | (check.get("where") or {})
        # A field that a check compares or runs along may have any value.
        where = {k: v for k, v in (USUAL | own).items() if k not in free or k in own}
        named = [f for f in free if f is not None]
        some = self.compared([c for c in cells if self.fits(c, where, named)], compare,
                             check["metric"])
        cases = (self.trend_cases(some, check["metric"], trend) if trend
                 else _value_cases(some, check))
        return check | {"cases": cases}

    def tested(self, claim: dict[str, Any], cells: list[Cell]) -> Holds:
        """Did what the claim is about happen at all, in any repetition? None: not measured."""
        needed = claim["tested"]
        where = USUAL | (claim.get("where") or {}) | (needed.get("where") or {})
        found = [m for c in cells if self.fits(c, where, [])
                 and (m := c["m"].get(needed["metric"])) is not None]
        return any(m["max"] > EPSILON for m in found) if found else None

    def judge(self, claims: list[dict[str, Any]], cells: list[Cell]) -> list[dict[str, Any]]:
        """The claims, each with its verdict, why, and the cases that led to it."""
        out = []
        for claim in claims:
            some = [c for c in cells if one_of(c["clock"], claim["clock"])
                    and one_of(c["accel"], claim.get("accel") or c["accel"])]
            judged = [self.check(claim, check, some) for check in claim["checks"]]
            verdict, because = self.verdict(claim, judged, some)
            out.append(claim | {"judged": judged, "verdict": verdict, "because": because})
        return out

    def verdict(self, claim: dict[str, Any], judged: list[dict[str, Any]],
                cells: list[Cell]) -> tuple[str, str]:
        """The word, and the reason of one that is not simply yes or no."""
        cases = [case for check in judged for case in check["cases"]]
        holds = [case["holds"] for case in cases]
        if claim.get("word"):
            return claim["word"]["is"], claim["word"]["why"]
        if not cells:
            return "not measurable with this clock", claim.get("blind") or ""
        if claim.get("tested") and self.tested(claim, cells) is False:
            return "nothing shown", (f"{claim['tested']['metric']} is 0 in every repetition of "
                                     "every server: what the claim is about did not happen")
        if False in holds:
            return "not reproduced", ""
        if any(not check["cases"] for check in judged):
            return "no data", ""
        if None in holds:
            return "open", _why_open([c for c in cases if c["holds"] is None])
        if all(_made_here(check) for check in judged):
            return "by construction", ("these are system calls of the bench's own server, which "
                                       "was written to make them")
        return "reproduced", ""


def one_of(value: Any, wanted: Any) -> bool:
    """Is it that, or among those?"""
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def rest(cell: Cell, name: str) -> dict[str, Any]:
    """All that tells one cell from another, without the field of that name."""
    out = {"run": cell["run"], "clock": cell["clock"]}
    out |= {f: cell.get(f) for f in FIELDS if f != name}
    return out | {f"knob.{k}": v for k, v in cell["knobs"].items() if f"knob.{k}" != name
                  and k != name}


def few(cell: Cell, metric: str) -> bool:
    """Too few repetitions of the clock that scatters?"""
    value = cell["m"].get(metric)
    return (cell["clock"] == "wall" and metric not in COUNTS and value is not None
            and value["n"] < ENOUGH)


def _why_open(cases: list[Case]) -> str:
    """Why some cases are neither yes nor no."""
    counts = [n for c in cases if c["few"] for n in c["n"]]
    words = [] if all(c["few"] for c in cases) else ["an interval contains the bound"]
    if counts:
        span = str(min(counts)) + (f" to {max(counts)}" if max(counts) > min(counts) else "")
        words.append(f"{span} repetition{'s' if span != '1' else ''} of the wall clock, which "
                     f"scatters, decide nothing: no interval holds a median with 95 % below "
                     f"{ENOUGH}")
    return "; ".join(words)


def _made_here(check: dict[str, Any]) -> bool:
    """Is it about system calls of the bench's own programs alone?"""
    return check["metric"] == "syscalls_per_packet" and all(
        case["cell"]["guest"] == "process" for case in check["cases"])


def _bare(cell: Cell) -> Cell:
    return {k: v for k, v in cell.items() if k != "m"}


def _above(value: dict[str, Any], floor: float | None) -> dict[str, Any]:
    """What lies below the floor is not told apart."""
    if floor is None:
        return value
    return value | {k: max(value[k], floor) for k in ("low", "high", "median")}


def _direction(value: dict[str, Any], word: str, at: float) -> Holds:
    """Is it less, or more, than that? Certainly, certainly not, or None."""
    below, above = value["high"] < at - EPSILON, value["low"] > at + EPSILON
    not_below, not_above = value["low"] >= at - EPSILON, value["high"] <= at + EPSILON
    yes, no = {"less": (below, not_below), "more": (above, not_above),
               "no less": (not_below, below), "no more": (not_above, above)}[word]
    return True if yes else False if no else None


def _within(value: dict[str, Any], bounds: dict[str, Any]) -> Holds:
    """Does it lie in the bounds?"""
    low = bounds.get("from", float("-inf")) - EPSILON
    high = bounds.get("to", float("inf")) + EPSILON
    if value["low"] >= low and value["high"] <= high:
        return True
    return False if value["high"] < low or value["low"] > high else None


def _value_cases(cells: list[Cell], check: dict[str, Any]) -> list[Case]:
    """Every cell by itself: its value lies in the bounds, or to one side of being alike."""
    metric, how = check["metric"], (check.get("compare") or {}).get("as")
    out = []
    for cell in cells:
        v = cell["m"].get(metric)
        if v is None:
            continue
        holds = (None if few(cell, metric)
                 else _direction(v, check["is"], 1 if how == "ratio" else 0) if "is" in check
                 else _within(v, check["value"]))
        out.append({"cell": _bare(cell), "show": [v["median"]], "n": [v["n"]],
                    "few": few(cell, metric), "holds": holds})
    return out


def _reaches(a: dict[str, Any], b: dict[str, Any], factor: float) -> Holds:
    """Is the first that many times the second, at least? Certainly, certainly not, or None."""
    if a["low"] >= factor * b["high"]:
        return True
    return False if a["high"] < factor * b["low"] else None


def _all(values: Iterable[Holds]) -> Holds:
    """What is not known decides nothing where the others do."""
    some = list(values)
    return False if False in some else None if None in some else True


def _any(values: Iterable[Holds]) -> Holds:
    some = list(values)
    return True if True in some else None if None in some else False


def _rises(y: list[dict[str, Any]], slack: float, least: float) -> Holds:
    """A row that rises ends higher by the factor, and no step goes down farther than the slack.
    A step of which that is not known counts as its medians."""
    steps: list[Holds] = []
    for before, after in zip(y, y[1:]):
        step = _reaches(after, before, 1 - slack)
        if step is None and after["median"] >= before["median"] * (1 - slack):
            step = True
        steps.append(step)
    return _all([*steps, _ends_apart(y[0], y[-1], least)])


def _ends_apart(first: dict[str, Any], last: dict[str, Any], least: float) -> Holds:
    """Is the last one higher by the factor? By which one is not said: is it higher?"""
    if least == 1:
        return (True if last["low"] > first["high"] + EPSILON
                else False if last["high"] <= first["low"] + EPSILON else None)
    return _reaches(last, first, least)


def _trend(y: list[dict[str, Any]], trend: dict[str, Any]) -> Holds:
    slack, least = trend.get("slack", 0.01), trend.get("least", 1)
    match trend["is"]:
        case "rising":
            return _rises(y, slack, least)
        case "falling":
            return _rises(y[::-1], 1 - 1 / (1 + slack), least)
        case "flat":
            return _all(_reaches(a, b, 1 / (1 + slack)) for a in y for b in y)
        case "dip":
            return _any(_all([_ends_apart(a, y[0], least), _ends_apart(a, y[-1], least)])
                        for a in y[1:-1])
        case "peak":
            return _any(_all([_ends_apart(y[0], a, least), _ends_apart(y[-1], a, least)])
                        for a in y[1:-1])
        case "ends higher":
            return _ends_apart(y[0], y[-1], least)
        case "ends lower":
            return _ends_apart(y[-1], y[0], least)
        case "less somewhere":
            return _any(_direction(a, "less", 1) for a in y)
    raise ValueError(f"claims: trend {trend['is']}: not known")


def judge_runs(runs: list[Run], claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The claims against a run and those that stand beside it."""
    cells = [c for r in runs for c in cells_of(r.env["experiment"], r.points)]
    return Judge(ask.defaults()).judge(claims, cells)
