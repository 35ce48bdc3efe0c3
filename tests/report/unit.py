# SPDX-License-Identifier: GPL-2.0-only
"""Unit tests of report/, as TAP: text, order, panels, policies, claims, stages without events."""
from __future__ import annotations

import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tap

from report import (ablation, ask, best, caller, claim_file, claims, defaults, direction, figures,
                    functions, headline, html, interval, judge, native, native_cells,
                    native_column, native_defaults, native_model, order, page, panels, places, policy,
                    run, stages, summary, text, whole)


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

    def test_a_heading_is_found_as_hosts_of_markdown_name_it(self) -> None:
        self.assertEqual(text.anchor("With `a=b`, a C-like rr costs 2 %"), "with-ab-a-c-like-rr-costs-2-")


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

    def test_signs_look_both_ways(self) -> None:
        for value in (True, False):
            alone = ask.signs(0.05, [[value] * 6])["rows"][0]
            self.assertEqual((alone["p_single"], alone["few"]), (2 / 64, False))

    def test_signs_of_several_rows_share_the_level(self) -> None:
        both = ask.signs(0.05, [[True] * 7, [True, False] * 4])
        self.assertEqual([r["p"] for r in both["rows"]], [4 / 128, 1])
        # Of 17 rows none can be significant with 8 repetitions, whatever they are.
        many = ask.signs(0.05, [[True] * 8] * 17)
        self.assertEqual((many["tests"], many["needed"]), (0, 10))
        self.assertTrue(all(r["few"] for r in many["rows"]))

    def test_a_tie_is_no_sign(self) -> None:
        self.assertEqual(ask.signs(0.05, [[None, True, False]])["rows"][0]["n"], 2)

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

    def test_a_sample_has_whiskers(self) -> None:
        some = {"n": 3, "median": 2, "low": 1, "high": 4}
        self.assertEqual(panels.data([("t", [(1, {"a": some}), (2, {"a": 5})])], ["a"]),
                         "# panel t\nx a a:low a:high\n1 2 1 4\n2 5 - -")

    def test_a_sample_of_one_has_its_value(self) -> None:
        once = {"n": 1, "median": 2, "low": None, "high": None}
        self.assertEqual(panels.ends(once), [2, 2])
        self.assertEqual(panels.ends(None), [None, None])

    def test_what_whiskers_are_depends_on_n(self) -> None:
        words = "whiskers: least and largest repetition"
        for subtitle, said in (("x; n = 1", ""), ("x; n = 2 to 5, y", words),
                               ("x; n = 9", "whiskers: 95 % interval of the median")):
            self.assertEqual(panels.whiskers_text("x a a:low", subtitle), said)
        self.assertEqual(panels.whiskers_text("x a", "x; n = 9"), "")

    def test_what_is_not_shown_is_said(self) -> None:
        some: list[panels.Panel] = [
            ("kicks", [(1, {"a": 0}), (2, {"a": 0})]), ("calls", [(1, {"a": 1, "b": 2}),
                                                                  (2, {"a": 1})])]
        self.assertEqual(panels.left_out(some),
                         "\n# left out kicks: nothing but zeros"
                         "\n# left out calls: one point only: b")
        self.assertEqual(panels.left_out([("t", [(1, {"a": 0.0001})]), ("u", [(1, {"a": 1})])],
                                         False),
                         "\n# left out t: at most 0.0001, next to nothing beside the others")

    def test_a_spread_is_not_said_with_four_digits(self) -> None:
        self.assertEqual(run.repeats([3], [0.0002, 0.0009, 0.0002]),
                         "n = 3, repeats to 0.02 % (0.09 % in the worst cell)")
        self.assertEqual(run.repeats([9], [0.18, 38.1429, 0.18]),
                         "n = 9, repeats to 18.00 % (more than 100 % in the worst cell)")
        self.assertEqual(run.repeats([8], [1.5]),
                         "n = 8, repetitions of a cell differ by more than 100 %")

    def test_a_table(self) -> None:
        self.assertEqual(page.table(["a", "b"], "lr", [["x", 1]]),
                         "| a | b |\n|---|--:|\n| x | 1 |\n")


