"""What a configuration comes to: the values the program runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.manners import Manners

if TYPE_CHECKING:
    from datetime import timedelta

    from monitor.config.scalars import IPNetwork
    from monitor.model import Feed
    from monitor.pipeline import Plan
    from monitor.stories.publishers import Publishers
    from monitor.topics import TopicIndex
    from monitor.topics.spec import ConceptSpec, TopicSpec


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """How feeds and receivers are contacted.

    Args:
        user_agent: sent with every request.
        allow: private address ranges that may be contacted.
        manners: how hard one host of feeds may be asked.
    """

    user_agent: str
    allow: tuple[IPNetwork, ...] = ()
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Args:
        log_age: age from which records of the SQLite log may go.
        log_bytes: size above which the oldest records of the SQLite log go.
        state: age from which the database forgets.
    """

    log_age: timedelta
    log_bytes: int
    state: timedelta


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How streams are kept on Kafka.

    Args:
        prefix: put before the names of streams and consumer groups.
        replicas: copies of each stream when it is created.
        partitions: of the streams entries and matches when they are created.
    """

    prefix: str
    replicas: int
    partitions: int


@dataclass(frozen=True, slots=True)
class Workers:
    """How much one process does at once.

    Args:
        parsers: processes that parse feeds, 1 or more.
    """

    parsers: int


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration, checked and whole.

    Args:
        path: the file, as the user named it.
        digest: SHA-256 over the file, its packs, topic files and feed files, hex.
        log_url: `sqlite:///PATH` or `kafka://HOST:PORT,...`.
        state_url: `sqlite:///PATH` or `postgresql://...`, perhaps with a password.
        topics: as written, in the order of the file, then those of topic files.
        publishers: the shipped table of publishers with what the file adds to it.
        concepts: those of the file and those of packs that it uses.
        websub_callback: the public address hubs push to, without a slash at its end;
            "" while feeds are only polled.
        warnings: what is odd but no mistake, each `file:line:column: ...`.
    """

    path: str
    digest: str
    log_url: str = field(repr=False)
    state_url: str = field(repr=False)
    host: str
    port: int
    outbound: OutboundSettings
    retention: Retention
    kafka: KafkaSettings
    workers: Workers
    feeds: tuple[Feed, ...] = field(repr=False)
    topics: tuple[TopicSpec, ...] = field(repr=False)
    concepts: tuple[ConceptSpec, ...] = field(repr=False)
    index: TopicIndex = field(repr=False, compare=False)
    plan: Plan = field(repr=False)
    publishers: Publishers = field(repr=False, compare=False)
    warnings: tuple[str, ...] = ()
    websub_callback: str = ""
