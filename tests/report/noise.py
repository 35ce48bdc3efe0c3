# SPDX-License-Identifier: GPL-2.0-only
"""The report of measurements in which nothing differs finds something in one of twenty at most.

What is drawn is drawn from fixed seeds: the same every time.
"""
from __future__ import annotations

import json
import random
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tap

from report import ask, direction

RUNS = 1000
ROWS = 23
MOST = 50
"""One in twenty of the runs."""
FINDINGS = {"agrees", "**contradicts**", "costs more here", "costs less here"}


def row(dice: random.Random, repetitions: int, lean: float = 0.5) -> list[bool | None]:
    """The signs of the repetitions of one row."""
    return [dice.random() < lean for _ in range(repetitions)]


class Signs(unittest.TestCase):
    """Pages of 23 rows, each compared with what was counted on the other clock."""

    def findings(self, repetitions: int) -> int:
        """In how many of the runs a row has one."""
        dice = random.Random(repetitions)
        found = 0
        for _ in range(RUNS):
            rows = [{"signs": row(dice, repetitions), "counted": dice.choice([1.3, 0.8, 1.0])}
                    for _ in range(ROWS)]
            found += any(p["verdict"] in FINDINGS for p in direction.judged(rows)["rows"])
        return found

    def test_noise_is_no_finding(self) -> None:
        for repetitions in (10, 14, 30):
            self.assertLessEqual(self.findings(repetitions), MOST, f"{repetitions} repetitions")

    def test_without_the_correction_it_would_be(self) -> None:
        dice = random.Random(14)
        single = sum(any(r["p_single"] <= direction.LEVEL for r in
                         ask.signs(direction.LEVEL, [row(dice, 14) for _ in range(ROWS)])["rows"])
                     for _ in range(RUNS))
        self.assertGreater(single, MOST * 3)

    def test_a_gain_among_noise_is_found(self) -> None:
        dice = random.Random(1)
        seen = 0
        for _ in range(100):
            rows = [{"signs": row(dice, 14, 0.5 if i else 0.98), "counted": 1.3}
                    for i in range(ROWS)]
            seen += direction.judged(rows)["rows"][0]["verdict"] == "agrees"
        self.assertGreater(seen, 75)


Change = Callable[[int, int], float]
"""What a cost is multiplied by, from the cell's number and the repetition."""


def points(cell: int, cost: Callable[[int], float], repetitions: int,
           **more: Any) -> list[dict[str, Any]]:
    """One cell on the wall clock."""
    return [{"point": f"{cell}{more}", "rep": rep, "experiment": "x", "server": "vhostlab",
             "guest": "process", "workload": "tx", "size": 60 + cell, "burst": 64, "queues": 1,
             "guests": 1, "sink": "stack", "knobs": {}, "clock": "wall", "accel": "tcg",
             "packets": 1000, "lost": 0, "cost_per_packet": cost(rep)} | more
            for rep in range(1, repetitions + 1)]


class Controls(unittest.TestCase):
    """Runs of 12 cells, one of them measured again."""

    def apart(self, change: Change, runs: int = 100, single: bool = False) -> int:
        """In how many of the runs the A/A controls are."""
        dice = random.Random(7)
        found = 0
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as name:
                def noisy(cell: int) -> Callable[[int], float]:
                    return lambda rep: (1000 * (1 + cell) * dice.lognormvariate(0, 0.02)
                                        * change(cell, rep))
                for file, lines in (
                        ("points", [p for c in range(12) for p in points(c, noisy(c), 20)]),
                        ("control", points(0, noisy(0), 20, control=True))):
                    Path(name, f"{file}.jsonl").write_text(
                        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
                controls = ask.control(Path(name))
            found += (any(c["p_single"] <= 0.05 for c in controls) if single
                      else controls[0]["verdict"] == "apart")
        return found

    # At 5 % each, more than 10 of 100 come once in 90 seeds.

    def test_noise_is_not_apart(self) -> None:
        self.assertLessEqual(self.apart(lambda cell, rep: 1), 10)

    def test_without_the_correction_it_would_be(self) -> None:
        self.assertGreater(self.apart(lambda cell, rep: 1, single=True), 20)

    def test_drift_is_not_apart(self) -> None:
        self.assertLessEqual(self.apart(lambda cell, rep: 1 + rep / 20), 10)

    def test_what_the_order_in_a_group_adds_is_found(self) -> None:
        order = self.apart(lambda cell, rep: 1.2 if cell == 3 and rep % 2 else 1, 30)
        self.assertGreater(order, 27)


class Winners(unittest.TestCase):
    """Pages of 24 comparisons of costs in which nothing differs."""

    def sample(self, dice: random.Random, times: float = 1) -> dict[str, Any]:
        """Nine repetitions, now and then one that is a third too high."""
        values = [times * dice.lognormvariate(0, 0.1) * (1.3 if dice.random() < 0.1 else 1)
                  for _ in range(9)]
        return {"values": values, "by": {str(i + 1): v for i, v in enumerate(values)}}

    def page(self, dice: random.Random, times: float = 1) -> list[dict[str, Any]]:
        """The first of them differs by that factor."""
        return ask.differ("wall", direction.LEVEL, [
            [self.sample(dice), self.sample(dice, 1 if i else times)] for i in range(24)])

    def test_noise_has_no_winner(self) -> None:
        dice = random.Random(3)
        found = sum(any(r["differ"] for r in self.page(dice)) for _ in range(400))
        self.assertLessEqual(found, 20)

    def test_a_winner_is_found(self) -> None:
        dice = random.Random(4)
        self.assertGreater(sum(self.page(dice, 2)[0]["differ"] for _ in range(50)), 45)

    def test_more_than_either_with_itself(self) -> None:
        # Every value of one lies above all of the other, by less than the halves of one differ.
        a = {"values": [100.0 + 20 * (i % 2) for i in range(1, 9)]}
        b = {"values": [90.0 + i / 10 for i in range(1, 9)]}
        for some in (a, b):
            some["by"] = {str(i + 1): v for i, v in enumerate(some["values"])}  # type: ignore
        self.assertFalse(ask.differ("wall", 0.05, [[a, b]])[0]["differ"])
        a["by"] = {str(i + 1): v for i, v in enumerate(sorted(a["values"]))}  # type: ignore
        self.assertTrue(ask.differ("wall", 0.05, [[a, b]])[0]["differ"])

    def test_the_instruction_clock(self) -> None:
        def once(*values: float) -> dict[str, Any]:
            return {"values": list(values), "by": {str(i): v for i, v in enumerate(values)}}
        for a, b, differ in ((once(1000), once(1000.9), False), (once(1000), once(1002), True),
                             (once(1000, 1005), once(1004, 1004.5), False),
                             (once(), once(1), False)):
            self.assertEqual(ask.differ("insn", 0.05, [[a, b]])[0]["differ"], differ)


if __name__ == "__main__":
    tap.main()
