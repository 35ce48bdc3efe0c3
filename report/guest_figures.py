# SPDX-License-Identifier: GPL-2.0-only
"""Data of the figures of real guests: mostly horizontal bars in parts, one bar a server.

A panel has two blocks: parts (place, from, to, colour, text), then bars (place, total, text,
name). "# key" lines behind all panels name the colours.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from report import ask, order, servers
from report.guest_cells import SIDES, WORKLOADS, single, workload_rank
from report.guest_summary import peer
from report.panels import Panel, Row, draw, ends, scaled, server_data
from report.run import Cell, Run, repeats
from report.text import round_away, shortest

Bar = dict[str, Any]
Stack = tuple[str, list[Bar]]

# Distinct with impaired colour vision, too.
PALETTE = ["#332288", "#88ccee", "#117733", "#ddcc77", "#9781fc", "#354057", "#efd500", "#280bf6"]
REST, REST_COLOUR = "other", 0xA0A0A0
SMALL = 20
"""What is nowhere that part of the panel's longest bar has no colour of its own."""
THREADS = {"vcpu": "vCPU", "main": "main loop", "other": "QEMU's other threads",
           "worker": "worker", "server": "server's process", "guest": "guest's process"}
HEADLINE = ["tx", "rx", "udp_rr", "tcp_tx", "tcp_rx"]
UNITS = {"guests": "guests", "queues": "queue pairs"}
EMPTY = 0.005
"""A panel of stacked bars that are all shorter is shown as text."""
CALLS = ["ppoll", "read", "writev", "write", "KVM_SIGNAL_MSI", "KVM_RUN", "futex"]


def short(value: float) -> str:
    """Three digits or so."""
    if value >= 100:
        return str(round_away(value))
    scale = 10 if value >= 10 else 100
    return shortest(round_away(value * scale) / scale)


def _spaced(name: str) -> str:
    return name.replace(",", ", ")


def _one_qemu(cells: list[Cell]) -> list[Cell]:
    """The smallest frame of each workload of one QEMU guest."""
    some = [c for c in single(cells) if c["guest"] == "qemu"]
    out = []
    for group in order.group_by(some, order.fields("workload", "setting")):
        least = min(c["size"] for c in group)
        out += [c for c in group if c["size"] == least]
    return out


def _headline(cells: list[Cell]) -> list[Cell]:
    """What is counted is shown for these; the tables have all of it."""
    return [c for c in _one_qemu(cells) if c["setting"] == "" and c["workload"] in HEADLINE]


def _panels(cells: list[Cell]) -> list[tuple[str, list[Cell]]]:
    """The cells by workload, size and setting, with titles."""
    out = []
    for group in order.group_by(cells, lambda c: [
            c["guest"] != "qemu", workload_rank(c["workload"]), c["sink"], c["size"], c["burst"],
            c["queues"], c["setting"]]):
        c = group[0]
        title = (("" if c["guest"] == "qemu" else "DPDK guest: ")
                 + f"{WORKLOADS[c['workload']]}, {c['size']} bytes"
                 + (f", burst {c['burst']}, {c['sink']}" if c["guest"] == "dpdk" else "")
                 + (f", {c['setting']}" if c["setting"] else ""))
        out.append((title, group))
    return out


def _bar(name: str, parts: Iterable[tuple[str, float]], text: str | None = None,
         sample: Any = None) -> Bar:
    own = list(parts)
    return {"name": name, "parts": own, "ends": ends(sample),
            "text": short(sum(v for _, v in own)) if text is None else text}


def _kinds(panels: list[Stack], known: list[str]) -> list[str]:
    """The names of parts that are large somewhere, first the ones in the list."""
    found = set()
    for _, bars in panels:
        top = max((sum(v for _, v in b["parts"]) for b in bars), default=0)
        found |= {n for b in bars for n, v in b["parts"]
                  if v > 0 and v >= top / SMALL and n != REST}
    return ([k for k in known if k in found] + sorted(found - set(known)))[:len(PALETTE)]


