"""What docs/rules.md says of each kind of rule, held to what the program does."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from monitor.rule_model import RuleKind
from tests.conftest import ROOT
from tests.scenarios.rules.timeline import read_lines, read_rule, told_in_memory

PAGE = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
ROWS = re.compile(r"(?:^\| (?:d\d+ )?\d\d:\d\d \|.*\n)+", re.MULTILINE)


def documented() -> list[Any]:
    """Return the rule and the timelines of each kind's section."""
    found = []
    for kind in get_args(RuleKind):
        section = re.search(rf"^## `{kind}`.*?(?=^## )", PAGE, re.DOTALL | re.MULTILINE)
        assert section, kind
        block = section[0].split("```yaml\n")[1].split("```")[0]
        (written,) = YAML(typ="safe").load(block)["rules"].values()
        tables = ROWS.findall(section[0])
        assert tables, kind
        found += [
            pytest.param(written, table, id=f"{kind}-{number}")
            for number, table in enumerate(tables)
        ]
    return found


@pytest.mark.parametrize(("written", "table"), documented())
async def test_a_documented_timeline_is_what_happens(
    written: dict[str, Any], table: str
) -> None:
    rule, lines = read_rule("r", {**written, "topic": "t"}), read_lines(table)

    told = await told_in_memory(rule, lines, twice=True)

    assert told == [line.told for line in lines]
