"""Weigh a sighting against the independent voices that its story has already."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from monitor.stories.corroboration import corroborate, discount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Voice
    from monitor.stories.corroboration import Key
    from monitor.stories.index import StoryIndex


class Weighed(NamedTuple):
    """What a newcomer adds to a story.

    Args:
        discounted: why it adds nothing; "" when it is one more independent voice.
        families: independent voices of the story with it.
        revoked: voices that counted in a story which this one took in, and count no
            more, with the reason.
    """

    discounted: str
    families: int
    revoked: Mapping[Key, str]


def weigh(voice: Voice, stories: Sequence[str], index: StoryIndex) -> Weighed:
    """Weigh a voice of a story that takes in others.

    Args:
        stories: the story, then those it takes in; none for a story that opens.
    """
    counted = list(chain.from_iterable(index.counted(story) for story in stories))
    revoked: dict[Key, str] = {}
    if len(stories) > 1:
        # What seemed to be two stories may have had one source.
        whole = corroborate(counted)
        revoked = {each.key: reason for each, reason in whole.discounted}
        counted = list(whole.counted)
    reason = discount(voice, counted)
    return Weighed(reason, len(counted) + (not reason), revoked)
