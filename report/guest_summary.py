# SPDX-License-Identifier: GPL-2.0-only
"""What is said of real guests before all tables: the clock, and in short what came out."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from report import ask, control, order, servers
from report.guest_cells import single, total
from report.page import render
from report.run import Cell, Run
from report.text import brief, fixed, whole

GUESTS = {"qemu": "a virtual machine with an unmodified Debian kernel and its own virtio-net "
                  "driver", "dpdk": "testpmd with its poll-mode driver"}
SERVERS = {"userspace": "QEMU's own virtio-net, in its main loop",
           "intree": "the kernel's `vhost_net`", "vhostlab": "our module",
           "vhostuser": "DPDK's vhost-user switch, a process that polls, with the tap behind it"}
EXACT = 0.01
"""On the instruction clock repetitions of a cell are no further apart, (max - min) / median."""
FEW_TURNS = 0.95
"""From here on every packet is said to have had a turn of its own."""


def place_text(c: Cell) -> str:
    """What a sentence calls the cell."""
    words = [c["workload"], f"{c['size']} bytes"]
    if c["guest"] == "dpdk":
        words += [f"burst {c['burst']}", c["sink"]]
    if c["guests"] > 1:
        words.append(f"{c['guests']} guests")
    if c["queues"] > 1:
        words.append(f"{c['queues']} queues")
    if c["setting"]:
        words.append(c["setting"])
    return ", ".join(words)


def count(cells: list[Cell]) -> str:
    """So many cells."""
    return f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"


def percent(share: float | None) -> str:
    """Two decimals, without the sign."""
    return "-" if share is None else fixed(share * 100, 2)


def peer(cells: list[Cell], c: Cell, server: str) -> Cell | None:
    """The server of that name, its settings at their defaults, in the same cell."""
    place = ("guest", "workload", "sink", "size", "burst", "queues", "guests", "setting")
    return next((o for o in cells if o["name"] == server and all(o[k] == c[k] for k in place)),
                None)


def _last_max(items: list[Any], by: Callable[[Any], Any]) -> Any:
    return max(reversed(items), key=by)


def _syscalls_of(cells: list[Cell], server: str) -> str | None:
    """The serving side of a server, the largest of its cells; and what is left to QEMU."""
    some = [c for c in cells if c["server"] == server and c["syscalls"] is not None]
    if not some:
        return None
    top = _last_max(some, lambda c: c["syscalls"])
    workers = [(c["calls_by"] or {}).get("worker") for c in some]
    kinds = total(sum(v > 0 for v in w.values()) for w in workers if w is not None)
    mains = [(c["calls_by"] or {}).get("main") for c in some]
    main = max((sum(m.values()) for m in mains if m is not None), default=None)
    text = (f"Serving side of {server}, over {count(some)}: at most {brief(top['syscalls'])} "
            f"system calls per packet ({top['guest']}, {place_text(top)})")
    if kinds is not None:
        text += "; **its worker made some**" if kinds else "; its worker made none at all"
    return text + ("." if main is None
                   else f"; beside it QEMU's main loop at most {brief(main)}.")


def _syscalls_of_qemu(c: Cell) -> str:
    steps = [p for p in c["predicted"] if p["role"] != "vcpu"]
    text = (f"Serving side of userspace, {place_text(c)}: {fixed(c['syscalls'], 2)} system calls "
            f"per packet; {brief(sum(p['alone'] for p in steps))} predicted when each packet "
            "comes alone")
    if c["turns"] is None or c["turns"] >= FEW_TURNS:
        return text + "."
    here = total(p["here"] for p in steps)
    return (text + f", {fixed(here, 2)} with the {fixed(c['turns'], 2)} turns per packet that "
            "there were.")


def margin(c: Cell, o: Cell) -> float:
    """What two cells must differ by to be called different: on the instruction clock more than the
    repetitions of either, on the other one whatever there is."""
    return max(c["apart"] or 0, o["apart"] or 0) if c["clock"] == "insn" else 0


def _verdict(cells: list[Cell], other: str, field: str, what: str, worse: str,
             is_worse: Callable[[float], bool]) -> str | None:
    """In words, from all cells that vhostlab and the other one share."""
    found: list[dict[str, Any]] = []
    for c in cells:
        if c["name"] != "vhostlab" or c[field] is None:
            continue
        o = peer(cells, c, other)
        q = None if o is None else ask.quotient(c[field], o[field])
        if o is not None and q is not None:
            found.append({"q": q, "text": place_text(c), "margin": margin(c, o)})
    if not found:
        return None
    low, high = min(found, key=lambda f: f["q"]), _last_max(found, lambda f: f["q"])
    bad = [f for f in found if is_worse(f["q"]) and abs(f["q"] - 1) > f["margin"]]
    text = f"{what} of vhostlab against {other}, "
    if len(found) == 1:
        text += f"in one cell: {fixed(low['q'], 3)} times as much ({low['text']}). "
    else:
        text += (f"over {len(found)} cells: between {fixed(low['q'], 3)} ({low['text']}) and "
                 f"{fixed(high['q'], 3)} ({high['text']}) times as much. ")
    if not bad:
        return text + f"It is {worse} in no cell."
    top = _last_max(bad, lambda f: abs(math.log(f["q"])))
    return text + (f"**It is {worse} in {len(bad)}**, most in {top['text']} "
                   f"({fixed(top['q'], 3)}).")


def verdicts(cells: list[Cell]) -> list[str]:
    """Rate, round trip and cost against each other server."""
    out = []
    for other in ("userspace", "intree", "vhostuser"):
        insn = cells[0]["clock"] == "insn"
        if not insn:
            out.append(_verdict(cells, other, "rate", "Packets per second", "lower",
                                lambda q: q < 1))
        out += [_verdict(cells, other, "p50", "Median round trip", "longer", lambda q: q > 1),
                _verdict(cells, other, "cost", "Instructions per packet" if insn
                         else "Processor time per packet", "higher", lambda q: q > 1)]
    return [t for t in out if t is not None]


def _delivered(cells: list[Cell]) -> str:
    groups = order.group_by(cells, order.fields("server"))
    groups = order.sort_by(groups, lambda g: servers.rank(g[0]["server"]))
    return "; ".join(
        f"{g[0]['server']} {whole(sum(c['lost'] or 0 for c in g))} in {count(g)}, at most "
        f"{percent(max(c['lost_share'] or 0 for c in g))} %" for g in groups)


def spread_text(spreads: list[float], of: str) -> str:
    """The largest spread between repetitions, and the median one of all cells."""
    found = ask.sample(spreads)
    if found is None:
        return "Each cell was measured once."
    return (f"Largest spread between repetitions of one cell, (max - min) / median of the {of}: "
            f"{fixed(found['max'] * 100, 3)} %; the median of all cells is "
            f"{fixed(found['median'] * 100, 3)} %. Smaller differences say nothing.")


def _apart(cells: list[Cell]) -> str:
    """The cells whose repetitions are further apart than an exact clock should have them."""
    some = [c for c in cells if c["apart"] is not None]
    bad = [c for c in some if c["apart"] > EXACT]
    if not bad:
        return (f"Cost and median round trip of all {count(some)} repeat to "
                f"{percent(EXACT)} %.") if some else ""
    return (f"**Cost or median round trip repeat worse than {percent(EXACT)} % in {len(bad)} of "
            f"{count(some)}, which say nothing beyond that:** "
            + "; ".join(f"{place_text(c)}, {c['name']}: {percent(c['apart'])} %" for c in bad)
            + ".")


def text_of(run: Run, cells: list[Cell]) -> str:
    """The section."""
    refusal = control.refusal(run)
    repetitions = [c["repetitions"] for c in cells]
    least, top = min(repetitions), max(repetitions)
    names = order.sort_by(order.unique(c["server"] for c in cells), servers.rank)
    calls = [_syscalls_of(cells, s) for s in ("vhostlab", "intree", "vhostuser")]
    calls += [_syscalls_of_qemu(c) for c in single(cells)
              if c["name"] == "userspace" and c["predicted"] is not None and c["setting"] == ""
              and c["syscalls"] is not None and c["workload"] in ("tx", "rx", "udp_rr")]
    spreads = [c["spread"] for c in cells if c["spread"] is not None]
    return render(
        "guest-summary", run, delivered=_delivered(cells),
        verdicts=[refusal] if refusal else verdicts(cells),
        syscalls=[t for t in calls if t is not None],
        spread=spread_text(spreads, "cost per packet" if run.insn else "packets per second"),
        apart=_apart(cells) if run.insn else "",
        guests=", ".join(f"**{g}** ({GUESTS[g]})"
                         for g in order.unique(c["guest"] for c in cells)),
        servers=", ".join(f"**{s}**" + (f" ({SERVERS[s]})" if s in SERVERS else "")
                          for s in names),
        repetitions=str(least) if least == top else f"{least} to {top}")
