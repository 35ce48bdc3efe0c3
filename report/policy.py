# SPDX-License-Identifier: GPL-2.0-only
"""What of a server's cost is the scheduling policy of guest and server."""
from __future__ import annotations

from typing import Any

from report import ask, order, servers
from report.figures import server_data
from report.page import render, table
from report.panels import draw
from report.run import POLICIES, Run, mid, most
from report.tables import gather as process_cells
from report.text import fixed, whole

PLACE = ["workload", "sink", "size", "burst"]
PLAIN, ALONE = "vhostlab", "vhostlab without giving way"

Place = dict[str, Any]


def gather(run: Run) -> list[Place]:
    """One object per place: by policy, the cells of each server. Empty when only one policy was
    measured."""
    some = [c for c in process_cells(run) if c["sink"] != "check"
            and not set(c["knobs"]) - {"policy", "without"}
            and c["knobs"].get("without", "yield") == "yield"]
    if len({c["policy"] for c in some}) < 2:
        return []
    out = []
    for group in order.group_by(some, order.fields(*PLACE)):
        place: Place = {k: group[0][k] for k in PLACE}
        for name in POLICIES:
            place[name] = {ALONE if "without" in c["knobs"] else c["server"]: c
                           for c in group if c["policy"] == name}
        out.append(place)
    return order.sort_by(out, lambda p: [servers.workload_rank(p["workload"]), p["burst"],
                                         p["sink"], p["size"]])


def _cost(place: Place, policy: str, server: str) -> Any:
    return mid(place[policy].get(server), "cost_per_packet")


def _ratio(place: Place, policy: str, server: str) -> str:
    return fixed(ask.quotient(_cost(place, policy, server), _cost(place, policy, "intree")), 3)


def draw_all(run: Run) -> None:
    """A panel per policy: packets that come alone, and round trips, of all servers."""
    places = [p for p in gather(run) if p["burst"] == 1 and p["sink"] == "stack"]
    small = min((p["size"] for p in places), default=0)
    panels = [(f"{name}, {small}-byte frames, burst 1",
               [(f"\"{servers.WORKLOADS[p['workload']]}\"",
                 {s: c.get("cost_per_packet") for s, c in p[policy].items() if s in servers.USUAL})
                for p in places if p["size"] == small and p[policy]
                and p["workload"] in servers.WORKLOADS])
              for policy, name in POLICIES.items()]
    draw(run, "policy", "overview", server_data(panels, False) if places else "",
         run.subtitle(), run.figure_unit)


def brief_table(run: Run) -> str:
    """A row per place, vhostlab by in-tree under each policy; nothing when there is but one."""
    rows = [[p["workload"], p["size"], p["burst"],
             *(_ratio(p, n, s) for n in POLICIES for s in (PLAIN, ALONE))] for p in gather(run)]
    heads = ["workload", "size", "burst", *(n + w for n in POLICIES.values()
                                            for w in ("", ", without giving way"))]
    return table(heads, "lrr" + "r" * 4, rows) if rows else ""


def text_of(run: Run) -> str:
    """The section of the page; nothing when the run has one policy."""
    places = gather(run)
    if not places:
        return ""
    names = ["userspace", "intree", PLAIN, ALONE]
    rows = [[p["workload"], p["sink"], p["size"], p["burst"], POLICIES[n],
             *(whole(_cost(p, n, s)) for s in names), _ratio(p, n, PLAIN), _ratio(p, n, ALONE),
             ", ".join(whole(most(p[n].get(s), "lost")) for s in names if s in p[n])]
            for p in places for n in POLICIES]
    heads = ["workload", "sink", "size", "burst", "policy", *names, "vhostlab / intree",
             "without giving way / intree", "lost"]
    return render("policy", run, table=table(heads, "llrrl" + "r" * 7, rows))
