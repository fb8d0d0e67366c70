"""What a good configuration comes to."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.route import receivers_for
from monitor.config import examine, load_whole
from monitor.manners import Manners
from monitor.model import Feed, Matcher
from tests.factories import entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edges.config.conftest import Load

WHOLE = """\
log: kafka://a:9092
web: {listen: "0.0.0.0:80"}
outbound:
  contact: "mailto:desk@example.org"
  allow: [10.0.0.0/8, "::1/128"]
  host_spacing: 2s
  host_at_once: 1
external_url: https://watch.example.org
retention: {log: {age: 1d12h, size: 256MiB}, state: {age: 2w}}
workers: {parsers: 4}
defaults: {interval: 1m, max_interval: 2h, timeout: 10s}
feeds:
  a: https://example.org/a
  b: {url: "https://example.org/b", interval: 1h30m, max_interval: 6h, timeout: 500ms, lang: ja, source: B, full_text: true}
concepts:
  unesco: {en: [unesco], ja: [ユネスコ]}
  money: {en: [money, dues]}
  cut: {en: [cut]}
topics:
  unesco-money:
    description: Money for UNESCO
    threshold: 0.4
    clauses:
      - {all: [unesco, money], near: 12, weight: 0.8}
      - {query: "$unesco AND $cut"}
    exclude: [{any: ['"football"']}]
    direction: [{threat: [cut]}, {other: []}]
    examples: {match: ["UNESCO dues cut"], no_match: ["football"]}
rules:
  money:
    topics: [unesco-money]
    directions: [threat]
    min_score: 0.6
    severity: warning
    labels: {desk: culture}
    description: Money at risk
  flurry: {type: frequency, topic: unesco-money, count: 3, within: 6h}
route:
  receiver: console
  routes:
    - matchers: ['severity=~"warning|critical"', 'desk = culture']
      receivers: [console, desk]
      continue: true
      routes:
        - matchers: ['direction!="threat"']
    - matchers: ['rule="flurry"']
      receiver: desk
receivers:
  console: {type: console}
  desk: {type: webhook, url: "https://example.org/hook", timeout: 3s}
