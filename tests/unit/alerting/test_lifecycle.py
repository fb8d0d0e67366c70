from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.lifecycle import (
    MAX_HISTORY,
    MAX_SIGNS,
    Course,
    Lifecycle,
    Sign,
    Transition,
    advance,
    phase_at,
)
from monitor.codec import decode, encode
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sign(direction: str, hours: float = 0, act: str = "", **fields: Any) -> Sign:
    return Sign(at=NOON + hours * HOUR, direction=direction, act=act, **fields)


def walk(
    *signs: Sign, course: Course | None = None
) -> tuple[Lifecycle, list[Transition | None]]:
    state: Lifecycle | None = None
    steps = []
    for each in signs:
        state, step = advance(state, each, course or Course())
        steps.append(step)
    assert state is not None
    return state, steps


def told(steps: Sequence[Transition | None]) -> list[tuple[str, str] | None]:
    return [None if step is None else (step.from_, step.to) for step in steps]


def test_a_threat_is_carried_out_eased_and_settled() -> None:
    state, steps = walk(
        sign("threat", 0, "THREATEN"),
        sign("action", 5, "SANCTION"),
        sign("resolution", 30, "AGREE"),
        sign("resolution", 60, "COOPERATE"),
    )

    assert told(steps) == [
        ("quiet", "signalled"),
        ("signalled", "acted"),
        ("acted", "easing"),
        ("easing", "resolved"),
    ]
    assert [step.act for step in state.history] == [
        "THREATEN",
        "SANCTION",
        "AGREE",
        "COOPERATE",
    ]
    assert state.since == NOON + 60 * HOUR


def test_a_hotline_is_agreed_and_then_stalls() -> None:
    state, steps = walk(sign("progress", 0, "AGREE"), sign("setback", 9, "REJECT"))

    assert told(steps) == [("quiet", "signalled"), ("signalled", "easing")]
    assert state.direction == "setback"


def test_a_line_that_is_opened_has_been_acted_on() -> None:
    state, _ = walk(sign("progress", 0, "AGREE"), sign("progress", 9, "COOPERATE"))

    assert state.phase == "acted"


def test_the_same_told_again_is_no_transition() -> None:
    state, steps = walk(
        sign("threat", 0, "THREATEN"), sign("threat", 3, "THREATEN", story="other")
    )

    assert steps[1] is None
    assert state.since == NOON
    assert state.last_at == NOON + 3 * HOUR


def test_a_direction_that_turns_within_a_phase_is_a_transition() -> None:
    _, steps = walk(sign("setback", 0, "REJECT"), sign("resolution", 3, "AGREE"))

    assert told(steps) == [("quiet", "easing"), ("easing", "easing")]


def test_talk_of_what_has_been_done_takes_nothing_back() -> None:
    state, steps = walk(sign("action", 0, "SANCTION"), sign("threat", 3, "THREATEN"))

    assert steps[1] is None
    assert (state.phase, state.direction) == ("acted", "action")


def test_a_topic_may_lead_its_directions_elsewhere() -> None:
    course = Course(phases={"progress": "acted", "truce": "resolved"})

    state, _ = walk(sign("progress", 0, "CONSULT"), course=course)
    ended, _ = walk(sign("truce", 0), course=course)

    assert state.phase == "acted"
    assert ended.phase == "resolved"


def test_the_words_may_say_more_than_the_act() -> None:
    done, _ = walk(sign("resolution", 0, "AGREE", modality="done"))
    ahead, _ = walk(sign("resolution", 0, "COOPERATE", modality="ahead"))

    assert done.phase == "resolved"
    assert ahead.phase == "easing"


def test_a_sign_that_tells_nothing_only_keeps_the_matter_alive() -> None:
    state, steps = walk(sign("threat"), sign("", 48))

    assert steps[1] is None
    assert state.phase == "signalled"
    assert state.last_at == NOON + 48 * HOUR


# --- silence ---


@pytest.mark.parametrize("direction", ["threat", "action", "setback", "resolution"])
def test_silence_makes_stale_and_never_resolved(direction: str) -> None:
    state, _ = walk(sign(direction, 0, "REJECT" if direction == "setback" else ""))

    assert phase_at(state, NOON + 30 * DAY) == state.phase
    assert phase_at(state, NOON + 30 * DAY + HOUR) == "stale"


def test_what_is_resolved_stays_so() -> None:
    state, _ = walk(sign("settled"))

    assert phase_at(state, NOON + 900 * DAY) == "resolved"
    assert phase_at(None, NOON) == "quiet"


def test_after_silence_a_matter_starts_anew() -> None:
    state, steps = walk(sign("action", 0, "SANCTION"), sign("threat", 24 * 40))

    assert told(steps)[1] == ("stale", "signalled")
    assert [(step.from_, step.to) for step in state.history] == [
        ("quiet", "acted"),
        ("acted", "stale"),
        ("stale", "signalled"),
    ]
    assert state.history[1].at == NOON + 30 * DAY


