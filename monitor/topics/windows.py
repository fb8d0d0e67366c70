"""Put places together: near each other, in order, or anywhere.

A list of windows is always sorted by start and by end at once: none lies inside
another. That makes one pass enough to find the closest partners.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Hit: TypeAlias = tuple[int, int, int]
"""The first word, the last word and the atom found there."""

Window: TypeAlias = tuple[int, int, tuple[Hit, ...]]
"""The first word, the last word, and the hits that make it."""


_Place = TypeVar("_Place", Window, tuple[int, int])


class Measured(Protocol):
    """A text that knows its distances."""

    @property
    def at(self) -> Sequence[int]:
        """Return for each position how far along the text it lies."""
        ...


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
    chosen = [windows[0] for windows in lists]
    while True:
        # The first of each list that ends no earlier than any before it begins earliest,
        # and so lies nearest.
        ends = [window[1] for window in chosen]
        end = min(ends)
        if limit is None or at[max(chosen)[0]] - at[end] <= limit:
            found.append(joined(chosen))
        number = ends.index(end)
        heads[number] += 1
        if heads[number] == len(lists[number]):
            return smallest(found)
        chosen[number] = lists[number][heads[number]]


def in_order(
    lists: Sequence[Sequence[Window]], limit: int | None, at: Sequence[int]
) -> list[Window]:
    """Return the smallest windows that hold one window of each list, in this order.

    None begins before the one before it has ended. Args as for `together`.
    """
    found: list[Window] = []
    starts = [[window[0] for window in windows] for windows in lists]
    for window in lists[0]:
        chosen = [window]
        for windows, begins in zip(lists[1:], starts[1:], strict=True):
            # The first that follows ends first, and so leaves most room.
            number = bisect_right(begins, chosen[-1][1])
            if number == len(windows):
                return smallest(found)
            chosen.append(windows[number])
        if limit is None or at[chosen[-1][0]] - at[window[1]] <= limit:
            found.append(joined(chosen))
    return smallest(found)


def apart(
    lists: Sequence[Sequence[Window]], limit: int | None, at: Sequence[int]
) -> list[Window]:
    """Return windows that hold one window of each list, no two of them overlapping.

    They come one after another in some order. For each window that may be first, and
    each set of lists, what matters is how early the set can be done; so the sets are
    worked up by size (at most 2 ** len(lists) of them). Args as for `together`.
    """
    found = []
    starts = [[window[0] for window in windows] for windows in lists]
    everything = (1 << len(lists)) - 1
    for number, windows in enumerate(lists):
        for window in windows:
            chosen = _earliest(lists, starts, 1 << number, window).get(everything)
            if chosen is None:
                break  # a later one leaves less room
            if limit is None or at[chosen[-1][0]] - at[window[1]] <= limit:
                found.append(joined(chosen))
    return smallest(found)


def _earliest(
    lists: Sequence[Sequence[Window]],
    starts: Sequence[Sequence[int]],
    first: int,
    window: Window,
) -> dict[int, list[Window]]:
    """Return for each set of lists its windows after `window` that are done first."""
    best = {first: [window]}
    everything = (1 << len(lists)) - 1
    for chosen in range(everything):
        if chosen not in best:
            continue
        so_far = best[chosen]
        for number, windows in enumerate(lists):
            both = chosen | 1 << number
            place = bisect_right(starts[number], so_far[-1][1])
            if both == chosen or place == len(windows):
                continue
            following = windows[place]
            # The last of all counts by where it begins, one in between by its end.
            known = best.get(both)
            is_last = both == everything
            if known is None or _reach(following, is_last) < _reach(known[-1], is_last):
                best[both] = [*so_far, following]
    return best


def _reach(window: Window, is_last: bool) -> int:
    return window[0] if is_last else window[1]


def two_of(places: Sequence[tuple[int, int, Sequence[int]]]) -> list[Window]:
    """Return the smallest windows that hold two different members.

    Args:
        places: first word, last word and the members found there, in order, none
            inside another.
    """
    found: list[Window] = []
    for place, (first, last, members) in enumerate(places):
        if len(members) > 1:
            found.append(
                (first, last, tuple((first, last, member) for member in members))
            )
        # Of two that differ, with others between, two neighbours differ as well.
        if place and set(members) != set(places[place - 1][2]):
            before = places[place - 1]
            hits = [
                (start, end, member)
                for start, end, held in (before, places[place])
                for member in held
            ]
            found.append((before[0], last, tuple(sorted(hits))))
    return smallest(found)


def near_any(
    places: Iterable[tuple[int, int]], limit: int, at: Sequence[int]
) -> Callable[[tuple[int, int]], bool]:
    """Return a test of whether a place lies within `limit` of one of these."""
    spoilt: list[list[int]] = []
    for first, last in sorted(places):
        low, high = at[first] - limit, at[last] + limit
        if spoilt and low <= spoilt[-1][1]:
            spoilt[-1][1] = max(high, spoilt[-1][1])
        else:
            spoilt.append([low, high])
    lows = [low for low, _ in spoilt]

    def is_near(place: tuple[int, int]) -> bool:
        number = bisect_right(lows, at[place[1]]) - 1
        return number >= 0 and at[place[0]] <= spoilt[number][1]

    return is_near


def by_sentence(
    lists: Sequence[Sequence[Window]], sentences: Sequence[int]
) -> list[list[list[Window]]]:
    """Return the lists once per sentence that holds something of each of them."""
    inside: dict[int, list[list[Window]]] = {}
    for number, windows in enumerate(lists):
        for window in windows:
            sentence = sentences[window[0]]
            if sentences[window[1]] == sentence:
                of = inside.setdefault(sentence, [[] for _ in lists])
                of[number].append(window)
    return [inside[sentence] for sentence in sorted(inside) if all(inside[sentence])]


def smallest(windows: Iterable[Window]) -> list[Window]:
    """Drop the windows that hold another."""
    kept: list[Window] = []
    for window in sorted(windows, key=_by_end):
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


def closest(lists: Sequence[Sequence[_Place]], text: Measured) -> list[_Place]:
    """Return what is narrowest of `together` without a limit, sooner: one of each list.

    Args:
        lists: what must come together, none empty.
        text: tells how far along each position lies; asked only if there is a choice.
    """
    chosen = [places[0] for places in lists]
    if all(map(_is_one, lists)):
        return chosen
    if len(lists) == len(("left", "right")):
        return _closest_two(lists[0], lists[1], text.at)
    at = text.at
    heads = [0] * len(lists)
    best, least = chosen, -1
    while True:
        ends = [place[1] for place in chosen]
        end = min(ends)
        width = at[max(ends)] - at[min(chosen)[0]]
        if width < least or least < 0:
            best, least = chosen[:], width
        number = ends.index(end)
        heads[number] += 1
        if heads[number] == len(lists[number]):
            return best
        chosen[number] = lists[number][heads[number]]


def _closest_two(
    left: Sequence[_Place], right: Sequence[_Place], at: Sequence[int]
) -> list[_Place]:
    """Return the same for two lists, as most clauses have."""
    lefts, rights = iter(left), iter(right)
    one, other = next(lefts), next(rights)
    best, least = [one, other], -1
    while True:
        first = min(other[0], one[0])
        left_ends = one[1] <= other[1]
        width = at[other[1] if left_ends else one[1]] - at[first]
        if width < least or least < 0:
            best, least = [one, other], width
        following = next(lefts if left_ends else rights, None)
        if following is None:
            return best
        if left_ends:
            one = following
        else:
            other = following


def _is_one(windows: Sequence[object]) -> bool:
    return len(windows) == 1


def narrowest(windows: Sequence[Window], at: Sequence[int]) -> Window:
    """Return the window that spans the least text; of several, the first."""
    if len(windows) == 1:
        return windows[0]
    return min(windows, key=lambda window: (at[window[1]] - at[window[0]], window[0]))


def _by_end(window: Window) -> tuple[int, int]:
    return window[1], -window[0]


def joined(windows: Iterable[Window]) -> Window:
    """Return the window that holds all of these."""
    ordered = sorted(windows)
    hits = tuple([hit for window in ordered for hit in window[2]])
    # Windows of one hit each are in the order of their hits.
    if len(hits) > len(ordered) or len(set(hits)) < len(hits):
        hits = tuple(sorted(set(hits)))
    return ordered[0][0], max([window[1] for window in ordered]), hits
