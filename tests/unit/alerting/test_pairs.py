from __future__ import annotations

import pytest

from monitor.alerting.pairs import closest_pair, is_same_pair, pair_key, wider_pair

JAPAN, CHINA, USA = "states/japan", "states/china", "states/usa"
UNESCO, UN = "bodies/unesco", "bodies/un"


def test_a_state_and_a_body_are_the_pair_and_a_cause_is_left_out() -> None:
    assert pair_key("dues", [JAPAN, CHINA, UNESCO]) == ("dues", JAPAN, UNESCO)
    assert pair_key("dues", [UNESCO, JAPAN]) == ("dues", JAPAN, UNESCO)


def test_without_a_body_the_first_two_states_are_the_pair() -> None:
    assert pair_key("line", [CHINA, JAPAN, USA]) == ("line", CHINA, JAPAN)
    assert pair_key("line", []) == ("line",)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param([JAPAN, UNESCO], [JAPAN], True, id="only the state is named"),
        pytest.param([JAPAN, UNESCO], [UNESCO], True, id="only the body is named"),
        pytest.param([JAPAN, UNESCO], [], True, id="nobody is named"),
        pytest.param([JAPAN, UNESCO], [JAPAN, CHINA], True, id="a cause is named"),
        pytest.param([JAPAN, UNESCO], [CHINA, JAPAN], True, id="a critic comes first"),
        pytest.param([JAPAN, UNESCO], [USA, UNESCO], False, id="two states, one body"),
        pytest.param([JAPAN, UNESCO], [JAPAN, UN], False, id="one state, two bodies"),
        pytest.param([JAPAN, UNESCO], [USA], False, id="another state alone"),
        pytest.param([CHINA, JAPAN], [JAPAN, CHINA], True, id="the other way round"),
        pytest.param([CHINA, JAPAN], [CHINA], True, id="one side is named"),
        pytest.param([CHINA, JAPAN], [CHINA, USA], False, id="another partner"),
        pytest.param([JAPAN], [USA], False, id="two states"),
    ],
)
def test_two_keys_are_of_one_thread_when_nothing_contradicts(
    one: list[str], other: list[str], expected: bool
) -> None:
    a, b = pair_key("t", one), pair_key("t", other)

    assert is_same_pair(a, b) is expected
    assert is_same_pair(b, a) is expected


def test_threads_of_different_topics_stay_apart() -> None:
    assert not is_same_pair(("dues", JAPAN), ("line", JAPAN))


def test_of_several_threads_the_one_with_the_same_actors_is_taken() -> None:
    known = [("t", USA, UNESCO), ("t", JAPAN, UNESCO), ("t", JAPAN)]

    assert closest_pair(("t", JAPAN), known) == ("t", JAPAN)
    assert closest_pair(("t", JAPAN, UNESCO), known) == ("t", JAPAN, UNESCO)
    assert closest_pair(("t", JAPAN, CHINA), known) == ("t", JAPAN, UNESCO)
    assert closest_pair(("t", UNESCO), known) == ("t", USA, UNESCO)
    assert closest_pair(("t", CHINA, UNESCO), known) is None


def test_a_thread_goes_by_the_key_that_says_more() -> None:
    assert wider_pair(("t", JAPAN), ("t", JAPAN, CHINA)) == ("t", JAPAN, CHINA)
    assert wider_pair(("t", JAPAN, CHINA), ("t", JAPAN, UNESCO))[-1] == UNESCO
    assert wider_pair(("t", JAPAN, UNESCO), ("t",)) == ("t", JAPAN, UNESCO)
