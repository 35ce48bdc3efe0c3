# SPDX-License-Identifier: GPL-2.0-only
"""Sorting and grouping of values from JSON, of any type, in one fixed order.

null, false, true, numbers, text, arrays, objects; objects by their sorted names first. Groups
are sorted by their key, so that a table never depends on the order of the measurements.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def key(value: Any) -> tuple[Any, ...]:
    """Something that sorts as the value does, whatever its type."""
    if value is None:
        return (0,)
    if value is False:
        return (1,)
    if value is True:
        return (2,)
    if isinstance(value, (int, float)):
        return (3, value)
    if isinstance(value, str):
        return (4, value)
    if isinstance(value, (list, tuple)):
        return (5, tuple(key(v) for v in value))
    names = sorted(value)
    return (6, tuple(names), tuple(key(value[n]) for n in names))


def sort_by(items: Iterable[T], by: Callable[[T], Any]) -> list[T]:
    """Stable."""
    return sorted(items, key=lambda item: key(by(item)))


def group_by(items: Iterable[T], by: Callable[[T], Any]) -> list[list[T]]:
    """Groups of equal keys, ascending; in a group the items keep their order."""
    groups: list[list[T]] = []
    last: Any = None
    for item in sort_by(items, by):
        k = key(by(item))
        if not groups or k != last:
            groups.append([])
            last = k
        groups[-1].append(item)
    return groups


def unique(items: Iterable[Any]) -> list[Any]:
    """The values, ascending, each once."""
    return [g[0] for g in group_by(items, lambda item: item)]


def fields(*names: str) -> Callable[[dict[str, Any]], list[Any]]:
    """A key made of these fields."""
    return lambda item: [item.get(n) for n in names]


def rank(name: Any, known: Sequence[Any], other: int | None = None) -> int | None:
    """The place of a name in a list; `other` when it is not in it."""
    return known.index(name) if name in known else other