class Intervals(unittest.TestCase):
    def shown(self, clock: str, costs: list[float]) -> tuple[str, str]:
        """A cell whose cost was so, and its ratio to one that costs half as much."""
        with tempfile.TemporaryDirectory() as name:
            Path(name, "env.json").write_text(json.dumps({"clock": clock}), encoding="utf-8")
            with open(Path(name) / "points.jsonl", "w", encoding="utf-8") as out:
                for server, factor in (("intree", 0.5), ("vhostlab", 1)):
                    for rep, cost in enumerate(costs, 1):
                        out.write(json.dumps({
                            "point": server, "rep": rep, "experiment": "x", "server": server,
                            "guest": "process", "workload": "tx", "size": 64, "burst": 1,
                            "queues": 1, "guests": 1, "sink": "stack", "knobs": {},
                            "clock": clock, "accel": "tcg", "packets": 1000, "lost": 0,
                            "cost_per_packet": cost * factor}) + "\n")
            one = run.Run(Path(name), "x")
            cell = {c["server"]: c for c in one.cells}
            return (interval.of(one, cell["vhostlab"], "cost_per_packet"),
                    interval.ratio(one, cell["vhostlab"], cell["intree"], "cost_per_packet"))

    def test_stand_behind_medians_of_the_wall_clock(self) -> None:
        # Of 9 values the 2nd and 8th hold the median in 96.1 %.
        self.assertEqual(self.shown("wall", [10, 20, 30, 40, 50, 60, 70, 80, 90]),
                         ("50 [20, 80]", "2.000 [2.000, 2.000]"))
        self.assertEqual(self.shown("wall", [10, 20, 30]), ("20 [10, 30]", "2.000 [0.667, 6.000]"))

    def test_not_of_one_repetition_nor_of_the_instruction_clock(self) -> None:
        self.assertEqual(self.shown("wall", [10]), ("10", "2.000"))
        self.assertEqual(self.shown("insn", [10, 20, 30]), ("20", "2.000"))


class Html(unittest.TestCase):
    def test_both_renderings_are_found(self) -> None:
        wide = '<img src="figures/a.svg" alt="A" />'
        both = ('<picture><source media="(max-width: 800px)" srcset="figures-narrow/a.svg">'
                f"{wide}</picture>")
        for page_text, narrow in ((wide, None), (both, "figures-narrow/a.svg")):
            found = html.IMAGE.fullmatch(page_text)
            assert found is not None
            self.assertEqual(found.groupdict(), {"wide": "figures/a.svg", "narrow": narrow})


def point(server: str, burst: int, cost: float) -> dict[str, Any]:
    """A measurement under SCHED_OTHER."""
    return {"point": f"{server} {burst}", "rep": 1, "experiment": "x", "server": server,
            "guest": "process", "workload": "tx", "size": 64, "burst": burst, "queues": 1,
            "guests": 1, "sink": "stack", "knobs": {}, "clock": "insn", "accel": "tcg",
            "packets": 1000, "lost": 0, "corrupt": None, "cost_per_packet": cost,
            "detail": {"policy": "other"}}


class Overview(unittest.TestCase):
    def test_a_bar_without_a_cost_is_named(self) -> None:
        points = [point(s, b, 100) for s in ("intree", "vhostlab") for b in (1, 64)]
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "env.json").write_text('{"clock": "insn"}')
            with open(Path(name) / "points.jsonl", "w", encoding="utf-8") as out:
                for p in points:
                    none = p["server"] == "vhostlab" and p["burst"] == 64
                    out.write(json.dumps(p | ({"cost_per_packet": None} if none else {})) + "\n")
            text = figures.overview(run.Run(Path(name), "x").cells)
        self.assertEqual([line for line in text.splitlines() if "left out" in line],
                         ["# left out transmit, burst 64, vhostlab: too many frames were lost "
                          "to know the cost"])


