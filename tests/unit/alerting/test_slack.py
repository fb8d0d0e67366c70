"""The blocks Slack gets, for honest and for hostile texts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.alerting.render import render
from monitor.model import Alert, Entry, Span
from tests.factories import alert, change, entry, match, receiver

PAGE = "http://127.0.0.1:8480"
LINK = re.compile(r"<(https?://[^<>|]+)\|([^<>|]+)>")


def message(of: Alert) -> dict[str, Any]:
    content_type, raw = render(change(alert=of), receiver(kind="slack"), PAGE)
    assert content_type == "application/json"
    value: dict[str, Any] = json.loads(raw)
    return value


def texts(value: Any) -> list[str]:
    """Return every text that Slack would show, with the fallback."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return []


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def section(of: Alert) -> str:
    text: str = message(of)["blocks"][1]["text"]["text"]
    return text


def about(title: str, *words: str, **fields: Any) -> Alert:
    of = entry(title=title, **fields)
    spans = tuple(
        Span(
            field="title",
            start=title.index(word),
            end=title.index(word) + len(word),
            quote=word,
        )
        for word in words
    )
    return alert(match=match(entry=of, spans=spans))


def test_evidence_is_quoted_and_bold() -> None:
    told = section(about("Tokyo may withhold dues", "withhold", "dues"))

    assert told == ("A state threatens UNESCO's money\n> Tokyo may *withhold* *dues*")


def test_evidence_without_spaces_around_it_is_still_bold() -> None:
    told = section(about("分担金停止へ", "停止"))

    assert told.endswith("> 分担金\u200b*停止*\u200bへ")


def test_the_source_is_linked_with_its_host() -> None:
    context = message(about("News"))["blocks"][-1]["elements"]

    assert context[0]["text"] == (
        "<https://example.org/1|Wire A (example.org)>, 2015-10-13 11:58:00Z"
    )
    assert context[1]["text"].endswith("<http://127.0.0.1:8480|Wirewatch>")


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        pytest.param("javascript:alert(1)", False, id="script"),
        pytest.param("", False, id="nothing"),
        pytest.param("https://[broken", False, id="no host"),
        pytest.param("https://a.org/" + "x" * 5000, False, id="too long"),
        pytest.param("https://a.org/x|y<z>", True, id="characters that end a link"),
    ],
)
def test_only_web_addresses_are_linked(url: str, linked: bool) -> None:
    source = message(about("News", url=url))["blocks"][-1]["elements"][0]["text"]

    assert bool(LINK.match(source)) is linked


def test_an_address_cannot_end_its_link() -> None:
    of = about("News", url="https://a.org/x|y<!here>z?a=1&b=2")

    source = message(of)["blocks"][-1]["elements"][0]["text"]

    assert source.startswith("<https://a.org/x%7Cy%3C!here%3Ez?a=1&amp;b=2|Wire A (a.")


@pytest.mark.parametrize(
    "hostile",
    [
        "<!channel> wake up",
        "<@U012AB3CD> look",
        "<https://evil.example|your bank>",
        "@here and @everyone",
        "*not bold* `not code` ~not struck~",
    ],
)
def test_text_from_feeds_is_shown_and_never_obeyed(hostile: str) -> None:
    of = about(hostile, summary=hostile, source=hostile)

    shown = "\n".join(texts(message(of)))

    assert "<!" not in shown
    assert "<@" not in shown
    assert "@here" not in shown
    assert "@everyone" not in shown
    assert "`" not in shown
    assert "*" not in shown
    assert {url for url, _ in LINK.findall(shown)} == {"https://example.org/1", PAGE}


def test_a_burst_lists_the_others() -> None:
    others = tuple(entry(id=str(n), title=f"Story {n}") for n in range(9))

    listed = message(alert(count=10, related=others))["blocks"][2]["text"]["text"]

    assert listed.split("\n")[:2] == [
        "10 stories together; besides:",
        "• Story 8 <https://example.org/1|Wire A (example.org)>, 2015-10-13 11:58:00Z",
    ]
    assert len(listed.split("\n")) == 6


nasty = st.text(alphabet="&<>*_~`|@!\U0001f600a ", max_size=4000)
hostile = st.one_of(
    st.text(max_size=500),
    nasty,
    st.sampled_from(["&" * 9000, "<!channel>" * 900, "\U0001f600" * 4000, "\u200b"]),
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    return entry(
        title=draw(hostile),
        summary=draw(hostile),
        source=draw(hostile),
        url=draw(st.sampled_from(["", "https://a.org/", "https://a.org@b.org/"]))
        + draw(hostile),
    )


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    of = draw(entries())
    spans = []
    for field, text in (("title", of.title), ("summary", of.summary)):
        for _ in range(draw(st.integers(0, 3)) if text else 0):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            spans.append(Span(field=field, start=start, end=end, quote=text[start:end]))  # type: ignore[arg-type]
    return alert(
        match=match(entry=of, spans=tuple(spans)),
        description=draw(hostile),
        related=tuple(draw(st.lists(entries(), max_size=7))),
    )


@example(of=alert(description="\x1b\r"))
@given(of=alerts())
def test_every_message_is_inside_slacks_limits(of: Alert) -> None:
    value = message(of)

    assert 1 <= len(value["blocks"]) <= 50
    assert 1 <= units(value["blocks"][0]["text"]["text"]) <= 150
    for text in texts(value):
        assert 1 <= units(text) <= 3000
        assert text.strip()
        # What is left of angle brackets and ampersands is ours: links and escapes.
        bare = LINK.sub("", text)
        assert "<" not in bare
        assert ">" not in re.sub(r"(?m)^> ", "", bare)
        assert re.fullmatch(r"(?s)(?:[^&]|&(?:amp|lt|gt);)*", bare)
