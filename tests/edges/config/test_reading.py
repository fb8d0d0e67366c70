"""A file that is no configuration ends in a line, never in a traceback."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from monitor.config import load
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edges.config.conftest import Load, Mistakes

BOMB = (
    "x-a: &a0 [word, word, word, word, word, word, word, word, word, word]\n"
    + "".join(
        f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
        for level in range(1, 12)
    )
)
LONG = f"x-a: &a {'word ' * 50_000}\nx-b: [{', '.join(['*a'] * 5_000)}]\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            "",
            'F:1:1: the file is empty; start with "feeds:" and "topics:"',
            id="empty",
        ),
        pytest.param(
            "# nothing yet\n",
            'F:1:1: the file is empty; start with "feeds:" and "topics:"',
            id="comments alone",
        ),
        pytest.param(
            "- a\n- b\n",
            'F:1:1: the file must hold a mapping; write "key: value" lines',
            id="a list",
        ),
        pytest.param(
            "web:\n\tlisten: here\n",
            "F:2:1: a tab stands where only spaces may; indent with spaces",
            id="a tab",
        ),
        pytest.param(
            "feeds: [a\nweb: {}\n",
            'F:2:4: while parsing a flow sequence: expected "," or "]", but got ":"; '
            "check indentation, brackets and quotes",
            id="a bracket left open",
        ),
        pytest.param(
            "log: it is: this\n",
            'F:1:11: a second ": " on this line; '
            "put the text in quotes, or indent the line as its neighbours",
            id="a colon in plain text",
        ),
        pytest.param(
            "a: 1\n---\nb: 2\n",
            'F:2:1: a second document begins with "---"; keep one a file',
            id="two documents",
        ),
        pytest.param(
            "web: *page\n",
            'F:1:6: no anchor named "page"; write &page before its use',
            id="an alias of nothing",
        ),
        pytest.param(
            "web: \x07\n",
            "F:1:6: character U+0007 is not allowed; remove it",
            id="a control character",
        ),
        pytest.param(
            b"log: a\nstate: " + b"caf\xe9\n",
            "F:2:11: the file is not UTF-8; save it as UTF-8",
            id="another encoding",
        ),
        pytest.param(
            "web: !python/object:os.system {}\n",
            'F:1:6: tag "!python/object:os.system" means nothing here; remove it',
            id="a tag",
        ),
        pytest.param(
            "workers: {parsers: " + "9" * 5000 + "}",
            "F:1:20: the value is no int; write it out",
            id="a number of five thousand digits",
        ),
        pytest.param(
            "x-a: &a [*a]\n",
            "F:1:6: this alias contains itself; write it out",
            id="an alias of itself",
        ),
        pytest.param(
            "web: {<<: 5}\n",
            'F:1:7: "<<" must name a mapping; write <<: *anchor',
            id="a merge of nothing",
        ),
        pytest.param(
            "[a]: b\n",
            "F:1:1: a key must be text; put it in quotes",
            id="a list as a key",
        ),
        pytest.param(
            "x-a: " + "[" * 60 + "]" * 60,
            "F:1:56: nested too deeply; at most 50 levels",
            id="sixty brackets",
        ),
        pytest.param(
            "x-a: " + "[" * 2_000,
            "F: nested too deeply; at most 50 levels",
            id="two thousand brackets",
        ),
    ],
)
def test_a_file_that_is_no_configuration_is_told_in_one_line(
    mistakes: Mistakes, text: str | bytes, line: str
) -> None:
    found = mistakes(text)

    assert found == [line]


@pytest.mark.parametrize("text", [BOMB, LONG], ids=["of lists", "of long text"])
def test_a_bomb_of_aliases_is_refused_quickly(mistakes: Mistakes, text: str) -> None:
    start = time.monotonic()
    found = mistakes(text)

    assert time.monotonic() - start < 5
    assert found[0].endswith(
        "aliases repeat too much; at most 100000 values may come from aliases"
    )


def test_a_file_that_is_too_large_is_refused(mistakes: Mistakes) -> None:
    found = mistakes("# comment\n" * 900_000)

    assert found == ["F: the file is larger than 8 MiB; make it smaller"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "nowhere.yaml",
            "there is no such file; name one with --config, or create it",
            id="missing",
        ),
        pytest.param("", "this is a directory; name a file", id="a directory"),
        pytest.param("a\0b", "this is no file name; name a file", id="no name"),
        pytest.param(
            "a" * 300,
            "the file cannot be read (file name too long); "
            "check its name and permissions",
            id="a name that no disk takes",
        ),
    ],
)
def test_a_path_that_is_no_file_is_told_in_one_line(
    tmp_path: Path, name: str, message: str
) -> None:
    path = f"{tmp_path}/{name}"
    with pytest.raises(ConfigError) as raised:
        load(path, environ={})

    assert raised.value.lines == (f"{path}: {message}",)


def test_a_byte_order_mark_is_passed_over(load_text: Load) -> None:
    settings = load_text(b"\xef\xbb\xbfweb: {listen: '127.0.0.1:1'}")

    assert settings.port == 1


def test_anchors_and_merge_keys_may_be_used(load_text: Load) -> None:
    settings = load_text("""\
x-slow: &slow {interval: 1h, timeout: 1m}
feeds:
  a: {<<: *slow, url: "https://example.org/a"}
  b: {<<: *slow, url: "https://example.org/b", timeout: 5s}
""")

    assert [
        (feed.interval.total_seconds(), feed.timeout.total_seconds())
        for feed in settings.feeds
    ] == [(3600, 60), (3600, 5)]


def test_a_section_whose_lines_are_all_comments_is_absent(load_text: Load) -> None:
    settings = load_text("feeds:\n  # a: https://example.org/\nweb: {}\n")

    assert settings.feeds == ()


def test_dates_and_words_like_yes_stay_text(load_text: Load) -> None:
    settings = load_text(
        "topics: {t: {clauses: [{query: a}], examples: {match: [2015-10-13, yes]}}}"
    )

    assert settings.topics[0].match == ("2015-10-13", "yes")
