# SPDX-License-Identifier: GPL-2.0-only
"""What each optimization saves, on top of none and as the last one; cells with other settings.

Costs of server vhostlab: all (with every optimization), none (without any), but (with all but this
one), only (with this one alone).
"""
from __future__ import annotations

from typing import Any

from report import ask, control, native_column, order, servers
from report.page import render, table
from report.panels import draw
from report.run import Cell, Run, mid, most
from report.text import fixed, shortest, whole

WORDS = {"array": "arrays", "direct": "one copy", "region": "last region", "ahead": "read ahead",
         "late": "late kicks", "recheck": "re-check", "deliver": "own delivery",
         "window": "one window", "gather": "gathering", "once": "one wake-up", "burst": "bursts",
         "yield": "giving way (shared processor only)"}
NAMES = {"array": "frames go to the tap in arrays",
         "direct": "received frames are copied once, not by the socket",
         "region": "the region of the last address is tried first",
         "ahead": "avail entries are read many at a time",
         "late": "kicks stay waived until the last array is sent",
         "recheck": "the tap is checked again after the guest was called",
         "deliver": "plain frames go to the network stack without the tap's code",
         "window": "descriptors are read with their avail entries, in one access window",
         "gather": "transmitted frames are gathered, many in one access window",
         "yield": "a worker on the guest's processor gives way once before it sleeps; **only where "
                  "guest and server share a processor**",
         "once": "the second frame of a run takes the queue off the tap's wait queue",
         "burst": "received frames are checked and copied many at a time"}
"""Words and names say where an optimization holds only there: no page shows it without that."""
LABELS = {idea: words.replace(" ", r"\n") for idea, words in WORDS.items()} | {
    "gather": r"gather-\ning", "yield": r"giving\nway, shared\nprocessor"}
"""The words, below the bars of a figure."""
KEY = {"alone, on top of none": "#8da0cb", "as the last one": "#fc8d62"}
PLACE = ["workload", "sink", "size", "burst"]

Optimization = dict[str, Any]


def _without(cell: Cell) -> str:
    return str(cell["knobs"].get("without", "none"))


def _own(cells: list[Any]) -> list[Any]:
    """Those, of cells or points, in which nothing but `without` is not as it is by default."""
    return [c for c in cells if c["server"] == "vhostlab" and c["clock"] == "insn"
            and c["guest"] == "process" and c["queues"] == 1 and c["guests"] == 1
            and not set(c["knobs"]) - {"without"}]


def gather(cells: list[Cell]) -> list[Optimization]:
    """One object per optimization and place. Policies have a section of their own (policy)."""
    if any("policy" in c["knobs"] for c in cells):
        return []
    some = _own(cells)
    out = []
    for group in order.group_by(some, order.fields(*PLACE)):
        cost = {_without(c): mid(c, "cost_per_packet") for c in group}
        ideas = sorted({k.removeprefix("only-") for k in cost if k not in ("none", "all")})
        out += [{k: group[0][k] for k in PLACE} | {
            "idea": idea, "all": cost.get("none"), "none": cost.get("all"),
            "but": cost.get(idea), "only": cost.get("only-" + idea)} for idea in ideas]
    return order.sort_by(out, lambda i: [
        servers.workload_rank(i["workload"]), i["sink"], i["size"], i["burst"],
        -_saved_or(i)])


def _saved_or(idea: Optimization) -> float:
    full = idea["all"] or 0
    but = idea["but"] if idea["but"] is not None else full
    return float(but - full)


def minus(a: Any, b: Any) -> Any:
    """The difference, None where one was not measured."""
    return None if a is None or b is None else a - b


Samples = dict[Any, dict[str, Any]]


def _samples(run: Run) -> Samples:
    """The costs of each place and optimization left out, as a comparison takes them."""
    some = [p for p in _own(run.last_points) if p.get("cost_per_packet") is not None]
    return {order.key([*(g[0][k] for k in PLACE), _without(g[0])]): {
        "values": [p["cost_per_packet"] for p in g],
        "by": {str(p["rep"]): p["cost_per_packet"] for p in g}}
        for g in order.group_by(some, lambda p: [*(p[k] for k in PLACE), _without(p)])}


def _ends(idea: Optimization, a: str, b: str, samples: Samples) -> str:
    """Of the whisker of a difference."""
    pair = [samples.get(order.key([*(idea[k] for k in PLACE), k])) for k in (a, b)]
    found = ask.compare("minus", pair[0], pair[1]) if pair[0] and pair[1] else None
    return "- -" if found is None else f"{shortest(found['low'])} {shortest(found['high'])}"


