# SPDX-License-Identifier: GPL-2.0-only
"""What was not measured, what the clock cannot see, the machine, and how to do it again."""
from __future__ import annotations

from typing import Any

from report import order
from report.page import render, table
from report.run import Run
from report.text import cell_text, shortest


def _pairs(values: dict[str, Any], between: str, join: str) -> str:
    return join.join(f"{k}{between}{shortest(v)}" for k, v in values.items())


def environment_table(run: Run) -> str:
    """The machine and its settings."""
    env = run.env
    git, module, intree = env["git"], env["module"], env["intree"]
    rows = [
        ("experiment", env["experiment"]), ("measured", env["date"]),
        ("git revision", (git.get("revision") or "none")
         + (" with uncommitted changes" if git.get("dirty") else "")),
        ("clock", env["clock"]), ("accelerator", env["accel"]),
        ("kernel", f"{env['kernel']} {env['kernel_version']}"),
        ("kernel command line", env["cmdline"]),
        ("scheduling policy of guest and server", run.policies),
        ("processor of the machine", f"{env['cpus']} x {env['cpu']}, {env['memory_mib']} MiB"),
        ("processor of the host", env.get("host_cpu")), ("QEMU", env.get("qemu")),
        ("QEMU arguments", env.get("qemu_args")),
        ("vhostlab_net", f"srcversion {module.get('srcversion') or 'not loaded'}, "
                         f"sha256 {module.get('sha256') or 'unknown'}"),
        ("vhostlab_net parameters", _pairs(module["parameters"], "=", " ")),
        ("vhost_net (in-tree)", f"srcversion {intree.get('srcversion') or 'unknown'}, "
                                f"sha256 {intree.get('sha256') or 'unknown'}"),
        ("vhost_net parameters", _pairs(intree.get("parameters") or {}, "=", " ")),
        ("kernel defaults in effect", _pairs(env.get("kernel_defaults") or {}, "=", " ")),
        ("mitigations", _pairs(env["mitigations"], ": ", "; ")),
        ("sysctls", _pairs(env["sysctls"], "=", " "))]
    return table(["what", "value"], "ll",
                 [[k, cell_text(v)] for k, v in rows if v is not None and v != ""])


def _missing_table(run: Run) -> str:
    groups = order.group_by(run.failed, order.fields("verdict", "reason"))
    return table(["verdict", "reason", "times"], "llr", [
        [g[0]["verdict"], cell_text(g[0]["reason"]), len(g)] for g in groups]) if groups else ""


def text_of(run: Run) -> str:
    """The sections."""
    return render("method", run, missing=_missing_table(run),
                  guests={c["guest"] for c in run.cells},
                  environment=environment_table(run))
