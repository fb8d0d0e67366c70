"""Lists of feeds: nothing is lost, and nothing hostile is read."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import OpmlError
from monitor.feeds import opml
from monitor.feeds.opml import Element, outlines, pinned, read_opml, write_opml

LIST = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by a reader -->
<opml version="2.0" xmlns:r="https://reader.example/ns">
  <head><title>News &amp; more</title><ownerName>Ines</ownerName></head>
  <body>
    <outline text="World" title="World" r:open="1">
      <outline text="Asia &#10; Pacific">
        <outline text="Wire A" title="Wire A" type="rss" language="ja"
          xmlUrl="https://a.example/rss?x=1&amp;y=2" htmlUrl="https://a.example/"
          category="/news/asia,/wires" r:id="42"/>
      </outline>
      <outline text="Empty folder"/>
    </outline>
    <outline text="Wire B" type="rss" xmlurl="https://b.example/rss"/>
    <outline text="Off" isComment="true">
      <outline text="Wire C" type="rss" xmlUrl="https://c.example/rss"/>
    </outline>
  </body>
</opml>
"""

NAMES = st.from_regex(r"\A[a-zA-Z_][a-zA-Z0-9_.-]{0,8}\Z").filter(
    lambda name: not name.lower().startswith("xml")
)
TEXTS = st.text(
    st.one_of(
        st.sampled_from("<>&\"' \t\n\r;]"),
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]).filter(
            lambda c: c not in "\ufffe\uffff"
        ),
    ),
    max_size=12,
)
ATTRIBUTES = st.dictionaries(NAMES, TEXTS, max_size=4)
OUTLINES = st.recursive(
    st.builds(Element, tag=st.just("outline"), attributes=ATTRIBUTES),
    lambda inner: st.builds(
        Element,
        tag=st.just("outline"),
        attributes=ATTRIBUTES,
        children=st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=12,
)


def meaning(source: bytes) -> Any:
    """Return what another XML parser reads, without the space between elements."""

    def of(element: ET.Element) -> Any:
        text = element.text or ""
        children = list(map(of, element))
        return (
            element.tag,
            element.attrib,
            text.strip() if children or not text.strip() else text,
            children,
        )

    return of(ET.fromstring(source))  # noqa: S314 - our own text


def big_list(feeds: int = 5000) -> bytes:
    rows = [
        f'<outline text="Feed {n} 新聞 &amp; co" title="Feed {n}" type="rss" '
        f'xmlUrl="https://host-{n % 700}.example/{n}.xml?a=1&amp;b=2" '
        f'htmlUrl="https://host-{n % 700}.example/" language="en" x:id="{n}"/>'
        for n in range(feeds)
    ]
    folders = [
        f'<outline text="Folder {n}"><outline text="Inner">'
        + "".join(rows[n : n + 50])
        + "</outline></outline>"
        for n in range(0, feeds, 50)
    ]
    return (
        '<opml version="2.0" xmlns:x="urn:x"><head><title>Many</title></head><body>'
        + "".join(folders)
        + "</body></opml>"
    ).encode()


@given(st.lists(OUTLINES, max_size=4), TEXTS.map(str.strip))
def test_what_is_written_is_read_again_as_it_was(
    body: list[Element], title: str
) -> None:
    written = write_opml(opml.new_list(title, body))

    assert write_opml(read_opml(written)) == written
    assert meaning(written)[3][1][3] == list(map(plain, body))


def plain(element: Element) -> Any:
    children = list(map(plain, element.children))
    return (element.tag, element.attributes, element.text, children)


def test_a_list_keeps_folders_order_and_what_others_wrote() -> None:
    written = write_opml(read_opml(LIST.encode()))

    assert meaning(written) == meaning(LIST.encode())
    assert write_opml(read_opml(written)) == written


def test_five_thousand_feeds_go_round_quickly() -> None:
    source = big_list()
    begun = time.perf_counter()
    root = read_opml(source)
    written = write_opml(root)
    took = time.perf_counter() - begun

    assert len(list(outlines(root))) == 5000
    assert meaning(written) == meaning(source)
    assert write_opml(read_opml(written)) == written
    assert took < 5.0


def test_the_feeds_of_a_list_are_found_with_their_places() -> None:
    found = list(outlines(read_opml(LIST.encode())))

    assert [each.get("xmlUrl") for each in found] == [
        "https://a.example/rss?x=1&y=2",
        "https://b.example/rss",
    ]
    assert [(each.line, each.column) for each in found] == [(8, 9), (14, 5)]
    assert found[0].get("r:id") == "42"


def test_pinning_adds_names_and_changes_nothing_else() -> None:
    root = read_opml(LIST.encode())
    urls = [each.get("xmlUrl") for each in outlines(root)]
    named = pinned(root, dict(zip(urls, ["wire-a", "wire-b"], strict=True)))
    again = read_opml(write_opml(named))

    assert [each.get("wirewatch:name") for each in outlines(again)] == [
        "wire-a",
        "wire-b",
    ]
    without = write_opml(again).decode()
    for text in (
        ' xmlns:wirewatch="urn:wirewatch:feeds"',
        ' wirewatch:name="wire-a"',
        ' wirewatch:name="wire-b"',
    ):
        without = without.replace(text, "")
    assert meaning(without.encode()) == meaning(LIST.encode())


def test_a_feed_without_a_name_becomes_a_comment() -> None:
    named = pinned(read_opml(LIST.encode()), {"https://b.example/rss": "wire-b"})

    assert [each.get("text") for each in outlines(named)] == ["Wire B"]
    assert b"https://a.example/rss?x=1" in write_opml(named)


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE opml [<!ENTITY a "'
    + "x" * 1000
    + '">\n'
    + "".join(
        f'<!ENTITY a{n} "{("&a" + str(n - 1 if n > 1 else "") + ";") * 20}">\n'
        for n in range(1, 9)
    )
    + ']><opml version="2.0"><body><outline text="&a8;"/></body></opml>'
).encode()
OUTSIDE = (
    b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<opml><body><outline text="&x;"/></body></opml>'
)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param(BOMB, "2:16: a DOCTYPE", id="entity-bomb"),
        pytest.param(OUTSIDE, "1:16: a DOCTYPE", id="outside-entity"),
        pytest.param(
            b'<!DOCTYPE opml SYSTEM "https://x.example/d"><opml/>',
            "1:44: a DOCTYPE",
            id="outside-dtd",
        ),
        pytest.param(
            b"<opml>" + b" " * (10 * 1024 * 1024), "larger than 8 MiB", id="10-mib"
        ),
        pytest.param(
            '<opml><body>\n<outline text="caf\xe9"/></body></opml>'.encode("latin-1"),
            "2:19: the list is no XML (not well-formed (invalid token))",
            id="wrong-encoding",
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="klingon"?><opml/>',
            "save it as UTF-8",
            id="unknown-encoding",
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="shift_jis"?><opml/>',
            "save it as UTF-8",
            id="encoding-of-several-bytes",
        ),
        pytest.param(
            b"<opml>" + b"<outline>" * 60, "more than 50 levels", id="too-deep"
        ),
        pytest.param(
            b"<opml><body>" + b"<outline/>" * 100_001,
            "more than 100000 outlines",
            id="too-many",
        ),
        pytest.param(
            b"<opml><body>\n<outline text='a & b'/></body></opml>",
            "write & as &amp;",
            id="bare-ampersand",
        ),
        pytest.param(b"<opml><body>&nbsp;</body></opml>", "1:13: ", id="html-entity"),
        pytest.param(b"<rss version='2.0'/>", "1:1: <rss> is no list", id="a-feed"),
        pytest.param(b"<opml><head/></opml>", "no <body>", id="no-body"),
        pytest.param(b"<opml><body>", "export the list again", id="cut-off"),
        pytest.param(b"", "export the list again", id="empty"),
        pytest.param(b"{}", "1:1: the list is no XML", id="json"),
        pytest.param(b"\0\1\2", "the list is no XML", id="binary"),
    ],
)
def test_what_is_no_honest_list_is_refused_with_place_and_remedy(
    source: bytes, told: str
) -> None:
    begun = time.perf_counter()
    with pytest.raises(OpmlError) as caught:
        read_opml(source)
    took = time.perf_counter() - begun

    assert told in str(caught.value)
    assert "; " in str(caught.value)
    assert took < 2.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_lists_in_other_encodings_are_read(encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    text = (
        f'<?xml version="1.0" encoding="{named}"?><opml><body>'
        '<outline text="café" xmlUrl="https://a.example/"/></body></opml>'
    )

    found = list(outlines(read_opml(text.encode(encoding))))
    assert [each.get("text") for each in found] == ["café"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_an_error_with_a_remedy(source: bytes) -> None:
    for each in (source, b"<opml><body>" + source + b"</body></opml>"):
        try:
            root = read_opml(each)
        except OpmlError:
            continue
        written = write_opml(root)
        assert write_opml(read_opml(written)) == written
