"""A mistake inside a query is placed at its character, however the text is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.edges.config.conftest import Mistakes

HEAD = "topics:\n  t:\n    clauses:\n"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        pytest.param("      - query: aa AND $nope\n", "F:4:23", id="plain"),
        pytest.param("      - query: 'aa AND $nope'\n", "F:4:24", id="single quotes"),
        pytest.param('      - query: "aa AND $nope"\n', "F:4:24", id="double quotes"),
        pytest.param(
            "      - query: 'it''s AND $nope'\n", "F:4:27", id="a doubled quote"
        ),
        pytest.param(
            '      - query: "\\u0061\\x61 AND $nope"\n', "F:4:32", id="escapes"
        ),
        pytest.param(
            "      - query: |\n          aa AND\n          bb AND $nope\n",
            "F:6:18",
            id="literal block",
        ),
        pytest.param(
            "      - query: >-\n          aa AND\n          bb AND $nope\n",
            "F:6:18",
            id="folded block",
        ),
        pytest.param(
            "      - query: aa AND\n          bb AND $nope\n",
            "F:5:18",
            id="plain over two lines",
        ),
        pytest.param(
            "      - query: 'aa AND\n          bb AND $nope'\n",
            "F:5:18",
            id="quoted over two lines",
        ),
        pytest.param(
            "      - query: &q aa AND $nope\n", "F:4:26", id="behind an anchor"
        ),
        pytest.param(
            "      - query: ${PART} AND $nope\n", "F:4:16", id="with a reference"
        ),
        pytest.param(
            "      - query: ユネスコ AND $nope\n", "F:4:25", id="wide characters"
        ),
    ],
)
def test_a_mistake_in_a_query_is_placed(
    mistakes: Mistakes, written: str, place: str
) -> None:
    found = mistakes(HEAD + written, {"PART": "aa OR bb OR cc"})

    assert [line.split(": ")[0] for line in found] == [place]
    assert 'no concept named "nope"' in found[0]
