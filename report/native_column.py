# SPDX-License-Identifier: GPL-2.0-only
"""The second column of the ablation: what an optimization saves in nanoseconds between two
processors, from the run of the native rig beside it, or why it has no such number."""
from __future__ import annotations

from typing import Any

from report import places
from report.native_cells import Buffers, within
from report.run import Run
from report.text import fixed

ELSEWHERE = {
    "array": "none: saved in tun, which the rig has not",
    "direct": "none: saved in the socket's code, which the rig has not",
    "yield": "none: a matter of the scheduler, which the rig has not",
}
"""What the rig cannot see, and why."""
MEASURED = {"tx": "stream", "rx": "rx"}
"""The rig's workload for that of the ablation; a round trip of it has one buffer."""


def beside(run: Run) -> Buffers | None:
    """The cells of the rig's run beside an ablation, if there is one."""
    folder = run.folder.parent / "native"
    if not (folder / "points.jsonl").is_file():
        return None
    return Buffers(places.main(Run(folder, f"{run.name}/../native")))


def saved(b: Buffers | None, idea: dict[str, Any]) -> str:
    """Saved as the last one, with its interval; where that does not repeat, of both sides on one
    processor; or why there is no such number."""
    if idea["idea"] in ELSEWHERE:
        return ELSEWHERE[idea["idea"]]
    if b is None:
        return "none: no run of configs/native.conf is beside this one"
    if idea["workload"] not in MEASURED:
        return "none: the rig leaves them out one by one in streams only"
    place = {"workload": MEASURED[idea["workload"]], "server": "vhostlab", "size": idea["size"],
             "burst": idea["burst"], "sink": "drop"}
    where = b.find(place | {"knobs": {"without": idea["idea"]}})
    if where is None:
        return "none: not in the rig's sweep"
    found = b.minus(place, "two", idea["idea"])
    if found is not None:
        return f"{fixed(found['median'], 1)}{within(found)}"
    turns = b.minus(place, "turns", idea["idea"])
    return ("none: does not repeat to 5 %" if turns is None else
            f"{fixed(turns['median'], 1)}{within(turns)} on one processor, in turns; on two: does "
            "not repeat to 5 %")
