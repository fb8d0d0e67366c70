"""The JSON that webhooks get."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from monitor.alerting.render import render
from monitor.model import Alert
from tests.factories import alert, change, entry, match, receiver

PAGE = "http://127.0.0.1:8480"


def body(of: Alert) -> dict[str, Any]:
    content_type, raw = render(change(alert=of), receiver(), PAGE)
    assert content_type == "application/json"
    value: dict[str, Any] = json.loads(raw)
    return value


def test_the_body_has_the_fields_of_alertmanagers_version_4() -> None:
    value = body(alert())

    assert value.keys() - {"wirewatch"} == {
        "version",
        "groupKey",
        "truncatedAlerts",
        "status",
        "receiver",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "alerts",
    }
    assert value["alerts"][0].keys() == {
        "status",
        "labels",
        "annotations",
        "startsAt",
        "endsAt",
        "generatorURL",
        "fingerprint",
    }
    assert (value["version"], value["truncatedAlerts"]) == ("4", 0)
    assert value["receiver"] == "desk"


def test_the_alert_says_what_happened_and_where() -> None:
    told = body(alert())["alerts"][0]

    assert told["labels"] == {
        "alertname": "unesco-cuts",
        "rule": "unesco-cuts",
        "story": "st_0123456789abcdef01234567",
        "topic": "unesco-funding-threat",
        "severity": "warning",
        "direction": "threat",
    }
    assert told["annotations"] == {
        "summary": "Tokyo may withhold UNESCO dues",
        "description": "A state threatens UNESCO's money",
        "confidence": "high",
        "evidence": '"Tokyo"',
        "source": "Wire A",
        "url": "https://example.org/1",
        "published": "2015-10-13T11:58:00Z",
        "story": "st_0123456789abcdef01234567",
        "change": "firing",
        "families": "1",
    }
    assert told["startsAt"] == "2015-10-13T12:00:00Z"
    assert told["endsAt"] == "0001-01-01T00:00:00Z"
    assert told["fingerprint"] == "0123456789abcdef"


def test_two_stories_under_one_rule_are_two_groups() -> None:
    first, second = body(alert(story="st_a")), body(alert(story="st_b"))

    assert first["groupKey"] != second["groupKey"]
    assert first["groupKey"] == '{}:{alertname="unesco-cuts", story="st_a"}'


def test_the_whole_alert_comes_back_out_of_the_body() -> None:
    of = alert(related=(entry(id="2"),), count=2)

    assert msgspec.convert(body(of)["wirewatch"], Alert) == of


def test_the_bytes_do_not_depend_on_the_order_of_labels() -> None:
    labels = {"b": "1", "a": "2"}
    turned = dict(reversed(labels.items()))

    same = {render(change(labels=of), receiver(), PAGE) for of in (labels, turned)}

    assert len(same) == 1


def test_secrets_and_address_of_the_receiver_are_not_in_the_body() -> None:
    desk = receiver(url="http://127.0.0.1/hook/s3cret", secrets=("whsec_c2VjcmV0",))

    _, raw = render(change(), desk, PAGE)

    assert b"s3cret" not in raw
    assert b"whsec" not in raw


def test_an_address_that_is_no_web_page_is_left_out_of_the_annotations() -> None:
    of = alert(match=match(entry=entry(url="javascript:alert(1)")))

    assert "url" not in body(of)["alerts"][0]["annotations"]


def test_half_a_surrogate_pair_does_not_stop_an_alert() -> None:
    of = alert(match=match(entry=entry(summary="broken \ud83d text"), spans=()))

    assert body(of)["wirewatch"]["match"]["entry"]["summary"] == "broken ? text"
