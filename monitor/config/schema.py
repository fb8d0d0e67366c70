"""The keys of `alerts.yaml`: their names, types, ranges, defaults and meaning.

Shape only. What one value owes another (a rule its topics, a route its receivers) is
checked in `checks`; the descriptions here feed the editor schema and are held against
`docs/configuration.md` by a test.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr, WithJsonSchema

from monitor.config.scalars import (
    ConceptKey,
    Duration,
    HttpUrl,
    Interval,
    Listen,
    Name,
    Network,
    PartlySecretUrl,
    Secret,
    SecretUrl,
    Size,
    Text,
)
from monitor.config.schema_feeds import AnyFeed, FeedDefaults
from monitor.config.schema_publishers import PublisherOptions
from monitor.config.schema_rules import Macro, Rule
from monitor.config.schema_topics import Model, TextOptions, Topic
from monitor.config.schema_websub import WebSub


class Web(Model):
    """The web page, the metrics and the health checks."""

    listen: Listen = Field(
        "127.0.0.1:8480",
        description="Where page, /metrics, /livez and /readyz are served, as HOST:PORT;"
        " port 0 picks a free one. Default 127.0.0.1:8480, this machine only.",
    )


class Outbound(Model):
    """How feeds and receivers are contacted."""

    contact: str = Field(
        "",
        max_length=200,
        pattern=r"^[\x20-\x7e]*$",
        description="A mail address or web page where publishers reach you; sent in"
        " the User-Agent with every request. Default none.",
    )
    allow: list[Network] = Field(
        [],
        description="Private address ranges (CIDR) that feeds and receivers may lie"
        " in, such as 10.0.0.0/8; public addresses are always allowed. Default none.",
    )
    host_spacing: Duration | None = Field(
        None,
        description="Least time between the starts of two polls of one host, by all"
        " processes together; 0s for none. Default 1s, and none for hosts of your own"
        " network.",
    )
    host_at_once: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Polls of one host under way at the same time in one process, 1"
        " to 1000. Default 4, and any number for hosts of your own network.",
    )


class Route(Model):
    """Who hears of an alert; names and meaning after Prometheus Alertmanager."""

    receiver: Text | None = Field(None, description="The one receiver to tell.")
    receivers: list[Text] = Field(
        [], description="The receivers to tell. Default: those of the route above."
    )
    matchers: list[Text] = Field(
        [],
        description='Label conditions that must all hold: label="x", label!="x",'
        ' label=~"regex", label!~"regex". Default none.',
    )
    continue_: bool = Field(
        False,
        alias="continue",
        description="Go on to the next route after a match. Default false.",
    )
    routes: list[Route] = Field(
        [], description="Routes below this one; the first that matches takes the alert."
    )


class Console(Model):
    """Print alerts on standard output."""

    type: Literal["console"] = Field(description="Print alerts on standard output.")


class Webhook(Model):
    """Post alerts to a program of yours."""

    type: Literal["webhook"] = Field(
        description="Post alerts as Alertmanager webhook JSON, signed."
    )
    url: PartlySecretUrl = Field(
        description="Address to post to, http:// or https://; a password in it must"
        " come from ${ENV} or file:/path."
    )
    secret: Secret | None = Field(
        None,
        description="Standard Webhooks key (whsec_...) as ${ENV} or file:/path."
        " Default: unsigned.",
    )
    secrets: list[Secret] = Field(
        [],
        max_length=4,
        description="Several keys while one is replaced by another, the newest first.",
    )
    timeout: Interval = Field(
        timedelta(seconds=10),
        description="Time one attempt may take in all. Default 10s.",
    )


class Slack(Model):
    """Post alerts to a Slack channel."""

    type: Literal["slack"] = Field(
        description="Post alerts to a Slack channel through an incoming webhook."
    )
    url: SecretUrl = Field(
        description="The incoming webhook's address, a secret: ${ENV} or file:/path."
    )
    timeout: Interval = Field(
        timedelta(seconds=10),
        description="Time one attempt may take in all. Default 10s.",
    )


AnyReceiver = Annotated[Console | Webhook | Slack, Field(discriminator="type")]


class LogRetention(Model):
    """How much of the log is kept."""

    age: Interval = Field(
        timedelta(days=7),
        description="Records are kept this long; on Kafka, by streams created from then"
        " on. Default 7d.",
    )
    size: Size = Field(
        1024**3,
        description="Size of the SQLite log above which the oldest records go, in KiB,"
        " MiB or GiB. Default 1GiB.",
    )


class StateRetention(Model):
    """How long the database remembers."""

    age: Interval = Field(
        timedelta(days=90),
        description="Stories, alerts and delivered notifications are kept this long."
        " Default 90d.",
    )


class Retention(Model):
    """How long things are kept."""

    log: LogRetention = Field(
        LogRetention(), description="How much of the log is kept."
    )
    state: StateRetention = Field(
        StateRetention(), description="How long the database remembers."
    )


class Kafka(Model):
    """How streams are kept on Kafka; of no effect on the SQLite log."""

    prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,60}$",
        description="Put before the names of streams and consumer groups, for a cluster"
        " shared with others, such as wirewatch. with its dot. Default none.",
    )
    replicas: int = Field(
        1,
        ge=1,
        le=9,
        description="Copies of each stream when it is created, 1 to 9; use 3 on a"
        " cluster of three brokers or more. Default 1.",
    )
    partitions: int = Field(
        8,
        ge=1,
        le=1000,
        description="Partitions of the streams entries and matches when they are"
        " created, 1 to 1000; more classify or assess processes than this stand idle."
        " Default 8.",
    )


class Workers(Model):
    """How much one process does at once."""

    parsers: int = Field(
        2,
        ge=1,
        le=64,
        description="Processes that parse feeds, 1 to 64. Default 2.",
    )


class Config(Model):
    """Everything that `alerts.yaml` may say."""

    log: str = Field(
        "sqlite:///log.db",
        description="The event log: sqlite:///FILE (a relative FILE lies in the data"
        " folder) or kafka://HOST:PORT,HOST:PORT. Default sqlite:///log.db.",
    )
    state: Annotated[SecretStr, WithJsonSchema({"type": "string"})] = Field(
        SecretStr("sqlite:///state.db"),
        description="The database: sqlite:///FILE (a relative FILE lies in the data"
        " folder) or postgresql://USER:${PASSWORD}@HOST/NAME. Default"
        " sqlite:///state.db.",
    )
    web: Web = Field(Web(), description="The web page, metrics and health checks.")
    outbound: Outbound = Field(
        Outbound(), description="How feeds and receivers are contacted."
    )
    external_url: HttpUrl | None = Field(
        None,
        description="Address under which readers reach the web page, for links in"
        " notifications. Default none.",
    )
    websub: WebSub = Field(WebSub(), description="How hubs push feeds to us (WebSub).")
    retention: Retention = Field(Retention(), description="How long things are kept.")
    kafka: Kafka = Field(Kafka(), description="How streams are kept on Kafka.")
    workers: Workers = Field(
        Workers(), description="How much one process does at once."
    )
    defaults: FeedDefaults = Field(
        FeedDefaults(), description="What feeds do unless they say otherwise."
    )
    feeds: dict[Name, AnyFeed] = Field(
        {}, description="The feeds, by a name of yours: NAME: URL, or a mapping."
    )
    feed_files: list[Text] = Field(
        [],
        description="Lists of more feeds, seen from this file: OPML, as feed readers"
        " export it. A feed that also stands under feeds is as it says there. Default"
        " none.",
    )
    publishers: dict[Name, PublisherOptions] = Field(
        {},
        description="Who owns which publisher, by a name of yours or of the shipped"
        " table, which these extend and correct. Default: the shipped table.",
    )
    text: TextOptions = Field(TextOptions(), description="How text is read.")
    packs: list[Text] = Field(
        [],
        description="Files of concept packs of your own, seen from this file; those"
        " that come with Wirewatch need no mention. Default none.",
    )
    concepts: dict[Name, dict[ConceptKey, list[Text]]] = Field(
        {},
        description="Ideas by name, each with its terms per language (en, ja, zh, or"
        " any for all); $other takes in another concept; under except stand terms"
        " within which none of the others counts.",
    )
    topics: dict[Name, Topic] = Field({}, description="What is watched for, by name.")
    topic_files: list[Text] = Field(
        [],
        description="Files of many topics, seen from this file: JSON Lines, one topic a"
        ' line, as {"name": "...", "query": "..."} or with the keys of topics.'
        " Default none.",
    )
    lists: dict[Name, list[Text]] = Field(
        {},
        description="Lists by name; $name in a list of a rule stands for their items.",
    )
    macros: dict[Name, Macro] = Field(
        {},
        description="Parts of rules by name: keys that the rules that use them take"
        " over.",
    )
    rules: dict[Name, Rule] = Field(
        {}, description="When a topic's stories deserve an alert, by name."
    )
    route: Route | None = Field(
        None,
        description="Who hears of which alert. Default: every receiver of every alert.",
    )
    receivers: dict[Name, AnyReceiver] = Field(
        {}, description="Where readers listen, by name. Default: the console."
    )
