"""Tell how well feeds are read, for rules that expect something of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from monitor.alerting.rules.absence import FeedNews, Freshness
from monitor.store.conditions import named
from monitor.store.schema import feed_health, feeds, rule_watches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.rule_model import Rule

OVERDUE = timedelta(minutes=5)
"""How late a poll may be before a feed counts as not read."""

MAX_FEEDS = 10_000
"""Feeds that rules may expect something of, the first by name."""

Answers = dict[tuple[str, str], int]
"""Per rule and answer, how much of what it expects has that answer."""


def freshness_of(conn: Connection, rules: Iterable[Rule], now: datetime) -> Freshness:
    """Return how well feeds are read, and the news of those that rules name.

    A feed is fresh when its last poll was good and its next is not overdue. Those
    paused by hand are left out.
    """
    of = feeds.c
    runs = and_(of.active.is_(True), of.paused_at.is_(None))
    is_fresh = and_(
        of.failures == 0,
        of.stopped_since.is_(None),
        of.polled_at.is_not(None),
        of.next_poll_at >= now - OVERDUE,
    )
    total, fresh = conn.execute(
        select(func.count(), func.count().filter(is_fresh)).where(runs)
    ).one()
    wanted = sorted({name for rule in rules for name in rule.feeds})
    news = _news(conn, wanted) if wanted else ()
    return Freshness(total=total, fresh=fresh, feeds=news)


def _news(conn: Connection, wanted: list[str]) -> tuple[FeedNews, ...]:
    of, usual = feeds.c, feed_health.c
    news_at = func.coalesce(usual.news_at, usual.known_since, type_=usual.news_at.type)
    found = conn.execute(
        select(of.id, of.stopped_since, of.failures, of.error, usual.reason)
        .add_columns(news_at.label("news_at"))
        .join_from(feeds, feed_health, usual.feed == of.id, isouter=True)
        .where(
            of.active.is_(True),
            of.paused_at.is_(None),
            named(wanted, of.id, conn.dialect.name),
        )
        .order_by(of.id)
        .limit(MAX_FEEDS)
    )
    return tuple(
        FeedNews(
            feed=row.id,
            news_at=row.news_at,
            stopped=row.error if row.stopped_since else "",
            trouble=row.error if row.failures else row.reason or "",
        )
        for row in found
    )


def absence_answers(conn: Connection) -> Answers:
    """Return what is known of what rules expect."""
    of = rule_watches.c
    found = conn.execute(
        select(of.rule, of.answer, func.count())
        .where(of.answer != "")
        .group_by(of.rule, of.answer)
    )
    return {(rule, answer): number for rule, answer, number in found}
