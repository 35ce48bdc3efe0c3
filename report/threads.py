# SPDX-License-Identifier: GPL-2.0-only
"""Threading models: one thread a device, one a queue, a work item for all, a shared pool."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.run import Cell, Run
from report.scaling import by_server, name_of, only, questions, value
from report.text import fixed, upper_first, whole

MODELS = ["device", "queue", "workqueue", "shared"]
COLUMNS = ["userspace", "uring", "intree", *MODELS]
NEAR = 1.01
"""What costs less than this times the least counts as cheapest, too."""

Row = dict[str, Any]


def cheapest(row: Row) -> list[str]:
    """The models that cost least."""
    costs = {m: value(row, m, "cost") for m in MODELS}
    least = min((c for c in costs.values() if c is not None), default=None)
    return [m for m, c in costs.items() if c is not None and least is not None
            and c <= least * NEAR]


def present(rows: list[Row]) -> list[str]:
    """The columns a table needs."""
    return [c for c in COLUMNS if any(c in row for row in rows)]


def winners(rows: list[Row]) -> str:
    """Runs of numbers of guests for which the same models are cheapest, in words."""
    runs: list[dict[str, Any]] = []
    for row in rows:
        who = cheapest(row)
        if runs and runs[-1]["who"] == who:
            runs[-1]["to"] = row["x"]
        else:
            runs.append({"from": row["x"], "to": row["x"], "who": who})
    out = []
    for r in runs:
        if not r["who"]:
            continue
        names = "all alike" if len(r["who"]) == len(MODELS) else ", ".join(r["who"])
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


def tail(rows: list[Row]) -> dict[str, Any] | None:
    """Which model has the least p99, and which the largest, with the most guests."""
    row = rows[-1]
    found = [row[m] for m in MODELS if value(row, m, "p99") is not None]
    if len(found) < 2:
        return None
    best = min(found, key=lambda c: c["p99"])
    # Of equals the last, as of equals the first above.
    worst = max(reversed(found), key=lambda c: c["p99"])
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


def cost_table(rows: list[Row]) -> str:
    """One row a number of guests."""
    columns = present(rows)
    out = []
    for row in rows:
        even = [v for c in columns if (v := value(row, c, "min_max")) is not None]
        out.append([row["x"], *(whole(value(row, c, "cost")) for c in columns),
                    ", ".join(cheapest(row)), sum(value(row, c, "lost") or 0 for c in columns),
                    fixed(min(even), 3) if even else "-"])
    return table(["guests", *columns, "cheapest of vhostlab", "lost", "least / most"],
                 "r" + "r" * len(columns) + "lrr", out)


def rate_table(rows: list[Row]) -> str:
    """Where guests and threads run at the same time, throughput is not the inverse of cost."""
    columns = present(rows)
    return table(["guests", *columns], "r" * (len(columns) + 1),
                 [[row["x"], *(whole(value(row, c, "rate")) for c in columns)] for row in rows])


def trip_table(rows: list[Row]) -> str:
    """Three rows a number of guests."""
    columns = present(rows)
    return table(["guests", "percentile", *columns], "rl" + "r" * len(columns),
                 [[row["x"], p, *(whole(value(row, c, p)) for c in columns)]
                  for row in rows for p in ("p50", "p99", "p999")])


def text_of(run: Run, cells: list[Cell]) -> str:
    """The section of the page; nothing when the run has no such figure."""
    if not run.has("threads-cost"):
        return ""
    groups = []
    for group in questions(cells):
        rows = by_server(group, lambda c: c["guests"], "model")
        groups.append({
            "name": name_of(group[0]), "title": upper_first(name_of(group[0])), "rows": rows,
            "trips": trip_table(rows) if group[0]["workload"] == "rr" else "",
            "winners": winners(rows), "growth": growth(rows), "tail": tail(rows),
            "costs": cost_table(rows), "rates": "" if run.insn else rate_table(rows)})
    worst = unfair(cells)
    names = [n for n in ("threads-cost", "threads-latency", "threads-fairness") if run.has(n)]
    return render("threads", run, groups=groups, unfair=worst, busy=busy_table(cells),
                  worst_name=name_of(worst) if worst else "", names=names)
