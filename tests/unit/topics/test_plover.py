from __future__ import annotations

import pytest

from monitor.topics.plover import CODES, STRENGTH, code_of


@pytest.mark.parametrize("concept", [*STRENGTH])
@pytest.mark.parametrize("sense", ["said", "denied", "ended", "possible"])
@pytest.mark.parametrize("is_ahead", [False, True])
def test_every_act_has_a_code_of_plover_or_none(
    concept: str, sense: str, is_ahead: bool
) -> None:
    code = code_of(concept, sense, "words", is_ahead=is_ahead)  # type: ignore[arg-type]

    assert code in ("", *CODES)
    if sense == "said" and not is_ahead:
        assert code


def test_there_are_sixteen_event_types() -> None:
    assert len(set(CODES)) == 16


def test_a_crowd_protests_and_a_government_complains() -> None:
    assert code_of("protest", "said", "marches") == "PROTEST"
    assert code_of("protest", "said", "デモ") == "PROTEST"
    assert code_of("protest", "said", "lodged") == "ACCUSE"


def test_what_ends_is_turned() -> None:
    assert code_of("sanction", "ended", "embargo") == "RETREAT"
    assert code_of("stop", "ended", "freeze") == "CONCEDE"
    assert code_of("pay", "ended", "paying") == "SANCTION"
