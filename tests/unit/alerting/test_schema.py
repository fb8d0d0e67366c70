"""The published description of the alerts stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.alerting.schema import alert_schema
from monitor.codec import encode
from monitor.model import AlertRecord
from tests.factories import NOON, alert, entry

FILE = Path(__file__).parents[3] / "docs" / "alert.schema.json"


def written() -> str:
    return json.dumps(alert_schema(), indent=2, sort_keys=True) + "\n"


def test_the_published_schema_is_the_one_the_program_writes() -> None:
    """When this fails, run `python -m tests.unit.alerting.test_schema`."""
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

    times = ["at", "opened_at", "fetched_at", "published_at"]
    assert text.count('"format": "date-time"') == len(times)


def test_a_record_without_its_alert_does_not() -> None:
    record = json.loads(encode(AlertRecord(at=NOON, alert=alert())))
    del record["alert"]["story"]

    with pytest.raises(jsonschema.ValidationError, match="story"):
        jsonschema.validate(record, alert_schema())


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
