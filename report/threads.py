# SPDX-License-Identifier: GPL-2.0-only
"""Threading models: one thread a device, one a queue, a work item for all, a shared pool."""
from __future__ import annotations

from typing import Any

from report import ask, control, interval, order, servers, winners
from report.page import render, table
from report.run import Cell, Run
from report.scaling import by_server, name_of, only, questions, value
from report.text import fixed, upper_first, whole

MODELS = ["device", "queue", "workqueue", "shared", "caller"]
COLUMNS = ["userspace", "uring", "intree", *MODELS]
NEAR = 1.01
"""What costs less than this times the least counts as cheapest, too."""

Row = dict[str, Any]


Pair = tuple[str, str]
"""Two models, the first of which costs more."""


def _sample(cell: Cell, name: str) -> winners.Samples:
    return {"values": list(cell["by"][name].values()), "by": cell["by"][name]}


def apart(run: Run, groups: list[list[Row]], name: str = "cost") -> list[list[set[Pair]]]:
    """Of each group and row, the models that are told apart. All pairs are one family."""
    asked = []
    for rows in groups:
        for row in rows:
            have = [m for m in MODELS if value(row, m, name) is not None]
            asked += [(row, a, b) for a in have for b in have
                      if value(row, a, name) > value(row, b, name)]
    said = winners.judged(run, [(_sample(r[a], name), _sample(r[b], name)) for r, a, b in asked])
    told: dict[int, set[Pair]] = {}
    for (row, a, b), answer in zip(asked, said):
        if answer["differ"]:
            told.setdefault(id(row), set()).add((a, b))
    return [[told.get(id(row), set()) for row in rows] for rows in groups]


def cheapest(row: Row, told: set[Pair], insn: bool) -> list[str]:
    """The models that no other one is told to be cheaper than; on the instruction clock also
    those near the least."""
    costs = {m: c for m in MODELS if (c := value(row, m, "cost")) is not None}
    least = min(costs.values(), default=0)
    return [m for m, c in costs.items()
            if not any(a == m for a, _ in told) or (insn and c <= least * NEAR)]


def present(rows: list[Row]) -> list[str]:
    """The columns a table needs."""
    return [c for c in COLUMNS if any(c in row for row in rows)]


def winners_text(rows: list[Row], told: list[set[Pair]], insn: bool) -> str:
    """Runs of numbers of guests for which the same models are cheapest, in words."""
    runs: list[dict[str, Any]] = []
    measured = [m for m in MODELS if any(value(row, m, "cost") is not None for row in rows)]
    for row, pairs in zip(rows, told):
        who = cheapest(row, pairs, insn)
        if runs and runs[-1]["who"] == who:
            runs[-1]["to"] = row["x"]
        else:
            runs.append({"from": row["x"], "to": row["x"], "who": who})
    out = []
    for r in runs:
        if not r["who"]:
            continue
        every = len(r["who"]) == len(measured)
        names = "all alike" if every else ", ".join(r["who"])
        if not insn and every:
            names = "none is told apart"
        span = f"{r['from']}" if r["from"] == r["to"] else f"{r['from']} to {r['to']}"
        out.append(f"{names} with {span} guest{'' if r['to'] == 1 else 's'}")
    return "; ".join(out)


def growth(rows: list[Row]) -> str:
    """Cost with the most guests by that with the fewest."""
    out = []
    for name in present(rows):
        q = ask.quotient(value(rows[-1], name, "cost"), value(rows[0], name, "cost"))
        if q is not None:
            out.append(f"{name} {fixed(q, 3)}")
    return ", ".join(out)


def tail(run: Run, rows: list[Row]) -> dict[str, Any] | None:
    """Which model has the least p99, and which the largest, with the most guests; if the two are
    told apart."""
    row = rows[-1]
    found = [row[m] for m in MODELS if value(row, m, "p99") is not None]
    if len(found) < 2:
        return None
    best = min(found, key=lambda c: c["p99"])
    # Of equals the last, as of equals the first above.
    worst = max(reversed(found), key=lambda c: c["p99"])
    told = winners.judged(run, [(_sample(worst, "p99"), _sample(best, "p99"))])[0]
    if not told["differ"]:
        return None
    return {"guests": row["x"], "best": best, "worst": worst,
            "intree": value(row, "intree", "p99")}


