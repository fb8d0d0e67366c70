"""Who hears of an alert."""

from __future__ import annotations

import pytest

from monitor.alerting.route import holds, receivers_for
from monitor.model import Matcher, Route


def on(label: str, value: str, op: str = "=") -> Matcher:
    return Matcher(label=label, op=op, value=value)  # type: ignore[arg-type]


def to(*receivers: str, **fields: object) -> Route:
    return Route(receivers=receivers, **fields)  # type: ignore[arg-type]


LABELS = {"rule": "cuts", "severity": "warning", "topic": "unesco"}


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        pytest.param(on("rule", "cuts"), True, id="equal"),
        pytest.param(on("rule", "cut"), False, id="not a prefix"),
        pytest.param(on("rule", "cuts", "!="), False, id="not unequal"),
        pytest.param(on("desk", ""), True, id="a missing label is empty"),
        pytest.param(on("desk", "x", "!="), True, id="a missing label is unequal"),
        pytest.param(on("rule", "c.*", "=~"), True, id="pattern"),
        pytest.param(on("rule", "cut", "=~"), False, id="patterns end with the label"),
        pytest.param(on("rule", "uts", "=~"), False, id="patterns begin with it"),
        pytest.param(on("rule", "a|cuts", "=~"), True, id="alternatives anchored"),
        pytest.param(on("rule", "c.*", "!~"), False, id="no pattern"),
        pytest.param(on("desk", ".+", "!~"), True, id="a missing label has no pattern"),
    ],
)
def test_a_matcher_holds_as_in_alertmanager(matcher: Matcher, expected: bool) -> None:
    assert holds(matcher, LABELS) is expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param(to("all"), ("all",), id="the root takes what nobody takes"),
        pytest.param(
            to("all", routes=(to("desk", matchers=(on("rule", "cuts"),)),)),
            ("desk",),
            id="a child takes it from the root",
        ),
        pytest.param(
            to("all", routes=(to("desk", matchers=(on("rule", "other"),)),)),
            ("all",),
            id="a child that does not match leaves it",
        ),
        pytest.param(
            to("all", routes=(to("first"), to("second"))),
            ("first",),
            id="the first child stops the search",
        ),
        pytest.param(
            to("all", routes=(to("first", continue_=True), to("second"))),
            ("first", "second"),
            id="continue goes on",
        ),
        pytest.param(
            to("all", routes=(to("first", continue_=True), to("first", "second"))),
            ("first", "second"),
            id="a receiver hears once",
        ),
        pytest.param(
            to(
                "all",
                routes=(
                    to(
                        "desk",
                        matchers=(on("rule", "cuts"),),
                        routes=(
                            to("night", matchers=(on("severity", "critical"),)),
                            to("day", matchers=(on("severity", "w.*", "=~"),)),
                        ),
                    ),
                ),
            ),
            ("day",),
            id="the deepest that matches",
        ),
        pytest.param(
            to(
                "all",
                routes=(
                    to(
                        "desk",
                        matchers=(on("rule", "cuts"), on("topic", "another")),
                    ),
                ),
            ),
            ("all",),
            id="all matchers must hold",
        ),
    ],
)
def test_the_tree_decides_who_hears(route: Route, expected: tuple[str, ...]) -> None:
    assert receivers_for(route, LABELS) == expected
