"""Reduce an entry to what stays the same in an exact copy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from monitor.text import bare

if TYPE_CHECKING:
    from monitor.model import Entry


def fingerprint(entry: Entry) -> str:
    """Return 32 hex digits that are equal for exact copies of one text.

    Case, punctuation, width and spacing do not count; every letter and digit does. An
    entry whose page was read is known by that: two links, or feeds, that lead to one
    article are one text, whatever their headlines. The address alone would not do, as
    some sites give all pages the same.
    """
    if entry.text and entry.canonical:
        text = f"page\n{entry.canonical}\n{bare(entry.text)}"
    else:
        text = f"{bare(entry.title)}\n{bare(entry.summary)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