def of_points(points: list[tuple[str, dict[str, str], float]],
              made: Callable[[run.Run], str], guest: str = "process", reps: int = 1) -> str:
    """What is made of a run of such points at burst 1: server, knobs, cost; each repetition costs
    5 % more than the one before."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "env.json").write_text('{"clock": "insn"}')
        with open(Path(name) / "points.jsonl", "w", encoding="utf-8") as out:
            for server, knobs, cost in points:
                for rep in range(reps):
                    out.write(json.dumps({
                        "point": f"{server} {knobs}", "rep": rep + 1, "experiment": "x",
                        "server": server, "guest": guest, "workload": "tx", "size": 64,
                        "burst": 1, "queues": 1, "guests": 1, "sink": "stack", "knobs": knobs,
                        "clock": "insn", "accel": "tcg", "packets": 1000, "lost": 0,
                        "corrupt": None, "cost_per_packet": cost * 1.05 ** rep,
                        "detail": {}}) + "\n")
        return made(run.Run(Path(name), "x"))


class Caller(unittest.TestCase):
    """A run in which the queue was served by a thread and by the task that kicks."""

    POINTS: list[tuple[str, dict[str, str], float]] = [
        ("intree", {}, 1000), ("vhostlab", {"worker": "caller"}, 450),
        ("vhostlab", {}, 900), ("vhostlab", {"worker": "queue"}, 7000),
        ("vhostlab", {"worker": "caller", "caller_weight": "8"}, 8000)]

    def test_both_beside_intree(self) -> None:
        self.assertEqual(of_points(self.POINTS, caller.brief_table).splitlines()[2:],
                         ["| process | tx | stack | 64 | 1 | 0.900 | 0.450 |"])

    def test_a_real_guest_says_how_far_apart_its_repetitions_are(self) -> None:
        found = of_points(self.POINTS, caller.brief_table, "qemu", 2).splitlines()[2:]
        self.assertEqual(found, ["| unmodified Linux | tx | stack | 64 | 1 | 0.900 (4.88 % apart) "
                                 "| 0.450 (4.88 % apart) |"])

    def test_one_model_is_no_comparison(self) -> None:
        self.assertEqual(of_points(self.POINTS[:2], caller.brief_table), "")
        self.assertEqual(of_points([self.POINTS[0], self.POINTS[2]], caller.brief_table), "")


class Policy(unittest.TestCase):
    """A run in which burst 1 was measured under two policies, and one under a single one."""

    def brief(self, points: list[tuple[str, dict[str, str], float]]) -> str:
        """The table of points: server, knobs, cost."""
        return of_points(points, policy.brief_table)

    def test_the_same_cell_under_each(self) -> None:
        found = self.brief([
            ("intree", {}, 1000), ("vhostlab", {}, 800), ("vhostlab", {"without": "yield"}, 900),
            ("intree", {"policy": "other"}, 900), ("vhostlab", {"policy": "other"}, 810),
            ("vhostlab", {"policy": "other", "without": "yield"}, 990),
            ("vhostlab", {"policy": "other", "without": "late"}, 7000)])
        self.assertEqual(found.splitlines()[2:],
                         ["| tx | 64 | 1 | 0.900 | 1.100 | 0.800 | 0.900 |"])

    def test_points_say_their_policy_or_are_of_the_time_of_batch(self) -> None:
        point = {"guest": "process", "knobs": {}, "detail": None}
        self.assertEqual(run.policy_of(point), "batch")
        self.assertEqual(run.policy_of(point | {"detail": {"policy": "other"}}), "other")
        self.assertEqual(run.policy_of(point | {"knobs": {"policy": "other"}}), "other")
        self.assertEqual(run.policy_of(point | {"guest": "qemu"}), None)
        self.assertEqual(run.policy_words([{"policy": None}, {"policy": "batch"},
                                           {"policy": "other"}]), "SCHED_OTHER and SCHED_BATCH")

    def test_what_was_not_measured_has_no_ratio(self) -> None:
        found = self.brief([("intree", {}, 1000), ("vhostlab", {"policy": "other"}, 800)])
        self.assertEqual(found.splitlines()[2:], ["| tx | 64 | 1 | - | - | - | - |"])

    def test_one_policy_is_no_comparison(self) -> None:
        self.assertEqual(self.brief([("intree", {}, 1000), ("vhostlab", {}, 800)]), "")


class Claims(unittest.TestCase):
    """What a page says about each claim, from a run of two servers."""

    def judged(self, name: str, clock: str = "insn", reps: int = 2) -> tuple[run.Run, Any]:
        """A run, and the claims of the tree judged from it."""
        folder = Path(name)
        points = [{"point": s, "rep": r, "experiment": "quick", "server": s, "guest": "process",
                   "workload": "rr", "size": 64, "burst": 1, "queues": 1, "guests": 1,
                   "sink": "stack", "knobs": {}, "clock": clock, "accel": "tcg",
                   "packets": 100, "lost": 0, "seconds": 1, "latency_p50": cost}
                  for s, cost in (("userspace", 200), ("intree", 100), ("vhostlab", 100))
                  for r in range(1, reps + 1)]
        (folder / "points.jsonl").write_text("".join(json.dumps(p) + "\n" for p in points))
        (folder / "env.json").write_text(json.dumps({
            "experiment": "quick", "clock": clock, "accel": "tcg", "kernel": "6.1",
            "cpus": 1 if clock == "insn" else 2}))
        one = run.Run(folder, "x")
        return one, judge.judge_runs([one], claim_file.load())

    def test_every_claim_says_what_it_rests_on(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            one, judged = self.judged(name)
            found = claims.details_text(one, judged, [one], True)
        every = claim_file.load()
        self.assertEqual(found.count("\n- Rests on: "), len(every))
        self.assertEqual(found.count("\n- How it was measured there: "), len(every))
        for claim in every:
            self.assertIn(f"- Rests on: {claim['rests']}\n", found)

    def test_a_report_of_one_run_has_those_with_data(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            one, judged = self.judged(name)
            found = claims.details_text(one, judged, [one])
        self.assertEqual([h for h in found.splitlines() if h.startswith("### ")],
                         ["### Latency improves"])

    def test_run_clock_machine_and_repetitions_are_named(self) -> None:
        for clock, reps, said in (
                ("insn", 2, "quick (instruction clock, tcg, one processor, n = 2)"),
                ("wall", 7, "quick (wall clock, tcg, 2 processors, n = 7)")):
            with tempfile.TemporaryDirectory() as name:
                one, judged = self.judged(name, clock, reps)
                latency = next(c for c in judged if c["id"] == "latency")
                self.assertEqual(claims.basis(latency, [one]), said)
                self.assertEqual(latency["verdict"], "reproduced")

    def test_the_table_gives_the_reason_with_the_word(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            one, judged = self.judged(name, "wall", 2)
            found = claims.table_text(one, judged)
        self.assertIn("| Latency improves | **open** | 2 repetitions of the wall clock, which "
                      "scatters, decide nothing", found)
        self.assertIn("| **not built** | a server that receives without a copy needs", found)

    def test_every_word_that_occurs_is_explained(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            one, judged = self.judged(name)
            found = claims.table_text(one, judged)
            every = claims.table_text(one, judged, True)
        for word, when in claims.VERDICTS.items():
            said = any(c["verdict"] == word for c in judged)
            self.assertEqual(f"| **{word}** | {when} |" in found, said)
            self.assertIn(f"| **{word}** | {when} |", every)


class SharedProcessor(unittest.TestCase):
    """What holds only where guest and server share a processor is named so on every page."""

    def test_giving_way(self) -> None:
        self.assertIn("shared processor only", ablation.WORDS["yield"])
        self.assertIn("only where guest and server share a processor", ablation.NAMES["yield"])
        self.assertIn("shared processor", ablation.LABELS["yield"].replace(r"\n", " "))
        self.assertIn("shared processor only", direction.what("yield"))

    def test_no_other(self) -> None:
        for idea in set(ablation.WORDS) - {"yield"}:
            self.assertNotIn("shared", ablation.WORDS[idea])


class Defaults(unittest.TestCase):
    """The same cells of two boots."""

    def said(self, **env: Any) -> str:
        """The table of a usual run and one whose environment has these differences."""
        usual = {"kernel": "6.1", "clock": "insn", "accel": "tcg", "append": None,
                 "kernel_defaults": {"init_on_alloc": "on", "hz": "250"}}
        with tempfile.TemporaryDirectory() as name:
            runs = []
            for folder, made, costs in (("usual", usual, (1000, 800, 7)),
                                        ("other", usual | env, (900, 810, 5))):
                where = Path(name) / folder
                where.mkdir()
                (where / "env.json").write_text(json.dumps(made), encoding="utf-8")
                with open(where / "points.jsonl", "w", encoding="utf-8") as out:
                    for server, burst, cost in zip(("intree", "vhostlab", "vhostlab"),
                                                   (1, 1, 64), costs):
                        if (folder, burst) != ("usual", 64):
                            out.write(json.dumps(point(server, burst, cost)) + "\n")
                runs.append(run.Run(where, folder))
            return defaults.text_of(runs[0], runs[1], "up/")

    def test_both_boots_side_by_side(self) -> None:
        found = self.said(append="init_on_alloc=0",
                          kernel_defaults={"init_on_alloc": "off", "hz": "250"})
        self.assertIn("init_on_alloc = off instead of on;", found)
        self.assertIn("](up/other/RESULTS.md)", found)
        self.assertEqual([line for line in found.splitlines() if line.startswith("| tx")],
                         ["| tx | stack | 64 | 1 | 0.800 | 0.900 | - | - | - | - | 1000 | 900 "
                          "| 800 | 810 |"])
        self.assertIn("Dearer there, which is not explained:** vhostlab (tx, stack, burst 1).",
                      found)

    def test_another_kernel_is_not_compared(self) -> None:
        self.assertEqual(self.said(kernel="6.12"), "")


class Best(unittest.TestCase):
    """The in-tree module with settings of its own."""

    def best(self, cells: list[tuple[dict[str, Any], float, int]]) -> list[str]:
        """Rows of the table of in-tree cells (knobs, cost, lost), and a vhostlab of 800."""
        with tempfile.TemporaryDirectory() as name:
            with open(Path(name) / "points.jsonl", "w", encoding="utf-8") as out:
                for knobs, cost, lost in cells:
                    out.write(json.dumps(point("intree", 1, cost) | {
                        "point": f"{knobs}", "knobs": knobs, "lost": lost}) + "\n")
                out.write(json.dumps(point("vhostlab", 1, 800)) + "\n")
            return best.table_of(run.Run(Path(name), "x")).splitlines()[2:]

    def test_the_cheapest_setting(self) -> None:
        self.assertEqual(self.best([({}, 1000, 0), ({"event_idx": 0}, 900, 0),
                                    ({"event_idx": 0, "poll_us": 5}, 640, 0)]),
                         ["| tx | stack | 64 | 1 | 1000 | 640 | event_idx = 0, poll_us = 5 | 800 "
                          "| 0.800 | 1.250 |"])

    def test_not_one_that_loses_frames_nor_one_within_noise(self) -> None:
        self.assertEqual(self.best([({}, 1000, 0), ({"poll_us": 5}, 500, 1),
                                    ({"sndbuf": 9}, 999.5, 0)]),
                         ["| tx | stack | 64 | 1 | 1000 | 1000 | as it is | 800 | 0.800 | 0.800 |"])

    def test_knobs_of_another_kind_are_not_settings_of_its_own(self) -> None:
        self.assertEqual(self.best([({}, 1000, 0), ({"ring": 1024}, 500, 0)]), [])


class Summary(unittest.TestCase):
    """What is said of two servers in words."""

    def row(self, workload: str, ours: float | None) -> dict[str, Any]:
        """In-tree at 1000; None: too many frames were lost, so there is no cost."""
        def cell(cost: float | None) -> dict[str, Any]:
            return {"cost_per_packet": None if cost is None else {"median": cost}}
        return {"workload": workload, "sink": "stack", "size": 64, "burst": 1,
                "intree": cell(1000), "vhostlab": cell(ours)}

    def test_a_cell_without_a_cost_is_left_out(self) -> None:
        rows = [self.row("tx", 900), self.row("rx", None)]
        self.assertEqual(summary.verdict(rows, "intree", []),
                         "Against intree, over 1 cells, vhostlab costs between 0.900 (tx, stack, "
                         "64 bytes, burst 1) and 0.900 (tx, stack, 64 bytes, burst 1) times as "
                         "much per packet. It costs more in no cell.")
        self.assertEqual(summary.verdict(rows[1:], "intree", []),
                         "vhostlab and intree have no cell in common here.")


class Headline(unittest.TestCase):
    """Ratios to the in-tree module, from runs on two kernels."""

    def said(self, *kernels: tuple[str, list[dict[str, Any]], list[dict[str, Any]]]) -> list[str]:
        """The rows of the table: per kernel its name, its points, its cells of real guests."""
        with tempfile.TemporaryDirectory() as name:
            runs = []
            for kernel, points, cells in kernels:
                where = Path(name) / kernel
                where.mkdir()
                (where / "env.json").write_text(json.dumps({"kernel": kernel, "clock": "insn"}))
                with open(where / "points.jsonl", "w", encoding="utf-8") as out:
                    out.writelines(json.dumps(p) + "\n" for p in points)
                runs.append((run.Run(where, kernel), cells))
            return headline.table_of(runs).splitlines()[2:]

    def points(self, ours: float, lost: int = 0) -> list[dict[str, Any]]:
        """In-tree at 1000, 950 with a setting of its own, and vhostlab."""
        return [point("intree", 1, 1000), point("vhostlab", 1, ours) | {"lost": lost},
                point("intree", 1, 950) | {"point": "p", "knobs": {"event_idx": 0}}]

    def guest(self, name: str, cost: float, **other: Any) -> dict[str, Any]:
        """A cell of a real guest."""
        return {"guest": "qemu", "clock": "insn", "queues": 1, "guests": 1, "workload": "tx",
                "sink": "stack", "size": 64, "burst": 1, "setting": "", "cost": cost, "apart": 0,
                "name": name, "server": name.split(",")[0]} | other

    def test_each_kernel_has_its_columns(self) -> None:
        real = [self.guest("intree", 100), self.guest("vhostlab", 90)]
        self.assertEqual(
            self.said(("old", self.points(900), real),
                      ("new", self.points(1100, 3), [*real, self.guest("intree,poll_us=5", 80)])),
            ["| process | tx | stack | 64 | 1 | 0.900 | 0.947 | 1.100 (lost 3 and 0) | "
             "1.158 (lost 3 and 0) |",
             "| unmodified Linux | tx | stack | 64 | 1 | 0.900 | - | 0.900 | 1.125 |"])

    def test_claims_are_judged_from_one_kernel_and_its_defaults(self) -> None:
        def made(**env: str) -> run.Run:
            one = run.Run(Path("nowhere"), "x")
            one.__dict__["env"] = {"kernel": "6.1"} | env
            return one
        self.assertTrue(whole.same_kernel(made(), made()))
        self.assertFalse(whole.same_kernel(made(kernel="6.12"), made()))
        self.assertFalse(whole.same_kernel(made(append="init_on_alloc=0"), made()))

    def test_repetitions_that_are_apart_stand_beside_the_ratio(self) -> None:
        points = self.points(900)
        again = [p | {"rep": 2, "cost_per_packet": p["cost_per_packet"] * 1.1} for p in points[:1]]
        real = [self.guest("intree", 100), self.guest("vhostlab", 90, apart=0.02)]
        self.assertEqual(
            self.said(("old", points + again, real)),
            ["| process | tx | stack | 64 | 1 | 0.857 (9.52 % apart) | 0.947 |",
             "| unmodified Linux | tx | stack | 64 | 1 | 0.900 (2.00 % apart) | - |"])

    def test_what_one_kernel_lacks_has_no_row(self) -> None:
        real = [self.guest("intree", 100), self.guest("vhostlab", 90)]
        self.assertEqual(self.said(("old", self.points(900), real), ("new", self.points(900), [])),
                         ["| process | tx | stack | 64 | 1 | 0.900 | 0.947 | 0.900 | 0.947 |"])

    def test_what_two_of_three_kernels_have_has_a_row(self) -> None:
        real = [self.guest("intree", 100), self.guest("vhostlab", 90)]
        self.assertEqual(
            self.said(("old", self.points(900), real), ("mid", [point("floor", 1, 9)], real),
                      ("new", self.points(800), [])),
            ["| process | tx | stack | 64 | 1 | 0.900 | 0.947 | - | - | 0.800 | 0.842 |",
             "| unmodified Linux | tx | stack | 64 | 1 | 0.900 | - | 0.900 | - | - | - |"])

    def test_another_policy_or_setting_is_no_headline(self) -> None:
        batch = [p | {"detail": {"policy": "batch"}} for p in self.points(900)]
        real = [self.guest(n, 9, setting="packed=1") for n in ("intree", "vhostlab")]
        self.assertEqual(self.said(("old", batch, real)), [])


class Stages(unittest.TestCase):
    def test_time_begins_when_the_guest_kicks(self) -> None:
        said = "stage guest 0 90\nstage kick 100 150\nevent guest_kick 100\nevent copy 140\n"
        out = stages.timeline_data(said, "tx", 8).split("\n")
        self.assertEqual(out[0], "# panel transmit, burst of 8 frames")
        self.assertEqual(out[2], f"0 50 {stages.COLOURS['kick']} \"kick\"")
        self.assertIn('40 5 "copy_tx"', out)


class Functions(unittest.TestCase):
    HEAD = {"server": "vhostlab", "packets": 10, "clock": 1001, "counted": 1000}
    LINES = [
        {"side": "server", "function": "f", "object": "kernel", "instructions": 600},
        {"side": "server", "function": "f", "object": "tun", "instructions": 400},
        {"side": "idle", "function": "f", "object": "kernel", "instructions": 9999}]

    def test_counts_are_the_cost_without_idle_time(self) -> None:
        column = functions._counted([self.HEAD, *self.LINES])
        self.assertEqual((column["cost"], column["clock"]), (100, 100.1))
        self.assertEqual([(f["function"], f["cost"]) for f in column["functions"]],
                         [("`f`", 60), ("`f` (tun)", 40)])

    def test_the_clock_stands_below_the_sum(self) -> None:
        column = functions._counted([self.HEAD, *self.LINES]) | {"column": "vhostlab"}
        said = functions._table([column])
        self.assertIn("| **cost** | **100** |", said)
        self.assertTrue(said.rstrip().endswith("| cost by the clock | 100 |"))


class Native(unittest.TestCase):
    """A run of the native rig: what is published, and what is said of it."""

    folder: tempfile.TemporaryDirectory[str]

    def _point(self, rep: int, cost: float, **axes: Any) -> dict[str, Any]:
        return {"point": json.dumps(axes, sort_keys=True), "rep": rep, "experiment": "native",
                "server": "vhostlab", "guest": "process", "workload": "stream", "size": 64,
                "burst": 64, "queues": 1, "guests": 1, "sink": "drop", "knobs": {},
                "packets": 1, "clock": "native", "accel": "bare", "release": "6.1", "lost": 0,
                "corrupt": 0, "seconds": 1, "cost_per_packet": cost, "syscalls_per_packet": 0,
                "kicks_per_packet": 0, "calls_per_packet": 0, "latency_p50": None,
                "latency_p99": None, "latency_p999": None,
                "ns_per_buffer": {"server": cost - 1, "driver": 9},
                "detail": {"ghz": 3.5, "policy": "other"}} | axes

    def _cells(self, points: list[dict[str, Any]]) -> native_cells.Buffers:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "points.jsonl").write_text(
            "".join(json.dumps(p) + "\n" for p in points), encoding="utf-8")
        return native_cells.Buffers(run.Run(folder, "native"))

    def _some(self, cost: float, apart: float = 0.0, **axes: Any) -> list[dict[str, Any]]:
        return [self._point(r, cost + (apart if r % 2 else 0) + r / 100, **axes)
                for r in range(1, 11)]

    def test_what_does_not_repeat_is_left_out_and_named(self) -> None:
        b = self._cells(self._some(100) + self._some(100, 20, burst=4))
        shown = [c["burst"] for c in b.cells if native_cells.steady(b, c)]
        self.assertEqual(shown, [64])
        self.assertEqual(len(native_cells.unsteady_text(b)), 1)
        self.assertIn("vhostlab stream 64 x 4: halves", native_cells.unsteady_text(b)[0])

    def test_an_interval_that_is_too_wide_is_left_out(self) -> None:
        b = self._cells([self._point(r, 100 if r < 7 else 120) for r in range(1, 9)])
        self.assertFalse(native_cells.steady(b, b.cells[0]))

    def _placed(self) -> run.Run:
        """A run of six measurements far apart, four near each other, one during which the
        processors were moved, and two in turns; constants were measured near."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        ways = [(68, 70)] * 6 + [(21, 22)] * 4 + [(21, 69)]
        points = [self._point(r, 100 + r if w[0] > 50 else 40 + r) for r, w in enumerate(ways)]
        for p, way in zip(points, ways):
            p["detail"]["line"] = way
        points += [self._point(r, 30, knobs={"cores": "turns"}) for r in (1, 2)]
        for p in points[-2:]:
            p["detail"]["line"] = [None, None]
        (folder / "points.jsonl").write_text("".join(json.dumps(p) + "\n" for p in points))
        (folder / "constants.jsonl").write_text('{"constants":{"line":{"p50":21.5}}}\n')
        return run.Run(folder, "native")

    def test_each_place_of_the_processors_is_a_run_of_its_own(self) -> None:
        found = places.split(self._placed())
        self.assertEqual([sorted(p["rep"] for p in r.points if not p["knobs"]) for r in found],
                         [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]])
        self.assertEqual([len([p for p in r.points if p["knobs"]]) for r in found], [2, 2])
        self.assertEqual([c["cost_per_packet"]["median"] for r in found for c in r.cells
                          if not c["knobs"]], [102.5, 47.5])

    def test_constants_are_those_of_the_place(self) -> None:
        far, near = places.split(self._placed())
        self.assertFalse((far.data / "constants.jsonl").exists())
        self.assertTrue((near.data / "constants.jsonl").exists())

    def test_the_places_are_named(self) -> None:
        self.assertEqual(places.text_of(self._placed()), (
            "**The two processors were moved during the run**, as a hypervisor does. A cache line "
            "took 68 to 70 ns from one processor to the other in 6 of 11 measurements, and these "
            "are shown; 21 to 22 ns in 4. It changed during 1, which are left out. The constants "
            "of the machine were measured elsewhere: there is no cost model."))

    def test_a_run_that_says_of_no_place_is_whole(self) -> None:
        b = self._cells(self._some(100))
        self.assertEqual(places.split(b.run), [b.run])
        self.assertEqual(places.text_of(b.run), "")

    def test_a_default_is_wrong_only_where_the_other_value_is_faster_without_kicks(self) -> None:
        b = self._cells(self._some(100) + self._some(80, knobs={"ring_access": "pinned"})
                        + self._some(80, knobs={"tx_batch": 256}, kicks_per_packet=0.5)
                        + self._some(97, knobs={"prefetch": 1}))
        found = native_defaults.defaults_table(b)
        self.assertEqual(found["judged"], 3)
        self.assertEqual(len(found["wrong"]), 1)
        self.assertIn("ring_access=pinned", found["wrong"][0])
        self.assertIn("needs more kicks", found["table"])

    def test_a_ratio_repeats_where_both_cells_drift(self) -> None:
        drift = [(r, 100 + 5 * r) for r in range(1, 11)]
        both = [self._point(r, cost * factor, knobs=knobs) for r, cost in drift
                for factor, knobs in ((1, {}), (0.8, {"rx_batch": 16}))]
        apart = [self._point(r, cost * (0.8 if r % 2 else 1), knobs={"rx_batch": 32})
                 for r, cost in drift]
        b = self._cells(both + apart)
        plain, near, far = (next(c for c in b.cells if c["knobs"] == k)
                            for k in ({}, {"rx_batch": 16}, {"rx_batch": 32}))
        self.assertFalse(native_cells.steady(b, plain))
        found = b.ratio(near, plain)
        self.assertIsNotNone(found)
        self.assertAlmostEqual((found or {})["median"], 0.8)
        self.assertIsNone(b.ratio(far, plain))

    def test_time_and_instructions_part(self) -> None:
        b = self._cells(self._some(100) + self._some(100, knobs={"without": "ahead"})
                        + self._some(50, knobs={"cores": "turns"})
                        + self._some(60, knobs={"cores": "turns", "without": "ahead"}))
        counted = [self._point(1, cost, workload="tx", sink="stack", clock="insn", knobs=knobs)
                   for cost, knobs in ((1000, {}), (1100, {"without": "ahead"}))]
        row = native.saved(b, counted)[0]
        self.assertEqual(row["counted"], 100)
        self.assertAlmostEqual(row["turns"]["median"], 10)
        self.assertIn("**disagrees**", native.why(row))
        self.assertEqual(native.why(row | {"two": {"median": 10, "low": 9, "high": 11}}), "agrees")
        self.assertIn("saves 40 % of what", native.why(
            row | {"two": {"median": 4, "low": 3, "high": 5}}))

    def test_every_row_of_the_ablation_has_a_time_or_says_why_not(self) -> None:
        b = self._cells(self._some(100) + self._some(107, knobs={"without": "region"}))
        place = {"workload": "tx", "size": 64, "burst": 64}
        self.assertIn("7.0", native_column.saved(b, place | {"idea": "region"}))
        for idea in set(ablation.WORDS) - {"region"}:
            self.assertTrue(native_column.saved(b, place | {"idea": idea}).startswith("none: "))
        for idea in ablation.WORDS:
            self.assertTrue(native_column.saved(None, place | {"idea": idea}).startswith("none: "))

    def _model(self, *cells: tuple[dict[str, Any], float, float]) -> dict[str, Any]:
        """Of cells with their knobs, measured and predicted time."""
        side = {"ns": 5.0, "instructions": 3.0, "lines": 2.0, "windows": 0.0, "locked": 0.0,
                "copies": 0.0, "words": 0.0, "touched": {"avail": 1.5}, "alone": {"avail": 0.25}, "more": {},
                "stored": {"avail": 0.5}}
        return {"cells": [{
            "server": "vhostlab", "workload": "stream", "size": 64, "burst": 64, "sink": "drop",
            "guest": "process", "queues": 1, "guests": 1, "knobs": knobs, "measured": measured,
            "predicted": predicted, "error": predicted / measured - 1,
            "off": abs(predicted / measured - 1), "kicks_per_packet": 0, "calls_per_packet": 0,
            **{f"{who}_{what}": side for who in ("driver", "server") for what in (
                "parts", "counts")}} for knobs, measured, predicted in cells],
            "constants": [{"name": n, "what": n, "p10": 1, "p50": 1, "p90": 1, "passes": 4,
                           "spread": apart, "apart": apart} for n, apart in (
                               ("line", 0.02), ("pause", 0.06))]}

    def test_the_model_beside_what_was_measured(self) -> None:
        b = self._cells(self._some(100) + self._some(100, 20, knobs={"packed": 1})
                        + self._some(110, knobs={"without": "ahead"}))
        model = self._model(({}, 100, 150), ({"packed": 1}, 100, 100),
                            ({"without": "ahead"}, 110, 175))
        (title, rows), = native_model.panels_of(b, model)
        self.assertIn("median error 55 %, largest 59 %", title)
        self.assertEqual([x for x, _ in rows], [100, 110])
        self.assertIn("| packed=1 | - | 100.0 | - |", native_model._cells(b, model))
        self.assertIn("| +50 |", native_model._cells(b, model))
        but = next(c for c in b.cells if "without" in c["knobs"])
        self.assertEqual(native_model.saved(b, model, but), 25)
        self.assertIsNone(native_model.saved(b, None, but))
        self.assertIn("| 1.50 / 0.75 |", native_model._counted(b, model))

    def test_a_constant_that_another_run_does_not_get_is_named(self) -> None:
        model = self._model()
        self.assertEqual(native_model._apart(model), ["pause (6.0 %)"])
        self.assertEqual(native_model._constants(model).count("**no**"), 1)


if __name__ == "__main__":
    tap.main()
