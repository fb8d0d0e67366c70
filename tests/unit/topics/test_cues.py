from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.topics import TopicIndex, compile_topics
from monitor.topics.spec import ClauseSpec, ConceptSpec, DirectionSpec, TopicSpec
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(name="unesco", terms={"any": ("unesco", "ユネスコ", "教科文组织")}),
    ConceptSpec(
        name="back",
        terms={
            "any": ("resume", "resumption", "rejoin", "再開", "復帰", "恢复", "重返")
        },
    ),
    ConceptSpec(name="maybe", terms={"any": ("may", "warn", "rule out", "検討")}),
    ConceptSpec(
        name="did",
        terms={"any": ("halt", "left", "froze", "withhold", "停止", "脱退", "退出")},
    ),
)


def topic(*directions: DirectionSpec) -> TopicIndex:
    spec = TopicSpec(
        name="t", clauses=(ClauseSpec(all=("unesco",)),), direction=directions
    )
    return compile_topics(CONCEPTS, [spec]).index


KNOWN = topic(
    DirectionSpec(label="resolution", cues=("back",)),
    DirectionSpec(label="threat", cues=("maybe",)),
    DirectionSpec(label="action", cues=("did",)),
    DirectionSpec(label="other"),
)
OWN = topic(
    DirectionSpec(label="thaw", cues=("back",)),
    DirectionSpec(label="chill", cues=("did",)),
    DirectionSpec(label="other"),
)


def fail(name: str, error: Exception) -> None:
    raise error


def told(title: str, summary: str = "", index: TopicIndex = KNOWN) -> str:
    item = entry(
        title=title, summary=summary, published_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    (match,) = index.match(item, fail)
    return match.direction


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tokyo halted UNESCO dues", "action"),
        ("Tokyo could halt UNESCO dues", "threat"),
        ("Tokyo has not ruled out halting UNESCO dues", "threat"),
        ("Tokyo refuses to rule out halting UNESCO dues", "threat"),
        ("Tokyo will not resume UNESCO dues", "action"),
        ("Tokyo resumption of UNESCO dues is rejected", "action"),
        ("Tokyo has not halted UNESCO dues", "other"),
        ("Tokyo not only halted UNESCO dues", "action"),
        ("Tokyo no longer withholds UNESCO dues", "resolution"),
        ("Tokyo will end halt of UNESCO dues", "resolution"),
        ("Tokyo never stopped, halts UNESCO dues", "action"),
        ("UNESCO dues halted by 3 May", "action"),
        ("ユネスコ分担金、停止を検討", "threat"),
        ("ユネスコ分担金、停止も排除しない", "threat"),
        ("ユネスコ分担金の支払い再開を見送り", "action"),
        ("日本不排除停止教科文组织会费", "threat"),
        ("日本不会恢复教科文组织会费", "action"),
        ("日本不久恢复教科文组织会费", "resolution"),
        ("日本拒绝恢复教科文组织会费", "action"),
        ("恢复教科文组织会费遭拒", "action"),
        ("日本拒绝与各方一起恢复教科文组织会费", "action"),
        ("ユネスコ分担金の再開停止", "action"),
    ],
)
def test_a_cue_is_read_as_it_is_meant(title: str, expected: str) -> None:
    assert told(title) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Washington, which left UNESCO in 2018, resumes dues", "resolution"),
        ("In 2018, Washington left; UNESCO says it may come", "threat"),
        ("UNESCO dues resumed after Tokyo froze them", "resolution"),
        ("Tokyo froze UNESCO dues it resumed last year", "action"),
        ("Tokyo halts UNESCO dues; it had resumed them", "action"),
        ("Tokyo says it had halted UNESCO dues", "action"),
        ("2018年に脱退した米国、ユネスコに復帰", "resolution"),
        ("停止していたユネスコ分担金を再開", "resolution"),
        ("曾于2018年退出的美国重返教科文组织", "resolution"),
        ("日本停止教科文组织会费 去年曾恢复", "action"),
    ],
)
def test_what_is_long_over_counts_less(title: str, expected: str) -> None:
    assert told(title) == expected


def test_what_is_told_to_someone_is_news() -> None:
    title = "Bush tells UN that Washington will rejoin UNESCO"

    assert told(title, "Others may follow.") == "resolution"


def test_the_past_counts_less_than_the_label_that_always_holds() -> None:
    assert told("UNESCO and Washington, which left in 2018") == "other"
    assert told("UNESCO and Washington, which left on Tuesday") == "action"


def test_a_year_is_past_only_before_that_of_the_entry() -> None:
    assert told("Washington left UNESCO in 2019") == "other"
    assert told("Washington left UNESCO in 2020") == "action"


def test_the_clause_of_the_evidence_speaks_before_others() -> None:
    summary = "Tokyo halted UNESCO dues, while Seoul resumed talks elsewhere."

    assert told("News", summary) == "action"


def test_labels_of_ones_own_have_no_opposites() -> None:
    assert told("Tokyo will not resume UNESCO dues", index=OWN) == "other"
    assert told("Tokyo could halt UNESCO dues", index=OWN) == "chill"


def test_the_match_quotes_the_cue() -> None:
    (match,) = KNOWN.match(entry(title="Tokyo Résumé: MAY leave UNESCO"), fail)
    (without,) = KNOWN.match(entry(title="Tokyo and UNESCO"), fail)

    assert match.cue
    assert (match.cue.quote, match.cue.concept) == ("MAY", "maybe")
    assert match.entry.title[match.cue.start : match.cue.end] == "MAY"
    assert not without.cue


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "unesco",
                    "not",
                    "may",
                    "resume",
                    "halt",
                    "which",
                    "after",
                    "2018",
                    "in",
                    "last",
                    "year",
                    "had",
                    "不",
                    "未",
                    "停止",
                    "再開",
                    "恢复",
                    "ない",
                    "。",
                    "、",
                    ",",
                    ".",
                    "U.S.",
                    "'s",
                ]
            ),
            st.text(max_size=4),
        ),
        max_size=14,
    ),
    st.sampled_from(["", " "]),
)
def test_no_text_stops_a_topic(pieces: list[str], joint: str) -> None:
    text = joint.join(pieces)
    for match in KNOWN.match(entry(title=f"UNESCO {text}", summary=text), fail):
        cue = match.cue

        assert (
            not cue or cue.quote == getattr(match.entry, cue.field)[cue.start : cue.end]
        )


def test_to_weigh_a_stop_is_not_to_stop_weighing() -> None:
    """検討 (weigh) is written as Chinese 检讨 (review), which may signal an action."""
    review = ConceptSpec(name="review", terms={"zh": ("检讨",)})
    spec = TopicSpec(
        name="t",
        clauses=(ClauseSpec(all=("unesco",)),),
        direction=(
            DirectionSpec(label="resolution", cues=("back",)),
            DirectionSpec(label="threat", cues=("warns",)),
            DirectionSpec(label="action", cues=("review",)),
        ),
    )
    warns = ConceptSpec(name="warns", terms={"en": ("warns",)})
    index = compile_topics((*CONCEPTS, review, warns), [spec]).index

    assert told("ユネスコ分担金の停止検討も", index=index) == "threat"