def test_the_same_told_again_after_silence_is_a_transition() -> None:
    _, steps = walk(sign("threat"), sign("threat", 24 * 40))

    assert told(steps)[1] == ("stale", "signalled")


def test_a_topic_sets_its_own_patience() -> None:
    course = Course(stale_after=2 * DAY)
    state, _ = walk(sign("threat"), course=course)

    assert phase_at(state, NOON + 3 * DAY, course) == "stale"


# --- late, early, again ---


def test_a_late_sign_is_recorded_and_moves_nothing() -> None:
    state, steps = walk(sign("threat", 0), sign("resolution", 9), sign("action", 5))

    assert steps[2] is None
    assert state.phase == "easing"
    assert state.history[-1].is_late
    assert state.history[-1].at == NOON + 5 * HOUR


def test_a_late_act_counts_where_only_talk_is_newer() -> None:
    state, steps = walk(sign("threat", 9), sign("action", 5))

    assert told(steps)[1] == ("signalled", "acted")
    assert steps[1] is not None
    assert steps[1].is_late
    assert state.last_at == NOON + 9 * HOUR


def test_a_sign_that_is_known_changes_nothing() -> None:
    state, _ = walk(sign("threat", 0), sign("resolution", 9), sign("action", 5))

    for seen in state.signs:
        assert advance(state, seen) == (state, None)


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param([sign("threat", 0), sign("action", 24 * 20000)], id="second"),
        pytest.param([sign("action", 24 * 20000)], id="first"),
        pytest.param(
            [sign("action", 24 * 20000), sign("action", 24 * 20003, story="b")],
            id="for some days",
        ),
    ],
)
def test_a_clock_that_jumps_ahead_does_not_freeze_a_pair(jump: list[Sign]) -> None:
    state, steps = walk(*jump, sign("resolution", 2, "AGREE"), sign("threat", 4))

    assert told(steps)[-2:] == [("acted", "easing"), ("easing", "signalled")]
    assert state.last_at == NOON + 4 * HOUR


def test_a_clock_that_jumps_back_moves_nothing() -> None:
    long_ago = Sign(at=datetime(1970, 1, 1, tzinfo=UTC), direction="action")
    state, steps = walk(sign("threat", 0), sign("resolution", 2), long_ago)

    assert steps[-1] is None
    assert state.phase == "easing"


def test_a_matter_told_a_thousand_times_stays_small() -> None:
    turning = [sign("threat" if n % 2 else "resolution", n) for n in range(1000)]

    state, _ = walk(*turning)

    assert len(state.signs) <= MAX_SIGNS
    assert len(state.history) == MAX_HISTORY
    assert state.phase == "signalled"


def test_reprints_do_not_push_out_what_came_before() -> None:
    reprints = [sign("threat", 1 + n / 100, story=str(n)) for n in range(200)]

    state, _ = walk(sign("resolution", 0), *reprints)
    state, step = advance(state, sign("action", 0.5))

    assert [each.direction for each in state.signs] == [
        "resolution",
        "action",
        "threat",
        "threat",
    ]
    assert step is not None
    assert step.to == "acted"


def test_a_sign_older_than_all_that_is_kept_moves_nothing() -> None:
    turning = [sign("threat" if n % 2 else "resolution", n) for n in range(100)]
    state, _ = walk(*turning)

    once, step = advance(state, sign("action", 3.5))
    twice, _ = advance(once, sign("action", 3.5))

    assert step is None
    assert once.phase == state.phase
    assert once.history[-1].is_late
    assert twice == once


def test_a_lifecycle_survives_being_stored() -> None:
    state, _ = walk(
        *(sign("threat" if n % 2 else "resolution", n, title="x") for n in range(99))
    )

    assert decode(encode(state), Lifecycle) == state
    assert b'"from":' in encode(state)


SIGNS = st.lists(
    st.builds(
        sign,
        st.sampled_from(["threat", "action", "resolution", "progress", "setback", ""]),
        st.integers(0, 100),
        st.sampled_from(["", "THREATEN", "SANCTION", "AGREE", "COOPERATE"]),
        story=st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda each: each.at,
)


@given(SIGNS)
def test_a_replay_gives_the_same_history(signs: list[Sign]) -> None:
    assert walk(*signs) == walk(*signs)


@given(SIGNS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_where_a_matter_stands(
    signs: list[Sign], dice: Any
) -> None:
    shuffled = list(signs)
    dice.shuffle(shuffled)
    in_order, _ = walk(*sorted(signs, key=lambda each: each.at))

    state, steps = walk(*shuffled)

    assert (state.phase, state.direction) == (in_order.phase, in_order.direction)
    assert state.last_at == in_order.last_at
    told_steps = [step for step in steps if step is not None]
    for one, next_one in pairwise(told_steps):
        assert one.to == next_one.from_


@given(SIGNS)
def test_records_that_come_twice_make_no_second_transition(signs: list[Sign]) -> None:
    once, steps = walk(*signs)

    twice, again = walk(*(each for each in signs for _ in range(2)))

    assert [step for step in again if step] == [step for step in steps if step]
    assert twice == once