def unfair(cells: list[Cell]) -> dict[str, Any] | None:
    """The least even cell."""
    found = [c for c in only(cells, ["worker"]) if c["guests"] > 1 and c["min_max"] is not None]
    return min(found, key=lambda c: c["min_max"]) if found else None


def busy_table(cells: list[Cell]) -> str:
    """How long the threads of model shared poll before they sleep."""
    some = [c for c in cells if c["knobs"].get("worker") == "shared"
            and not set(c["knobs"]) - {"worker", "shared_poll_us"}]

    def place(c: Cell) -> list[Any]:
        return [servers.workload_rank(c["workload"]), c["sink"], c["size"], c["burst"],
                c["guests"]]
    some = [c for g in order.group_by(some, place) if len(g) > 1 for c in g]
    some = order.sort_by(some, lambda c: [*place(c), c["knobs"].get("shared_poll_us", 50)])
    if not some:
        return ""
    return table(["workload", "guests", "shared_poll_us", "cost", "median trip", "99th"],
                 "lrrrrr", [[name_of(c), c["guests"], c["knobs"].get("shared_poll_us", 50),
                             *(whole(c[k]) for k in ("cost", "p50", "p99"))] for c in some])


def _shown(run: Run, row: Row, model: str, name: str) -> str:
    text = whole(value(row, model, name))
    if run.insn or model not in row:
        return text
    return text + interval.ends(row[model]["samples"][name])


def cost_table(rows: list[Row], told: list[set[Pair]], run: Run) -> str:
    """One row a number of guests."""
    columns = present(rows)
    refused = control.refusal(run)
    out = []
    for row, pairs in zip(rows, told):
        even = [v for c in columns if (v := value(row, c, "min_max")) is not None]
        out.append([row["x"], *(_shown(run, row, c, "cost") for c in columns),
                    "-" if refused else ", ".join(cheapest(row, pairs, run.insn)),
                    sum(value(row, c, "lost") or 0 for c in columns),
                    fixed(min(even), 3) if even else "-"])
    return table(["guests", *columns, "cheapest of vhostlab", "lost", "least / most"],
                 "r" + "r" * len(columns) + "lrr", out)


def rate_table(rows: list[Row]) -> str:
    """Where guests and threads run at the same time, throughput is not the inverse of cost."""
    columns = present(rows)
    return table(["guests", *columns], "r" * (len(columns) + 1),
                 [[row["x"], *(whole(value(row, c, "rate")) for c in columns)] for row in rows])


def trip_table(run: Run, rows: list[Row]) -> str:
    """Three rows a number of guests."""
    columns = present(rows)
    return table(["guests", "percentile", *columns], "rl" + "r" * len(columns),
                 [[row["x"], p, *(_shown(run, row, c, p) for c in columns)]
                  for row in rows for p in ("p50", "p99", "p999")])


def text_of(run: Run, cells: list[Cell]) -> str:
    """The section of the page; nothing when the run has no such figure."""
    if not run.has("threads-cost"):
        return ""
    groups = []
    asked = questions(cells)
    tables = [by_server(group, lambda c: c["guests"], "model") for group in asked]
    for group, rows, told in zip(asked, tables, apart(run, tables)):
        groups.append({
            "name": name_of(group[0]), "title": upper_first(name_of(group[0])), "rows": rows,
            "trips": trip_table(run, rows) if group[0]["workload"] == "rr" else "",
            "winners": winners_text(rows, told, run.insn), "growth": growth(rows),
            "tail": tail(run, rows), "costs": cost_table(rows, told, run),
            "rates": "" if run.insn else rate_table(rows)})
    worst = unfair(cells)
    names = [n for n in ("threads-cost", "threads-latency", "threads-fairness") if run.has(n)]
    return render("threads", run, refusal=control.refusal(run), groups=groups,
                  unfair=worst, busy=busy_table(cells),
                  worst_name=name_of(worst) if worst else "", names=names,
                  intervals=interval.note(run))
