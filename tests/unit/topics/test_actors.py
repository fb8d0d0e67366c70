from __future__ import annotations

from typing import Any

import pytest

from monitor.topics import TopicIndex, compile_topics
from monitor.topics.explain import explain
from monitor.topics.spec import ClauseSpec, ConceptSpec, DirectionSpec, TopicSpec
from tests.factories import entry

JAPAN, CHINA, FRANCE = "states/japan", "states/china", "states/france"
UNESCO = "bodies/unesco"


def concept(name: str, *terms: str, excepted: tuple[str, ...] = ()) -> ConceptSpec:
    return ConceptSpec(name=name, terms={"any": terms}, excepted=excepted)


PACKS = (
    concept(JAPAN, "japan", "japanese", "tokyo", "日本", "日中", "日方"),
    concept(CHINA, "china", "chinese", "beijing", "中国", "日中", "中方"),
    concept(FRANCE, "france", "french", "paris", "仏"),
    concept("states/pairs", "日中"),
    concept("bodies/un", "=UN", "united nations"),
    concept(UNESCO, "unesco", "un cultural agency", "ユネスコ", "教科文组织"),
    concept("armed-forces/forces", "army", "navy", "軍"),
    concept("armed-forces/japan", "海保", "=SDF"),
    concept("offices/government", "government", "政府", "ministry"),
    concept("offices/foreign-ministry", "foreign ministry", "外務省", "外交部"),
    concept("acts/stop", "halt", "stop", "停止", "停缴"),
    concept("acts/pay", "pay", "支払い", "缴纳"),
    concept("acts/threaten", "threat", "威胁"),
    concept("acts/consider", "may", "検討", "考虑"),
    concept("acts/protest", "protest", "抗議", "抗议"),
    concept("acts/meet", "meet", "talks", "会談"),
)
TOPIC = TopicSpec(
    name="t",
    clauses=(
        ClauseSpec(query="dues OR talks OR 分担金 OR 会費 OR 会费 OR 会談 OR ship"),
    ),
    direction=(
        DirectionSpec(label="threat", cues=("may",)),
        DirectionSpec(label="action", cues=("halt",)),
    ),
)
CONCEPTS = (
    concept("may", "may", "threat", "検討", "考虑", "威胁"),
    concept("halt", "halt", "停止", "停缴"),
    concept("wire", "acme cables"),
)


def index(packs: tuple[ConceptSpec, ...] = PACKS, **fields: Any) -> TopicIndex:
    known = {
        "name": TOPIC.name,
        "clauses": TOPIC.clauses,
        "direction": TOPIC.direction,
    }
    compiled = compile_topics(CONCEPTS, [TopicSpec(**(known | fields))], packs=packs)
    assert compiled.problems == ()
    return compiled.index


def actors(title: str, summary: str = "", **fields: Any) -> tuple[str, ...]:
    (match,) = index().match(entry(title=title, summary=summary, **fields))
    return match.actors


def act(title: str) -> str:
    (match,) = index().match(entry(title=title, summary=""))
    return match.act


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Japan halts UNESCO dues", (JAPAN, UNESCO), id="subject"),
        pytest.param("UNESCO dues halted by Japan", (JAPAN, UNESCO), id="passive"),
        pytest.param(
            "Dues for UNESCO: Japan halts", (JAPAN, UNESCO), id="object first"
        ),
        pytest.param("China protests Japan's threat on dues", (JAPAN, CHINA), id="own"),
        pytest.param(
            "China says Japan halts UNESCO dues", (JAPAN, CHINA, UNESCO), id="speaker"
        ),
        pytest.param(
            "Japan halts UNESCO dues over China's papers",
            (JAPAN, UNESCO),
            id="a cause is left out",
        ),
        pytest.param(
            "UNESCO dues halted, Tokyo says", (JAPAN, UNESCO), id="source at the end"
        ),
        pytest.param("Japan, China halt dues", (JAPAN, CHINA), id="two together"),
        pytest.param("Sino-Japanese dues halted", (CHINA, JAPAN), id="a pair"),
        pytest.param("Japan halts dues, meets in Paris", (JAPAN,), id="a place"),
        pytest.param(
            "Tokyo halts dues of Paris agency", (JAPAN,), id="the seat of a body"
        ),
        pytest.param(
            "Japan halts dues to UN cultural agency", (JAPAN, UNESCO), id="longest name"
        ),
        pytest.param("Dues were halted", (), id="nobody"),
    ],
)
def test_the_one_who_acts_comes_first(title: str, expected: tuple[str, ...]) -> None:
    assert actors(title) == expected


