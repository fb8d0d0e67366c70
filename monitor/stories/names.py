"""Compare the names of publishers, as feeds, bylines and tables write them.

Owns which spellings are one name. Whose name it is, is for `publishers`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOT_WORD = re.compile(r"[\W_]+")
_SHORT = 4
_MOST_WORDS = 6
_MOST_CHARACTERS = 14


class Owner(Struct, frozen=True, kw_only=True):
    """A publisher of the table.

    Args:
        id: its key in the table.
        names: what it is called, the first one to readers.
        domains: its hosts, each with all hosts below.
        family: shared by all publishers of one owner; "" means its own id.
        country: where it is at home (ISO 3166-1 alpha-2, lower case), or "".
        agency: others print its texts.
        aggregator: it shows the texts of others.
    """

    id: str = ""
    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    family: str = ""
    country: str = ""
    agency: bool = False
    aggregator: bool = False

    @property
    def name(self) -> str:
        """Return what readers call it."""
        return self.names[0] if self.names else self.id

    @property
    def house(self) -> str:
        """Return its family, or itself where it is alone."""
        return self.family or self.id


def ascii_host(host: str) -> str:
    """Return a host name as it goes over the network, in ASCII where it can be."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


@lru_cache(maxsize=8192)
def normal(name: str) -> str:
    """Return a name without case, width, punctuation and a leading "the"."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _NOT_WORD.sub(" ", folded).strip().removeprefix("the ")


class Names:
    """Find publishers by the names they go by."""

    def __init__(self, owners: Iterable[Owner]) -> None:
        self._owners: dict[str, Owner] = {}
        self._short: set[str] = set()
        for owner in owners:
            for name in owner.names:
                self._owners[normal(name)] = owner
                if len(normal(name)) <= _SHORT:
                    self._short.add(unicodedata.normalize("NFKC", name))

    @property
    def all(self) -> Mapping[str, Owner]:
        """Return every owner by each of its normal names."""
        return self._owners

    def find(self, name: str) -> Owner | None:
        """Return whose name it is, whatever its case."""
        return self._owners.get(normal(name))

    def exact(self, text: str) -> Owner | None:
        """Return whose name a piece of running text is.

        A short name counts only as it is written in the table: "AP", not "ap".
        """
        text = unicodedata.normalize("NFKC", text).strip()
        found = self._owners.get(normal(text))
        if found is not None and len(normal(text)) <= _SHORT:
            return found if text.rstrip(".") in self._short else None
        return found

    def at_start(self, text: str) -> tuple[Owner, str] | None:
        """Return whose name a text begins with, the longest, and the name.

        A name of letters ends with a word, one of ideographs anywhere.
        """
        words = text.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]
        for count in range(len(words), 0, -1):
            piece = " ".join(words[:count]).rstrip(".,;:)]-–—")
            if (owner := self.exact(piece.removesuffix("'s"))) is not None:
                return owner, piece
        for end in range(min(_MOST_CHARACTERS, len(text)), 1, -1):
            if not text[end - 1].isascii() and (owner := self.exact(text[:end])):
                return owner, text[:end]
        return None

    def at_end(self, text: str) -> tuple[Owner, str] | None:
        """Return whose name a text without spaces ends with, the longest."""
        for start in range(max(0, len(text) - _MOST_CHARACTERS), len(text) - 1):
            piece = text[start:]
            cuts_a_word = start > 0 and piece[0].isascii() and text[start - 1].isascii()
            if not cuts_a_word and (owner := self.exact(piece)) is not None:
                return owner, piece
        return None
