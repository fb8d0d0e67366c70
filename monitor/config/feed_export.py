"""Put the feeds of a configuration into one list that other programs read.

A list of the user's is kept as it stands; the feeds of `alerts.yaml` follow it. No
secret goes along: `auth` stays behind, and so does a feed whose address holds `${NAME}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from monitor.feeds.opml import feed_outline, new_list, with_outlines

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from monitor.config.loader import Loaded
    from monitor.feeds.opml import Element

TITLE = "Feeds of Wirewatch"


def exported(loaded: Loaded, left_out: Collection[str] = ()) -> Element:
    """Return all feeds of a configuration as one list.

    Args:
        left_out: feeds of `alerts.yaml` that are not to go along.
    """
    own = [
        feed_outline(name, feed.url, title=feed.source or "", lang=feed.lang or "")
        for name, feed in loaded.config.feeds.items()
        if name not in left_out
    ]
    lists = [file.root for file in loaded.lists.files if file.root is not None]
    if not lists:
        return with_outlines(new_list(TITLE, ()), own)
    root, *others = lists
    more = [outline for other in others for outline in _body(root, other)]
    return with_outlines(root, [*more, *own]) if own or more else root


def _body(root: Element, other: Element) -> Sequence[Element]:
    """Return the outlines of another list, with what its root says of namespaces."""
    spaces = {
        name: text
        for name, text in other.attributes.items()
        if name.split(":")[0] == "xmlns" and root.attributes.get(name) != text
    }
    return [
        replace(outline, attributes={**spaces, **outline.attributes})
        for child in other.children
        if child.tag == "body"
        for outline in child.children
    ]
