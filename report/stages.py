# SPDX-License-Identifier: GPL-2.0-only
"""Where the time of a burst goes: stages from records of the kernel's events, one burst event
by event, and flame graphs; all from the raw files of a run."""
from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

from report import ask, order, servers
from report.page import render, table
from report.panels import DrawingFailed, draw
from report.run import Damaged, Point, Run
from report.text import brief, round_away, shortest, whole

Stage = dict[str, Any]

COLUMNS = ["guest", "kick", "wake", "look", "copy", "hand", "publish", "serve", "call"]
STACKED = ["kick", "wake", "look", "copy", "hand", "publish", "serve", "call", "guest"]
# Grey is the guest's side; the module's stages have colours that are told apart with impaired
# colour vision, too.
COLOURS = {"kick": 0x505050, "wake": 0x8A8A8A, "look": 0x1403F8, "copy": 0x4C9AFF,
           "hand": 0xFFE308, "publish": 0x8D6C00, "call": 0xBDBDBD, "guest": 0xEBEBEB}
EVENTS = {"guest_kick": "guest kicks", "kick": "kick arrives", "waking": "worker is woken",
          "runs": "worker runs", "work_start": "work_start", "desc": "desc", "copy": "copy_",
          "used": "used", "call": "call", "waking_guest": "guest is woken",
          "guest_awake": "guest is awake"}
TELL_APART = 16
"""The largest burst whose single frames can be told apart in a figure."""
BURST = 8
"""Which burst of a record the timeline shows."""


def _unpacked(path: Path, work: Path, name: str) -> Path:
    target = work / name
    try:
        target.write_bytes(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError) as error:
        raise Damaged(f"{path}: it is damaged: measure again") from error
    return target


def _key(path: Path, ending: str) -> tuple[str, int]:
    point, _, rep = path.name.removesuffix(ending).rpartition("-")
    return point, int(rep)


def _point(run: Run, point: str, rep: int) -> Point | None:
    found = [p for p in run.points if p["point"] == point and p["rep"] == rep]
    return found[-1] if found else None


def gather(run: Run, work: Path) -> list[Stage]:
    """What the program stages makes of every record; without what recording cost."""
    found = []
    for path in sorted((run.folder / "raw").glob("*.trace.gz")):
        point, rep = _key(path, ".trace.gz")
        record = _unpacked(path, work, f"{point}-{rep}.trace")
        # It says itself what is wrong with a record; the others are still good.
        done = subprocess.run([ask.BENCH / "stages", record], stdout=subprocess.PIPE,
                              check=False)
        if done.returncode == 0:
            found.append(json.loads(done.stdout) | {"point": point, "rep": rep,
                                                    "trace": str(record)})
    return _untraced(found, run)


def _untraced(found: list[Stage], run: Run) -> list[Stage]:
    """From each stage the cost of the events recorded in it is taken off. (On the wall clock
    that cost drowns in the noise between two passes, so there they stay as they were seen.)"""
    some = []
    for s in found:
        p = _point(run, s["point"], s["rep"])
        if p is not None:
            s["untraced"] = p["seconds"] * 1e9 / p["packets"] * s["packets"] / s["bursts"]
            s["added"] = s["end_to_end"] - s["untraced"]
            some.append(s)
    groups = order.group_by(some, order.fields("server", "workload", "size", "burst", "sink"))
    cells = [g[0] for g in groups]
    for s in cells:
        _take_off(s, cells)
    return cells


def _take_off(s: Stage, cells: list[Stage]) -> None:
    if s["clock"] != "insn":
        s["net"] = s["stages"]
        return
    wakes, marks = sum(s["scheduler_events"].values()), sum(s["module_events"].values())
    # One of the scheduler costs what it costs where there is no other; else all are alike.
    bare = [c for c in cells if all(c[k] == s[k] for k in ("workload", "burst", "size"))
            and sum(c["module_events"].values()) == 0]
    if marks == 0:
        s["wake_cost"] = s["added"] / wakes
    elif bare:
        s["wake_cost"] = ask.median(c["added"] / sum(c["scheduler_events"].values())
                                    for c in bare)
    else:
        s["wake_cost"] = s["added"] / (wakes + marks)
    s["mark_cost"] = None if marks == 0 else (s["added"] - s["wake_cost"] * wakes) / marks
    s["net"] = {k: v - (s["wake_cost"] * s["scheduler_events"][k]
                        + (s["mark_cost"] or 0) * s["module_events"][k])
                for k, v in s["stages"].items()}


def _short(value: float) -> str:
    if value >= 10000:
        return f"{round_away(value / 1000)}k"
    if value >= 1000:
        return f"{shortest(round_away(value / 100) / 10)}k"
    return str(round_away(value))


def _bar(x: int, s: Stage) -> list[str]:
    colours = COLOURS | {"serve": servers.colour_number(servers.colours()[s["server"]])}
    at: float = 0
    out = []
    for name in STACKED:
        value = s["net"].get(name)
        if value is None:
            continue
        end = at + value
        out.append(f"{x} {shortest(at)} {shortest(end)} {colours[name]} "
                   f"\"{name} {_short(value)}\"")
        at = end
    return out


