"""The command line, as a shell sees it: exit codes, streams of output, messages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.desk import ROOT, WIREWATCH, write_config

COMMANDS = [
    "run",
    "check",
    "classify",
    "explain",
    "why-not",
    "calibrate",
    "publisher",
    "parse",
    "fetch",
    "schema",
    "health",
    "topic suggest",
    "feed list",
    "feed test",
    "feed pause",
    "feed resume",
    "feed add",
    "feed import",
    "feed export",
]

MONEY: dict[str, Any] = {"clauses": [{"all": ["unesco", "money"], "near": 9}]}
TOPIC: dict[str, Any] = {
    "concepts": {"unesco": {"en": ["unesco"]}, "money": {"en": ["dues", "funding"]}},
    "topics": {"unesco-money": MONEY},
}
REST = {
    "outbound": {"contact": "https://example.org"},
    "rules": {"cuts": {"type": "any", "topics": ["unesco-money"]}},
    "route": {"receiver": "desk"},
    "receivers": {"desk": {"type": "console"}},
}
FEED = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>Wire A</title><language>en</language>
<item><guid isPermaLink="false">a-1</guid><title>Tokyo may withhold dues</title>
<link>/news/1</link><description>A &lt;b&gt;review&lt;/b&gt; began.</description>
<pubDate>Tue, 13 Oct 2015 02:45:00 GMT</pubDate></item></channel></rss>"""


def wirewatch(
    *args: str, stdin: bytes = b"", **environ: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*WIREWATCH, *args],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        timeout=60,
        env=os.environ | environ,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    done = wirewatch(*command.split(), "--help")

    assert done.returncode == 0
    assert b"Example" in done.stdout
    assert f"wirewatch {command}".encode() in done.stdout


def test_a_mistyped_option_is_a_usage_error() -> None:
    done = wirewatch("run", "--rolle", "poll")

    assert done.returncode == 2
    assert b"--rolle" in done.stderr


@pytest.mark.parametrize("command", ["run", "check", "classify"])
def test_a_bad_configuration_ends_with_2_and_every_mistake(
    command: str, tmp_path: Path
) -> None:
    rules = {"cuts": {"type": "any", "topics": ["unesco-mony"]}}
    route = {"receiver": "dsk"}
    bad = REST | {"rules": rules, "route": route, "feds": {}}
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **bad)

    done = wirewatch(command, "--config", str(config))

    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert len(lines) == 3, lines
    assert all(line.startswith(f"{config}:") for line in lines)
    assert any('did you mean "unesco-money"?' in line for line in lines)
    assert any('did you mean "desk"?' in line for line in lines)
    assert any('did you mean "feeds"?' in line for line in lines)
    assert "Traceback" not in done.stderr.decode()


def test_check_praises_nothing_on_standard_output(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)

    done = wirewatch("check", "--config", str(config))

    assert done.returncode == 0
    assert done.stdout == b""
    assert b"fine" in done.stderr


def test_check_finds_an_example_that_does_not_behave(tmp_path: Path) -> None:
    topic = MONEY | {"examples": {"match": ["The weather is fine"]}}
    config = write_config(
        tmp_path / "alerts.yaml",
        concepts=TOPIC["concepts"],
        topics={"unesco-money": topic},
        **REST,
    )

    done = wirewatch("check", "--config", str(config))

    assert done.returncode == 1
    assert b"The weather is fine" in done.stderr


def test_classify_reads_lines_and_quotes_the_evidence(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)
    item = {"id": "1", "title": "UNESCO dues withheld", "summary": "", "lang": "en"}
    other = {"id": "2", "title": "Rain in Osaka", "summary": "All day."}
    lines = f"{json.dumps(item)}\n\n{json.dumps(other)}\n".encode()

    done = wirewatch("classify", "--config", str(config), stdin=lines)

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [row["id"] for row in rows] == ["1", "2"]
    assert rows[1]["topics"] == []
    [topic] = rows[0]["topics"]
    assert topic["topic"] == "unesco-money"
    assert (topic["actors"], topic["act"]) == (["bodies/unesco"], "SANCTION")
    spans = topic["spans"]
    assert {span["concept"] for span in spans} == {"unesco", "money"}
    assert all(
        span["quote"] == item[span["field"]][span["start"] : span["end"]]
        for span in spans
    )


def test_classify_names_a_bad_line_and_goes_on(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)
    lines = b'{"id": 1}\n{"id": "2", "title": "Rain"}\nnot json\n'

    done = wirewatch("classify", "--config", str(config), stdin=lines)

    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["2"]
    messages = done.stderr.decode().splitlines()
    assert [m.split(": ")[0] for m in messages] == ["<stdin>:1", "<stdin>:3"]


def test_parse_prints_an_entry_a_line(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(FEED)

    done = wirewatch("parse", str(file), "--url", "https://example.org/feed.xml")

    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "file": str(file),
        "id": "a-1",
        "url": "https://example.org/news/1",
        "title": "Tokyo may withhold dues",
        "summary": "A review began.",
        "published": "2015-10-13T02:45:00Z",
        "lang": "en",
        "source": "Wire A",
    }


