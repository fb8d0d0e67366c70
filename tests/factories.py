"""Build inputs for tests; name only the fields that matter to the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerting.book import Step
from monitor.model import Alert, Change, Entry, Feed, Match, Receiver, Sighting, Span
from monitor.rule_model import Rule

_OF_A_CHANGE = ("at", "alert", "kind", "reasons", "differences")
NOON = datetime(2015, 10, 13, 12, 0, tzinfo=UTC)


def entry(**fields: Any) -> Entry:
    """Return an entry about UNESCO money, unless told otherwise."""
    known: dict[str, Any] = {
        "feed": "wire-a",
        "id": "tag:example.org,2015:1",
        "title": "Tokyo may withhold UNESCO dues",
        "summary": "The chief cabinet secretary spoke of a review.",
        "url": "https://example.org/1",
        "lang": "en",
        "source": "Wire A",
        "published_at": NOON - timedelta(minutes=2),
        "fetched_at": NOON,
    }
    return Entry(**(known | fields))


def match(**fields: Any) -> Match:
    """Return a match on topic `unesco-funding-threat`, with one exact span."""
    of = fields.pop("entry", None) or entry()
    known: dict[str, Any] = {
        "topic": "unesco-funding-threat",
        "score": 0.85,
        "direction": "threat",
        "spans": (
            Span(
                field="title",
                start=0,
                end=5,
                quote=of.title[0:5],
                concept="japan",
                clause=0,
            ),
        ),
        "entry": of,
    }
    return Match(**(known | fields))


def sighting(**fields: Any) -> Sighting:
    """Return a match that opens a story of its own."""
    of = fields.pop("match", None) or match()
    known: dict[str, Any] = {
        "story": "st_0123456789abcdef01234567",
        "is_first": True,
        "seen_at": of.entry.fetched_at,
        "match": of,
    }
    return Sighting(**(known | fields))


def rule(**fields: Any) -> Rule:
    """Return an `any` rule on `unesco-funding-threat`."""
    known: dict[str, Any] = {
        "name": "unesco-cuts",
        "kind": "any",
        "topics": ("unesco-funding-threat",),
        "severity": "warning",
    }
    return Rule(**(known | fields))


def alert(**fields: Any) -> Alert:
    """Return a firing alert of rule `unesco-cuts`."""
    of = fields.pop("match", None) or match()
    known: dict[str, Any] = {
        "id": "al_0123456789abcdef01234567",
        "rule": "unesco-cuts",
        "topic": of.topic,
        "story": "st_0123456789abcdef01234567",
        "severity": "warning",
        "status": "firing",
        "labels": {
            "rule": "unesco-cuts",
            "topic": of.topic,
            "severity": "warning",
            "direction": of.direction,
        },
        "description": "A state threatens UNESCO's money",
        "match": of,
        "opened_at": of.entry.fetched_at,
    }
    known["subject"] = fields.get("story", known["story"])
    return Alert(**(known | fields))


def change(**fields: Any) -> Change:
    """Return the opening of an alert; fields that are not a change's are the alert's."""
    own: dict[str, Any] = {
        name: fields.pop(name) for name in tuple(fields) if name in _OF_A_CHANGE
    }
    of = own.pop("alert", None) or alert(**fields)
    return Change(**(own | {"at": own.get("at", of.opened_at), "alert": of}))


def firing(of: Alert) -> Step:
    """Return the step that opens an alert."""
    return Step(alert=of, subjects=(of.story,), change=change(alert=of))


def feed(**fields: Any) -> Feed:
    """Return a feed polled every minute."""
    known: dict[str, Any] = {
        "id": "wire-a",
        "url": "http://127.0.0.1:9/feed.xml",
        "interval": timedelta(minutes=1),
        "timeout": timedelta(seconds=10),
    }
    return Feed(**(known | fields))


def receiver(**fields: Any) -> Receiver:
    """Return a webhook receiver on loopback."""
    known: dict[str, Any] = {
        "name": "desk",
        "kind": "webhook",
        "url": "http://127.0.0.1:9/hook",
        "secrets": ("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",),
    }
    return Receiver(**(known | fields))
