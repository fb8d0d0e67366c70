"""Rules of every kind, and what spares them repetition."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.rule_model import Conditions, Realert, Rule

if TYPE_CHECKING:
    from tests.edges.config.conftest import Load, Mistakes

TOPICS = (
    "feeds: {wire-a: https://a.example/, wire-b: https://b.example/}\n"
    "concepts: {halt: {en: [halt]}}\n"
    "topics:\n"
    "  t: {clauses: [{query: hotline}], direction: [{threat: [halt]}, {action: []}]}\n"
    "  u: {clauses: [{query: dues}]}\n"
)


def rules_of(load_text: Load, text: str) -> dict[str, Rule]:
    return {rule.name: rule for rule in load_text(TOPICS + text).plan.rules}


def test_every_kind_and_condition_reaches_the_rules(load_text: Load) -> None:
    found = rules_of(
        load_text,
        """
rules:
  s: {topic: t, type: spike, count: 3, within: 6h, factor: 4, baseline: 6w}
  n: {topic: t, type: new_publisher, within: 30d, only_countries: [jp]}
  c: {topics: [t, u], type: corroboration, families: 4, confirmed: 2}
  q:
    type: sequence
    topic: t
    directions: [threat]
    then: [{directions: [action]}, {topic: u, languages: [ja-JP]}]
    within: 3d
    same_actors: false
  a: {type: absence, topics: ["*"], within: 6h, fresh: 0.8}
  f: {type: absence, feeds: ["wire-*"], within: 1d}
  m:
    type: transition
    topic: t
    to: [acted, resolved]
    actors: [states/japan]
    acts: [THREATEN]
    countries: [jp, us]
    publishers: ["asahi*"]
    lateness: 2d
    realert: {after: 6h, unless_new: [actor]}
    exceptions: [{topic: t, min_score: 0.3}]
""",
    )

    assert found["s"] == Rule(
        name="s",
        kind="spike",
        topics=("t",),
        count=3,
        within=timedelta(hours=6),
        factor=4,
        baseline=timedelta(weeks=6),
    )
    assert (found["n"].kind, found["n"].only_countries) == ("new_publisher", ("jp",))
    assert (found["c"].families, found["c"].confirmed) == (4, 2)
    assert found["q"].then == (
        Conditions(topics=("t",), directions=("action",)),
        Conditions(topics=("u",), languages=("ja",)),
    )
    assert not found["q"].same_actors
    assert (found["a"].fresh, found["a"].feeds) == (0.8, ())
    assert (found["f"].fresh, found["f"].feeds) == (0.5, ("wire-*",))
    assert found["m"] == Rule(
        name="m",
        kind="transition",
        topics=("t",),
        to=("acted", "resolved"),
        actors=("states/japan",),
        acts=("THREATEN",),
        countries=("jp", "us"),
        publishers=("asahi*",),
        lateness=timedelta(days=2),
        realert=Realert(after=timedelta(hours=6), unless_new=("actor",)),
        exceptions=(Conditions(topics=("t",), min_score=0.3),),
    )


def test_lists_and_macros_stand_for_what_they_name(load_text: Load) -> None:
    found = rules_of(
        load_text,
        """
lists:
  near: [jp, kr]
  both: [t, u]
macros:
  loud: {severity: critical, countries: [us, $near]}
  quiet: {severity: info, min_score: 0.5, topics: [u]}
rules:
  one: {use: [loud, quiet], topics: [$both], labels: {desk: asia}}
  two: {use: [quiet, loud], topic: t, min_score: 0.9}
  three: {use: [quiet], exceptions: [{countries: [$near, cn]}]}
