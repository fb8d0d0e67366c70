"""What the reading of a cue says: how it is meant, and how near to the news it stands."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Sense = Literal["said", "denied", "ended", "possible", "none"]
"""How a cue is meant; "none" when the word is no cue at all, as in "by 3 May"."""

FOREGROUND, ASIDE, PAST = range(3)
"""What is told, what it followed upon, and what is long over."""


class Reading(Struct, frozen=True):
    """How a cue is meant, and how far it stands from what is told.

    Args:
        turned_by: where the words stand that deny or end it.
    """

    sense: Sense
    depth: int
    turned_by: tuple[int, ...] = ()
