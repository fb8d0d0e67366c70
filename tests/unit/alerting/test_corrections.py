"""Which headlines say that they correct or take back a report."""

from __future__ import annotations

import pytest

from monitor.alerting.corrections import mark_of


@pytest.mark.parametrize(
    "title",
    [
        "CORRECTED: Japan reviews UNESCO dues",
        "Corrected - Japan reviews UNESCO dues",
        "CORRECTED-UPDATE 2-Japan reviews UNESCO dues",
        "(Correction) Japan reviews UNESCO dues",
        "Clarification: Japan reviews UNESCO dues",
        "【訂正】ユネスコ分担金を見直しへ",
        "訂正：ユネスコ分担金を見直しへ",
        "（更正）日本审视教科文组织会费",
    ],
)
def test_the_start_of_a_headline_marks_a_correction(title: str) -> None:
    assert mark_of(title) == "correction"


@pytest.mark.parametrize(
    "title",
    [
        "RETRACTED: Japan may halt UNESCO dues",
        "KILL: Japan may halt UNESCO dues",
        "Mandatory kill notice: Japan may halt UNESCO dues",
        "WITHDRAWN - Japan may halt UNESCO dues",
        "【記事取り消し】ユネスコ分担金の停止検討",
        "撤稿：日本或停缴会费",
    ],
)
def test_the_start_of_a_headline_marks_a_retraction(title: str) -> None:
    assert mark_of(title) == "retraction"


@pytest.mark.parametrize(
    "title",
    [
        "Tokyo demands a correction from UNESCO",
        "Correctional officers strike in Osaka",
        "Corrected figures show fewer visitors",
        "Kill the bill, protesters chant",
        "Killer whale washes ashore",
        "Withdrawn candidate returns to race",
        "Beijing asks paper to retract report",
        "撤回要求を拒否、中国外務省",
        "訂正を要求、日本政府",
        "更正登记手续简化",
    ],
)
def test_news_about_such_things_is_news(title: str) -> None:
    assert mark_of(title) == ""