"""


def test_every_value_reaches_the_settings(load_text: Load) -> None:
    settings = load_text(WHOLE)

    assert settings.log_url == "kafka://a:9092"
    assert (settings.host, settings.port) == ("0.0.0.0", 80)  # noqa: S104 - as written
    assert settings.outbound.user_agent.startswith("Wirewatch/")
    assert settings.outbound.user_agent.endswith(" (+mailto:desk@example.org)")
    assert settings.outbound.manners == Manners(spacing=timedelta(seconds=2), at_once=1)
    assert settings.outbound.allow == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.retention.log_age == timedelta(days=1, hours=12)
    assert settings.retention.log_bytes == 256 * 1024**2
    assert settings.retention.state == timedelta(weeks=2)
    assert settings.workers.parsers == 4
    assert settings.plan.external_url == "https://watch.example.org"
    assert settings.digest == hashlib.sha256(WHOLE.encode()).hexdigest()
    assert settings.warnings == ()


def test_feeds_take_what_they_do_not_say_from_the_defaults(load_text: Load) -> None:
    settings = load_text(WHOLE)

    assert settings.feeds == (
        Feed(
            id="a",
            url="https://example.org/a",
            interval=timedelta(minutes=1),
            max_interval=timedelta(hours=2),
            timeout=timedelta(seconds=10),
        ),
        Feed(
            id="b",
            url="https://example.org/b",
            interval=timedelta(minutes=90),
            max_interval=timedelta(hours=6),
            timeout=timedelta(milliseconds=500),
            lang="ja",
            source="B",
            full_text=True,
        ),
    )
    assert settings.paged == {"b"}


def test_topics_are_compiled_and_match(load_text: Load) -> None:
    settings = load_text(WHOLE)
    found = settings.index.match(entry(title="UNESCO dues cut", summary=""))

    assert [(match.topic, match.direction) for match in found] == [
        ("unesco-money", "threat")
    ]


def test_stemming_can_be_switched_off(load_text: Load) -> None:
    cutting = entry(title="UNESCO cutting", summary="")

    assert load_text(WHOLE).index.match(cutting)
    assert not load_text("text: {stemming: false}\n" + WHOLE).index.match(cutting)


def test_rules_keep_what_was_written(load_text: Load) -> None:
    money, flurry = load_text(WHOLE).plan.rules

    assert (money.name, money.kind, money.topics) == ("money", "any", ("unesco-money",))
    assert (money.directions, money.min_score) == (("threat",), 0.6)
    assert (money.severity, money.labels) == ("warning", {"desk": "culture"})
    assert (flurry.kind, flurry.count, flurry.within) == (
        "frequency",
        3,
        timedelta(hours=6),
    )


def test_a_route_without_receivers_takes_those_above(load_text: Load) -> None:
    route = load_text(WHOLE).plan.route
    labels = {"severity": "warning", "desk": "culture", "direction": "other"}

    assert route.routes[0].matchers == (
        Matcher(label="severity", op="=~", value="warning|critical"),
        Matcher(label="desk", op="=", value="culture"),
    )
    assert receivers_for(route, labels) == ("console", "desk")
    assert receivers_for(route, {"rule": "flurry"}) == ("desk",)
    assert receivers_for(route, {}) == ("console",)


def test_without_receivers_the_console_hears_everything(load_text: Load) -> None:
    plan = load_text("web: {}").plan

    assert [receiver.kind for receiver in plan.receivers.values()] == ["console"]
    assert plan.route.receivers == ("console",)


def test_without_a_route_every_receiver_hears_everything(load_text: Load) -> None:
    plan = load_text(
        "receivers: {a: {type: console}, b: {type: webhook, url: 'https://x/'}}"
    ).plan

    assert plan.route.receivers == ("a", "b")


@pytest.mark.parametrize(
    ("addition", "warning"),
    [
        pytest.param(
            "concepts: {c: {en: [word]}}",
            'F:1:12: concept "c": no topic uses it; remove it',
            id="a concept",
        ),
        pytest.param(
            "topics: {t: {clauses: [{query: a}]}}",
            'F:1:10: topic "t": no rule listens to it; add one',
            id="a topic",
        ),
        pytest.param(
            "route: {receiver: a}\nreceivers: {a: {type: console}, b: {type: console}}",
            'F:2:33: receiver "b": no route names it; add one',
            id="a receiver",
        ),
        pytest.param(
            "feeds: {a: 'https://x/', b: 'https://x/'}",
            'F:1:29: feed "b": same address as feed "a"; keep one',
            id="a feed",
        ),
        pytest.param(
            "topics: {t: {clauses: [{query: a}]}}\nrules: {r: {topic: t}}\n"
            "route: {receiver: console, routes: [{matchers: ['severity=\"inf\"']}]}",
            'F:3:49: route: no alert has severity="inf"; did you mean "info"?',
            id="a value in a route",
        ),
        pytest.param(
            "topics: {t: {clauses: [{query: a}]}}\nrules: {r: {topic: t}}\n"
            "route: {receiver: console, routes: [{matchers: ['topik=\"t\"']}]}",
            'F:3:49: route: no alert has topik="t"; did you mean "topic"?',
            id="a label in a route",
        ),
    ],
)
def test_what_nobody_uses_is_a_warning(
    load_text: Load, addition: str, warning: str
) -> None:
    settings = load_text(addition)

    assert [line.replace(settings.path, "F") for line in settings.warnings] == [warning]


def test_concepts_in_queries_and_directions_count_as_used(load_text: Load) -> None:
    settings = load_text("""\
concepts: {a: {en: [aa]}, b: {en: [bb]}, c: {en: [cc]}, d: {en: [dd]}}
topics:
  t:
    clauses: [{any: [a]}, {query: "($b)"}]
    exclude: [{all: [d]}]
    direction: [{up: [c]}]
rules: {r: {topic: t}}
""")

    assert settings.warnings == ()


def test_examples_that_a_topic_gets_wrong_are_found(tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text("""\
topics:
  t:
    clauses: [{query: hotline, weight: 0.7}]
    examples:
      match: [a hotline opens, "two armies\\nagree"]
      no_match:
        - the hotline for customers
        - nothing
rules: {r: {topic: t}}
""")
    found = [
        (each.line, each.column, each.severity, each.message)
        for each in examine(load_whole(path, environ={}))
    ]

    assert found == [
        (
            *(5, 32, "finding"),
            'topic "t": example does not match: "two armies agree"',
        ),
        (
            *(7, 11, "finding"),
            'topic "t": example matches with score 0.70: "the hotline for customers"',
        ),
    ]