def stages_data(cells: list[Stage]) -> str:
    """Two blocks a panel: segments (x, from, to, colour, text), then bars (x, total, text)."""
    blocks = []
    for burst in sorted({s["burst"] for s in cells}):
        for workload in ("tx", "rx"):
            some = [s for s in cells if s["workload"] == workload and s["burst"] == burst]
            if not some:
                continue
            what = "one frame" if burst == 1 else f"burst of {burst} frames"
            bars = [(x, s) for x, name in enumerate(servers.ALL) for s in some
                    if s["server"] == name]
            lines = [f"# panel {servers.WORKLOADS[workload]}, {what} of {some[0]['size']} bytes",
                     "x from to colour text", *(b for x, s in bars for b in _bar(x, s)),
                     "", "", "x total text server"]
            for x, s in bars:
                total = sum(s["net"].values())
                lines.append(f"{x} {shortest(total)} {_short(total)} {s['server']}")
            blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks) + _keys({n for s in cells for n in s["net"]}, bool(blocks))


def _keys(used: Collection[str], some: bool = True) -> str:
    return "".join(f"\n# key {COLOURS[n]} {n}" for n in STACKED if some and n in used
                   and n in COLOURS)


def timeline_data(text: str, workload: str, burst: int) -> str:
    """One burst, from `stages --burst`, as two blocks: stages (from, to, colour, name), then
    events (time, row, name). Time begins when the guest kicks, or when the first frame of a
    received burst wakes the worker."""
    fields = [line.split() for line in text.splitlines() if line]
    stages = [f for f in fields if f[0] == "stage"]
    events = [f for f in fields if f[0] == "event" and f[1] in EVENTS]
    zero = next((int(f[2]) for f in stages if f[1] in ("kick", "wake")), None)
    if zero is None or not events:
        raise Damaged("a record has no burst that could be shown: measure again")
    way = "transmit" if workload == "tx" else "receive"
    out = [f"# panel {way}, burst of {burst} frames", "from to colour name"]
    out += [f"{int(f[2]) - zero} {int(f[3]) - zero} {COLOURS.get(f[1], 0)} \"{f[1]}\""
            for f in stages if int(f[2]) >= zero]
    out += ["", "", "time row name"]
    rows = list(EVENTS)
    for f in events:
        if int(f[2]) >= zero:
            label = EVENTS[f[1]] + (workload if f[1] == "copy" else "")
            out.append(f"{int(f[2]) - zero} {len(rows) - rows.index(f[1])} \"{label}\"")
    return "\n".join(out) + _keys({f[1] for f in stages if int(f[2]) >= zero})


def draw_all(run: Run, cells: list[Stage]) -> None:
    """The stages of all, and a timeline of one burst each way."""
    if not cells:
        return
    draw(run, "stages", "stages", stages_data(cells), run.subtitle(), run.time_unit)
    best: dict[str, Stage] = {}
    for s in cells:
        if s["server"] == "vhostlab" and s["burst"] <= TELL_APART and (
                s["workload"] not in best or s["burst"] > best[s["workload"]]["burst"]):
            best[s["workload"]] = s
    for workload, s in best.items():
        done = subprocess.run([ask.BENCH / "stages", "--burst", str(BURST), s["trace"]],
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Damaged(f"{s['trace']}: no timeline: see the lines above")
        draw(run, f"timeline-{workload}", "timeline",
             timeline_data(done.stdout, workload, s["burst"]), run.subtitle(), run.time_unit)


def draw_flames(run: Run, work: Path) -> None:
    """One flame graph a record of call chains."""
    for path in sorted((run.folder / "raw").glob("*.stacks.gz")):
        p = _point(run, *_key(path, ".stacks.gz"))
        if p is None:
            continue
        name = f"{p['server']}-{p['workload']}-{p['burst']}"
        what = f"Where {p['server']} spends its time: {p['workload']}, burst {p['burst']}"
        stacks = _unpacked(path, work, "stacks")
        for folder, width, under in (("figures", 1200, run.subtitle()),
                                     ("figures-narrow", 390, run.subtitle().replace("; ", "\n"))):
            (run.folder / folder).mkdir(exist_ok=True)
            with open(run.folder / folder / f"flame-{name}.svg", "w", encoding="utf-8") as out:
                done = subprocess.run(
                    [ask.BENCH / "flame", "--title", f"{what}\n{under}", "--colour",
                     servers.colours()[p["server"]], "--width", str(width), stacks],
                    stdout=out, check=False)
            if done.returncode:
                raise DrawingFailed(f"flame-{name}: it cannot be drawn: see the lines above")


def _row(s: Stage) -> list[str]:
    def events(cost: str, kind: str) -> str:
        return f"{whole(s.get(cost))} x {brief(sum(s[kind].values()))}"
    return [s["workload"], s["burst"], s["server"],
            *(whole(s["net"].get(n)) for n in COLUMNS), whole(s["untraced"]), whole(s["sum"]),
            whole(s["end_to_end"]), events("wake_cost", "scheduler_events"),
            events("mark_cost", "module_events")]


def text_of(run: Run, cells: list[Stage]) -> str:
    """The sections about stages and single bursts; nothing when nothing was recorded."""
    if not cells:
        return ""
    some = order.sort_by(cells, lambda s: [servers.workload_rank(s["workload"]), s["burst"],
                                           servers.rank(s["server"])])
    heads = ["workload", "burst", "server", *COLUMNS, "end to end, untraced",
             "sum of traced stages", "end to end, traced", "scheduler's events",
             "module's events"]
    below = any(v < 0 for s in cells for v in s["net"].values() if v is not None)
    return render("stages", run, below=below,
                  table=table(heads, "lrl" + "r" * 14, [_row(s) for s in some]))
