# SPDX-License-Identifier: GPL-2.0-only
"""The page of what was tried by chance (tests/reliability), as TAP; the published one is proved."""
from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import tap

from report import reliability


class Record(unittest.TestCase):
    def _folder(self, *some: dict[str, Any]) -> Path:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        usual = {"program": "mutate", "rounds": 4, "seed": 1, "kernel": "6.1.0-debug", "status": 0,
                 "revision": "0123456789abcdef", "module": "", "date": "2026-11-30T10:00:00Z",
                 "dirty": False, "seconds": 60, "passed": 7, "failed": 0, "figures": {}}
        (folder / "campaigns.jsonl").write_text(
            "".join(json.dumps(usual | one) + "\n" for one in some))
        return folder

    def test_what_failed_counts_in_no_sum_and_is_named_first(self) -> None:
        folder = self._folder({"figures": {"mutations": 5}},
                              {"figures": {"mutations": 7}, "failed": 1},
                              {"figures": {"mutations": 9}, "status": 1})
        self.assertEqual(reliability.total(reliability.gather(folder), "mutations", True), 5)
        text = reliability.text_of(folder)
        self.assertIn("**2 of these runs failed**", text)
        self.assertIn("| ring mutations | 5 | 0 |", text)

    def test_kernels_with_detectors_have_a_sum_of_their_own(self) -> None:
        folder = self._folder({"figures": {"mutations": 5}},
                              {"figures": {"mutations": 7}, "kernel": "6.1.0-57-amd64"})
        self.assertIn("| ring mutations | 5 | 7 |", reliability.text_of(folder))

    def test_a_tree_with_changes_is_named(self) -> None:
        self.assertIn("0123456789ab and changes",
                      reliability.text_of(self._folder({"dirty": True})))

    def test_a_debug_kernel_of_before_it_had_two_processors_is_named(self) -> None:
        said = "A debug kernel without a number had one processor"
        self.assertIn(said, reliability.text_of(self._folder({"processors": 2}, {})))
        text = reliability.text_of(self._folder({"processors": 2}, {"kernel": "6.1.0-57-amd64"}))
        self.assertNotIn(said, text)
        self.assertIn("| 6.1.0-debug | 2 | 4 |", text)

    def test_coverage_is_by_file_and_of_all(self) -> None:
        folder = self._folder({})
        (folder / "coverage.jsonl").write_text(
            '{"file":"tx.c","sites":200,"hit":150}\n{"file":"rx.c","sites":100,"hit":50}\n')
        text = reliability.text_of(folder)
        self.assertIn("Of 300 places", text)
        self.assertIn("| tx.c | 200 | 150 | 75 |", text)
        self.assertLess(text.index("| rx.c"), text.index("| tx.c"))

    def test_the_published_page_is_that_of_its_record(self) -> None:
        folder = reliability.FOLDER
        if not reliability.is_record(folder):
            self.skipTest("results/reliability has no record")
        self.assertEqual((folder / reliability.PAGE).read_text(encoding="utf-8"),
                         reliability.text_of(folder))


if __name__ == "__main__":
    tap.main()
