"""Entries that are edited, and whose pages come later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alerting.amend import differences_between
from monitor.memory import MemoryState
from monitor.model import Entry
from monitor.pipeline import assess, classify
from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, TopicSpec
from tests.factories import NOON, entry, rule
from tests.unit.test_pipeline import plan

TOPICS = compile_topics(
    [],
    [
        TopicSpec(
            name="dues", clauses=(ClauseSpec(query="unesco AND (dues OR arrears)"),)
        )
    ],
).index
URL = "https://news.example/1"
FULL = entry(title="UNESCO dues", summary="Short.", url=URL)
NEAR = entry(title="UNESCO meets", summary="In Paris.", url=URL)


def edited(of: Entry, **fields: object) -> Entry:
    """Return the next wording, an hour later."""
    made = {
        "revision": of.revision + 1,
        "fetched_at": NOON + timedelta(hours=of.revision + 1),
    }
    return entry(
        **({"title": of.title, "summary": "Anew.", "url": URL} | made | fields)
    )


def with_page(of: Entry, text: str) -> Entry:
    names = ("title", "summary", "url", "revision", "fetched_at")
    return entry(**{name: getattr(of, name) for name in names}, text=text)


def kinds(*line: Entry, is_paged: bool = True) -> list[str]:
    """Return what alerts tell as these come, one after another."""
    state, told = MemoryState(), []
    for each in line:
        for record in classify([each], TOPICS, is_paged=is_paged):
            told += assess(
                record.matches, plan(rule(topics=("dues",))), state, record.revised
            )
    return [change.kind for change in told]


def test_an_alert_through_a_page_outlives_an_edit_until_the_new_page_is_read() -> None:
    later = edited(NEAR)

    told = kinds(NEAR, with_page(NEAR, "The dues are late."), later)
    settled = kinds(
        NEAR,
        with_page(NEAR, "The dues are late."),
        later,
        with_page(later, "The dues are late."),
        later,
    )

    assert told == ["firing"]
    assert settled == ["firing"]


@pytest.mark.parametrize("start", [[FULL], [NEAR, with_page(NEAR, "Dues again.")]])
def test_an_edit_whose_page_is_about_something_else_takes_the_alert_back(
    start: list[Entry],
) -> None:
    later = edited(FULL, title="UNESCO meets")
    read = with_page(later, "Nobody paid anything.")

    told = kinds(*start, later, read, later, read)

    assert told == ["firing", "withdrawn"]


def test_an_edit_that_nearly_matches_takes_the_alert_back_where_no_page_is_read() -> (
    None
):
    told = kinds(FULL, edited(FULL, title="UNESCO meets"), is_paged=False)

    assert told == ["firing", "withdrawn"]


def test_a_page_that_comes_after_a_later_wording_changes_no_alert() -> None:
    later = edited(NEAR, title="UNESCO dues at last")

    told = kinds(NEAR, later, with_page(NEAR, "The dues are late."))

    assert told == ["firing"]


def test_evidence_of_the_old_page_is_not_missed_where_the_new_one_was_not_read() -> (
    None
):
    read = with_page(entry(title="UNESCO", summary="Short.", url=URL), "Arrears grow.")
    later = edited(FULL, title="UNESCO", summary="The dues are late.")
    (old,), (new,) = TOPICS.match(read), TOPICS.match(later)

    assert differences_between(old, new) == ()
    assert [each.what for each in differences_between(new, old)] == ["evidence"]


def test_an_entry_with_its_page_is_no_edit() -> None:
    records = classify([with_page(NEAR, "The dues are late.")], TOPICS, is_paged=True)

    assert [record.topic for record in records] == ["dues"]
