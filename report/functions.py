# SPDX-License-Identifier: GPL-2.0-only
"""Cost per packet by function (knob trace=functions): counted, or from samples.

On the instruction clock each instruction is counted, and the sum is the cost. Runs of before that,
and those on the wall clock, have samples: a function's share of them is its share of the cost that
the same point has without sampling.
"""
from __future__ import annotations

import json
from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.run import Damaged, Point, Run
from report.text import shortest, upper_first, whole

PLACE = ["workload", "sink", "size", "burst"]
RANKS = {"floor": 0, "userspace": 1, "intree": 2, "vhostlab": 3}
SIDES = {"guest": "the guest's thread", "server": "the server's threads", "other": "others"}
NAMED = 0.02
"""A function is named where it is that share of some column."""
CHANGED = 0.005
"""In a difference it is named where it changes the base's cost by that share."""
BASE, OTHER = "intree", "vhostlab"
"""The servers between which a difference is shown."""

Column = dict[str, Any]


def _profiles(run: Run) -> list[tuple[str, int, list[dict[str, Any]]]]:
    out = []
    for path in sorted((run.folder / "raw").glob("*.functions")):
        text = path.read_text(encoding="utf-8")
        if not text:
            continue
        point, _, rep = path.stem.rpartition("-")
        try:
            out.append((point, int(rep), [json.loads(x) for x in text.split("\n") if x.strip()]))
        except ValueError as error:
            raise Damaged(f"{path}: it is damaged: measure again") from error
    return out


def _knobs(point: Point) -> dict[str, Any]:
    return {k: v for k, v in point["knobs"].items() if k != "trace"}


def _costs(samples: list[dict[str, Any]], cost: float) -> list[dict[str, Any]]:
    """Everything of a window but its idle time. The guest's own code is one function, and a
    server's, if it is a process."""
    some = [s for s in samples if s["side"] not in ("idle", "lost")]
    total = sum(s["samples"] for s in some)
    return [{"side": s["side"], "cost": s["samples"] / total * cost,
             "function": (f"own code of the {s['side']}" if s["function"] == "user space"
                          else f"`{s['function']}`")} for s in some]


def _counted(counts: list[dict[str, Any]]) -> Column:
    """Of the counts of one window, whose first line says what was measured."""
    packets = counts[0]["packets"]
    return {"exact": True, "cost": counts[0]["counted"] / packets,
            "clock": counts[0]["clock"] / packets,
            "functions": [{
                "side": c["side"], "cost": c["instructions"] / packets,
                "function": (f"`{c['function']}`" if c["object"] == "kernel"
                             else f"`{c['function']}` ({c['object']})")}
                for c in counts[1:] if c["side"] != "idle"]}


def _sampled(run: Run, one: Point, samples: list[dict[str, Any]]) -> Column | None:
    cost = ask.median(
        p["cost_per_packet"] for p in run.points
        if p["server"] == one["server"] and p["knobs"] == _knobs(one)
        and all(p[k] == one[k] for k in PLACE))
    if cost is None:
        return None
    return {"exact": False, "cost": cost,
            "samples": sum(s["samples"] for s in samples),
            "lost": sum(s["samples"] for s in samples if s["side"] == "lost"),
            "functions": _costs(samples, cost)}


def _columns(run: Run) -> list[Column]:
    out = []
    for point, rep, lines in _profiles(run):
        for one in run.points:
            if one["point"] != point or one["rep"] != rep:
                continue
            found = _counted(lines) if "counted" in lines[0] else _sampled(run, one, lines)
            if found is None:
                continue
            name = one["server"] + "".join(f" {k}={shortest(v)}" for k, v in _knobs(one).items())
            out.append(one | found | {"column": name, "rank": RANKS.get(one["server"], 4)})
    return out


def _sum(column: Column, key: str, name: str) -> float:
    return sum(f["cost"] for f in column["functions"] if f[key] == name)


def _table(columns: list[Column]) -> str:
    names = sorted({f["function"] for c in columns for f in c["functions"]})
    at = {n: [_sum(c, "function", n) for c in columns] for n in names}
    named = [n for n in names
             if any(v / c["cost"] >= NAMED for v, c in zip(at[n], columns))]
    named.sort(key=lambda n: (-at[n][-1], -at[n][0]))
    rows: list[list[str]] = [[n, *map(whole, at[n])] for n in named]
    rows.append(["all others", *(whole(c["cost"] - sum(at[n][i] for n in named))
                                 for i, c in enumerate(columns))])
    rows.append(["**cost**", *(f"**{whole(c['cost'])}**" for c in columns)])
    for side, words in SIDES.items():
        rows.append([f"of it: {words}", *(whole(_sum(c, "side", side)) for c in columns)])
    if columns[0]["exact"]:
        rows.append(["cost by the clock", *(whole(c["clock"]) for c in columns)])
    else:
        rows.append(["samples (lost)", *(f"{c['samples']} ({c['lost']})" for c in columns)])
    return table(["function", *(c["column"] for c in columns)], "l" + "r" * len(columns), rows)


def _named(row: dict[str, Any]) -> str:
    return f"`{row['function']}`" + ("" if row["object"] == "kernel" else f" ({row['object']})")


def _difference(pair: dict[str, Any]) -> str:
    """Where the other server saves, and where it does not."""
    packets = [c["packets"] for c in pair["columns"]]
    sums = [c["counted"] / n for c, n in zip(pair["columns"], packets)]
    named = [r for r in pair["rows"]
             if abs(r["instructions"][1] - r["instructions"][0]) >= CHANGED * sums[0]]
    rest = [total - sum(r["instructions"][i] for r in named) for i, total in enumerate(sums)]
    rows = [[name, whole(a), whole(b), whole(b - a)] for name, a, b in [
        *((_named(r), *r["instructions"]) for r in named), ("all others", *rest)]]
    rows.append(["**cost**", *(f"**{whole(v)}**" for v in (*sums, sums[1] - sums[0]))])
    return table(["function", BASE, OTHER, "difference"], "lrrr", rows)


def _differences(run: Run, columns: list[Column]) -> dict[tuple[Any, ...], str]:
    """By place, of the columns that were counted with the default settings."""
    plain = [{tuple(c[k] for k in PLACE) for c in columns
              if c["exact"] and c["server"] == s and not _knobs(c)} for s in (BASE, OTHER)]
    if not plain[0] & plain[1]:
        return {}
    return {tuple(p["columns"][0][k] for k in PLACE): _difference(p)
            for p in ask.function_differences(run.folder, BASE, OTHER)
            if not p["columns"][0]["knobs"]}


def text_of(run: Run) -> str:
    """The section of the page; nothing when the run has no samples."""
    columns = _columns(run)
    if not columns:
        return ""
    groups = order.group_by(columns, order.fields(*PLACE))
    groups = order.sort_by(groups, lambda g: [
        3 if (r := servers.workload_rank(g[0]["workload"])) is None else r,
        *(g[0][k] for k in PLACE[1:])])
    tables = []
    differences = _differences(run, columns)
    for group in groups:
        firsts = [g[0] for g in order.group_by(group, lambda c: c["column"])]
        own = order.sort_by(firsts, lambda c: [c["rank"], c["column"]])
        tables.append({"of": own[0], "table": _table(own), "difference": differences.get(
            tuple(own[0][k] for k in PLACE))})
    return render("functions", run, tables=tables, unit_first=upper_first(run.unit),
                  exact=columns[0]["exact"], base=BASE, other=OTHER)
