"""The configuration that ships with the program."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator

from monitor.config import Settings, examine, json_schema, load, load_whole
from tests.conftest import ROOT
from tests.edges.config.test_editor import read_plainly

SHIPPED = ROOT / "alerts.yaml"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(SHIPPED, environ={})


def test_it_loads_without_a_warning(settings: Settings) -> None:
    assert settings.warnings == ()


def test_check_finds_nothing_that_it_does_otherwise_than_written() -> None:
    found = examine(load_whole(SHIPPED, environ={}))

    assert [each for each in found if each.severity == "finding"] == []


def test_its_topics_have_examples_of_both_kinds(settings: Settings) -> None:
    assert all(topic.match and topic.no_match for topic in settings.topics)


def test_its_feeds_are_fetched_over_tls(settings: Settings) -> None:
    assert 20 <= len(settings.feeds) <= 30
    assert all(feed.url.startswith("https://") for feed in settings.feeds)


def test_every_topic_has_a_rule_and_the_console_hears_it(settings: Settings) -> None:
    told = {topic for rule in settings.plan.rules for topic in rule.topics}

    assert told == {topic.name for topic in settings.topics}
    assert settings.plan.route.receivers == ("console",)
    assert {rule.kind for rule in settings.plan.rules} == {"any", "frequency"}


def test_editors_accept_it() -> None:
    validator = Draft202012Validator(json_schema())

    assert list(validator.iter_errors(read_plainly(SHIPPED))) == []


def test_what_it_shows_commented_loads_once_the_comment_signs_are_away() -> None:
    """The Slack and webhook receivers and their routes, as a reader would add them."""
    text = SHIPPED.read_text(encoding="utf-8")
    tail = text[text.index("\nroute:") :]
    opened = re.sub(r"^  # (?!Secrets never)", "  ", tail, flags=re.MULTILINE)
    written = read_plainly(opened)
    validator = Draft202012Validator(json_schema())

    assert set(written["receivers"]) == {"console", "desk-slack", "desk-program"}
    assert len(written["route"]["routes"]) == 2
    assert list(validator.iter_errors(written)) == []
