"""Build inputs for tests; name only the fields that matter to the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerting.book import Step
from monitor.model import (
    Alert,
    Change,
    Entry,
    Feed,
    Match,
    Publisher,
    Receiver,
    Sighting,
    Span,
    Voice,
)
from monitor.rule_model import Rule
from monitor.stories.names import Owner
from monitor.stories.publishers import Publishers

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


OWNERS = (
    Owner(
        id="reuters", names=("Reuters", "ロイター", "路透社"), agency=True, country="gb"
    ),
    Owner(id="ap", names=("Associated Press", "AP"), agency=True, country="us"),
    Owner(id="afp", names=("AFP", "AFP時事"), agency=True, country="fr"),
    Owner(id="dpa", names=("dpa",), agency=True, country="de"),
    Owner(id="jiji", names=("Jiji Press", "時事"), agency=True, country="jp"),
    Owner(
        id="kyodo",
        names=("Kyodo News", "Kyodo", "共同", "共同通信", "共同社"),
        domains=("kyodo.example.jp",),
        country="jp",
        agency=True,
    ),
    Owner(
        id="xinhua",
        names=("Xinhua", "新华社"),
        domains=("xinhua.example",),
        country="cn",
        agency=True,
    ),
    Owner(
        id="harbour",
        names=("The Harbour Times", "港湾新聞"),
        domains=("harbour.example", "harbour.example.jp"),
        country="jp",
    ),
    Owner(
        id="harbour-tv",
        names=("Harbour TV",),
        domains=("tv.example",),
        family="harbour",
        country="jp",
    ),
    Owner(id="mirror", names=("Mirror",), domains=("mirror.example",), country="gb"),
    Owner(
        id="google-news",
        names=("Google News",),
        domains=("news.google.example",),
        aggregator=True,
    ),
    Owner(id="portal", names=("Portal",), domains=("portal.example",), aggregator=True),
)
"""Publishers for tests; some names are those of agencies, all domains are made up."""


def publishers(*owners: Owner) -> Publishers:
    """Return publishers of a small table; domains have two labels, or three in .jp."""
    return Publishers(owners or OWNERS, _registrable)


def _registrable(host: str) -> str | None:
    labels = host.split(".")
    wanted = 3 if labels[-1] == "jp" else 2
    return ".".join(labels[-wanted:]) if len(labels) >= wanted else None


def voice(family: str = "harbour", **fields: Any) -> Voice:
    """Return a member of a story, of a publisher that is named like its family.

    Args:
        agency: the family of the agency its text is credited to.
        at: minutes after noon.
    """
    number = fields.pop("at", 0)
    known: dict[str, Any] = {
        "publisher": Publisher(
            name=fields.pop("name", family.title()),
            family=family,
            agency=fields.pop("agency", ""),
            agency_name=fields.pop("agency_name", ""),
            is_aggregator=fields.pop("is_aggregator", False),
        ),
        "feed": family,
        "entry_id": str(number),
        "seen_at": NOON + timedelta(minutes=number),
    }
    return Voice(**(known | fields))
