"""What the pages say, held to the program."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agents.streams import STREAMS
from monitor.cli import app
from monitor.config import load
from monitor.model import Entry

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
)
README = (ROOT / "README.md").read_text()
DESIGN = (ROOT / "docs/design.md").read_text()

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


def command_names(group: Any, above: str = "") -> set[str]:
    """Return every command, one inside a group as `topic suggest`."""
    names: set[str] = set()
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        full = f"{above}{name}"
        names |= command_names(command, f"{full} ") if inner else {full}
    return names


def test_the_readme_lists_every_command() -> None:
    names = command_names(typer.main.get_command(app))

    listed = re.findall(r"^\| `wirewatch ([a-z -]*[a-z])", README, re.MULTILINE)
    assert set(listed) == names


def test_the_design_lists_every_stream() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", DESIGN, re.MULTILINE)

    assert sorted(listed) == sorted(STREAMS)


def test_the_map_of_the_code_is_true() -> None:
    text = DESIGN[DESIGN.index("## Where code lives") :]
    block = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]
    listed: set[str] = set()
    folder = ""
    for line in block.splitlines():
        if not line.startswith(" "):
            folder = line.strip()
            continue
        names = re.split(r"\s{2,}", line.strip())[0].split()
        listed |= {folder + name for name in names}
    standing = {
        f"{package}/{path.name}{'/' if path.is_dir() else ''}"
        for package in ("monitor", "agents")
        for path in (ROOT / package).iterdir()
        if path.name not in {"__init__.py", "__pycache__"}
    }

    assert listed == standing


def test_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = {
        target
        for page in PAGES
        for target in re.findall(r"`make ([a-z-]+)", page.read_text())
    }

    assert asked - targets == set()
    assert {"run", "test", "check", "bench", "lock", "kafka"} <= targets


def test_the_readme_example_does_what_it_says(tmp_path: Path) -> None:
    block = re.search(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert block is not None
    config = tmp_path / "alerts.yaml"
    config.write_text(textwrap.dedent(block[1]))
    settings = load(config, environ={})
    entry = Entry(
        feed="wire",
        id="1",
        title="Japan may halt its UNESCO contribution",
        summary="",
        fetched_at=datetime(2015, 10, 13, tzinfo=UTC),
    )

    matches = settings.index.match(entry)
    assert [match.topic for match in matches] == ["unesco-funding-threat"]
    assert [span.quote for span in matches[0].spans] == [
        "halt",
        "UNESCO",
        "contribution",
    ]
