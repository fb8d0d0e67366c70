"""Read and write lists of feeds as OPML, and lose nothing on the way.

Pure. The tree of a file is kept as it stands: nested outlines, their order, attributes
that only other programs know. What its feeds are called here is decided in `names`.

Python's expat reads it: a handler refuses every DOCTYPE, and entities can be declared
nowhere else, so nothing expands and nothing outside the file is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct
from msgspec.structs import replace

from monitor.errors import OpmlError
from monitor.feeds.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_BYTES = 8 * 1024 * 1024
"""The largest list read; 5,000 feeds take about one MiB."""

MAX_OUTLINES = 100_000
MAX_DEPTH = 50

NAMESPACE = "urn:wirewatch:feeds"
PREFIX = "wirewatch:"
"""What stands before our own attributes: the name a feed has here, its interval."""

_XMLNS = "xmlns:wirewatch"
_HINTS = {
    expat.errors.XML_ERROR_INVALID_TOKEN: "write & as &amp; and < as &lt;, and save "
    "the file in the encoding that its first line names",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "write the character itself",
    expat.errors.XML_ERROR_UNKNOWN_ENCODING: "save it as UTF-8",
    expat.errors.XML_ERROR_INCORRECT_ENCODING: "save it as UTF-8",
    expat.errors.XML_ERROR_NO_ELEMENTS: "export the list again",
}


class Element(Struct, frozen=True, kw_only=True):
    """An element of OPML as it stood in the file.

    Args:
        text: what stands in it besides elements.
        line: where it began, from 1, or 0 for one that was made here.
        column: where in the line, from 1.
    """

    tag: str
    attributes: dict[str, str] = {}
    text: str = ""
    children: tuple[Element, ...] = ()
    line: int = 0
    column: int = 0

    def get(self, name: str) -> str:
        """Return an attribute, however its letters are cased, or ""."""
        if name in self.attributes:
            return self.attributes[name]
        wanted = name.lower()
        found = (text for key, text in self.attributes.items() if key.lower() == wanted)
        return next(found, "")


def read_opml(source: bytes) -> Element:
    """Return the root of a list of feeds.

    Raises:
        OpmlError: it is no OPML, or more than anybody reads.
    """
    if len(source) > MAX_BYTES:
        raise OpmlError(
            f"the list is larger than {MAX_BYTES >> 20} MiB", hint="split it"
        )
    return _Reader().read(source)


def write_opml(root: Element) -> bytes:
    """Return a list of feeds as UTF-8; reading it gives an equal tree."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, "")]
    return "\n".join([*lines, ""]).encode()


def outlines(root: Element) -> Iterator[Element]:
    """Yield the outlines that are feeds, in their order.

    What stands under a comment is none (OPML 2.0, `isComment`).
    """
    for child in root.children:
        if child.tag == "outline":
            if child.get("isComment").lower() == "true":
                continue
            if child.get("xmlUrl"):
                yield child
        yield from outlines(child)


def title_of(outline: Element) -> str:
    """Return what a feed is called in its list, as plain text."""
    return clean(outline.get("text") or outline.get("title"))


def feed_outline(
    name: str, url: str, *, title: str = "", page: str = "", lang: str = ""
) -> Element:
    """Return the outline of a feed that stood in no list."""
    attributes = {
        "text": title or name,
        "type": "rss",
        "xmlUrl": url,
        "htmlUrl": page,
        "language": lang,
        PREFIX + "name": name,
    }
    kept = {key: allowed(text) for key, text in attributes.items() if text}
    return Element(tag="outline", attributes=kept)


def new_list(title: str, body: Sequence[Element]) -> Element:
    """Return a list of these outlines."""
    head = Element(tag="head", children=(Element(tag="title", text=title),))
    return Element(
        tag="opml",
        attributes={"version": "2.0"},
        children=(head, Element(tag="body", children=tuple(body))),
    )


def with_outlines(root: Element, more: Sequence[Element]) -> Element:
    """Return a list with more outlines at its end."""
    children = tuple(
        replace(child, children=(*child.children, *more))
        if child.tag == "body"
        else child
        for child in root.children
    )
    return _declared(replace(root, children=children))


