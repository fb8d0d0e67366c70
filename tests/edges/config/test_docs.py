"""The page on the configuration names every key, and its examples work."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, create_model

from monitor.config.schema import Config
from tests.conftest import ROOT
from tests.edges.config.mistakes import MISTAKES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from tests.edges.config.conftest import Load

PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
KEY = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


def fields_of(annotation: Any, path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Walk a type and yield the keys below it; names that users give are left out."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            key = f"{path}.{field.alias or name}".removeprefix(".")
            yield key, field
            if name != "routes":  # a route holds routes, without end
                yield from fields_of(field.annotation, key)
    elif origin is list:
        yield from fields_of(arguments[0], f"{path}[]")
    elif origin is dict:
        yield from fields_of(arguments[1], path)
    elif origin is Annotated:
        yield from fields_of(arguments[0], path)
    elif origin in (Union, types.UnionType):
        for each in arguments:
            yield from fields_of(each, path)


def sections(text: str) -> dict[str, str]:
    """Split YAML by its keys at the left edge."""
    parts = re.split(r"^(?=[\w-]+:)", text, flags=re.MULTILINE)
    return {part.split(":")[0]: part for part in parts if part.strip()}


def body_of(section: str) -> str:
    """Return what the page says of a section."""
    found = re.search(
        rf"^## `{section}`\n(.*?)(?=^## )", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found, f"no section on {section}"
    return found[1]


@pytest.mark.parametrize("section", Config.model_fields)
def test_every_key_has_a_line_and_no_line_lacks_a_key(section: str) -> None:
    body = body_of(section)
    rows = re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)
    keys = [key for key, _ in fields_of(Config.model_fields[section].annotation)]

    assert sorted(rows) == sorted(set(keys))
    assert "```yaml" in body


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: "+".join(sections(block)))
def test_every_example_loads(load_text: Load, tmp_path: Path, block: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/webhook-key").write_text(KEY)
    (tmp_path / "secrets/ministry-token").write_text("token")
    given = sections(block)
    rest = {
        name: text for name, text in sections(BLOCKS[0]).items() if name not in given
    }
    if "receivers" in given:
        rest.pop("route", None)

    settings = load_text(
        "".join([*given.values(), *rest.values()]),
        SLACK_WEBHOOK_URL="https://hooks.slack.com/services/T/B/x",
        DATABASE_PASSWORD="pw",  # noqa: S106 - stands for one
        AGENCY_PASSWORD="pw",  # noqa: S106 - stands for one
        NEW_KEY=KEY,
        OLD_KEY=KEY,
    )

    assert settings.feeds


def test_defaults_in_the_page_are_those_of_the_program() -> None:
    compared = 0
    for section, top in Config.model_fields.items():
        fields = dict(fields_of(top.annotation))
        for key, shown in re.findall(
            r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", body_of(section), re.MULTILINE
        ):
            if shown.startswith("defaults."):
                continue
            field = fields[key]
            kind: Any = (field.annotation, field)
            holder: Any = create_model("Holder", value=kind)
            read = holder.model_validate({field.alias or "value": shown})
            assert read.model_dump()["value"] == field.default, (section, key)
            compared += 1

    assert compared > 10


def test_mistakes_in_the_page_are_told_as_it_says() -> None:
    table = PAGE[PAGE.index("## What mistakes look like") :]
    shown = re.findall(r"^\| .* \| `([^|]+)` \|$", table, re.MULTILINE)
    told = {line.split(": ", 1)[1] for _, _, line in MISTAKES}

    assert len(shown) > 5
    assert set(shown) <= told
