"""Terms that add nothing to the list they stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.topics import compile_topics
from monitor.topics.lint import dead_terms
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from tests.factories import entry


def dead(*, stemming: bool = True, **terms: list[str]) -> list[tuple[str, str]]:
    """Return each dead term with the term that its message names."""
    spec = ConceptSpec(name="c", terms={key: tuple(of) for key, of in terms.items()})
    found = []
    for finding in dead_terms([spec], stemming=stemming):
        assert finding.severity == "warning"
        assert finding.problem.hint
        quoted = finding.problem.message.split('"')
        found.append((quoted[1], quoted[3]))
    return found


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        pytest.param(["cut", "cuts"], [("cuts", "cut")], id="same stem"),
        pytest.param(["=WHO", "=W.H.O."], [("=W.H.O.", "=WHO")], id="dots"),
        pytest.param(["un's archive", "UN archive"], [("UN archive", "un's archive")]),
        pytest.param(["prime minister", "minister"], [("prime minister", "minister")]),
        pytest.param(["=WHO", "who"], [("=WHO", "who")], id="exact within plain"),
        pytest.param(["who", "=WHO"], [("=WHO", "who")], id="the exact one is dead"),
        pytest.param(["withdr*", "withdrawn"], [("withdrawn", "withdr*")], id="prefix"),
        pytest.param(["with*", "withdr*"], [("withdr*", "with*")], id="prefixes"),
        pytest.param(["un cultur*", "un culture"], [("un culture", "un cultur*")]),
        pytest.param(["withhold", "withheld"], [("withheld", "withhold")], id="form"),
        pytest.param(["教科文组织", "教科文"], [("教科文组织", "教科文")], id="CJK"),
        pytest.param(["会费", "會費"], [("會費", "会费")], id="variants"),
    ],
)
def test_a_term_that_another_makes_superfluous_is_found(
    terms: list[str], expected: list[tuple[str, str]]
) -> None:
    assert dead(en=terms) == expected


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(["withhold", "threaten"], id="different words"),
        pytest.param(["=WHO", "=Who"], id="different letters"),
        pytest.param(
            ["carri*", "carry"], id="a prefix that not every form begins with"
        ),
        pytest.param(["mee*", "meet"], id="a prefix that met does not begin with"),
        pytest.param(["minist*", "min"], id="the shorter word is not the longer's"),
        pytest.param(["pull out", "pull up"], id="no run of words"),
        pytest.param(["cut funds", "funds cut"], id="another order"),
        pytest.param(["cultural a*", "agency"], id="the end of a prefix is open"),
        pytest.param(["=WHO", "who said"], id="a longer phrase"),
    ],
)
def test_a_term_of_its_own_is_left_alone(terms: list[str]) -> None:
    assert dead(en=terms) == []


def test_without_stems_the_forms_of_a_word_are_terms_of_their_own() -> None:
    assert dead(en=["cut", "cuts"], stemming=False) == []


def test_a_term_may_stand_under_two_languages_but_not_beside_any() -> None:
    assert dead(ja=["日中"], zh=["日中"]) == []
    assert dead(any=["=WHO"], en=["=WHO"]) == [("=WHO", "=WHO")]


def test_a_concept_taken_in_is_no_term() -> None:
    assert dead(en=["$other", "$other one"]) == []


def test_the_place_of_a_dead_term_is_its_own() -> None:
    spec = ConceptSpec(name="stop", terms={"ja": ("停止",), "en": ("cut", "x", "cuts")})

    [finding] = dead_terms([spec])
    assert finding.problem.path == ("concepts", "stop", "en", 2)


WORDS = [
    "cut",
    "cuts",
    "carry",
    "carried",
    "who",
    "WHO",
    "minister",
    "pull",
    "南",
    "京",
]
TERM = st.builds(
    lambda words, mark: (
        f"={' '.join(words)}"
        if mark == "="
        else " ".join(words) + ("*" if mark == "*" and words[-1].isascii() else "")
    ),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
    st.sampled_from(["", "=", "*"]),
)


@given(
    terms=st.lists(TERM, min_size=2, max_size=4),
    text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=5),
)
def test_a_concept_finds_the_same_entries_without_its_dead_terms(
    terms: list[str], text: list[str]
) -> None:
    spec = ConceptSpec(name="c", terms={"en": tuple(terms)})
    gone = {finding.problem.path[-1] for finding in dead_terms([spec])}
    alive = [term for place, term in enumerate(terms) if place not in gone]
    topic = TopicSpec(name="t", clauses=(ClauseSpec(any=("c",)),))
    read = entry(title=" ".join(text), summary="")

    def matches(kept: list[str]) -> bool:
        lean = ConceptSpec(name="c", terms={"en": tuple(kept)})
        return bool(compile_topics([lean], [topic]).index.match(read))

    assert alive
    assert matches(alive) == matches(terms)
