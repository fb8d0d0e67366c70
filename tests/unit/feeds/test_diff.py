from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitor.feeds.diff import Fresh, fresh
from monitor.model import Feed, ParsedEntry, ParsedFeed, SeenEntry
from tests.factories import NOON, feed


def parsed(id: str, **fields: Any) -> ParsedEntry:  # noqa: A002
    return ParsedEntry(id=id, **({"title": f"Title {id}", "summary": ""} | fields))


def told(
    *entries: ParsedEntry,
    known: tuple[SeenEntry, ...] = (),
    of: Feed | None = None,
    title: str = "",
) -> Fresh:
    return fresh(
        of or feed(),
        ParsedFeed(title=title, entries=entries),
        {one.id: one for one in known},
        NOON,
    )


def test_unknown_entries_are_new_oldest_first() -> None:
    news = told(parsed("2"), parsed("1"))

    assert [(entry.id, entry.revision) for entry in news.entries] == [
        ("1", 0),
        ("2", 0),
    ]
    assert news.present == ("2", "1")


def test_dates_order_entries_when_all_have_one() -> None:
    news = told(
        parsed("late", published_at=NOON),
        parsed("early", published_at=NOON - timedelta(hours=2)),
        parsed("middle", published_at=NOON - timedelta(hours=1)),
    )

    assert [entry.id for entry in news.entries] == ["early", "middle", "late"]


def test_known_entries_bring_nothing() -> None:
    first = told(parsed("1"), parsed("2"))

    again = told(parsed("1"), parsed("2"), known=first.seen)

    assert (again.entries, again.seen) == ((), ())
    assert again.present == ("1", "2")


def test_a_changed_title_or_summary_is_a_revision() -> None:
    first = told(parsed("1"))
    second = told(parsed("1", title="Other"), known=first.seen)
    third = told(parsed("1", title="Other", summary="More"), known=second.seen)

    assert [news.entries[0].revision for news in (first, second, third)] == [0, 1, 2]


def test_a_changed_date_or_link_is_no_revision() -> None:
    first = told(parsed("1"))

    again = told(
        parsed("1", url="https://b.example/", published_at=NOON), known=first.seen
    )

    assert again.entries == ()


def test_copies_count_once_and_entries_without_text_not_at_all() -> None:
    news = told(parsed("1"), parsed("1"), parsed("2", title=""))

    assert [entry.id for entry in news.entries] == ["1"]
    assert news.present == ("1",)


def test_what_the_user_says_of_a_feed_beats_what_it_says_itself() -> None:
    entry = parsed("1", lang="en", source="Wire of the entry")

    told_by_user = told(entry, of=feed(lang="ja", source="My name"), title="Feed")
    by_entry = told(entry, title="Feed")
    by_feed = told(parsed("1"), title="Feed")

    assert (told_by_user.entries[0].lang, told_by_user.entries[0].source) == (
        "ja",
        "My name",
    )
    assert (by_entry.entries[0].lang, by_entry.entries[0].source) == (
        "en",
        "Wire of the entry",
    )
    assert by_feed.entries[0].source == "Feed"


def test_a_date_far_ahead_is_left_out() -> None:
    soon, later = (
        told(parsed("1", published_at=NOON + timedelta(hours=hours))).entries[0]
        for hours in (1, 48)
    )

    assert soon.published_at == NOON + timedelta(hours=1)
    assert later.published_at is None
