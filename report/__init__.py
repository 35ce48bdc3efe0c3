# SPDX-License-Identifier: GPL-2.0-only
"""The report: from the files of a run to figures' data and pages.

Reads what a sweep wrote (points.jsonl, env.json, control.jsonl, verdicts.jsonl, raw/) and
writes figures/, RESULTS.md and report.html. A section is one module and one template of the
same name. No module computes a statistic: medians, intervals, ranks and ratios come from the
programs of stats/, see ask.py.
"""
