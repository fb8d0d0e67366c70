"""Topic files: whatever they hold is read or told."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import load
from monitor.errors import ConfigError
from tests.edges.config.topic_lines import mistakes, write

if TYPE_CHECKING:
    from collections.abc import Sequence


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_a_file_holds_is_read_or_told(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder))
        (Path(folder) / "topics.jsonl").write_bytes(content)
        if content.removeprefix(b"\xef\xbb\xbf").strip():
            assert all(line[:2] == "T:" for line in mistakes(path))
        else:
            assert load(path, environ={}).topics


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["all", "near"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "query",
                "clauses",
                "exclude",
                "threshold",
                "direction",
                "examples",
            ]
        )
        | st.text(max_size=3),
        json_values,
    )
)
def test_whatever_a_line_says_is_taken_or_told(row: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), row)
        told: Sequence[str] = ()
        try:
            load(path, environ={})
        except ConfigError as error:
            told = error.lines

        assert all("topics.jsonl:1:" in line for line in told)


def test_a_line_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    path = write(tmp_path)
    row = '{"name": "x", "query": "caf\N{LATIN SMALL LETTER E WITH ACUTE}"}'
    (tmp_path / "topics.jsonl").write_bytes(row.encode("latin-1"))

    assert mistakes(path) == [
        'T:1:28: the line is not UTF-8; write {"name": "...", "query": "..."}'
    ]


@pytest.mark.parametrize("digits", [300, 3000, 30_000])
def test_a_number_without_end_is_told(tmp_path: Path, digits: int) -> None:
    row = '{"name": "x", "query": "acme", "threshold": ' + "1" * digits + "}"
    found = mistakes(write(tmp_path, row))

    assert len(found) == 1
    assert found[0].startswith("T:1:")


@pytest.mark.parametrize("depth", range(100, 1100, 50))
def test_a_line_nested_deeply_is_told(tmp_path: Path, depth: int) -> None:
    inner = "[" * depth + "]" * depth
    found = mistakes(write(tmp_path, f'{{"name": "x", "clauses": {inner}}}'))

    assert len(found) == 1
    assert found[0].startswith("T:1:")


def test_a_line_nested_without_end_is_told(tmp_path: Path) -> None:
    found = mistakes(write(tmp_path, '{"name": "x", "clauses": ' + "[" * 100_000))

    assert found == [
        'T:1:1: the line is nested too deeply; write {"name": "...", "query": "..."}'
    ]
