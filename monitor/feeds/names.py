"""Name feeds that come without a name: from their titles, else from their hosts.

Pure. A name depends on nothing but the feed and on whether another one would be called
the same, so the order of a list does not matter.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

LONGEST = 60
_NO_NAME = re.compile(r"[^a-z0-9]+")
_MARK = 8


def names_for(titles: Mapping[str, str], taken: Container[str] = ()) -> dict[str, str]:
    """Return a name for each feed, by its address: unique, and safe in a file name.

    Feeds that would be called the same all get a mark made from their address.

    Args:
        titles: the feeds' titles by address.
        taken: names that others have.
    """
    plain = {url: slug(title, url) for url, title in titles.items()}
    wanted = Counter(plain.values())
    names: dict[str, str] = {}
    given: set[str] = set()
    for url, name in plain.items():
        free = wanted[name] == 1 and name not in taken
        chosen = name if free else _marked(name, url, taken, wanted, given)
        names[url] = chosen
        given.add(chosen)
    return names


def slug(title: str, url: str) -> str:
    """Return a title in a-z, 0-9 and "-"; the host if that leaves little of it."""
    letters = sum(map(str.isalnum, title))
    plain = unicodedata.normalize("NFKD", title[:500]).encode("ascii", "ignore")
    name = _NO_NAME.sub("-", plain.decode().lower()).strip("-")
    if sum(map(str.isalnum, name)) * 2 < letters or not name:
        name = _host(url)
    return name[:LONGEST].rstrip("-") or "feed"


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return _NO_NAME.sub("-", host.lower().removeprefix("www.")).strip("-")


def _marked(
    name: str,
    url: str,
    taken: Container[str],
    wanted: Container[str],
    given: Container[str],
) -> str:
    digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
    for length in range(_MARK, len(digest) - LONGEST // 2):
        found = f"{name}-{digest[:length]}"
        if found not in taken and found not in wanted and found not in given:
            return found
    return f"{name}-{digest[: len(digest) // 2]}"
