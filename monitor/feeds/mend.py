"""Mend the bytes of an XML feed before the parser sees them.

Pure. What stands here is there because feedparser gives up over it, misreads it, or
takes minutes: each step leaves a sound feed as it is, byte for byte or in meaning.
"""

from __future__ import annotations

import codecs
import itertools
import re
import sys

MAX_ENTRIES = 10_000
"""Entries read of one feed, from its top; no publisher lists as many."""

_REFERENCES = re.compile(rb"(?:&#(?:[0-9]+|[xX][0-9a-fA-F]+);?)+")
_REFERENCE = re.compile(rb"&#0*([0-9]+)|&#[xX]0*([0-9a-fA-F]+)")
_LONGEST_CODE = 7
_NO_CHARACTER = "\ufffd"
_UNSOUND = re.compile("[\ud800-\udfff\ufffd]")

_BARE_AMPERSAND = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?!#?\w+;)", re.DOTALL)

_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s[^<>]{0,1000}?\?>")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^"';\s]*)""", re.IGNORECASE)
_NO_CHARSETS = frozenset(
    # Python's own codecs: slow, able to smuggle markup, or no encodings at all.
    ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
)

_MAX_DECLARATION = 1024
_MAX_TAG = 16 * 1024
_LONG_TAG = re.compile(rb"(<[A-Za-z_][\w:.-]{0,100})\s[^<>]{%d,}>" % _MAX_TAG)
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_CLOSING = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)


def mended(body: bytes) -> bytes:
    """Return a body that the parser reads in good time and as it was meant."""
    body = _with_honest_declaration(body)
    body = _LONG_TAG.sub(_without_attributes, body)
    body = _REFERENCES.sub(_sound_references, body)
    return _first_entries(body)


def with_ampersands_escaped(body: bytes) -> bytes:
    """Return the body with every "&" that begins no reference written as "&amp;"."""
    return _BARE_AMPERSAND.sub(lambda found: found[1] or b"&amp;", body)


def mended_type(content_type: str) -> str:
    """Return a Content-Type header without a charset that cannot be one."""
    found = _CHARSET.search(content_type)
    if found is None or _is_charset(found[1]):
        return content_type
    return content_type.partition(";")[0]


def _with_honest_declaration(body: bytes) -> bytes:
    """Return the body with its XML declaration alone on a line, or left out.

    The parser looks for the encoding in the whole first line, which may be the whole
    feed, and lets the errors of some codecs escape.
    """
    found = _DECLARATION.match(body)
    if found is None:
        # No declaration, or an endless one: then a line's end bounds the search.
        start, rest = body[:_MAX_DECLARATION], body[_MAX_DECLARATION:]
        return start + b"\n" + rest if start.startswith(b"<?xml") else body
    encoding = _ENCODING.search(found[0])
    rest = body[found.end() :]
    if encoding is not None and not _is_honest(encoding[1].decode("latin-1")):
        return b"<?xml version='1.0'?>\n" + rest
    return found[0] + b"\n" + rest


def _is_charset(name: str) -> bool:
    """Return whether text can be decoded by this name; unknown names do no harm."""
    if not name.isascii() or not name.isprintable():
        return False
    try:
        return codecs.lookup(name).name not in _NO_CHARSETS
    except LookupError:
        return True


def _is_honest(name: str) -> bool:
    """Return whether a declaration found in ASCII may be in this encoding at all."""
    try:
        return _is_charset(name) and b"<?xml".decode(name) == "<?xml"
    except LookupError:
        return True
    except ValueError:  # UnicodeError, and a name with a null
        return False


def _without_attributes(found: re.Match[bytes]) -> bytes:
    """Return a tag's name alone: reading its attributes takes the square of them."""
    return found[1] + (b"/>" if found[0].endswith(b"/>") else b">")


def _first_entries(body: bytes) -> bytes:
    """Return the body without the entries beyond those that are read."""
    starts = itertools.islice(_ENTRY.finditer(body), MAX_ENTRIES, None)
    beyond = next(starts, None)
    if beyond is None:
        return body
    last = beyond.start()
    for end in _ENTRY_END.finditer(body, last):
        last = end.end()
    closing = _CLOSING.search(body, last)
    return body[: beyond.start()] + (body[closing.start() :] if closing else b"")


def _sound_references(found: re.Match[bytes]) -> bytes:
    """Return a run of character references without those that name no character.

    feedparser gives up the whole feed over one. Pairs of surrogates, as programs write
    them whose strings are UTF-16, become the character they mean.
    """
    text = "".join(_character(*digits) for digits in _REFERENCE.findall(found[0]))
    if not _UNSOUND.search(text):
        return found[0]
    units = text.encode("utf-16-le", "surrogatepass")
    sound = units.decode("utf-16-le", "replace")
    return b"".join(b"&#%d;" % ord(character) for character in sound)


def _character(decimal: bytes, hexadecimal: bytes) -> str:
    digits, base = (decimal, 10) if decimal else (hexadecimal, 16)
    if len(digits) > _LONGEST_CODE or int(digits, base) > sys.maxunicode:
        return _NO_CHARACTER
    return chr(int(digits, base))
