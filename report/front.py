# SPDX-License-Identifier: GPL-2.0-only
"""The first lines of a page: the question, one figure, what came out, what the clock hides."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from report import ask, claims, control, guest_summary, origin, reliability, winners
from report.guest_cells import WORKLOADS, single, total
from report.listed import LISTED, title_of
from report.page import render, table
from report.run import Cell, Run, mid, most
from report.summary import name_of
from report.tables import Row, gather, measured, others, over, rows_of
from report.text import anchor, brief, cell_text, fixed, whole

QUESTION = "What does it cost to serve a guest's virtio-net queues?"
"""The title of a page that is not one of several."""

Guests = list[tuple[Run, list[Cell]]]
"""The cells of real guests, by the run they are of."""


def _row(rows: list[Row], workload: str, burst: int | None = None) -> Row | None:
    """The smallest frame of a workload with all usual servers, sink stack."""
    some = [r for r in rows if r["workload"] == workload and r["sink"] == "stack"
            and burst in (None, r["burst"]) and all(s in r for s in ("userspace", "intree",
                                                                     "vhostlab"))]
    return min(some, key=lambda r: int(r["size"])) if some else None


def _losses(row: Row) -> str:
    lost = {s: whole(most(row[s], "lost")) for s in ("userspace", "intree", "vhostlab")
            if row[s]["lost"] is not None}
    if set(lost.values()) == {"0"}:
        return "none of them lost a frame"
    return "frames lost: " + ", ".join(f"{s} {n}" for s, n in lost.items())


def _three(row: Row, metric: str) -> list[str]:
    return [brief(mid(row[s], metric)) if metric.endswith("calls_per_packet")
            else whole(mid(row[s], metric)) for s in ("userspace", "intree", "vhostlab")]


def slower_guests(cells: list[Cell]) -> list[str]:
    """The same of real guests: by cost on the instruction clock, else by packets per second, which
    are round trips where one is under way."""
    found = []
    if cells and cells[0]["clock"] == "insn":
        return _dearer_guests(cells)
    for other in ("userspace", "intree", "vhostuser"):
        q = [v for c in cells if c["name"] == "vhostlab"
             and (o := guest_summary.peer(cells, c, other)) is not None
             and (v := ask.quotient(c["rate"], o["rate"])) is not None]
        slower = [v for v in q if v < 1]
        if slower:
            found.append(f"{other} in {len(slower)} of {len(q)} cells (down to "
                         f"{fixed(min(slower), 3)} times as many)")
    if not found:
        return []
    emulated = (" in emulated time, where only ratios count" if cells[0]["accel"] == "tcg"
                else "")
    return [f"**With real guests{emulated}, vhostlab moves fewer packets per second than** "
            + ", ".join(found) + "."]


def _dearer_guests(cells: list[Cell]) -> list[str]:
    found = []
    for other in ("userspace", "intree"):
        q = [(v, c, o) for c in cells if c["name"] == "vhostlab"
             and (o := guest_summary.peer(cells, c, other)) is not None
             and (v := ask.quotient(c["cost"], o["cost"])) is not None]
        dearer = [p for p in q if p[0] > 1 + guest_summary.margin(p[1], p[2])]
        if dearer:
            top = max(dearer, key=lambda p: p[0])
            found.append(f"{other} in {len(dearer)} of {len(q)} cells (most in "
                         f"{guest_summary.place_text(top[1])}, {fixed(top[0], 3)} times as much"
                         f"{_unlike(other, *top[1:])}), less in "
                         f"{sum(p[0] < 1 - guest_summary.margin(*p[1:]) for p in q)}")
    if not found:
        return []
    return [f"**With real guests, a packet costs more with vhostlab than with {found[0]}**"
            + "".join(f"; than with {f}" for f in found[1:]) + "."]


def _unlike(other: str, ours: Cell, theirs: Cell) -> str:
    """What two cells do not have in common when one of them lost frames."""
    lost = [c["lost_share"] or 0 for c in (ours, theirs)]
    if max(lost) < guest_summary.EXACT:
        return ""
    return ("; not the same load: lost "
            + ", ".join(f"{name} {guest_summary.percent(share)} %"
                        for name, share in zip(("vhostlab", other), lost)))


def _apart(c: Cell) -> str:
    """How far apart the repetitions are, where that is worth a word."""
    apart = c["apart"] or 0
    return f" ({guest_summary.percent(apart)} % apart)" if apart > guest_summary.EXACT else ""


def guest_table(cells: list[Cell]) -> str:
    """What a packet of a real guest costs with each server, and the ratios; on the instruction
    clock only, where it repeats."""
    some = [c for c in single(cells) if c["guest"] == "qemu" and c["clock"] == "insn"
            and c["server"] == c["name"] == "vhostlab" and c["setting"] in ("", "offload=0")]
    rows = []
    for c in some:
        user, tree = (guest_summary.peer(cells, c, s) for s in ("userspace", "intree"))
        if user is None or tree is None:
            continue
        exits = [total((x["exits"] or {}).values()) for x in (user, tree, c)]
        rows.append([WORKLOADS[c["workload"]] + (", no offloads" if c["setting"] else ""),
                     c["size"], *(whole(x["cost"]) + _apart(x) for x in (user, tree, c)),
                     fixed(c["cost"] / user["cost"], 3), fixed(c["cost"] / tree["cost"], 3),
                     *(fixed(e, 2) for e in exits)])
    return table(["real guest", "size", "userspace (QEMU)", "intree", "vhostlab",
                  "vhostlab / userspace", "vhostlab / intree", "exits: userspace",
                  "exits: intree", "exits: vhostlab"], "lrrrrrrrrr", rows) if rows else ""


def slower_text(run: Run, rows: list[Row]) -> list[str]:
    """Where our server costs more; first of all that is said."""
    out = []
    more = winners.dearer(run, rows, others(rows))
    for other in others(rows):
        some = [r for r in rows if "vhostlab" in r and other in r]
        slower = [(q, r) for r in more[other]
                  if (q := over(r, other, "cost_per_packet")) is not None]
        if slower:
            q, r = max(slower, key=lambda p: p[0])
            out.append(f"**vhostlab costs more than {other} in {len(slower)} of {len(some)} "
                       f"cells**, most in {name_of(r)} ({fixed(q, 3)} times as much).")
    return out


def _calls(rows: list[Row]) -> str | None:
    r = _row(rows, "tx", 1)
    if r is None:
        return None
    a, b, c = _three(r, "syscalls_per_packet")
    return (f"a packet sent alone costs the userspace server {a} system calls, the kernel's "
            f"`vhost_net` {b} and vhostlab {c} (transmit, {r['size']} bytes, burst 1; "
            f"{_losses(r)}).")


def _latency(run: Run, rows: list[Row]) -> str | None:
    r = _row(rows, "rr")
    if r is None or mid(r["vhostlab"], "latency_p50") is None:
        return None
    a, b, c = _three(r, "latency_p50")
    tail = _three(r, "latency_p99")
    return (f"a round trip takes {c} {run.time_unit} at the median with vhostlab, {b} with "
            f"`vhost_net`, {a} with the userspace server; 99 % take at most {tail[2]}, {tail[1]} "
            f"and {tail[0]} ({r['size']} bytes, one under way; {_losses(r)}).")


def _cost(run: Run, rows: list[Row]) -> str | None:
    r = _row(rows, "tx", max((r["burst"] for r in rows if r["workload"] == "tx"), default=1))
    if r is None:
        return None
    a, b, c = _three(r, "cost_per_packet")
    spans = []
    for other in others(rows):
        q = [v for x in rows if (v := over(x, other, "cost_per_packet")) is not None]
        if q:
            spans.append(f"{fixed(min(q), 3)} to {fixed(max(q), 3)} times {other} over "
                         f"{len(q)} cells")
    return (f"{c} {run.unit} per packet with vhostlab, {b} with `vhost_net`, {a} with the "
            f"userspace server (transmit, {r['size']} bytes, burst {r['burst']}; {_losses(r)}); "
            f"over all cells {'; '.join(spans)}.")


def _loss(cells: list[Cell]) -> str | None:
    some = [c for c in cells if c["server"] != "floor" and c["lost"] is not None]
    if not some:
        return None
    lost = sum(c["lost"]["max"] for c in some)
    wrong = sum(c["corrupt"]["max"] for c in some if c["corrupt"] is not None)
    checked = [c for c in some if c["sink"] == "check"]
    said = f"{whole(lost)} frames lost in {len(some)} cells of all servers"
    if not checked and not wrong:
        return said + "; none of these cells checks the content."
    return (f"{said}, {whole(wrong)} delivered with wrong content; {len(checked)} of the cells "
            "check every byte.")


def _guests(cells: list[Cell]) -> str | None:
    some = [c for c in single(cells) if c["guest"] == "qemu" and c["name"] == c["server"]
            and c["setting"] == ""]
    insn = bool(some) and some[0]["clock"] == "insn"
    pairs = []
    for c in some:
        o = guest_summary.peer(some, c, "userspace")
        if c["server"] == "vhostlab" and o is not None and (insn or c["p50"] is None):
            what = "cost" if insn else "rate"
            q = ask.quotient(c[what], o[what])
            if q is not None:
                pairs.append((q, c, o))
    own = [c["syscalls"] for c in some if c["server"] == "vhostlab"
           and c["syscalls"] is not None]
    user = [c["syscalls"] for c in some if c["server"] == "userspace"
            and c["syscalls"] is not None]
    if not pairs or not own or not user:
        return None
    (low, a, ao), (high, b, bo) = min(pairs, key=lambda p: p[0]), max(pairs, key=lambda p: p[0])

    def lost(c: Cell, o: Cell) -> str:
        return (f"lost {guest_summary.percent(c['lost_share'])} %, userspace "
                f"{guest_summary.percent(o['lost_share'])} %")
    if insn:
        worse = sum(q > 1 + guest_summary.margin(c, o) for q, c, o in pairs)
        return (f"an unmodified guest's packets cost vhostlab at most {brief(max(own))} system "
                f"calls each, QEMU itself up to {brief(max(user))}; instructions per packet are "
                f"{fixed(low, 3)} ({a['workload']}, {a['size']} bytes; {lost(a, ao)}) to "
                f"{fixed(high, 3)} ({b['workload']}, {b['size']} bytes; {lost(b, bo)}) times "
                "QEMU's" + (f"; **more in {worse} of {len(pairs)} cells**." if worse else "."))
    emulated = " (emulated time: a ratio of the emulator's work)" if a["accel"] == "tcg" else ""
    worse = sum(q < 1 for q, _, _ in pairs)
    return (f"an unmodified guest's packets cost vhostlab at most {brief(max(own))} system calls "
            f"each, QEMU itself up to {brief(max(user))}; packets per second are {fixed(low, 3)} "
            f"({a['workload']}, {a['size']} bytes; {lost(a, ao)}) to {fixed(high, 3)} "
            f"({b['workload']}, {b['size']} bytes; {lost(b, bo)}) times QEMU's"
            f"{emulated}" + (f"; **fewer in {worse} of {len(pairs)} cells**." if worse else "."))


def sentences(run: Run, guests: Guests) -> list[tuple[str, str]]:
    """Five at most, each with its subject. A run that may name no winner has that of the loss."""
    cells = gather(run)
    rows = measured(rows_of(cells))
    found = [("Loss", _loss(cells))]
    if not control.refusal(run):
        found = [("System calls", _calls(rows)), ("Latency", _latency(run, rows)),
                 ("Cost", _cost(run, rows)), *found]
    found.append(("Real guests", _guests(_named(guests)) or _refused(run, guests)))
    return [(what, text) for what, text in found if text is not None]


def _named(guests: Guests) -> list[Cell]:
    """The cells of the runs that may name a winner."""
    return [c for run, cells in guests if not control.refusal(run) for c in cells]


def _refused(run: Run, guests: Guests) -> str | None:
    """Why nothing is said of real guests, where they were measured beside this run."""
    for other, cells in guests:
        if cells and other is not run and (why := control.refusal(other)):
            return f"measured beside this run. {why}"
    return None


@dataclass
class Beside:
    """What the runs beside the page's own bring to it: each is empty where there is no such run."""
    runs: list[Run] = field(default_factory=list)
    headline: str = ""
    """The ratios to the in-tree module, by guest and kernel."""
    kernels: str = ""
    """The run on several kernels: its figure and ratios."""
    policies: str = ""
    """The table of scheduling policies."""
    callers: str = ""
    """The one of queues served by the task that kicks."""
    best: str = ""
    """The one of the in-tree module at its best settings."""
    defaults: str = ""
    """The one of a kernel with other defaults."""
    guests: str = ""
    """The figure of real guests, which stands in front of the run's own."""
    guests_page: str = ""
    """Where all of their cells are."""
    goals: str = ""
    """How many goals of the path length are reached."""


def text_of(run: Run, guests: Guests, judged: list[dict[str, Any]], beside: Beside,
            prefix: str) -> str:
    """The page, with links to the pages of the runs beside it."""
    rows = measured(rows_of(gather(run)))
    refusal = control.refusal(run)
    slower = ([refusal] if refusal else slower_text(run, rows)) + slower_guests(_named(guests))
    return render(
        "front", run, slower=slower,
        title=title_of(run.folder.name, QUESTION),
        sentences=sentences(run, guests),
        missing=len(run.failed), kept=len(run.points), claims=judged, count=claims.counts(judged),
        total=len(judged), prefix=prefix, cell_text=cell_text, anchor=anchor, beside=beside,
        guest_table=guest_table(_named(guests)) if beside.guests else "",
        origin=origin.sentence(run), unity=origin.unity([run, *beside.runs]),
        own=(LISTED[0], origin.brief(run)), reliability=reliability.brief(),
        topics=[(one, origin.brief(r)) for one in LISTED for r in beside.runs
                if r.folder.name == one.folder])