def stacks(panels: list[Stack], known: list[str], colours: dict[str, int] | None = None) -> str:
    """The text of a data file; colours of parts by name, of others as they come."""
    kinds = _kinds(panels, known)
    colour = {k: (colours or {}).get(k, servers.colour_number(PALETTE[i]))
              for i, k in enumerate(kinds)} | {REST: REST_COLOUR}
    used = set()
    blocks, left_out = [], ""
    for title, bars in panels:
        if not any(sum(v for _, v in b["parts"]) >= EMPTY for b in bars):
            left_out += f"\n# left out {title}: less than {EMPTY} everywhere" if bars else ""
            continue
        segments, totals = [], []
        for y, bar in enumerate(bars):
            parts = [(k, v) for k in kinds for n, v in bar["parts"] if n == k and v > 0]
            small = sum(v for n, v in bar["parts"] if n not in kinds)
            if small > 0:
                parts.append((REST, small))
            used |= {n for n, _ in parts}
            at: float = 0
            for name, value in parts:
                text = f"{name} {short(value)}" if len(parts) > 1 else ""
                segments.append(f"{y} {shortest(at)} {shortest(at + value)} {colour[name]} "
                                f"\"{text}\"")
                at = at + value
            if not parts:
                segments.append(f"{y} 0 0 0 \"\"")
            totals.append(f"{y} {shortest(sum(v for _, v in parts))} \"{bar['text']}\" "
                          f"\"{_spaced(bar['name'])}\" "
                          + " ".join(map(shortest, bar["ends"])))
        blocks.append("\n".join([f"# panel {title}", "place from to colour text", *segments, "",
                                 "", "place total text name low high", *totals]))
    keys = [f"# key {colour[k]} {k}" for k in [*kinds, REST] if k in used]
    return "\n\n\n".join(blocks) + ("\n" + "\n".join(keys) if blocks else "") + left_out


def _merged(parts: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    groups = order.group_by(list(parts), lambda p: p[0])
    return [(g[0][0], sum(v for _, v in g)) for g in groups]


def syscalls(cells: list[Cell]) -> str:
    """Two panels a workload: the serving side, beside what was predicted for packets that come
    alone, and the vCPU's thread."""
    panels: list[Stack] = []
    for title, group in _panels([c for c in _headline(cells) if c["calls_by"] is not None]):
        for side, roles in SIDES.items():
            bars = []
            for c in group:
                bars.append(_bar(c["name"], _merged(
                    p for r, calls in c["calls_by"].items() if r in roles
                    for p in (calls or {}).items()), sample=c["calls_of"][side]))
                if c["predicted"]:
                    bars.append(_bar("predicted", _merged(
                        (p["call"], p["alone"]) for p in c["predicted"] if p["role"] in roles)))
            panels.append((f"{title}: {side}", bars))
    return stacks(panels, CALLS)


def exits(cells: list[Cell]) -> str:
    """Exits of the virtual machine per packet, by reason."""
    return stacks([(title, [_bar(c["name"], c["exits"].items(), sample=c["samples"]["exits"])
                            for c in group])
                   for title, group in
                   _panels([c for c in _headline(cells) if c["exits"] is not None])], [])


def rates(cells: list[Cell]) -> str:
    """Packets per second with the loss beside them; DPDK guests, too. On the instruction clock
    the cost says the same, and is exact."""
    panels: list[Stack] = []
    some = [c for c in single(cells) if c["rate"] is not None and c["p50"] is None
            and c["clock"] == "wall"]
    for title, group in _panels(some):
        bars = []
        for c in group:
            lost = "?" if c["lost_share"] is None else short(c["lost_share"] * 100)
            bars.append(_bar(c["name"], [(c["server"], c["rate"])],
                             f"{short(c['rate'])}, lost {lost} %", c["samples"]["rate"]))
        panels.append((title, bars))
    return stacks(panels, servers.ALL,
                  {s: servers.colour_number(v) for s, v in servers.colours().items()})


def cpu(cells: list[Cell]) -> str:
    """Microseconds of processor time per packet, by thread; DPDK guests, too."""
    some = _one_qemu(cells) + [c for c in cells if c["guest"] == "dpdk" and c["queues"] == 1]
    some = [c for c in some if c["cpu"] and any(v is not None for v in c["cpu"].values())]
    panels: list[Stack] = []
    for title, group in _panels(some):
        bars = []
        for c in group:
            own = {r: v for r, v in c["cpu"].items() if v is not None}
            bars.append(_bar(c["name"], [(THREADS.get(r, r), v / 1000) for r, v in own.items()],
                             short(sum(own.values()) / 1000),
                             scaled(c["samples"]["cpu"], 0.001)))
        panels.append((title, bars))
    return stacks(panels, list(THREADS.values()))


def latency(cells: list[Cell]) -> str:
    """Median, 99th and 99.9th percentile in microseconds, one row a server."""
    blocks = []
    for title, group in _panels([c for c in single(cells) if c["p50"] is not None]):
        lines = [f"# panel {title}", "place p50 p99 p999 colour name"]
        for y, c in enumerate(group):
            values = " ".join("-" if c[p] is None else shortest(c[p] / 1000)
                              for p in ("p50", "p99", "p999"))
            colour = servers.colour_number(servers.colours()[c["server"]])
            lines.append(f"{y} {values} {colour} \"{_spaced(c['name'])}\"")
        blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks)


