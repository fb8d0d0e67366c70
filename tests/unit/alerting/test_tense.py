"""Whether a direction speaks of what is still to come."""

from __future__ import annotations

import pytest

from monitor.alerting.tense import is_ahead
from monitor.model import Match, Span
from tests.factories import entry, match


def about(title: str, cue: str) -> Match:
    start = title.index(cue)
    span = Span(field="title", start=start, end=start + len(cue), quote=cue)
    return match(entry=entry(title=title), spans=(span,), cue=span)


@pytest.mark.parametrize(
    ("title", "cue"),
    [
        ("Japan will pay its UNESCO dues", "pay"),
        ("Japan to pay UNESCO dues after all", "pay"),
        ("Tokyo promises to soon resume payments", "resume"),
        ("Washington agreed to rejoin UNESCO", "rejoin"),
        ("政府、ユネスコ分担金を支払いへ", "支払い"),
        ("政府、ユネスコに復帰の方針", "復帰"),
        ("日本将支付教科文组织会费", "支付"),
        ("美方承诺补缴欠款", "补缴"),
    ],
)
def test_a_promise_is_ahead(title: str, cue: str) -> None:
    assert is_ahead(about(title, cue))


@pytest.mark.parametrize(
    ("title", "cue"),
    [
        ("Japan pays its UNESCO dues", "pays"),
        ("Japan has paid what it owed to UNESCO", "paid"),
        ("政府、ユネスコ分担金を支払った", "支払"),
        ("日本已支付教科文组织会费", "支付"),
    ],
)
def test_what_is_done_is_not(title: str, cue: str) -> None:
    assert not is_ahead(about(title, cue))


def test_without_a_cue_nothing_is_ahead() -> None:
    assert not is_ahead(match())
