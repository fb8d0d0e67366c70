"""Passwords and tokens of feeds: from outside the file, and shown nowhere."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edges.config.conftest import Load, Mistakes

BASIC = """\
feeds:
  a:
    url: https://a.example/rss
    auth: {type: basic, username: ines, password: "${A_PASSWORD}"}
"""
BEARER = """\
feeds:
  a:
    url: https://a.example/rss
    auth: {type: bearer, token: file:token}
"""


def test_a_password_becomes_a_header(load_text: Load) -> None:
    settings = load_text(BASIC, A_PASSWORD="geheim:ß")  # noqa: S106 - of a test

    pair = base64.b64encode("ines:geheim:ß".encode()).decode()
    assert settings.feeds[0].authorization == f"Basic {pair}"


def test_a_token_may_come_from_a_file(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken==\n")
    settings = load_text(BEARER)

    assert settings.feeds[0].authorization == "Bearer t0ken=="


def test_no_text_of_a_feed_shows_its_secret(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    settings = load_text(BEARER)

    for text in (repr(settings), repr(settings.feeds), str(settings.feeds[0])):
        assert "t0ken" not in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            BASIC.replace("${A_PASSWORD}", "geheim"),
            'F:4:51: feed "a": a password may not stand in the file; write ${NAME} and'
            " set that environment variable, or file:/path",
            id="literal",
        ),
        pytest.param(
            BASIC.replace("${A_PASSWORD}", "${A_PASSWORD:-geheim}"),
            'F:4:51: feed "a": a password may not stand in the file; write ${NAME} and'
            " set that environment variable, or file:/path",
            id="default",
        ),
        pytest.param(
            BASIC,
            'F:4:51: feed "a": environment variable "A_PASSWORD" is not set; set it',
            id="unset",
        ),
        pytest.param(
            BEARER,
            'F:4:33: feed "a": file "token" does not exist; check path and permissions',
            id="no-file",
        ),
        pytest.param(
            BASIC.replace("ines", "'ines:x'"), 'feed "a": ', id="colon-in-the-name"
        ),
        pytest.param(BASIC.replace("basic", "digest"), '"digest"', id="type"),
    ],
)
def test_a_mistake_is_told_without_the_secret(
    mistakes: Mistakes, text: str, told: str
) -> None:
    found = mistakes(
        text, {} if "unset" in told or text == BASIC else {"A_PASSWORD": "x"}
    )

    assert len(found) == 1
    assert told in found[0]
    assert "geheim" not in found[0]


def test_a_token_that_no_header_can_hold_is_refused(mistakes: Mistakes) -> None:
    text = BEARER.replace("file:token", '"${TOKEN}"')
    found = mistakes(text, {"TOKEN": "geheim\r\nx-injected: 1"})

    assert found == [
        (
            'F:4:33: feed "a": the token is none; it must be of letters, digits and '
            "signs, without blanks"
        )
    ]


def test_a_secret_that_goes_unprotected_is_warned_of(load_text: Load) -> None:
    settings = load_text(BASIC.replace("https:", "http:"), A_PASSWORD="x")  # noqa: S106

    assert [line.partition("alerts.yaml:")[2] for line in settings.warnings] == [
        (
            '3:10: feed "a": its password or token goes over the network unprotected;'
            " use https://"
        )
    ]
