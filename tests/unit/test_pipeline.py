"""The core, chained: from matches to the notifications they give rise to."""

from __future__ import annotations

import json
import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.memory import MemoryState
from monitor.model import Match, Matcher, Notification, Receiver, Route
from monitor.pipeline import Plan, assess, classify, notification_id
from monitor.rule_model import Rule
from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, TopicSpec
from tests.factories import NOON, alert, entry, match, receiver, rule

DESK = receiver(name="desk")
PRINT = receiver(name="print", kind="console", url="", secrets=())


def plan(
    *rules: Rule,
    route: Route | None = None,
    receivers: tuple[Receiver, ...] = (DESK, PRINT),
) -> Plan:
    return Plan(
        rules=rules or (rule(),),
        route=route or Route(receivers=("desk", "print")),
        receivers={of.name: of for of in receivers},
    )


def told(title: str, minute: int = 0, **fields: object) -> Match:
    at = NOON + timedelta(minutes=minute)
    known: dict[str, object] = {"id": title, "title": title, "fetched_at": at}
    return match(entry=entry(**(known | fields)), spans=())


def sent(state: MemoryState) -> dict[str, Notification]:
    return state.notifications


def test_a_match_becomes_one_notification_per_receiver() -> None:
    state = MemoryState()

    opened = assess([told("Tokyo may stop dues")], plan(), state)

    assert [of.alert.rule for of in opened] == ["unesco-cuts"]
    assert [of.receiver for of in sent(state).values()] == ["desk", "print"]
    assert {of.alert for of in sent(state).values()} == {opened[0].alert.id}
    assert {of.created_at for of in sent(state).values()} == {NOON}


def test_bodies_are_frozen_as_each_receiver_wants_them() -> None:
    state = MemoryState()
    assess([told("Tokyo may stop dues")], plan(), state)

    webhook, console = sent(state).values()

    assert json.loads(webhook.body)["receiver"] == "desk"
    assert console.body.decode().split("\n")[1] == "  Tokyo may stop dues"


def test_each_rule_that_holds_opens_an_alert_of_its_own() -> None:
    rules = (rule(name="all"), rule(name="threats", directions=("threat",)))
    state = MemoryState()

    opened = assess([told("Tokyo may stop dues")], plan(*rules), state)

    assert [of.alert.rule for of in opened] == ["all", "threats"]
    assert len({of.alert.id for of in opened}) == 2
    assert len(sent(state)) == 4


def test_routes_decide_who_is_told() -> None:
    severe = Matcher(label="severity", op="=", value="critical")
    route = Route(
        receivers=("print",), routes=(Route(receivers=("desk",), matchers=(severe,)),)
    )
    rules = (rule(name="mild"), rule(name="severe", severity="critical"))
    state = MemoryState()

    mild, grave = assess(
        [told("Tokyo may stop dues")], plan(*rules, route=route), state
    )

    assert {of.alert: of.receiver for of in sent(state).values()} == {
        mild.alert.id: "print",
        grave.alert.id: "desk",
    }


def test_copies_of_a_story_are_told_once() -> None:
    state = MemoryState()
    copies = [told("Tokyo may stop dues", n, feed=f"wire-{n}") for n in range(40)]

    opened = assess(copies, plan(), state)

    assert len(opened) == 1
    assert len(sent(state)) == 2


def test_an_edit_before_a_redelivery_does_not_fire_twice() -> None:
    state = MemoryState()
    first = told("Tokyo may stop dues", id="1")
    edit = told("Tokyo stops dues", 1, id="1", revision=1)

    changes = assess([first, edit, first, edit], plan(), state)

    assert [change.kind for change in changes] == ["firing", "amended"]


def test_the_id_of_a_notification_tells_alerts_receivers_and_reasons_apart() -> None:
    ids = {
        notification_id(of, receiver, reason)
        for of in (alert(id="al_1"), alert(id="al_2"))
        for receiver in ("desk", "print")
        for reason in ("firing", "resolved")
    }

    assert len(ids) == 8
    assert notification_id(alert(id="al_1"), "desk", "firing") in ids


def test_classify_gives_one_record_per_topic_in_order_of_topic() -> None:
    def about(name: str, *terms: str) -> TopicSpec:
        return TopicSpec(name=name, clauses=(ClauseSpec(any=terms),))

    topics = [about("zebra", "=Tokyo"), about("apple", "=UNESCO")]
    index = compile_topics([], topics).index
    entries = [entry(id="1"), entry(id="2", title="Tokyo votes", summary="")]

    records = classify(entries, index)

    assert [(of.topic, [m.entry.id for m in of.matches]) for of in records] == [
        ("apple", ["1"]),
        ("zebra", ["1", "2"]),
    ]


BURST = rule(name="burst", kind="frequency", count=2, within=timedelta(minutes=10))
lines = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.integers(0, 2)),
    max_size=15,
)


def items(line: list[tuple[str, int, int]]) -> list[Match]:
    return [
        told(title, minute, id=f"{title}{feed}{n}", feed=f"wire-{feed}")
        for n, (title, minute, feed) in enumerate(line)
    ]


@given(line=lines, cuts=st.lists(st.integers(0, 15), max_size=3))
def test_a_replay_from_anywhere_tells_nothing_twice(
    line: list[tuple[str, int, int]], cuts: list[int]
) -> None:
    """The log redelivers from its last commit, however often a process dies."""
    matches = items(line)
    once, often = MemoryState(), MemoryState()
    assess(matches, plan(rule(), BURST), once)
    for cut in cuts:
        assess(matches[:cut], plan(rule(), BURST), often)

    assess(matches, plan(rule(), BURST), often)

    assert often.alerts == once.alerts
    assert sent(often) == sent(once)


@given(line=lines, seed=st.randoms(use_true_random=False))
def test_which_stories_any_rule_tells_does_not_depend_on_order(
    line: list[tuple[str, int, int]], seed: random.Random
) -> None:
    matches = items(line)
    shuffled = matches[:]
    seed.shuffle(shuffled)
    one, other = MemoryState(), MemoryState()
    assess(matches, plan(), one)
    assess(shuffled, plan(), other)

    assert one.alerts.keys() == other.alerts.keys()
    assert sent(one).keys() == sent(other).keys()