def figure_data(run: Run, ideas: list[Optimization]) -> str:
    """A panel per place, a row per optimization: name, saved alone, saved as the last one, and
    the ends of the whiskers of both."""
    samples = _samples(run)

    def place(i: Optimization) -> list[Any]:
        work = servers.workload_rank(i["workload"])
        return [3 if work is None else work, *(i[k] for k in PLACE)]
    blocks = []
    for group in order.group_by(ideas, place):
        first = group[0]
        name = servers.WORKLOADS.get(first["workload"], first["workload"])
        lines = [f"# panel {name}, {first['size']}-byte frames, burst {first['burst']}",
                 "idea alone last low high low high"]
        lines += [f"\"{LABELS.get(i['idea'], i['idea'])}\" {shortest(minus(i['none'], i['only']))}"
                  f" {shortest(minus(i['but'], i['all']))}"
                  f" {_ends(i, 'all', 'only-' + i['idea'], samples)}"
                  f" {_ends(i, i['idea'], 'none', samples)}" for i in group]
        blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks) + "".join(
        f"\n# key {servers.colour_number(c)} {n}" for n, c in KEY.items() if blocks)


def draw_all(run: Run) -> None:
    """The figure of this section."""
    draw(run, "ablation", "ablation", figure_data(run, gather(run.cells)), run.subtitle(),
         run.figure_unit)


def _settings(cells: list[Cell]) -> list[dict[str, Any]]:
    """Cells with settings other than the default, beside the same cell as it is."""
    some = [c for c in cells if c["guest"] == "process" and c["queues"] == 1 and c["guests"] == 1
            and c["sink"] != "check" and c["cost_per_packet"] is not None]

    def same(c: Cell) -> Any:
        return order.key([c["server"], *(c[k] for k in PLACE)])
    plain = {same(c): mid(c, "cost_per_packet") for c in some if c["knobs"] == {}}
    out = [c | {"name": ", ".join(sorted(c["knobs"])), "plain": plain[same(c)],
                "value": ", ".join(shortest(v) for v in c["knobs"].values())}
           for c in some if c["knobs"] and "without" not in c["knobs"]
           and "trace" not in c["knobs"] and plain.get(same(c)) is not None]
    return order.sort_by(out, lambda c: [
        c["name"], servers.workload_rank(c["workload"]), c["sink"], c["size"], c["burst"],
        servers.rank(c["server"]), list(c["knobs"].values())])


def _settings_table(cells: list[Cell]) -> str:
    found = _settings(cells)
    if not found:
        return ""
    rows = [[c["name"], c["value"], c["workload"], c["sink"], c["size"], c["burst"], c["server"],
             whole(mid(c, "cost_per_packet")), whole(c["plain"]),
             fixed(ask.quotient(mid(c, "cost_per_packet"), c["plain"]), 3), most(c, "lost")]
            for c in found]
    return table(["setting", "value", "workload", "sink", "size", "burst", "server", "cost",
                  "as it is by default", "ratio", "lost"], "lrllrrlrrrr", rows)


def text_of(run: Run) -> str:
    """The section of the page; nothing when the run has no such cells."""
    ideas = gather(run.cells)
    if not ideas:
        return ""
    best = []
    judged = [i for i in ideas if i["but"] is not None and i["all"] is not None
              and not control.refusal(run)]
    for group in order.group_by(judged, order.fields("workload")):
        top = max(reversed(group), key=lambda i: i["but"] - i["all"])
        best.append(top | {"name": NAMES.get(top["idea"], top["idea"]),
                           "times": fixed(ask.quotient(top["but"], top["all"]), 3)})
    rows = [[i["workload"], i["sink"], i["size"], i["burst"], i["idea"],
             NAMES.get(i["idea"], i["idea"]), whole(i["none"]), whole(i["only"]),
             whole(minus(i["none"], i["only"])), whole(i["but"]), whole(i["all"]),
             whole(minus(i["but"], i["all"]))] for i in ideas]
    heads = ["workload", "sink", "size", "burst", "optimization", "what it is", "with none",
             "with it alone", "saved alone", "with all but it", "with all",
             "saved as the last one"]
    align = "llrrllrrrrrr"
    rig = native_column.beside(run) if run.insn else None
    if run.insn:
        heads.append("ns saved as the last one, two processors")
        align += "r"
        rows = [row + [native_column.saved(rig, i)] for row, i in zip(rows, ideas)]
    return render("ablation", run, best=best, table=table(heads, align, rows),
                  rig=rig is not None, settings=_settings_table(run.cells))
