# SPDX-License-Identifier: GPL-2.0-only
"""A run on several kernels as one run a kernel."""
from __future__ import annotations

import functools
import json
from typing import Any

from report.run import Cell, Run


class OnKernel(Run):
    """What of a run was measured on one of its kernels. Its pages and figures are in a folder of the
    kernel's name below the run's."""

    def __init__(self, whole_run: Run, kernel: str):
        super().__init__(whole_run.folder / kernel, whole_run.name)
        self.whole_run = whole_run
        self.kernel = kernel

    @functools.cached_property
    def env(self) -> dict[str, Any]:
        """That of the kernel."""
        path = self.whole_run.folder / f"env-{self.kernel}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    @functools.cached_property
    def points(self) -> list[dict[str, Any]]:
        """Those of the kernel."""
        return [p for p in self.whole_run.points if p["kernel"] == self.kernel]

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """Those of the kernel."""
        return [c for c in self.whole_run.cells if c["kernel"] == self.kernel]

    @functools.cached_property
    def controls(self) -> list[dict[str, Any]]:
        """Those of the kernel, as all of the run were judged together."""
        return [c for c in self.whole_run.controls if c["kernel"] == self.kernel]

    @functools.cached_property
    def failed(self) -> list[dict[str, Any]]:
        """The page of the whole run names them."""
        return []


def split(run: Run) -> list[Run]:
    """The run by kernel, in the order in which they were measured; itself where it has one."""
    names = dict.fromkeys(p["kernel"] for p in run.points if "kernel" in p)
    return [OnKernel(run, name) for name in names] or [run]
