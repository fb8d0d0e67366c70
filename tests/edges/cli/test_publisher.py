"""`wirewatch publisher`, as a shell sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.edges.cli.test_commands import wirewatch

if TYPE_CHECKING:
    from pathlib import Path


def told(*arguments: str) -> dict[str, Any]:
    done = wirewatch("publisher", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "who", ["https://www.ft.com/content/1", "www.ft.com", "financial times"]
)
def test_an_address_a_host_and_a_name_are_found(who: str) -> None:
    row = told(who)

    assert (row["name"], row["family"]) == ("Financial Times", "nikkei")
    assert "Nikkei" in row["members"]
    assert row["why"].startswith("the table has ")


def test_a_summary_shows_its_credit() -> None:
    row = told("example.org", "--summary", "TOKYO (Reuters) - It is so.")

    assert (row["family"], row["agency"]) == ("example.org", "reuters")


def test_the_configuration_s_publishers_count(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(
        "publishers: {post: {domains: [example.org], names: [Post], family: nikkei}}"
    )

    row = told("https://example.org/1", "--config", str(config))

    assert (row["name"], row["family"]) == ("Post", "nikkei")


def test_a_configuration_that_is_not_there_is_named() -> None:
    done = wirewatch("publisher", "Post", "--config", "other.yaml")

    assert done.returncode == 2
    assert b"other.yaml: there is no such file" in done.stderr
