"""Put places together: near each other, in order, or anywhere.

A list of windows is always sorted by start and by end at once: none lies inside
another. That makes one pass enough to find the closest partners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Hit: TypeAlias = tuple[int, int, int]
"""The first word, the last word and the atom found there."""

Window: TypeAlias = tuple[int, int, tuple[Hit, ...]]
"""The first word, the last word, and the hits that make it."""


def together(
    lists: Sequence[Sequence[Window]], limit: int | None, at: Sequence[int]
) -> list[Window]:
    """Return the smallest windows that hold one window of each list.

    Args:
        lists: what must come together.
        limit: the widest distance from where the first of them ends to where the last
            begins, in widths; None for any.
        at: how far along each position lies.
    """
    if not all(lists):
        return []
    if len(lists) == 1:
        return list(lists[0])
    found = []
    heads = [0] * len(lists)
    ordered = sorted(
        (window[1], number, window)
        for number, windows in enumerate(lists)
        for window in windows
    )
    for end, number, window in ordered:
        # With this one ending first, each partner ends here or later; the first such
        # one begins earliest, and so lies nearest.
        partners = _first_ending_from(lists, heads, end)
        if partners is None:
            break
        partners[number] = window
        distance = at[max(partner[0] for partner in partners)] - at[end]
        if limit is None or distance <= limit:
            found.append(_joined(partners))
    return smallest(found)


def _first_ending_from(
    lists: Sequence[Sequence[Window]], heads: list[int], end: int
) -> list[Window] | None:
    for number, windows in enumerate(lists):
        while heads[number] < len(windows) and windows[heads[number]][1] < end:
            heads[number] += 1
        if heads[number] == len(windows):
            return None
    return [windows[head] for windows, head in zip(lists, heads, strict=True)]


def in_order(
    left: Sequence[Window], right: Sequence[Window], limit: int, at: Sequence[int]
) -> list[Window]:
    """Return windows of `left` followed by one of `right` within `limit`."""
    found = []
    head = -1
    for window in right:
        while head + 1 < len(left) and left[head + 1][1] < window[0]:
            head += 1
        if head >= 0 and at[window[0]] - at[left[head][1]] <= limit:
            found.append(_joined([left[head], window]))
    return smallest(found)


def smallest(windows: Iterable[Window]) -> list[Window]:
    """Drop the windows that hold another."""
    kept: list[Window] = []
    for window in sorted(windows, key=lambda window: (window[1], -window[0])):
        if not kept or window[0] > kept[-1][0]:
            kept.append(window)
    return kept


def largest(windows: Iterable[Window]) -> list[Window]:
    """Drop the windows that lie inside another."""
    kept: list[Window] = []
    for window in sorted(windows, key=lambda window: (window[0], -window[1])):
        if not kept or window[1] > kept[-1][1]:
            kept.append(window)
    return kept


def narrowest(windows: Sequence[Window], at: Sequence[int]) -> Window:
    """Return the window that spans the least text; of several, the first."""
    return min(windows, key=lambda window: (at[window[1]] - at[window[0]], window[0]))


def _joined(windows: Sequence[Window]) -> Window:
    hits = tuple(sorted({hit for window in windows for hit in window[2]}))
    return (
        min(window[0] for window in windows),
        max(window[1] for window in windows),
        hits,
    )
