"""Build the settings from a configuration that has been checked."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from monitor.alerting.lifecycle import USUAL
from monitor.config import specs
from monitor.config.addresses import in_folder
from monitor.config.publishers import publishers_of
from monitor.config.scalars import split_listen
from monitor.config.settings import (
    KafkaSettings,
    OutboundSettings,
    Retention,
    Settings,
    Workers,
)
from monitor.config.specs_rules import rules
from monitor.manners import Manners
from monitor.pipeline import Plan

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.alerting.lifecycle import Course
    from monitor.config.schema import Config
    from monitor.model import Feed
    from monitor.stories.publishers import Publishers
    from monitor.topics import TopicIndex
    from monitor.topics.spec import ConceptSpec, TopicSpec


def build(
    config: Config,
    *,
    concepts: tuple[ConceptSpec, ...],
    topics: tuple[TopicSpec, ...],
    index: TopicIndex,
    listed: tuple[Feed, ...],
    path: str,
    digest: str,
    data_dir: Path,
    warnings: tuple[str, ...],
) -> Settings:
    """Return the settings of a configuration without mistakes.

    Args:
        listed: the feeds of feed files.
        data_dir: where relative SQLite files lie.
    """
    host, port = split_listen(config.web.listen)
    publishers = publishers_of(config)
    return Settings(
        path=path,
        digest=digest,
        log_url=in_folder(config.log, data_dir),
        state_url=in_folder(config.state.get_secret_value(), data_dir),
        host=host,
        port=port,
        outbound=OutboundSettings(
            user_agent=user_agent(config.outbound.contact),
            allow=tuple(config.outbound.allow),
            manners=Manners(
                spacing=config.outbound.host_spacing,
                at_once=config.outbound.host_at_once,
            ),
        ),
        retention=_retention(config),
        kafka=_kafka(config),
        workers=Workers(parsers=config.workers.parsers),
        feeds=(*specs.feeds(config), *listed),
        topics=topics,
        concepts=concepts,
        index=index,
        plan=_plan(config, topics, publishers),
        publishers=publishers,
        warnings=warnings,
        websub_callback=(config.websub.callback or "").rstrip("/"),
    )


def _retention(config: Config) -> Retention:
    return Retention(
        log_age=config.retention.log.age,
        log_bytes=config.retention.log.size,
        state=config.retention.state.age,
    )


def _kafka(config: Config) -> KafkaSettings:
    return KafkaSettings(
        prefix=config.kafka.prefix,
        replicas=config.kafka.replicas,
        partitions=config.kafka.partitions,
    )


def _plan(
    config: Config, topics: tuple[TopicSpec, ...], publishers: Publishers
) -> Plan:
    receivers = specs.receivers(config)
    return Plan(
        rules=rules(config),
        route=specs.route(config, receivers),
        receivers=receivers,
        external_url=config.external_url or "",
        publishers=publishers,
        courses=_courses(config, topics),
    )


def _courses(config: Config, topics: tuple[TopicSpec, ...]) -> dict[str, Course]:
    """Return the courses of topics that do not go as usual, if any rule asks for them."""
    if not any(rule.type == "transition" for rule in config.rules.values()):
        return {}
    courses = ((topic.name, specs.course(topic)) for topic in topics)
    return {name: course for name, course in courses if course != USUAL}


def user_agent(contact: str) -> str:
    """Return the User-Agent: who asks, which version, and how to reach its user."""
    try:
        release = version("wirewatch")
    except PackageNotFoundError:  # run from a bare source tree
        release = "0"
    return f"Wirewatch/{release}" + (f" (+{contact})" if contact else "")
