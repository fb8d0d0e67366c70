"""The lists of irregular forms and of character variants hold together."""

from __future__ import annotations

import pytest

from monitor.irregular import IRREGULAR
from monitor.text import is_cjk, stem
from monitor.variants import VARIANTS


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        pytest.param("pay", "pays paid paying", id="pay"),
        pytest.param("withdraw", "withdrew withdrawn withdrawing", id="withdraw"),
        pytest.param("hold", "held holds", id="hold"),
        pytest.param("leave", "left leaving", id="leave"),
        pytest.param("serviceman", "servicemen", id="men"),
        pytest.param("crisis", "crises", id="Greek"),
    ],
)
def test_an_irregular_form_is_compared_as_its_word(word: str, forms: str) -> None:
    assert {stem(form) for form in forms.split()} == {stem(word)}


def test_no_form_leads_on_to_another_word() -> None:
    """A chain would depend on the order of look-ups."""
    assert not {IRREGULAR[form] for form in IRREGULAR} & set(IRREGULAR)


@pytest.mark.parametrize(
    "forms",
    [
        "国國",
        "会會",
        "费費",
        "发發髮発",
        "气氣気",
        "钓釣",
        "岛島嶋",
        "两兩両",
        "台臺颱",
    ],
)
def test_the_forms_of_a_character_are_compared_as_one(forms: str) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_a_variant_leads_to_a_form_that_stands_for_itself() -> None:
    assert len(VARIANTS) > 1000
    for form, one in VARIANTS.items():
        assert is_cjk(form)
        assert is_cjk(one)
        assert one not in VARIANTS


def test_different_characters_stay_apart() -> None:
    assert stem("末") != stem("未")
    assert stem("土") != stem("士")
