# SPDX-License-Identifier: GPL-2.0-only
"""Unit tests of report/, as TAP: text, order, panels, verdicts of rows, stages without events."""
from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True
os.environ.setdefault("VHOSTLAB_BUILD", str(ROOT / "build"))

from report import ask, order, page, panels, stages, text  # noqa: E402


class Text(unittest.TestCase):
    def test_rounds_half_up(self) -> None:
        self.assertEqual(text.fixed(0.125, 2), "0.13")
        self.assertEqual(text.fixed(-0.125, 2), "-0.13")
        self.assertEqual(text.fixed(-0.001, 2), "0.00")
        self.assertEqual(text.fixed(None, 2), "-")
        self.assertEqual(text.fixed(9.995, 0), "10")

    def test_brief_has_no_zeros_behind(self) -> None:
        self.assertEqual(text.brief(2.5), "2.5")
        self.assertEqual(text.brief(100), "100")
        self.assertEqual(text.brief(0.00001), "0")

    def test_shortest_gives_the_number_back(self) -> None:
        for value in (0.1, 1e-7, 1.52587891e-05, 123456.789, 2.0):
            self.assertEqual(float(text.shortest(value)), value)
        self.assertEqual(text.shortest(2.0), "2")
        self.assertEqual(text.shortest("all"), "all")

    def test_a_cell_of_a_table_cannot_end_it(self) -> None:
        self.assertEqual(text.cell_text("a|b\nc"), "a\\|b c")


class Order(unittest.TestCase):
    def test_types_have_an_order(self) -> None:
        values = [{"a": 1}, [1], "x", 2, True, False, None]
        self.assertEqual(order.unique(values), values[::-1])

    def test_groups_are_sorted_and_keep_their_order(self) -> None:
        groups = order.group_by([(2, "a"), (1, "b"), (2, "c")], lambda p: p[0])
        self.assertEqual(groups, [[(1, "b")], [(2, "a"), (2, "c")]])


class Asked(unittest.TestCase):
    def test_median_of_an_even_number(self) -> None:
        self.assertEqual(ask.median([4, None, 1, 2, 3]), 2.5)
        self.assertIsNone(ask.median([None]))

    def test_quotient_of_nothing(self) -> None:
        self.assertIsNone(ask.quotient(1, 0))
        self.assertIsNone(ask.quotient(None, 1))
        self.assertEqual(ask.quotient(1, 4), 0.25)

    def test_signs(self) -> None:
        self.assertEqual(ask.signs([True] * 5)["p_more"], 1 / 32)

    def test_an_interval_of_few_is_all_of_them(self) -> None:
        some = ask.sample([5, 1, 3])
        assert some is not None
        self.assertEqual((some["low"], some["high"], some["spread"]), (1, 5, 4 / 3))

    def test_compared_by_repetition(self) -> None:
        a = {"values": [2, 4, 6, 8, 10, 12], "by": {str(i): 2 * i for i in range(1, 7)}}
        b = {"values": [1, 2, 3, 4, 5, 6], "by": {str(i): i for i in range(1, 7)}}
        found = ask.compare("ratio", a, b)
        assert found is not None
        self.assertEqual((found["low"], found["median"], found["high"]), (2, 2, 2))


class Layout(unittest.TestCase):
    def test_a_panel_without_rows_is_none(self) -> None:
        self.assertEqual(panels.data([("empty", [])], ["a"]), "")

    def test_what_was_not_measured_is_a_dash(self) -> None:
        self.assertEqual(panels.data([("t", [(1, {"a": None, "b": 2.0})])], ["a", "b"], False),
                         "# panel t\nx a b\n1 - 2")

    def test_a_curve_has_two_points(self) -> None:
        rows = [(1, {"a": 1, "b": 2}), (2, {"a": 3})]
        self.assertEqual(panels.data([("t", rows), ("one", rows[:1])], ["a", "b"]),
                         "# panel t\nx a b\n1 1 -\n2 3 -")

    def test_nothing_but_zeros_is_not_shown(self) -> None:
        self.assertEqual(panels.data([("t", [(1, {"a": 0}), (2, {"a": 0})])], ["a"]), "")
        bars: list[panels.Panel] = [("t", [(1, {"a": 0.0001})]), ("u", [(1, {"a": 1})])]
        self.assertEqual(panels.data(bars, ["a"], False), "# panel u\nx a\n1 1")

    def test_a_table(self) -> None:
        self.assertEqual(page.table(["a", "b"], "lr", [["x", 1]]),
                         "| a | b |\n|---|--:|\n| x | 1 |\n")


class Stages(unittest.TestCase):
    def test_time_begins_when_the_guest_kicks(self) -> None:
        said = "stage guest 0 90\nstage kick 100 150\nevent guest_kick 100\nevent copy 140\n"
        out = stages.timeline_data(said, "tx", 8).split("\n")
        self.assertEqual(out[0], "# panel transmit, burst of 8 frames")
        self.assertEqual(out[2], f"0 50 {0x666666} \"kick\"")
        self.assertIn('40 5 "copy_tx"', out)


class Tap(unittest.TextTestResult):
    """One line a test, as prove reads them."""

    def stopTest(self, test: unittest.TestCase) -> None:
        failed = [e for t, e in self.failures + self.errors if t is test]
        name = test.id().removeprefix("__main__.").replace("_", " ")
        print(f"{'not ok' if failed else 'ok'} {self.testsRun} - {name}")
        for error in failed:
            print("\n".join(f"#   {line}" for line in error.splitlines()))
        super().stopTest(test)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        done = unittest.TextTestRunner(stream=quiet, resultclass=Tap).run(suite)
    print(f"1..{done.testsRun}")
    ask.close()
    sys.exit(not done.wasSuccessful())
