"""The keys of `alerts.yaml` that say who owns which publisher. Shape only."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.config.countries import COUNTRIES
from monitor.config.scalars import Name, Text, mistake
from monitor.config.schema_topics import Model

_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_MOST = 253


def read_domain(value: Any) -> str:
    """Read a host name such as "example.org" or "news.example.co.jp"."""
    if not isinstance(value, str):
        raise mistake("must be text", "put it in double quotes")
    if "/" in value or ":" in value or "@" in value:
        raise mistake(
            "is no host name", 'write "example.org", without https:// or path'
        )
    name = value.strip(".").lower()
    labels = name.split(".")
    if name.startswith("*"):
        raise mistake("needs no star", "hosts below a domain count as the domain")
    if len(name) > _MOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise mistake("is no host name", 'write "example.org"')
    return name


def read_country(value: Any) -> str:
    """Read a country code of ISO 3166-1 alpha-2 into lower case."""
    code = value.strip().lower() if isinstance(value, str) else ""
    if code in COUNTRIES:
        return code
    hint = 'write two letters of ISO 3166-1, such as "jp"'
    if code == "uk":
        hint = 'write "gb"'
    raise mistake("is no country code", hint)


Domain = Annotated[
    str,
    BeforeValidator(read_domain),
    WithJsonSchema({"type": "string", "examples": ["example.org"]}),
]
Country = Annotated[
    str,
    BeforeValidator(read_country),
    WithJsonSchema({"type": "string", "examples": ["jp"]}),
]


class PublisherOptions(Model):
    """A publisher, new or as the shipped table has it."""

    domains: list[Domain] = Field(
        [],
        description="Its hosts, such as example.org; all hosts below count too. Added"
        " to those of the shipped table.",
    )
    names: list[Text] = Field(
        [],
        description="What it is called, also in other languages; the first is shown."
        " Added to those of the shipped table.",
    )
    family: Name | None = Field(
        None,
        description="The family it belongs to: the name of the publisher that owns it,"
        " or any name that several share. Default: its own.",
    )
    country: Country | None = Field(
        None,
        description="Where it is at home (ISO 3166-1 alpha-2), such as jp. Default"
        " unknown.",
    )
    agency: bool | None = Field(
        None, description="Others print its texts. Default false."
    )
    aggregator: bool | None = Field(
        None,
        description="It shows the news of others, so its items count for whom they"
        " name. Default false.",
    )
