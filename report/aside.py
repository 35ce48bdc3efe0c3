# SPDX-License-Identifier: GPL-2.0-only
"""Pages are made beside what they replace, and take its place when all of them are there: a
report that is interrupted, or killed, leaves the older one whole."""
from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from report.listed import COMPANIONS

FOLDERS = ["figures", "figures-narrow"]
PAGES = ["RESULTS.md", "report.html"]
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked for the end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def _descendants(parent: int) -> list[int]:
    """Processes below that one, the nearest first."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name may hold anything, so the fields are counted from its end.
            stat = Path("/proc", entry, "stat").read_text(encoding="utf-8", errors="replace")
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found = [parent]
    for pid in found:
        found += [p for p, above in parents.items() if above == pid]
    return found[1:]


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for ending in ENDING:
        signal.signal(ending, signal.SIG_IGN)
    # A figure that is being drawn would be waited for, and be written into what is removed.
    for pid in _descendants(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    raise Interrupted(number)


def catch_signals() -> None:
    """From here on they are Interrupted; what the caller has us ignore stays ignored."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def end_by(number: int) -> None:
    """Ends by the signal itself, so that a loop of a shell ends, too."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextlib.contextmanager
def in_one_go() -> Iterator[None]:
    """No signal comes between the steps of this block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None when another process does."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


@contextlib.contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder in the parent for this block. Those of blocks that were killed are removed."""
    for old in parent.glob(prefix + "*"):
        handle = _locked(old)
        if handle is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(handle)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as name:
        handle = _locked(Path(name))
        try:
            yield Path(name)
        finally:
            if handle is not None:
                os.close(handle)


def _is_part(folder: Path) -> bool:
    """Is it the page of a part of a run, such as one of its kernels? It has nothing measured."""
    return ((folder / PAGES[0]).is_file() and not folder.is_symlink()
            and not (folder / "points.jsonl").exists())


def _mirror(folder: Path, to: Path) -> None:
    """A folder with the same measurements, and without what a report makes of them."""
    to.mkdir()
    for entry in folder.iterdir():
        if entry.name in COMPANIONS and entry.is_dir():
            _mirror(entry, to / entry.name)
            # Its own report has made figures that this one does not.
            for name in FOLDERS:
                if (entry / name).is_dir():
                    shutil.copytree(entry / name, to / entry.name / name)
        elif (entry.name not in FOLDERS + PAGES and not entry.name.startswith(".")
              and not _is_part(entry)):
            (to / entry.name).symlink_to(entry)


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[tuple[Path, Path]]:
    """In place of a run's folder: one to make its report in, and one for work. At the end of the
    block what was made moves to the run; if that is left by an exception, nothing does."""
    with scratch(folder, ".report.") as place:
        copy, work = place / folder.name, place / "work"
        work.mkdir()
        _mirror(folder, copy)
        # The ablation is compared with itself on the wall clock and in the native rig.
        for name in ("ablation", "native"):
            if folder.name != name and (folder.parent / name).is_dir():
                (place / name).symlink_to(folder.parent / name)
        yield copy, work
        with in_one_go():
            for made in [copy, *(copy / n for n in COMPANIONS if (copy / n).is_dir()),
                         *(f for f in copy.iterdir() if _is_part(f))]:
                target = folder / made.relative_to(copy)
                target.mkdir(exist_ok=True)
                for name in FOLDERS:
                    if (made / name).is_dir():
                        if (target / name).is_dir():
                            (target / name).rename(made / f"old-{name}")
                        (made / name).rename(target / name)
                for page in PAGES:
                    if (made / page).is_file() and not (made / page).is_symlink():
                        (made / page).replace(target / page)
