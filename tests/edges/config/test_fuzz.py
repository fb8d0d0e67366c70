"""Whatever is in the file, loading it gives settings or a list of mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import Settings, load
from monitor.errors import ConfigError
from tests.edges.config.test_settings import WHOLE

if TYPE_CHECKING:
    from pathlib import Path

PIECES = st.sampled_from(
    [
        *"{}[]'\"#|>\n\t\u2028\U0001d518",
        *(
            ": ",
            "- ",
            "  ",
            "? ",
            "&a ",
            "*a",
            "!x ",
            "<<: *a",
            "${X}",
            "${",
            "file:/x",
        ),
        *("null", "true", "1e400", ".nan", "9" * 30, "2015-10-13", "type: [1]"),
    ]
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), PIECES | st.just("")),
    min_size=1,
    max_size=4,
)


def edited(edits: list[tuple[int, int, str]]) -> str:
    """Return the whole configuration after some careless edits."""
    text = WHOLE
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]
    return text


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
def test_a_careless_edit_never_ends_in_a_traceback(
    tmp_path: Path, edits: list[tuple[int, int, str]]
) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(edited(edits), encoding="utf-8")
    lines: tuple[str, ...] = ()
    result = None
    try:
        result = load(path, environ={})
    except ConfigError as error:
        lines = error.lines

    assert isinstance(result, Settings) or lines
    assert all(line.startswith(str(path)) and "\n" not in line for line in lines)
