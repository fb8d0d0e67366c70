from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from monitor.feed_model import ParsedEntry, ParsedFeed, SeenEntry
from monitor.feeds.diff import Fresh, fingerprint, fresh, strangers
from monitor.feeds.parse import content_hash
from monitor.model import Feed
from tests.factories import NOON, feed


def parsed(id: str, **fields: Any) -> ParsedEntry:  # noqa: A002
    return ParsedEntry(id=id, **({"title": f"Title {id}", "summary": ""} | fields))


def told(
    *entries: ParsedEntry,
    known: tuple[SeenEntry, ...] = (),
    of: Feed | None = None,
    title: str = "",
    alike: Collection[str] = (),
    is_full: bool = False,
) -> Fresh:
    return fresh(
        of or feed(),
        ParsedFeed(title=title, entries=entries),
        {one.id: one for one in known},
        NOON,
        alike=alike,
        is_full=is_full,
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


def test_a_date_ahead_of_the_clock_counts_as_now() -> None:
    soon, later, mistaken = (
        told(parsed("1", published_at=NOON + timedelta(minutes=minutes))).entries[0]
        for minutes in (4, 60, 60 * 24 * 365 * 70)
    )

    assert soon.published_at == NOON + timedelta(minutes=4)
    assert later.published_at == mistaken.published_at == NOON


def test_a_revision_says_what_changed() -> None:
    first = told(parsed("1", summary="One"))
    changed = [
        told(parsed("1", **fields), known=first.seen).entries[0].changed
        for fields in (
            {"summary": "Two"},
            {"title": "Other", "summary": "One"},
            {"title": "Other", "summary": "Two"},
        )
    ]

    assert first.entries[0].changed == ()
    assert changed == [("summary",), ("title",), ("title", "summary")]


def test_what_an_earlier_version_remembered_is_no_revision() -> None:
    wording = content_hash("Title 1", "")
    old = SeenEntry(id="1", revision=3, content_hash=wording)

    assert told(parsed("1"), known=(old,)).entries == ()


AT = "https://news.example/1"


@pytest.mark.parametrize(
    ("link", "is_told"),
    [
        (AT, False),
        ("http://NEWS.example:80/1", False),
        (f"{AT}?utm_source=feed&fbclid=x", False),
        (f"{AT}?page=2", True),
        ("", True),
    ],
)
def test_an_entry_under_a_new_guid_is_the_old_one_if_all_else_is(
    link: str, is_told: bool
) -> None:
    first = told(parsed("a", title="T", url=AT))
    moved = parsed("b", title="T", url=link)
    alike = set(strangers(ParsedFeed(entries=(moved,)), {}))
    alike &= {one.content_hash for one in first.seen}

    second = told(moved, alike=alike)

    assert [one.id for one in second.entries] == (["b"] if is_told else [])
    assert [one.id for one in second.seen] == ["b"]


def test_an_entry_under_a_new_guid_with_another_date_is_another() -> None:
    first, second = (
        fingerprint(parsed("1", title="Siren test", url=AT, published_at=at))
        for at in (NOON, NOON + timedelta(days=7))
    )

    assert first != second


def test_copies_under_several_guids_in_one_body_count_once() -> None:
    news = told(parsed("a", title="T", url=AT), parsed("b", title="T", url=AT))

    assert len(news.entries) == 1
    assert {one.id for one in news.seen} == {"a", "b"}


def test_a_full_list_that_has_moved_on_entirely_has_a_gap() -> None:
    known = told(parsed("1")).seen

    assert told(parsed("2"), is_full=True).is_gap
    assert not told(parsed("2"), is_full=False).is_gap
    assert not told(parsed("1"), parsed("2"), known=known, is_full=True).is_gap
    assert not told(is_full=True).is_gap
