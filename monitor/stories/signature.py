"""Reduce an entry to what stays the same in an exact copy."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.model import Entry

_NOT_WORD = re.compile(r"[\W_]+")


# The same for ASCII, several times faster.
_ASCII_NOT_WORD = {code: " " for code in range(128) if not chr(code).isalnum()}


def _bare(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_NOT_WORD).split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_WORD.sub(" ", folded).strip()


def fingerprint(entry: Entry) -> str:
    """Return 32 hex digits that are equal for exact copies of one text.

    Case, punctuation, width and spacing do not count; every letter and digit does.
    """
    text = f"{_bare(entry.title)}\n{_bare(entry.summary)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
