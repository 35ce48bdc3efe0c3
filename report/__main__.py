# SPDX-License-Identifier: GPL-2.0-only
"""python3 -m report: the command behind ./run.sh report, and what a sweep says of its control."""
from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    # While there is nothing to put in order, not even a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import shutil
import sys
from pathlib import Path

from report import ask, aside, control, publish, reliability
from report.panels import DrawingFailed, drawn
from report.run import Damaged, Run
from report.whole import Report, write_all


def fail(code: int, message: str) -> None:
    """One line, and the end."""
    print(f"vhostlab: report: {message}", file=sys.stderr)
    raise SystemExit(code)


def need_tools() -> None:
    """Programs that make figures and pages."""
    for tool in ("gnuplot", "pandoc"):
        if shutil.which(tool) is None:
            fail(77, f"{tool} is not installed: run ./run.sh setup")


def run_folder(folder: Path) -> Path:
    """That of a run, with its own path."""
    if not folder.is_dir():
        fail(2, f"{folder}: there is no such folder: name a folder of results/")
    folder = folder.resolve()
    for name in ("points.jsonl", "env.json"):
        path = folder / name
        if not path.is_file() or not path.stat().st_size:
            fail(2, f"{folder}: it has no points.jsonl and env.json: sweep into it first")
    return folder


def report(folders: list[Path], as_reference: bool) -> None:
    """Figures, RESULTS.md and report.html of a run; of the reference, of all in it. Several runs
    become parts of the reference only."""
    if reliability.is_record(folders[0]) and not as_reference:
        print(f"vhostlab: report: {reliability.write(folders[0])}", file=sys.stderr)
        return
    need_tools()
    folders = [run_folder(f) for f in folders]
    folder = folders[0]
    if as_reference and folders != [publish.REFERENCE]:
        publish.refuse_dirty_tree()
        publish.renew(folders)
        print("vhostlab: report: RESULTS.md, results/reference", file=sys.stderr)
        return
    if publish.in_reference(folder):
        publish.renew()
        print("vhostlab: report: RESULTS.md, results/reference", file=sys.stderr)
        return
    name = str(folder.relative_to(ask.ROOT)) if folder.is_relative_to(ask.ROOT) else str(folder)
    # What is damaged is said with its own path.
    ask.cells(folder / "points.jsonl")
    with aside.beside(folder) as (copy, work):
        try:
            one = Report(Run(copy, name), work)
            with drawn():
                one.draw()
            write_all(one, copy, False)
        except Damaged as error:
            raise Damaged(str(error).replace(str(copy), str(folder))) from error
    print(f"vhostlab: report: {name}/RESULTS.md, {name}/report.html, {name}/figures",
          file=sys.stderr)


def reference(folder: Path, check: bool) -> None:
    """All runs of the reference, measured into one folder: may they stand together?"""
    # Before hours of measuring.
    need_tools()
    if check:
        publish.runs_below(folder)
        return
    publish.refuse_dirty_tree()
    publish.renew_all(folder.resolve())
    print("vhostlab: report: RESULTS.md, results/reference", file=sys.stderr)


def main() -> int:
    """Exit codes: 0 done, 1 failed, 2 wrong use, 77 cannot run here."""
    parser = argparse.ArgumentParser(prog="./run.sh report", allow_abbrev=False)
    parser.add_argument("folders", type=Path, metavar="DIR", nargs="+")
    parser.add_argument("--publish", action="store_true",
                        help="make the run the reference, or the part of it that its experiment "
                             "is, and renew all pages of the reference")
    parser.add_argument("--control", action="store_true",
                        help="only say what the A/A control says, in a line")
    parser.add_argument("--reference", choices=("check", "publish"),
                        help="DIR has a folder for each run of the reference: say what of it is "
                             "not of one revision, or publish all of them (./run.sh reference)")
    args = parser.parse_args()
    aside.catch_signals()
    try:
        if args.control:
            sys.stdout.write(control.line_of(args.folders[0]))
        elif args.reference:
            reference(args.folders[0], args.reference == "check")
        else:
            report(args.folders, args.publish)
    except (Damaged, DrawingFailed, publish.Refused, OSError) as error:
        fail(1, str(error))
    except aside.Interrupted as signalled:
        aside.end_by(signalled.number)
    ask.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
