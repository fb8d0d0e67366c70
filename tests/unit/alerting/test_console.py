"""The lines a terminal gets."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.render import render
from monitor.model import Alert, Span
from tests.factories import alert, change, entry, match, receiver


def text(of: Alert) -> str:
    content_type, raw = render(change(alert=of), receiver(kind="console"), "")
    assert content_type == "text/plain; charset=utf-8"
    return raw.decode()


def test_an_alert_takes_a_few_lines() -> None:
    summary = "A review began. Officials said the money may stop soon. More later."
    of = entry(summary=summary)
    start = summary.index("may stop")
    spans = (
        Span(field="title", start=0, end=5, quote="Tokyo"),
        Span(field="summary", start=start, end=start + 8, quote="may stop"),
    )

    assert text(alert(match=match(entry=of, spans=spans))) == (
        "2015-10-13 12:00:00Z WARNING unesco-cuts: unesco-funding-threat (threat, high confidence)\n"
        "  *Tokyo* may withhold UNESCO dues\n"
        "  Officials said the money *may stop* soon.\n"
        "  Wire A, 2015-10-13 11:58:00Z https://example.org/1"
    )


def test_a_burst_lists_the_others_newest_first() -> None:
    others = (entry(title="Older"), entry(title="Newer", source="Wire B"))

    lines = text(alert(count=3, related=others)).split("\n")

    assert lines[2:5] == [
        "  3 stories together; besides:",
        "  - Newer (Wire B)",
        "  - Older (Wire A)",
    ]


def test_an_entry_without_anything_still_makes_an_alert() -> None:
    bare = entry(title="", summary="", url="", source="", published_at=None)

    assert text(alert(match=match(entry=bare, spans=(), direction=""))) == (
        "2015-10-13 12:00:00Z WARNING unesco-cuts: unesco-funding-threat (high confidence)\n"
        "  (no title)\n"
        "  wire-a"
    )


hostile = st.text(max_size=200) | st.sampled_from(
    ["\x1b[2J\x1b]0;owned\x07", "a\r\nb", "\u202eevil", "\x9b31m", "\u2028", "\ud800"]
)


@given(title=hostile, summary=hostile, source=hostile, url=hostile)
def test_no_text_from_a_feed_steers_the_terminal(
    title: str, summary: str, source: str, url: str
) -> None:
    of = entry(title=title, summary=summary, source=source, url=f"https://a.org/{url}")

    shown = text(alert(match=match(entry=of, spans=())))

    controls = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
    assert controls <= {"\n"}
    assert "\u202e" not in shown
    assert len(shown.split("\n")) <= 4
