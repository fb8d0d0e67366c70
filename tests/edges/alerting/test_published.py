"""What docs/ says of alerts, held to what the program does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.alerting.schema import alert_schema
from monitor.clock import SystemClock
from monitor.codec import encode
from monitor.delivery.senders import signed_headers
from monitor.model import AlertRecord, Notification
from tests.factories import NOON, alert, entry, receiver

DOCS = Path(__file__).parents[3] / "docs"
FILE = DOCS / "alert.schema.json"


def written() -> str:
    return json.dumps(alert_schema(), indent=2, sort_keys=True) + "\n"


def test_the_published_schema_is_the_one_the_program_writes() -> None:
    """When this fails, run `python -m tests.edges.alerting.test_published`."""
    assert FILE.read_text("utf-8") == written()


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(alert(), id="one story"),
        pytest.param(alert(count=2, related=(entry(id="2"),)), id="a burst"),
    ],
)
def test_a_record_of_the_stream_satisfies_the_schema(of: Any) -> None:
    record = json.loads(encode(AlertRecord(at=NOON, alert=of)))

    jsonschema.Draft202012Validator(
        alert_schema(), format_checker=jsonschema.FormatChecker()
    ).validate(record)


def test_every_time_is_marked_as_one() -> None:
    text = written()

    times = ["at", "opened_at", "updated_at", "seen_at", "fetched_at", "published_at"]
    assert text.count('"format": "date-time"') == len(times)


def test_a_record_without_its_alert_does_not() -> None:
    record = json.loads(encode(AlertRecord(at=NOON, alert=alert())))
    del record["alert"]["story"]

    with pytest.raises(jsonschema.ValidationError, match="story"):
        jsonschema.validate(record, alert_schema())


def test_the_signature_can_be_verified_as_the_page_says() -> None:
    page = (DOCS / "receivers.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "receivers.md", "exec"), names)  # noqa: S102 - our own page
    new, old = ("whsec_bmV3bmV3bmV3bmV3bmV3bmV3", "whsec_b2xkb2xkb2xkb2xkb2xkb2xk")
    told = Notification(
        id="msg_1",
        receiver="desk",
        alert="al_1",
        reason="firing",
        content_type="application/json",
        body="ユネスコ".encode(),
        created_at=NOON,
    )
    headers = signed_headers(told, receiver(secrets=(new, old)), SystemClock())

    assert names["is_genuine"](new, headers, told.body)
    assert names["is_genuine"](old, headers, told.body)
    assert not names["is_genuine"](new, headers, told.body + b" ")
    assert not names["is_genuine"]("whsec_c29tZXRoaW5nIGVsc2U=", headers, told.body)


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
