# SPDX-License-Identifier: GPL-2.0-only
"""Runs the tests of a module of unittest and says TAP."""
from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True
os.environ.setdefault("VHOSTLAB_BUILD", str(ROOT / "build"))


class Tap(unittest.TextTestResult):
    """One line a test, as prove reads them."""

    def stopTest(self, test: unittest.TestCase) -> None:
        failed = [e for t, e in self.failures + self.errors if t is test]
        name = test.id().removeprefix("__main__.").replace("_", " ")
        skipped = "".join(f" # SKIP {why}" for t, why in self.skipped if t is test)
        print(f"{'not ok' if failed else 'ok'} {self.testsRun} - {name}{skipped}")
        for error in failed:
            print("\n".join(f"#   {line}" for line in error.splitlines()))
        super().stopTest(test)


def main() -> None:
    """The tests of the program that calls this."""
    from report import ask
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        done = unittest.TextTestRunner(stream=quiet, resultclass=Tap).run(suite)
    print(f"1..{done.testsRun}")
    ask.close()
    sys.exit(not done.wasSuccessful())
