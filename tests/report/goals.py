# SPDX-License-Identifier: GPL-2.0-only
"""Goals of the module's path length (report/goals.py), as TAP; the published page is proved."""
from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import tap

from report import goals, origin
from report.listed import COMPANIONS
from report.publish import REFERENCE
from report.run import Damaged, Run

PLACE = {"guest": "process", "workload": "tx", "sink": "stack", "size": 64, "burst": 64}
GOAL: dict[str, Any] = {
    "title": "a", "run": "caller", "metric": "cost_per_packet", "most": 0.5, "place": PLACE,
    "ours": [{"server": "vhostlab"}], "theirs": [{"server": "intree"}], "because": "why"}


def point(server: str, cost: float | None, lost: int = 0, guests: int = 1,
          **knobs: Any) -> dict[str, Any]:
    """A measurement, as a sweep keeps it."""
    return PLACE | {"server": server, "cost_per_packet": cost, "lost": lost, "guests": guests,
                    "knobs": knobs, "rep": 1, "queues": 1, "clock": "insn", "accel": "tcg",
                    "packets": 1000, "corrupt": 0, "experiment": "caller",
                    "detail": {"policy": knobs.get("policy", "other")},
                    "point": "-".join([server, str(guests), *knobs])}


class Goals(unittest.TestCase):
    def _run(self, *points: dict[str, Any]) -> Run:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "caller"
        folder.mkdir()
        (folder / "points.jsonl").write_text("".join(json.dumps(p) + "\n" for p in points))
        (folder / "env.json").write_text(json.dumps(
            {"experiment": "caller", "clock": "insn", "accel": "tcg", "kernel": "6.1.0"}))
        return Run(folder, "caller")

    def _judged(self, goal: dict[str, Any], *points: dict[str, Any]) -> dict[str, Any]:
        return goals.judge([GOAL | goal], [self._run(*points)])[0]

    def test_a_ratio_below_the_bound_is_reached_and_one_above_it_missed(self) -> None:
        some = [point("vhostlab", 50), point("intree", 100)]
        self.assertEqual(self._judged({"most": 0.501}, *some)["verdict"], "reached")
        self.assertEqual(self._judged({"most": 0.499}, *some)["verdict"], "missed")

    def test_a_ratio_closer_to_the_bound_than_runs_are_is_at_its_limit(self) -> None:
        self.assertEqual(self._judged({"most": 0.5004}, point("vhostlab", 50),
                                      point("intree", 100))["verdict"], "at its limit")
        some = [point("vhostlab", 49.9) | {"rep": 1}, point("vhostlab", 50.1) | {"rep": 2},
                point("intree", 100)]
        self.assertEqual(self._judged({"most": 0.501}, *some)["verdict"], "at its limit")
        self.assertEqual(self._judged({"most": 0.499}, *some)["verdict"], "at its limit")
        self.assertEqual(self._judged({"most": 0.51}, *some)["verdict"], "reached")

    def test_a_cell_that_is_missing_or_has_no_cost_is_not_measured(self) -> None:
        self.assertEqual(self._judged({}, point("vhostlab", 50))["verdict"], "not measured")
        one = self._judged({}, point("vhostlab", 50), point("intree", None))
        self.assertEqual((one["verdict"], one["ratio"]), ("not measured", None))
        self.assertEqual(goals.judge([GOAL], [])[0]["verdict"], "not measured")

    def test_of_several_settings_the_cheapest_counts(self) -> None:
        both = [{"server": "vhostlab"}, {"server": "vhostlab", "knobs": {"worker": "caller"}}]
        one = self._judged({"ours": both}, point("vhostlab", 60),
                           point("vhostlab", 40, worker="caller"), point("intree", 100))
        self.assertEqual((one["ratio"], one["cells"][0]["knobs"]), (0.4, {"worker": "caller"}))

    def test_knobs_and_guests_that_are_not_named_are_the_usual_ones(self) -> None:
        one = self._judged({}, point("vhostlab", 60), point("vhostlab", 10, ring=4096),
                           point("vhostlab", 10, guests=32), point("intree", 100))
        self.assertEqual(one["ratio"], 0.6)

    def test_a_search_leaves_out_what_loses_more_and_another_policy(self) -> None:
        one = self._judged({"theirs": [{"server": "intree", "knobs": "any"}]},
                           point("vhostlab", 50), point("intree", 100, lost=1),
                           point("intree", 90, lost=1, event_idx=0),
                           point("intree", 80, lost=2, sndbuf=1),
                           point("intree", 70, policy="batch"))
        self.assertEqual(one["cells"][1]["knobs"], {"event_idx": 0})

    def test_a_goal_with_an_unknown_field_or_metric_is_refused(self) -> None:
        wrongs: list[dict[str, Any]] = [{"mots": 1}, {"metric": "cost"}]
        for wrong in wrongs:
            path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "goals.json"
            path.write_text(json.dumps({"goals": [GOAL | wrong]}))
            with self.assertRaises(Damaged):
                goals.load(path)

    def test_the_published_page_is_that_of_the_published_runs(self) -> None:
        if not (REFERENCE / "goals.md").is_file():
            self.skipTest("results/reference has no goals.md")
        main = Run(REFERENCE, "results/reference")
        runs = [main, *(Run(REFERENCE / n, f"results/reference/{n}") for n in COMPANIONS
                        if (REFERENCE / n / "points.jsonl").is_file())]
        text = goals.text_of(main, runs, goals.judge(goals.load(), runs), origin.unity(runs))
        kept = (REFERENCE / "goals.md").read_text(encoding="utf-8")
        self.assertEqual(kept.split(), text.split())


if __name__ == "__main__":
    tap.main()
