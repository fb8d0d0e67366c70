"""What the environment gives, and that no secret is ever shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edges.config.conftest import Load, Mistakes

SECRET = "hunter2-T0PSECRET"  # noqa: S105 - what must not be shown
KEY = "whsec_" + base64.b64encode(SECRET.encode() * 2).decode()
SLACK = f"https://hooks.slack.com/services/T000/B000/{SECRET}"
RECEIVERS = """\
receivers:
  desk: {type: webhook, url: "https://me:${PASSWORD}@example.org/", secret: "${KEY}"}
  chat: {type: slack, url: "file:slack"}
state: postgresql://wirewatch:${PASSWORD}@db/wirewatch
"""


def test_a_reference_is_replaced_wherever_text_stands(load_text: Load) -> None:
    settings = load_text(
        'feeds: {a: {url: "https://${HOST}/rss", interval: "${EVERY:-2m}"}}\n'
        'workers: {parsers: "${PARSERS}"}\n',
        HOST="example.org",
        PARSERS="7",
    )

    assert settings.feeds[0].url == "https://example.org/rss"
    assert settings.feeds[0].interval.total_seconds() == 120
    assert settings.workers.parsers == 7


def test_a_doubled_dollar_sign_is_one_and_no_reference(load_text: Load) -> None:
    settings = load_text(
        'topics: {t: {description: "$${HOME} $x", clauses: [{query: a}]}}'
    )

    assert settings.topics[0].description == "${HOME} $x"


@pytest.mark.parametrize(
    "environ",
    [
        {
            "WIREWATCH_LOG": "kafka://k1:9092,k2:9092",
            "WIREWATCH_STATE": "postgresql://w:pw@db/w",
            "WIREWATCH_LISTEN": "[::1]:9000",
        },
        {
            "WIREWATCH_LOG_FILE": "log",
            "WIREWATCH_STATE_FILE": "state",
            "WIREWATCH_LISTEN_FILE": "listen",
        },
    ],
    ids=["variables", "files"],
)
def test_variables_stand_above_the_file(
    load_text: Load, tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "log").write_text("kafka://k1:9092,k2:9092\n")
    (tmp_path / "state").write_text("postgresql://w:pw@db/w\n")
    (tmp_path / "listen").write_text("[::1]:9000\n")
    environ = {
        name: str(tmp_path / value) if name.endswith("_FILE") else value
        for name, value in environ.items()
    }

    settings = load_text(
        "log: ${UNSET}\nstate: nonsense\nweb: {listen: 5}\n", **environ
    )

    assert settings.log_url == "kafka://k1:9092,k2:9092"
    assert settings.state_url == "postgresql://w:pw@db/w"
    assert (settings.host, settings.port) == ("::1", 9000)


@pytest.mark.parametrize(
    ("folder", "log", "state"),
    [
        (None, "sqlite:///var/log.db", "sqlite:///var/state.db"),
        ("data", "sqlite:///data/log.db", "sqlite:///data/state.db"),
        ("/data", "sqlite:////data/log.db", "sqlite:////data/state.db"),
    ],
    ids=["default", "relative", "absolute"],
)
def test_relative_files_lie_in_the_data_folder(
    load_text: Load, folder: str | None, log: str, state: str
) -> None:
    environ = {} if folder is None else {"WIREWATCH_DATA_DIR": folder}
    settings = load_text("web: {}", **environ)

    assert (settings.log_url, settings.state_url) == (log, state)


def test_an_absolute_file_lies_where_it_says(load_text: Load) -> None:
    settings = load_text("log: sqlite:////srv/log.db", WIREWATCH_DATA_DIR="/data")

    assert settings.log_url == "sqlite:////srv/log.db"


def test_mistakes_in_variables_are_told_by_their_names(mistakes: Mistakes) -> None:
    found = mistakes(
        "web: {}",
        {
            "WIREWATCH_LOG": "redis://x",
            "WIREWATCH_LISTEN": "here",
            "WIREWATCH_STATE": "sqlite:///a",
            "WIREWATCH_STATE_FILE": "/run/state",
            "WIREWATCH_DATA_DIR_FILE": "/nowhere",
        },
    )

    assert found == [
        "WIREWATCH_STATE: WIREWATCH_STATE_FILE is set too; unset one of them",
        'WIREWATCH_DATA_DIR_FILE: "/nowhere" does not exist',
        (
            'WIREWATCH_LISTEN: "listen" is no HOST:PORT; '
            'write "127.0.0.1:8480" or "[::1]:8480"'
        ),
        (
            'WIREWATCH_LOG: "log" must begin with sqlite:/// or kafka://; '
            "write kafka://HOST:9092"
        ),
    ]


def test_secrets_come_from_variables_and_files(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "slack").write_text(SLACK + "\n")
    settings = load_text(RECEIVERS, PASSWORD=SECRET, KEY=KEY)
    desk, chat = settings.plan.receivers.values()

    assert desk.secrets == (KEY,)
    assert desk.url == f"https://me:{SECRET}@example.org/"
    assert chat.url == SLACK
    assert settings.state_url == f"postgresql://wirewatch:{SECRET}@db/wirewatch"


def test_two_keys_while_one_replaces_the_other(load_text: Load) -> None:
    other = "whsec_" + base64.b64encode(b"x" * 64).decode()
    settings = load_text(
        "receivers: {w: {type: webhook, url: 'https://example.org/', "
        "secrets: ['${NEW}', '${OLD}']}}",
        NEW=KEY,
        OLD=other,
    )

    assert settings.plan.receivers["w"].secrets == (KEY, other)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(SECRET, id="no prefix"),
        pytest.param("whsec_" + SECRET, id="no base64"),
        pytest.param("whsec_" + base64.b64encode(b"x" * 23).decode(), id="too short"),
        pytest.param("whsec_" + base64.b64encode(b"x" * 65).decode(), id="too long"),
    ],
)
def test_a_key_that_is_none_is_refused_and_not_shown(
    mistakes: Mistakes, key: str
) -> None:
    found = mistakes(
        "receivers: {w: {type: webhook, url: 'https://example.org/', secret: '${KEY}'}}",
        {"KEY": key},
    )

    assert found == [
        (
            'F:1:69: receiver "w": the secret is no Standard Webhooks key; '
            'it must be "whsec_" and the base64 of 24 to 64 bytes'
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"receivers: {{w: {{type: slack, url: {SLACK}}}}}", id="slack"),
        pytest.param(
            f"receivers: {{w: {{type: slack, url: '${{X:-{SLACK}}}'}}}}",
            id="slack as a default",
        ),
        pytest.param(f"receivers: {{w: {{type: '{SLACK}'}}}}", id="slack as a type"),
        pytest.param(f"receivers: {{w: '{SLACK}'}}", id="slack as a receiver"),
        pytest.param(f"route: {{receiver: '{SLACK}'}}", id="slack in a route"),
        pytest.param(
            f"receivers: {{w: {{type: webhook, url: 'https://x/', secret: {KEY}}}}}",
            id="a key",
        ),
        pytest.param(
            f"receivers: {{w: {{type: webhook, url: 'https://x/', secret: [{KEY}]}}}}",
            id="a key in a list",
        ),
        pytest.param(
            f"receivers: {{w: {{type: webhook, url: 'https://x/', scret: {KEY}}}}}",
            id="a key under a misspelt name",
        ),
        pytest.param(f"receivers: {{w: {{{KEY}: x}}}}", id="a key as a name"),
        pytest.param(
            f"receivers: {{w: {{type: webhook, url: 'https://a:{SECRET}@x/'}}}}",
            id="a password in a webhook's address",
        ),
        pytest.param(
            f"receivers: {{w: {{type: webhook, url: 'ftp://a:{SECRET}@x/'}}}}",
            id="a password in no address",
        ),
        pytest.param(f"state: postgresql://a:{SECRET}@db/w", id="a database password"),
        pytest.param(f"state: postgres://a:{SECRET}@db/w", id="in another scheme"),
        pytest.param(
            f"state: postgresql://db/w?password={SECRET}", id="a password as an option"
        ),
        pytest.param(f"log: kafka://a:{SECRET}@k:1", id="a password of the log"),
        pytest.param(f"feeds: {{a: 'https://a:{SECRET}@x/'}}", id="in a feed"),
        pytest.param(f"feeds: 'https://a:{SECRET}@x/'", id="in place of the feeds"),
        pytest.param(f"secret: {KEY}: x", id="in a line that is no YAML"),
        pytest.param("state: ${STATE}\nweb: []", id="a variable beside a mistake"),
        pytest.param("web: {listen: '${STATE}'}", id="a variable in the wrong place"),
        pytest.param("route: {receiver: '${STATE}'}", id="a variable in a route"),
    ],
)
def test_no_mistake_shows_a_secret(mistakes: Mistakes, text: str) -> None:
    found = mistakes(text, {"STATE": f"postgresql://a:{SECRET}@db/w"})

    assert SECRET not in " ".join(found)
    assert KEY not in " ".join(found)


def test_settings_show_no_secret(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "slack").write_text(SLACK)
    settings = load_text(RECEIVERS, PASSWORD=SECRET, KEY=KEY)
    shown = repr(settings) + str(settings) + repr(settings.plan)

    assert SECRET not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "does not exist", id="missing"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\xff", "is not UTF-8", id="binary"),
        pytest.param(b"x" * 70_000, "is larger than 64 KiB", id="large"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named(
    mistakes: Mistakes, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    found = mistakes("receivers: {s: {type: slack, url: 'file:key'}}")

    assert found == [
        f'F:1:35: receiver "s": file "key" {reason}; check path and permissions'
    ]