""",
    )

    assert found["one"].severity == "info"
    assert found["one"].countries == ("us", "jp", "kr")
    assert found["one"].topics == ("t", "u")
    assert (found["two"].severity, found["two"].min_score) == ("critical", 0.9)
    assert found["two"].topics == ("t",)
    assert found["three"].topics == ("u",)
    assert found["three"].exceptions == (Conditions(countries=("jp", "kr", "cn")),)


def kind(of: str) -> str:
    return f"rules: {{r: {{topic: t, {of}}}}}\n"


MISTAKES = [
    pytest.param(
        kind("type: spike, within: 6h"),
        'F:6:9: rule "r": "count" is missing; add "count: 5"',
        id="a spike without a count",
    ),
    pytest.param(
        kind("type: sequence, within: 6h"),
        'F:6:9: rule "r": "then" is missing; add "then: [{directions: [action]}]"',
        id="a sequence without an end",
    ),
    pytest.param(
        kind("type: transition, families: 3"),
        (
            'F:6:41: rule "r": "families" belongs to rules of type corroboration; '
            "add type: corroboration, or remove it"
        ),
        id="a key of another kind",
    ),
    pytest.param(
        kind("type: spike, count: 2, within: 8d"),
        'F:6:54: rule "r": "within" must be 10m to 7d; write "within: 6h"',
        id="a spike of more than a week",
    ),
    pytest.param(
        kind("type: spike, count: 2, within: 6h, baseline: 20d"),
        'F:6:68: rule "r": "baseline" must be 3w to 52w; write "baseline: 4w"',
        id="a short baseline",
    ),
    pytest.param(
        kind("type: new_publisher, within: 90d"),
        (
            'F:6:52: rule "r": "within" is longer than anything is remembered; '
            "give less, or raise retention.state.age"
        ),
        id="a memory longer than the state's",
    ),
    pytest.param(
        kind("actors: [states/japn]"),
        'F:6:32: rule "r": no actor named "states/japn"; did you mean "states/japan"?',
        id="an unknown actor",
    ),
    pytest.param(
        kind("acts: [threaten]"),
        'F:6:30: rule "r": no act named "threaten"; did you mean "THREATEN"?',
        id="an act in small letters",
    ),
    pytest.param(
        kind("countries: [uk]"),
        'F:6:35: rule "r": no country has code "uk"; did you mean "gb"?',
        id="a country by another name",
    ),
    pytest.param(
        kind("only_countries: [Japan]"),
        (
            'F:6:40: rule "r": item 1 of "only_countries" is no country; '
            'write two letters, such as "jp"'
        ),
        id="a country in full",
    ),
    pytest.param(
        kind("type: transition, to: [acting]"),
        (
            'F:6:46: rule "r": item 1 of "to" must be "signalled" or "acted" or '
            '"easing" or "resolved", not "acting"; did you mean "easing"?'
        ),
        id="an unknown phase",
    ),
    pytest.param(
        kind("realert: {unless_new: [acts]}"),
        (
            'F:6:46: rule "r": item 1 of "unless_new" must be "act" or "actor" or '
            '"tier", not "acts"; did you mean "act"?'
        ),
        id="unknown news",
    ),
    pytest.param(
        kind("type: sequence, within: 1d, then: [{directions: [acton]}]"),
        (
            'F:6:72: rule "r": its topics have no direction "acton"; '
            'did you mean "action"?'
        ),
        id="an unknown direction of a step",
    ),
    pytest.param(
        kind("exceptions: [{topic: z}]"),
        'F:6:44: rule "r": no topic named "z"; known are: "t", "u"',
        id="an unknown topic of an exception",
    ),
    pytest.param(
        "rules: {r: {type: absence, feeds: [wire-c], within: 1h}}\n",
        'F:6:36: rule "r": no feed fits "wire-c"; did you mean "wire-b"?',
        id="an unknown feed",
    ),
    pytest.param(
        kind("type: absence, feeds: [wire-a], within: 1h"),
        'F:6:45: rule "r": "feeds" stands beside topics; make two rules',
        id="feeds beside a topic",
    ),
    pytest.param(
        kind("type: absence, within: 1h, only_countries: [jp]"),
        (
            'F:6:50: rule "r": "only_countries" means nothing where nothing is seen; '
            "remove it"
        ),
        id="the publishers of nothing",
    ),
    pytest.param(
        "lists: {near: [jp]}\n" + kind("countries: [$naer]"),
        'F:7:35: rule "r": no list named "naer"; did you mean "near"?',
        id="an unknown list",
    ),
    pytest.param(
        "macros: {loud: {severity: x}}\n" + kind("use: [lout]"),
        'F:7:29: rule "r": no macro named "lout"; did you mean "loud"?',
        id="an unknown macro",
    ),
    pytest.param(
        "macros: {loud: {severty: x}}\n" + kind("use: [loud]"),
        'F:6:17: macro "loud": unknown key "severty"; did you mean "severity"?',
        id="an unknown key of a macro",
    ),
    pytest.param(
        "macros: {m: {min_score: 2}}\n" + kind("use: [m]"),
        'F:6:25: macro "m": "min_score" must be at most 1',
        id="a wrong value of a macro",
    ),
    pytest.param(
        "lists: {near: [jp, uk]}\n" + kind("countries: [us, $near, fr]"),
        'F:6:20: list "near": no country has code "uk"; did you mean "gb"?',
        id="a wrong item of a list",
    ),
    pytest.param(
        "lists: {near: [jp]}\n" + kind("countries: [$near, uk]"),
        'F:7:42: rule "r": no country has code "uk"; did you mean "gb"?',
        id="a wrong item after a list",
    ),
]


@pytest.mark.parametrize(("text", "line"), MISTAKES)
def test_a_mistake_in_a_rule_is_told_where_it_stands(
    mistakes: Mistakes, text: str, line: str
) -> None:
    assert mistakes(TOPICS + text) == [line]


def test_a_mistake_that_two_rules_take_over_is_told_once(mistakes: Mistakes) -> None:
    text = (
        "macros: {m: {topic: z}}\n"
        "rules: {one: {use: [m]}, two: {use: [m], severity: high}}\n"
    )

    assert mistakes(TOPICS + text) == [
        'F:6:21: macro "m": no topic named "z"; known are: "t", "u"'
    ]
