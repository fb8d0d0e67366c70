"""Whose text an entry is, by what stands where credit is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stories.credits import Credits
from monitor.stories.names import Names
from tests.factories import OWNERS

CREDITS = Credits(Names(OWNERS))


def credited(summary: str = "", title: str = "Dues may be withheld") -> str:
    found = CREDITS.find(title, summary)
    return found.name if found else ""


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("TOKYO, Oct 13 (Kyodo) -- The cabinet met.", "Kyodo News"),
        ("TOKYO (Reuters) - The cabinet met.", "Reuters"),
        ("WASHINGTON (AP) — The cabinet met.", "Associated Press"),
        ("Berlin (dpa) - Das Kabinett tagte.", "dpa"),
        ("(Reuters/Kyodo) - The cabinet met.", "Reuters"),
        ("Reuters - The cabinet met.", "Reuters"),
        ("By The Associated Press TOKYO - The cabinet met.", "Associated Press"),
        ("By Ann Example, Associated Press", "Associated Press"),
        ("【共同】内閣は会合を開いた。", "Kyodo News"),
        ("【北京共同】内閣は会合を開いた。", "Kyodo News"),
        ("【ロンドン＝共同】内閣は会合を開いた。", "Kyodo News"),
        ("【パリAFP時事】内閣は会合を開いた。", "AFP"),
        ("【AFP=時事】内閣は会合を開いた。", "AFP"),
        ("ＡＦＰ＝時事 内閣は会合を開いた。", "AFP"),
        ("[東京 13日 ロイター] - 内閣は会合を開いた。", "Reuters"),
        ("新华社东京10月13日电（记者甲）内阁开会。", "Xinhua"),
        ("（新华社东京13日电）内阁开会。", "Xinhua"),
        ("The cabinet met. (AP)", "Associated Press"),
        ("内閣は会合を開いた。（共同通信）", "Kyodo News"),
        ("The cabinet met. Source: AP", "Associated Press"),
        ("内阁开会。来源：新华社", "Xinhua"),
        ("Das Kabinett tagte. /dpa/", "dpa"),
        ("The cabinet met. — Reuters", "Reuters"),
        ("The cabinet met. With inputs from Reuters", "Reuters"),
        ("The cabinet met. © 2026 AFP", "AFP"),
        ("The cabinet met. (Reporting by Ann Example; Editing by Bo)", "Reuters"),
    ],
)
def test_a_credit_is_read_where_credits_stand(summary: str, name: str) -> None:
    assert credited(summary) == name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Reuters: Dues may be withheld", "Reuters"),
        ("Dues may be withheld: Kyodo", "Kyodo News"),
        ("Dues may be withheld - AP", "Associated Press"),
        ("Dues may be withheld, Reuters reports", "Reuters"),
        ("分担金停止を検討（共同）", "Kyodo News"),
        ("【共同】分担金停止を検討", "Kyodo News"),
    ],
)
def test_a_credit_is_read_at_both_ends_of_a_title(title: str, name: str) -> None:
    assert credited(title=title) == name


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("Dues may be withheld, according to Reuters. No word came.", "Reuters"),
        ("Reuters reported on Tuesday that dues may be withheld.", "Reuters"),
        ("The Harbour Times reported that dues stop.", "The Harbour Times"),
        ("ロイターによると、分担金は停止される。", "Reuters"),
        ("分担金は停止される、とロイターが報じた。", "Reuters"),
        ("据路透社报道，会费可能停缴。", "Reuters"),
        ("据英国路透社10月13日报道，会费可能停缴。", "Reuters"),
        ("路透社报道称，会费可能停缴。", "Reuters"),
    ],
)
def test_what_a_text_says_it_relies_on_is_its_source(summary: str, name: str) -> None:
    assert credited(summary) == name


def test_reliance_far_below_the_beginning_does_not_count() -> None:
    summary = "The cabinet met. It decided nothing. Reuters reported a plan in May."

    assert credited(summary) == ""


@pytest.mark.parametrize(
    "summary",
    [
        "Students sat AP exams on Tuesday.",
        "He teaches at a school in Hyderabad (AP)",
        "ap - the mountain path is closed.",
        "Reuters said that its profit rose by a tenth.",
        "The minister spoke to Reuters before the meeting.",
        "Two photographers of AFP and AP were hurt.",
        "共同声明を発表した。",
        "【共同声明】両国は合意した。",
        "時事問題を論じた。",
        "新华社会计部门开会。",
        "ACME CORP (ACM) - The company spoke.",
        "Pictures of the day (Update) - The cabinet met.",
        "Dues stop, according to Mirror makers in the town.",
        "",
    ],
)
def test_a_name_anywhere_else_says_nothing(summary: str) -> None:
    assert credited(summary) == ""


def test_an_agency_that_nobody_has_heard_of_is_taken_by_its_name() -> None:
    found = CREDITS.find("Dues", "PORT CITY, Oct 13 (Wire A) - The mayor spoke.")

    assert found is not None
    assert (found.name, found.owner) == ("Wire A", None)
    assert credited("(Wire A) - The mayor spoke.") == "Wire A"
    assert credited("The mayor (aged 70) - a former smith - spoke.") == ""
    assert credited("The mayor of the town (Wire A) - spoke.") == ""


@given(title=st.text(max_size=80), summary=st.text(max_size=400))
def test_any_text_is_read_without_harm(title: str, summary: str) -> None:
    found = CREDITS.find(title, summary)

    assert found is None or found.name
