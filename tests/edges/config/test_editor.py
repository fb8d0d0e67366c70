"""The schema that editors use agrees with what the loader takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from monitor.config import json_schema
from tests.conftest import ROOT
from tests.edges.config.test_settings import WHOLE

if TYPE_CHECKING:
    from pathlib import Path


def read_plainly(text: str | Path) -> Any:
    """Read YAML as any program would."""
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_schema_beside_the_docs_is_the_programs_own() -> None:
    """Write it anew with `wirewatch schema > docs/configuration.schema.json`."""
    kept = json.loads((ROOT / "docs/configuration.schema.json").read_text())

    assert kept == json_schema()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WHOLE, id="whole"),
        pytest.param("x-anything: [1]\nweb: {}", id="a key for anchors"),
        pytest.param("workers: {parsers: '${N}'}", id="a reference for a number"),
        pytest.param(
            "receivers: {s: {type: slack, url: 'file:/run/s'}}", id="a secret file"
        ),
    ],
)
def test_the_schema_takes_what_the_loader_takes(text: str) -> None:
    validator = Draft202012Validator(json_schema())

    assert list(validator.iter_errors(read_plainly(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("topcs: {}", id="an unknown section"),
        pytest.param("feeds: {a: {url: 'https://x/', zzz: 1}}", id="an unknown key"),
        pytest.param("feeds: {a: {}}", id="a missing key"),
        pytest.param("defaults: {interval: 300}", id="a duration without a unit"),
        pytest.param("topics: {t: {clauses: []}}", id="no clauses"),
        pytest.param("rules: {r: {topic: t, type: anny}}", id="an unknown type"),
        pytest.param("receivers: {s: {type: slack, url: 'https://x'}}", id="a secret"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    validator = Draft202012Validator(json_schema())

    assert list(validator.iter_errors(read_plainly(text)))
