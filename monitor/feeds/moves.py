"""Follow a feed to a new address, once its publisher has said so often enough.

Pure. A permanent redirect (301, 308) is taken at its word when three good polls in a
row were sent to the same address: a login page or a mistake of an hour does not last
that long. The new address is given up for the old one when it fails as often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.feed_model import MOVES

if TYPE_CHECKING:
    from monitor.feed_model import FeedState, Fetched
    from monitor.model import Feed

NOWHERE = ("", 0)


def moved(feed: Feed, state: FeedState, fetched: Fetched) -> tuple[str, int]:
    """Return where a good poll was sent for good, and how often in a row by now."""
    if "@" in urlsplit(feed.url).netloc:
        return NOWHERE  # its password is for the old address alone
    if not fetched.moved_to:
        return (state.moved_to, state.moves) if state.has_moved else NOWHERE
    if fetched.moved_to == state.moved_to and not state.has_moved:
        return state.moved_to, state.moves + 1
    # Somewhere else, or on from where it moved to before: counted from the start, at
    # the old address, which leads there if the publisher means it.
    return fetched.moved_to, 1


def still_moved(state: FeedState, *, is_gone: bool) -> tuple[str, int]:
    """Return what remains of a move after a poll that failed."""
    if state.has_moved and (is_gone or state.failures + 1 >= MOVES):
        return NOWHERE
    return state.moved_to, state.moves