def test_parse_tells_some_refused_from_all_refused(tmp_path: Path) -> None:
    good, bad = tmp_path / "feed.xml", tmp_path / "page.html"
    good.write_bytes(FEED)
    bad.write_text("<html><body>No feed here</body></html>")

    some = wirewatch("parse", str(good), str(bad))
    everything = wirewatch("parse", str(bad), str(tmp_path / "missing.xml"))

    assert (some.returncode, everything.returncode) == (1, 2)
    assert some.stderr.decode().startswith(f"{bad}: ")
    assert len(some.stdout.splitlines()) == 1
    assert len(everything.stderr.splitlines()) == 2


def test_schema_is_json() -> None:
    done = wirewatch("schema")

    assert done.returncode == 0
    assert json.loads(done.stdout)["type"] == "object"


def test_fetch_refuses_a_private_address() -> None:
    done = wirewatch("fetch", "http://127.0.0.1:9/feed.xml")

    assert done.returncode == 2
    assert done.stderr.startswith(b"127.0.0.1")
    assert b"Traceback" not in done.stderr


def test_health_says_that_nobody_answers() -> None:
    done = wirewatch("health", "--url", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert b"is it running?" in done.stderr


def test_health_asks_where_the_process_listens() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        listen = f"127.0.0.2:{server.getsockname()[1]}"
        done = wirewatch("health", "--timeout", "0.5", WIREWATCH_LISTEN=listen)
        server.settimeout(0)
        asked, _ = server.accept()
        asked.close()

    assert done.returncode == 1
    assert f"http://{listen}/readyz: no answer".encode() in done.stderr


@pytest.mark.parametrize("url", ["nonsense", "http://[::1", "http://h:port"])
def test_health_names_an_address_that_is_none(url: str) -> None:
    done = wirewatch("health", "--url", url)

    assert done.returncode == 2
    assert done.stderr == (
        f'"{url}" is no address; write --url http://HOST:PORT\n'.encode()
    )


def test_a_reload_asked_for_during_the_start_waits_for_it(tmp_path: Path) -> None:
    text = write_config(tmp_path / "aside.yaml", **TOPIC, **REST).read_text()
    config = tmp_path / "alerts.yaml"
    os.mkfifo(config)  # until it is written to, the start stands still
    process = subprocess.Popen(
        [*WIREWATCH, "run", "-c", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ
        | {"WIREWATCH_LISTEN": "127.0.0.1:0", "WIREWATCH_DATA_DIR": str(tmp_path)},
    )
    assert process.stderr is not None
    try:
        with config.open("w") as pipe:  # waits for the process to open it
            (tmp_path / "aside.yaml").replace(config)  # what the reload finds
            process.send_signal(signal.SIGHUP)
            pipe.write(text)
        told = [next(line for line in process.stderr if b"reloaded" in line)]
        process.terminate()
        told += process.stderr
        process.wait(30)
    finally:
        process.kill()
        process.communicate()

    assert b"configuration reloaded" in told[0]
    assert process.returncode == 0


def test_a_replay_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)

    done = wirewatch("run", "--config", str(config), "--replay", str(tmp_path / "no"))

    assert done.returncode == 2
    assert f"{tmp_path / 'no'}: no such file" in done.stderr.decode()


def test_roles_cannot_share_an_embedded_log(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)

    done = wirewatch("run", "--config", str(config), "--role", "poll")

    assert done.returncode == 2
    assert b"set log to kafka://" in done.stderr


def test_output_cut_off_by_its_reader_is_not_complained_of(tmp_path: Path) -> None:
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "1", "title": "UNESCO dues"}\n' * 5000)
    command = " ".join([*WIREWATCH, "classify", "-c", str(config), str(items)])

    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["schema", "classify"])
def test_a_disk_without_room_for_the_output_is_told_in_one_line(
    tmp_path: Path, command: str
) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "1", "title": "UNESCO dues"}\n')
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)
    args = [] if command == "schema" else ["-c", str(config), str(items)]

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*WIREWATCH, command, *args],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )

    assert done.returncode == 2
    assert done.stderr == b"output: no space left on device; write it elsewhere\n"


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_the_shell_closed_takes_what_is_written_to_it(
    tmp_path: Path, closed: str
) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "1", "title": "UNESCO dues"}\nnone\n')
    config = write_config(tmp_path / "alerts.yaml", **TOPIC, **REST)
    command = " ".join([*WIREWATCH, "classify", "-c", str(config), str(items)])

    done = subprocess.run(
        ["bash", "-c", f"{command} {closed}>&-"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_a_body_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_bytes(FEED)
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().split()[5].decode()
        done = wirewatch(
            *("fetch", f"http://127.0.0.1:{port}/page", "--allow", "127.0.0.0/8"),
            *("--output", str(tmp_path / "none" / "f.xml")),
        )
    finally:
        server.kill()
        server.communicate()

    assert done.returncode == 2
    assert b"none/f.xml: no such file or directory" in done.stderr
    assert b"Traceback" not in done.stderr