def _curves(cells: list[Cell], axis: str, title: str) -> list[Panel]:
    if len({c[axis] for c in cells}) < 2:
        return []
    insn = cells[0]["clock"] == "insn"
    second = (("lost %", "lost_share", 100) if all(c["p50"] is None for c in cells)
              else (f"median round trip ({'thousand instructions' if insn else 'us'})", "p50",
                    0.001))
    first = ("instructions per packet", "cost", 1) if insn else ("packets per second", "rate", 1)
    panels: list[Panel] = []
    for name, field, factor in (first, second):
        rows = []
        for group in order.group_by(cells, lambda c: c[axis]):
            y = {c["server"]: scaled(c["samples"][field], factor) for c in group}
            if any(v is not None for v in y.values()):
                rows.append((group[0][axis], y))
        panels.append((f"{title}|{UNITS[axis]}|{name}", rows))
    return panels


def scaling(cells: list[Cell]) -> str:
    """Several guests at once, and several queue pairs."""
    some = [c for c in cells if c["guest"] == "qemu" and c["name"] == c["server"]]
    panels: list[Panel] = []
    for group in order.group_by(some, lambda c: [workload_rank(c["workload"]), c["size"],
                                                 c["setting"]]):
        title = f"{WORKLOADS[group[0]['workload']]}, {group[0]['size']} bytes"
        panels += _curves([c for c in group if c["queues"] == 1], "guests",
                          f"{title}, guests at once")
        panels += _curves([c for c in group if c["guests"] == 1], "queues",
                          f"{title}, queue pairs")
    return server_data(panels)


def overview(cells: list[Cell]) -> str:
    """The one figure of the front page, in multiples of userspace's, a group of bars a workload:
    cost per packet on the instruction clock, throughput on the other."""
    frames: list[Row] = []
    streams: list[Row] = []
    some = [c for c in _one_qemu(cells) if c["setting"] == "" and c["name"] == c["server"]]
    for group in order.group_by(some, lambda c: workload_rank(c["workload"])):
        what = "costs" if group[0]["clock"] == "insn" else "rates"
        y = {c["server"]: ask.compare("ratio", c[what], base[what]) for c in group
             if (base := peer(group, c, "userspace")) is not None}
        if any(v is not None for v in y.values()):
            to = streams if group[0]["workload"].startswith("tcp") else frames
            to.append((f"\"{WORKLOADS[group[0]['workload']].split(',')[0]}\"", y))
    return server_data([("packets and UDP, smallest frames, one QEMU guest", frames),
                        ("TCP, smallest frames, one QEMU guest", streams)], False)


FIGURES: dict[str, tuple[Callable[[list[Cell]], str], list[str]]] = {
    "guests-overview": (overview, []), "guests-syscalls": (syscalls, ["syscalls_per_packet"]),
    "guests-exits": (exits, ["exits"]), "guests-rate": (rates, []),
    "guests-latency": (latency, ["latency_p50", "latency_p99", "latency_p999"]),
    "guests-cpu": (cpu, ["cost_per_packet"]), "guests-scaling": (scaling, [])}
"""Each with the metrics it shows; none: packets per second."""


def draw_all(run: Run, cells: list[Cell]) -> None:
    """All of them; of a run without real guests none."""
    rate = repeats([c["repetitions"] for c in cells],
                   [c["spread"] for c in cells if c["spread"] is not None]) if cells else ""
    for name, (text, metrics) in FIGURES.items():
        draw(run, name, name, text(cells),
             run.subtitle(*metrics) if metrics else f"{run.machine}; {rate}",
             run.time_unit)
