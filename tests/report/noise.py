# SPDX-License-Identifier: GPL-2.0-only
"""The report of measurements in which nothing differs finds something in one of twenty at most.

What is drawn is drawn from fixed seeds: the same every time.
"""
from __future__ import annotations

import random
import unittest

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


if __name__ == "__main__":
    tap.main()
