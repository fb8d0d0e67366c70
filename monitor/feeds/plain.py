"""Turn what publishers send as text into plain text.

Pure. Whoever reads an entry later (topics, pages, messages) may rely on it: no markup,
no control characters, no bidirectional overrides, no half surrogates, single spaces.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls that are not white space
    "\u00ad\u200b\u2060\ufeff"  # invisible breaks, which split words for a matcher
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\ud800-\udfff"  # halves of surrogate pairs, which no encoding can carry
    "]"
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARATION = re.compile(r"<!(?!--)[^>]*(?:>|\Z)")
_DANGLING = re.compile(r"<(?=[A-Za-z/?][^<>]*+(?:<|\Z))")
_MOST_DANGLING = 200
_UNFINISHED = re.compile(r"<[A-Za-z/!][^<>]*\Z")
_SILENT_NAMES = "script|style|noscript|template|iframe|svg|math"
_INLINE_NAMES = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark"
    "|q|rb|rp|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_BLOCK_NAMES = (
    "address|article|aside|base|blockquote|body|br|button|caption|center|dd|details"
    "|div|dl|dt|embed|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|img"
    "|input|li|link|main|meta|nav|object|ol|option|p|picture|pre|section|select|source"
    "|summary|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul|video"
)
_SILENT = frozenset(_SILENT_NAMES.split("|"))
_NEVER_TEXT = frozenset(("script", "style"))
_INLINE = frozenset(_INLINE_NAMES.split("|"))
_KNOWN_TAG = re.compile(
    rf"</?(?:{_SILENT_NAMES}|{_INLINE_NAMES}|{_BLOCK_NAMES})(?:[\s/>]|$)",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Return text without controls and overrides, with single spaces."""
    return " ".join(_UNWANTED.sub("", text).split())


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters, without a trailing space."""
    return text if len(text) <= limit else text[:limit].rstrip()


def looks_like_html(text: str) -> bool:
    """Return whether text that should be plain holds tags of HTML."""
    return "<" in text and _KNOWN_TAG.search(text) is not None


def text_of_html(markup: str) -> str:
    """Return the text a reader of the markup would see, on one line.

    Tags and comments are dropped, block elements become spaces, scripts and styles go
    with their content, entities are decoded once.
    """
    if "<" not in markup and "&" not in markup:
        return clean(markup)
    markup = _DECLARATION.sub("", _COMMENT.sub("", markup))
    if len(_DANGLING.findall(markup)) > _MOST_DANGLING:
        # The standard library's parser takes the square of the tags that never end.
        return clean(unescape(_TAG.sub(" ", markup)))
    reader = _Reader()
    reader.feed(_UNFINISHED.sub("", markup))
    reader.close()
    return clean("".join(reader.pieces))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent: list[str] = []
        self._held: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag not in _INLINE:
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
            if not self._silent:
                self._held.clear()
        elif tag not in _INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
        elif _NEVER_TEXT.isdisjoint(self._silent):
            self._held.append(data)

    def close(self) -> None:
        """End the text; an element that never closed has swallowed some of it."""
        super().close()
        self.pieces += self._held if self._silent else []
