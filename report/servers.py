# SPDX-License-Identifier: GPL-2.0-only
"""The servers, in reading order, with their colours; and how workloads are named and ordered."""
from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from report.ask import ROOT

USUAL = ["userspace", "intree", "vhostlab"]
ALL = USUAL + ["uring", "vhostuser"]
WORKLOADS = {"tx": "transmit", "rx": "receive", "rr": "round trip"}
MODELS = ["userspace", "uring", "intree", "device", "queue", "workqueue", "shared", "caller"]


def columns_for(names: Iterable[str]) -> list[str]:
    """Columns of a table: always the usual three, of the others those that are in it."""
    have = set(names) | set(USUAL)
    return [s for s in ALL if s in have]


def rank(server: str) -> int | None:
    """The place of a server in reading order."""
    return ALL.index(server) if server in ALL else None


def workload_rank(workload: str) -> int | None:
    """Transmit, receive, round trip."""
    return list(WORKLOADS).index(workload) if workload in WORKLOADS else None


@functools.cache
def colours() -> dict[str, str]:
    """Of each server, from the one place where they stand."""
    style = (ROOT / "plots/style.gp").read_text(encoding="utf-8")
    names = re.search(r'^servers = "(.*)"$', style, re.M)
    values = re.search(r"^array colour.*= \[(.*)\]$", style, re.M)
    assert names is not None and values is not None
    return dict(zip(names[1].split(), re.findall(r"#[0-9a-f]{6}", values[1])))


def colour_number(text: str) -> int:
    """#rrggbb as gnuplot takes it from a column."""
    return int(text[1:], 16)
