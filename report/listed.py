# SPDX-License-Identifier: GPL-2.0-only
"""Which runs the reference has: configs/reference.json, the one place that says so."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from report.ask import ROOT


@dataclass(frozen=True)
class Listed:
    """One run of the reference."""

    folder: str
    """Below results/reference; empty: the reference run itself."""
    config: str
    """Its file in configs/."""
    clock: str
    title: str
    """Of its page, in the front page's contents."""
    what: str
    """What is there."""

    @property
    def experiment(self) -> str:
        """What its points call the configuration."""
        return Path(self.config).stem

    @property
    def name(self) -> str:
        """What it is called among all of them."""
        return self.folder or self.experiment


def title_of(folder: str, other: str) -> str:
    """The title of the run that has this folder's name; `other` where none has."""
    return next((one.title for one in LISTED if one.folder == folder), other)


LISTED = [Listed(**entry) for entry in json.loads(
    (ROOT / "configs/reference.json").read_text(encoding="utf-8"))["runs"]]

COMPANIONS = [run.folder for run in LISTED if run.folder]
"""Folders of the reference, beside its own run."""