@pytest.mark.parametrize(
    ("lang", "title", "expected"),
    [
        pytest.param("ja", "日本、ユネスコ分担金を停止", (JAPAN, UNESCO), id="comma"),
        pytest.param("ja", "ユネスコ分担金、日本が停止", (JAPAN, UNESCO), id="ga"),
        pytest.param("ja", "日本によるユネスコ分担金の停止", (JAPAN, UNESCO), id="by"),
        pytest.param("ja", "中国に日本が分担金で抗議", (JAPAN, CHINA), id="ni"),
        pytest.param(
            "ja",
            "中国の申請をめぐり日本がユネスコ分担金停止",
            (JAPAN, UNESCO),
            id="over",
        ),
        pytest.param("ja", "中国と日本が会談", (CHINA, JAPAN), id="and"),
        pytest.param("ja", "政府、ユネスコ分担金を停止", (JAPAN, UNESCO), id="at home"),
        pytest.param("ja", "中国政府、分担金を停止", (CHINA,), id="of another"),
        pytest.param("ja", "仏政府、分担金を停止", (FRANCE,), id="in short"),
        pytest.param("ja", "各国政府、分担金を停止", (), id="of all"),
        pytest.param("ja", "海保、会費で抗議", (JAPAN,), id="a force"),
        pytest.param("ja", "日中会談を停止", (JAPAN, CHINA), id="pair in one word"),
        pytest.param("zh", "日方停缴教科文组织会费", (JAPAN, UNESCO), id="subject"),
        pytest.param("zh", "会费被日方停缴", (JAPAN,), id="passive, zh"),
        pytest.param("zh", "中方就会费向日方抗议", (CHINA, JAPAN), id="towards"),
        pytest.param(
            "zh", "外交部：日方威胁停缴会费", (JAPAN, CHINA), id="speaker, at home"
        ),
        pytest.param("zh-TW", "外交部：日方威胁停缴会费", (JAPAN,), id="not at home"),
        pytest.param(
            "en", "外交部：日方威胁停缴会费", (JAPAN,), id="not said to be zh"
        ),
    ],
)
def test_particles_tell_who_acts(
    lang: str, title: str, expected: tuple[str, ...]
) -> None:
    assert actors(title, lang=lang) == expected


def test_a_dateline_and_a_publisher_do_not_act() -> None:
    assert actors("A row", "PARIS (AB Press) - Japan halts dues.") == (JAPAN,)
    assert actors("A row", "【北京共同】日本が分担金を停止", lang="ja") == (JAPAN,)
    assert actors("Japan halts dues - China Times", source="China Times") == (JAPAN,)


def test_actors_are_named_in_the_page_too_and_its_dateline_is_none() -> None:
    page = "PARIS (China Press) - A long way down the page Japan halts dues."

    assert actors("A row", "Short.", text=page) == (JAPAN,)


def test_actors_far_from_the_evidence_are_of_other_news() -> None:
    assert actors("Japan halts dues. " + "Words. " * 40 + "China meets.") == (JAPAN,)


def test_who_is_named_in_passing_is_told_when_few_others_are() -> None:
    assert actors("Japan halts dues", "China was not asked.") == (JAPAN, CHINA)
    assert actors("Japan halts UNESCO dues", "China was not asked.") == (JAPAN, UNESCO)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Japan halts dues", "SANCTION", id="done"),
        pytest.param("Japan may halt dues", "THREATEN", id="possible"),
        pytest.param("Japan will not halt dues", "AGREE", id="harm denied"),
        pytest.param("Japan pays dues", "COOPERATE", id="favour"),
        pytest.param("Japan will pay dues", "AGREE", id="favour ahead"),
        pytest.param("Japan refuses to pay dues", "SANCTION", id="money denied"),
        pytest.param("Japan lodges protest over dues", "ACCUSE", id="official protest"),
        pytest.param("日本、分担金停止を検討", "THREATEN", id="ja, possible"),
        pytest.param("日方考虑停缴会费", "THREATEN", id="zh, possible"),
        pytest.param("Japan has its dues", "", id="no act"),
    ],
)
def test_the_act_goes_by_how_it_is_meant(title: str, expected: str) -> None:
    assert act(title) == expected


def test_a_topic_says_whom_it_counts() -> None:
    item = entry(title="Japan and Acme Cables halt UNESCO dues", summary="")

    def named(*wanted: str) -> tuple[str, ...]:
        specs = compile_topics(
            (*CONCEPTS, *PACKS, concept("states/any", "placeholder")),
            [
                TopicSpec(
                    name="t",
                    clauses=TOPIC.clauses,
                    direction=TOPIC.direction,
                    actors=wanted,
                )
            ],
            packs=PACKS,
        )
        (match,) = specs.index.match(item)
        return match.actors

    assert named("states/any") == (JAPAN,)
    assert named("wire", UNESCO) == ("wire", UNESCO)
    assert named() == ()


def test_an_unknown_actor_is_a_mistake() -> None:
    topic = TopicSpec(name="t", clauses=TOPIC.clauses, actors=("wire", "wyre"))

    (problem,) = compile_topics(CONCEPTS, [topic], packs=PACKS).problems

    assert problem.path == ("topics", "t", "actors", 1)
    assert problem.hint == 'did you mean "wire"?'


def test_without_packs_nobody_is_named() -> None:
    (match,) = index(packs=()).match(entry(title="Japan halts dues", summary=""))

    assert (match.actors, match.act) == ((), "")


def test_at_most_four_are_named() -> None:
    many = tuple(concept(f"states/s{n}", f"stateland{n}") for n in range(6))
    title = ", ".join(f"Stateland{n}" for n in range(6)) + " halt dues"

    (match,) = index(packs=(*PACKS, *many)).match(entry(title=title, summary=""))

    assert match.actors == tuple(f"states/s{n}" for n in range(4))


def test_a_reload_keeps_what_was_compiled_of_the_packs() -> None:
    old = index()
    new = compile_topics(CONCEPTS, [TOPIC], packs=PACKS, running=old).index
    other = compile_topics(CONCEPTS, [TOPIC], packs=PACKS[:5], running=old).index

    assert new.cast is old.cast
    assert other.cast is not old.cast


def test_an_explanation_names_them_too() -> None:
    (report,) = explain(index(), entry(title="Japan may halt dues", summary=""))

    assert report.actors == (JAPAN,)
    assert report.act == "THREATEN"
