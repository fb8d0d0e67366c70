"""Concept packs: those that ship, those of a user, and the mistakes in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.config import Settings
from monitor.config.packs import read_packs, shipped
from monitor.config.specs import course as course_of
from monitor.model import Entry
from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, TopicSpec

if TYPE_CHECKING:
    from tests.edges.config.conftest import Load, Mistakes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = """\
pack: fish
version: 1
description: Fish and what is done to them
concepts:
  cod: {en: [cod], ja: [鱈]}
  catch: {en: [catch, land], except: [land reform]}
  both: {any: [$cod, $catch]}
"""


def config(clause: str, *, head: str = "") -> str:
    return f"{head}topics:\n  t:\n    clauses: [{clause}]\nrules:\n  r: {{topic: t}}\n"


def matches(settings: Settings, text: str) -> bool:
    entry = Entry(feed="f", id="1", title=text, summary="", fetched_at=NOW)
    return bool(settings.index.match(entry))


def test_every_shipped_pack_compiles_whole() -> None:
    packs = read_packs([], Path())
    topics = [
        TopicSpec(name=name, clauses=(ClauseSpec(all=(f"{name}/any",)),))
        for name in shipped()
    ]

    compiled = compile_topics(packs.concepts(packs.names()), topics[:0])
    whole = compile_topics(
        packs.concepts(each.clauses[0].all[0] for each in topics), topics
    )

    assert set(shipped()) == {"acts", "armed-forces", "bodies", "offices", "states"}
    assert compiled.problems == ()
    assert whole.problems == ()


def test_shipped_concepts_have_terms_in_three_languages() -> None:
    lacking = [
        f"{pack.pack}/{name}: {lang}"
        for pack in shipped().values()
        for name, terms in pack.concepts.items()
        for lang in ("en", "ja", "zh")
        if not terms.get(lang)
    ]

    assert lacking == []


def test_a_topic_uses_a_shipped_concept_by_its_name(load_text: Load) -> None:
    listed = load_text(config("{all: [states/japan, acts/threaten], near: 10}"))
    queried = load_text(config('{query: "$states/japan NEAR/10 $acts/threaten"}'))

    for settings in (listed, queried):
        assert settings.warnings == ()
        assert matches(settings, "Tokyo issues a warning")
        assert matches(settings, "日本政府が警告")
        assert not matches(settings, "Canberra issues a warning")


def test_any_stands_for_a_whole_pack(load_text: Load) -> None:
    settings = load_text(config("{all: [bodies/any]}"))

    assert matches(settings, "教科文组织发表声明")
    assert matches(settings, "NATO meets")
    assert not matches(settings, "The chess club meets")


def test_the_seam_of_two_words_is_no_state(load_text: Load) -> None:
    settings = load_text(config("{all: [states/japan]}"))

    assert matches(settings, "中日关系改善")
    assert not matches(settings, "近日中国外交部表示")
    assert not matches(settings, "South China Sea patrols")


def test_an_own_concept_takes_in_a_shipped_one(load_text: Load) -> None:
    own = "concepts:\n  us: {en: [$states/japan, nippon]}\n"

    settings = load_text(config("{all: [us]}", head=own))

    assert matches(settings, "Nippon wins")
    assert matches(settings, "Tokyo wins")


def test_a_pack_of_the_user_s_is_used(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "fish.yaml").write_text(GOOD)

    settings = load_text(config("{all: [fish/both]}", head="packs: [fish.yaml]\n"))

    assert settings.warnings == ()
    assert matches(settings, "Boats land more")
    assert matches(settings, "鱈の季節")
    assert not matches(settings, "Land reform begins")


def test_a_changed_pack_changes_the_digest(load_text: Load, tmp_path: Path) -> None:
    text = config("{all: [fish/both]}", head="packs: [fish.yaml]\n")
    (tmp_path / "fish.yaml").write_text(GOOD)
    before = load_text(text).digest
    (tmp_path / "fish.yaml").write_text(GOOD.replace("鱈", "鯨"))

    assert load_text(text).digest != before


def test_concepts_of_packs_that_nobody_uses_are_not_compiled(load_text: Load) -> None:
    settings = load_text(config("{all: [states/japan]}"))

    assert [concept.name for concept in settings.concepts] == ["states/japan"]


def test_a_pack_may_take_the_place_of_a_shipped_one(
    load_text: Load, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("pack: fish", "pack: states"))

    settings = load_text(config("{all: [states/cod]}", head="packs: [mine.yaml]\n"))

    assert matches(settings, "Cod is rare")
    (warning,) = settings.warnings
    assert 'alerts.yaml:1:9: pack "states" takes the place of' in warning


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("states/japn", 'no concept named "states/japn"; did you mean "states/japan"?'),
        (
            "state/japan",
            'no concept named "state/japan"; did you mean "states/japan"?',
        ),
    ],
    ids=["a wrong concept", "a wrong pack"],
)
def test_a_name_that_no_pack_holds_is_named(
    mistakes: Mistakes, name: str, told: str
) -> None:
    (line,) = mistakes(config(f"{{all: [{name}]}}"))

    assert line.startswith("F:3:22: ")
    assert told in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("[cod]", '["*"]'), ':5:14: concept "cod": '),
        (GOOD.replace("$cod", "$code"), ':7:16: concept "both": no concept named'),
        (GOOD.replace("version: 1\n", ""), '"version" is missing'),
        (GOOD.replace("pack: fish", "pack: a/b"), ':1:7: "pack" is no name'),
        (GOOD.replace("description", "descripton"), ':3:1: unknown key "descripton"'),
        (GOOD.replace("concepts:", "concepts: ["), "fish.yaml:"),
        ("pack: fish\nversion: 1\nconcepts: {}\n", '"concepts" must not be empty'),
    ],
    ids=["term", "reference", "missing", "name", "unknown", "syntax", "empty"],
)
def test_a_mistake_in_a_pack_is_named_with_its_place(
    mistakes: Mistakes, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "fish.yaml").write_text(text)

    lines = mistakes(config("{all: [fish/both]}", head="packs: [fish.yaml]\n"))

    own = [line for line in lines if "fish.yaml" in line]
    assert len(own) == len(lines) == 1
    assert told in own[0]


def test_a_pack_file_that_is_not_there_is_named(mistakes: Mistakes) -> None:
    (line,) = mistakes(config("{all: [states/japan]}", head="packs: [no.yaml]\n"))

    assert line.startswith("F:1:9: there is no file ")
    assert line.endswith('no.yaml"; correct its name')


def test_two_packs_of_one_name_are_refused(mistakes: Mistakes, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)

    (line,) = mistakes(config("{all: [fish/cod]}", head="packs: [a.yaml, b.yaml]\n"))

    assert line == ('F:1:17: pack "fish" is also in "a.yaml"; rename one, or remove it')


def named(title: str) -> Entry:
    return Entry(feed="f", id="1", title=title, summary="", fetched_at=NOW)


def test_actors_and_lifecycle_reach_the_topic(load_text: Load) -> None:
    settings = load_text(
        "concepts: {acme: {en: [acme]}}\n"
        "topics:\n"
        "  t:\n"
        "    clauses: [{query: hotline}]\n"
        "    direction: [{truce: []}]\n"
        "    actors: [acme, states/any]\n"
        "    lifecycle: {truce: resolved}\n"
        "    stale_after: 3d\n"
        "rules: {r: {topic: t}}\n"
    )
    (topic,) = settings.topics

    (match,) = settings.index.match(named("Acme opens hotline with UNESCO in Paris"))
    course = course_of(topic)

    assert match.actors == ("acme",)
    assert course.phases == {"truce": "resolved"}
    assert course.stale_after == timedelta(days=3)
    assert not settings.warnings


def test_a_pack_in_place_of_a_shipped_one_names_its_own_actors(
    load_text: Load, tmp_path: Path
) -> None:
    (tmp_path / "states.yaml").write_text(
        "pack: states\nversion: '1'\nconcepts: {ruritania: {en: [ruritania]}}\n"
    )
    settings = load_text(
        "packs: [states.yaml]\n"
        "topics: {t: {clauses: [{query: hotline}]}}\nrules: {r: {topic: t}}\n"
    )

    (match,) = settings.index.match(named("Ruritania opens hotline with Japan"))

    assert match.actors == ("states/ruritania",)
