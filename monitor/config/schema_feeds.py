"""The keys of `alerts.yaml` that say what is polled: feeds and their defaults.

Shape only, as in `schema`. The feeds of feed files have some of the same keys.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from monitor.config.scalars import HttpUrl, Interval, Lang, Secret, Text
from monitor.config.schema_topics import Model

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

UserName = Annotated[
    str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]+$", max_length=200)
]


class FeedDefaults(Model):
    """What feeds do unless they say otherwise."""

    interval: Interval = Field(
        timedelta(minutes=5),
        description="Time between two polls of a feed, before jitter; at least 100ms."
        " Default 5m.",
    )
    max_interval: Interval | None = Field(
        None,
        description="How far the interval may stretch, for feeds that are quiet and"
        " publishers who ask for it. Default: quiet feeds are polled as often as"
        " others, and publishers may ask for an hour at most.",
    )
    timeout: Interval = Field(
        timedelta(seconds=30),
        description="Time one poll may take in all; at least 100ms. Default 30s.",
    )
    full_text: bool = Field(
        False,
        description="Read the page of an item that a topic nearly matched, if its"
        " robots.txt allows. Needs the extra wirewatch[fulltext]. Default false.",
    )


class BasicAuth(Model):
    """A user name and a password."""

    type: Literal["basic"] = Field(
        description="A user name and a password (HTTP basic authentication)."
    )
    username: UserName = Field(description="The user name, without a colon.")
    password: Secret = Field(
        description="The password, as ${ENV} or file:/path, never in the file itself."
    )


class BearerAuth(Model):
    """A token."""

    type: Literal["bearer"] = Field(description="A token (HTTP bearer authentication).")
    token: Secret = Field(
        description="The token, as ${ENV} or file:/path, never in the file itself."
    )


AnyAuth = Annotated[BasicAuth | BearerAuth, Field(discriminator="type")]


class FeedSource(Model):
    """A polled source."""

    url: HttpUrl = Field(description="The feed's address, http:// or https://.")
    interval: Interval | None = Field(
        None,
        description="Time between two polls, before jitter; at least 100ms. Default"
        " defaults.interval.",
    )
    max_interval: Interval | None = Field(
        None,
        description="How far the interval may stretch. Default defaults.max_interval.",
    )
    timeout: Interval | None = Field(
        None, description="Time one poll may take in all. Default defaults.timeout."
    )
    full_text: bool | None = Field(
        None,
        description="Read the page of an item that a topic nearly matched, if its"
        " robots.txt allows. Default defaults.full_text.",
    )
    lang: Lang | None = Field(
        None,
        description="Language of its entries (BCP 47, such as en, ja, zh-Hant)."
        " Default: as the feed itself says.",
    )
    source: Text | None = Field(
        None, description="The publisher's name. Default: the feed's own title."
    )
    auth: AnyAuth | None = Field(
        None, description="What the publisher wants to see first. Default: nothing."
    )


def _full_feed(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class _OrAddress:
    """Tell editors that an address alone will do."""

    @staticmethod
    def __get_pydantic_json_schema__(
        core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        address = {"type": "string", "description": "The feed's address."}
        return {"anyOf": [address, handler(core)]}


AnyFeed = Annotated[FeedSource, BeforeValidator(_full_feed), _OrAddress]