def pinned(root: Element, names: Mapping[str, str]) -> Element:
    """Return a list in which every feed says what it is called here.

    Args:
        names: the feeds' names, by address; an outline whose address is not among
            them becomes a comment, so that the list can be used without it.
    """
    return _declared(_pinned(root, names))


def _pinned(element: Element, names: Mapping[str, str]) -> Element:
    url = element.get("xmlUrl").strip()
    attributes = element.attributes
    if element.tag == "outline":
        if element.get("isComment").lower() == "true":
            return element
        if url in names:
            attributes = {**attributes, PREFIX + "name": names[url]}
        elif url and not element.children:
            attributes = {**attributes, "isComment": "true"}
        elif url:
            # Its children must not go with it.
            attributes = {k: v for k, v in attributes.items() if k.lower() != "xmlurl"}
            attributes["wirewatch:refused"] = url
    children = tuple(_pinned(child, names) for child in element.children)
    return replace(element, attributes=attributes, children=children)


def _declared(root: Element) -> Element:
    return replace(root, attributes={**root.attributes, _XMLNS: NAMESPACE})


def allowed(text: str) -> str:
    """Return text without the characters that XML has no way to write."""
    return "".join(c for c in text if c in "\t\n\r" or _is_xml(ord(c)))


def _is_xml(code: int) -> bool:
    # https://www.w3.org/TR/xml/#charsets
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000  # noqa: PLR2004


def _lines(element: Element, indent: str) -> Iterator[str]:
    tag = element.tag
    attributes = "".join(
        f" {name}={quoteattr(text)}" for name, text in element.attributes.items()
    )
    text = escape(element.text, {"\r": "&#13;"})
    if not element.children:
        end = f">{text}</{tag}>" if text else "/>"
        yield f"{indent}<{tag}{attributes}{end}"
        return
    yield f"{indent}<{tag}{attributes}>{text}"
    for child in element.children:
        yield from _lines(child, indent + "  ")
    yield f"{indent}</{tag}>"


class _Open(Struct):
    """An element whose end has not come yet."""

    tag: str
    attributes: dict[str, str]
    line: int
    column: int
    text: list[str]
    children: list[Element]


class _Reader:
    """Build the tree; every limit is checked while it grows."""

    def __init__(self) -> None:
        self._expat = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._open: list[_Open] = []
        self._root: Element | None = None
        self._count = 0

    def read(self, source: bytes) -> Element:
        try:
            self._expat.Parse(source, True)
        except expat.ExpatError as error:
            raise _unreadable(error) from None
        except (LookupError, ValueError, UnicodeError) as error:
            # The encoding that it names is none, or one of several bytes a character.
            raise OpmlError(
                "its encoding cannot be read", line=1, column=1, hint="save it as UTF-8"
            ) from error
        root = self._root
        if root is None or not any(child.tag == "body" for child in root.children):
            raise OpmlError("the list has no <body>", hint="export it again")
        return root

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("a DOCTYPE, which may hide anything", "remove it")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._open and tag.lower() != "opml":
            raise self._error(f"<{tag[:40]}> is no list of feeds", "name an OPML file")
        self._count += 1
        if self._count > MAX_OUTLINES:
            raise self._error(f"more than {MAX_OUTLINES} outlines", "split the list")
        if len(self._open) >= MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} levels", "use fewer folders")
        line, column = self._place()
        self._open.append(_Open(tag, attributes, line, column, [], []))

    def _end(self, _: str) -> None:
        done = self._open.pop()
        text = "".join(done.text)
        element = Element(
            tag=done.tag,
            attributes=done.attributes,
            text=text.strip() if done.children or not text.strip() else text,
            children=tuple(done.children),
            line=done.line,
            column=done.column,
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element

    def _text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def _place(self) -> tuple[int, int]:
        return self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1

    def _error(self, message: str, hint: str) -> OpmlError:
        line, column = self._place()
        return OpmlError(message, line=line, column=column, hint=hint)


def _unreadable(error: expat.ExpatError) -> OpmlError:
    reason = expat.errors.messages[error.code]
    return OpmlError(
        f"the list is no XML ({reason})",
        line=error.lineno,
        column=error.offset + 1,
        hint=_HINTS.get(reason, "export it again, or correct it"),
    )
