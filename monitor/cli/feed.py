"""`wirewatch feed`: how the feeds do, and one feed at a time."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from monitor.cli import feed_lists, feed_test
from monitor.cli.options import DEFAULT_CONFIG, Config, Format, FormatOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from monitor.config import Settings
    from monitor.feed_model import FeedState, UsualFeed
    from monitor.feed_window import FeedMarks, Withdrawn
    from monitor.feeds.health import FeedHealth
    from monitor.model import Feed
    from monitor.store import Store

app = typer.Typer(
    help="See, try, pause and list feeds.", no_args_is_help=True, rich_markup_mode=None
)
app.command("test")(feed_test.command)
app.command("add")(feed_lists.add)
app.command("import")(feed_lists.import_list)
app.command("export")(feed_lists.export_list)

_COLUMNS = ("feed", "state", "last good", "next poll", "failures", "gaps", "reason")
Feeds = Annotated[list[str], typer.Argument(metavar="NAME...", help="Feeds.")]


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `feed list`; without the address, which may hold a key."""

    id: str
    host: str
    state: str
    reason: str = ""
    since: datetime | None = None
    failures: int = 0
    good_at: datetime | None = None
    polled_at: datetime | None = None
    changed_at: datetime | None = None
    next_poll_at: datetime | None = None
    gaps: int = 0
    gap_at: datetime | None = None
    withdrawn: tuple[Withdrawn, ...] = ()


@app.command("list")
def list_feeds(
    config: Config = DEFAULT_CONFIG,
    unwell: Annotated[
        bool,
        typer.Option("--unwell", help="Only feeds that somebody should look at."),
    ] = False,
    output: FormatOption = Format.AUTO,
) -> None:
    """Tell how each feed does: its state, when it was last well, why it is not.

    What is told comes from the database, so it works beside a running monitor and
    without one. Exits 0, or 1 if --unwell finds some.

    \b
    Examples:
      wirewatch feed list
      wirewatch feed list --unwell --format json
    """
    settings = _settings(config)
    rows = _rows(settings.feeds, _read_known(settings))
    if unwell:
        from monitor.feeds.health import UNWELL

        rows = [row for row in rows if row.state in UNWELL]
    if output.is_json:
        _print_json(rows)
    else:
        _print_table(rows)
    if unwell and rows:
        raise typer.Exit(1)


@app.command("pause")
def pause_feeds(names: Feeds, config: Config = DEFAULT_CONFIG) -> None:
    """Poll these feeds no more, until they are resumed.

    Kept in the database: every process heeds it, also after a restart.

    \b
    Example:
      wirewatch feed pause un-news reuters
    """
    from monitor.clock import SystemClock
    from monitor.store.pauses import pause

    settings = _settings(config)
    chosen = [_named(settings, name) for name in names]
    now = SystemClock().now()
    for feed in chosen:
        was_running = _in_state(
            settings, lambda conn, feed=feed: pause(conn, feed, now)
        )
        told = "paused" if was_running else "was paused before"
        print(f'feed "{feed.id}": {told}', file=sys.stderr)


@app.command("resume")
def resume_feeds(names: Feeds, config: Config = DEFAULT_CONFIG) -> None:
    """Poll paused feeds again, and those stopped since their publisher gave them up.

    \b
    Example:
      wirewatch feed resume un-news
    """
    from monitor.clock import SystemClock
    from monitor.store.pauses import resume

    settings = _settings(config)
    chosen = [_named(settings, name) for name in names]
    now = SystemClock().now()
    for feed in chosen:
        since = _in_state(settings, lambda conn, feed=feed: resume(conn, feed.id, now))
        told = f"resumed, paused since {_short(since)}" if since else "was not paused"
        print(f'feed "{feed.id}": {told}', file=sys.stderr)


def _settings(config: Path) -> Settings:
    from monitor.cli.logs import set_up
    from monitor.config import load

    set_up("warning")
    return load(config, environ=os.environ)


def _named(settings: Settings, name: str) -> Feed:
    from monitor.config.wording import choice
    from monitor.errors import WirewatchError

    for feed in settings.feeds:
        if feed.id == name:
            return feed
    hint = choice(name, [feed.id for feed in settings.feeds], "known are")
    raise WirewatchError(
        f'{settings.path}: no feed named "{name}"; {hint or "add it under feeds"}'
    )


def _in_state(settings: Settings, work: Callable[..., Any]) -> Any:
    """Run one transaction on the database."""

    async def run() -> Any:
        store = _store(settings)
        await store.start()
        try:
            return await store.run(work)
        finally:
            await store.stop()

    return asyncio.run(run())


def _store(settings: Settings) -> Store:
    from monitor.store import Store

    return Store(settings.state_url, pool_size=1)


class _Known(msgspec.Struct, frozen=True):
    """What the database knows of feeds, by their ids."""

    states: dict[str, FeedState] = {}
    usual: dict[str, UsualFeed] = {}
    marks: dict[str, FeedMarks] = {}
    paused: dict[str, datetime] = {}


def _read_known(settings: Settings) -> _Known:
    from monitor.store.feed_health import usual_feeds
    from monitor.store.feed_windows import feed_marks
    from monitor.store.feeds import StoreFeedBook
    from monitor.store.pauses import paused_feeds

    file = settings.state_url.removeprefix("sqlite:///")
    if file != settings.state_url and not Path(file).exists():
        return _Known()  # nothing has run yet, and looking must not make a database

    async def read() -> _Known:
        store = _store(settings)
        await store.start()
        try:
            states = await StoreFeedBook(store).list_feeds()
            return _Known(
                {state.id: state for state in states},
                await store.run(usual_feeds),
                await store.run(feed_marks),
                await store.run(paused_feeds),
            )
        finally:
            await store.stop()

    return asyncio.run(read())


def _rows(feeds: Iterable[Feed], known: _Known) -> list[FeedRow]:
    from monitor.feed_window import NO_MARKS
    from monitor.feeds.health import UNWELL, judge

    rows = []
    for feed in feeds:
        state = known.states.get(feed.id)
        if state is None:
            rows.append(_unpolled(feed, known.paused.get(feed.id)))
        else:
            health = judge(state, known.usual.get(feed.id))
            rows.append(_row(state, health, known.marks.get(feed.id, NO_MARKS)))
    order = (*UNWELL, "paused", "waiting", "ok")
    return sorted(rows, key=lambda row: (order.index(row.state), row.id))


def _unpolled(feed: Feed, paused_at: datetime | None) -> FeedRow:
    from monitor.alerting.plain import host_of

    return FeedRow(
        id=feed.id,
        host=host_of(feed.url),
        state="paused" if paused_at else "waiting",
        reason="paused by hand" if paused_at else "",
        since=paused_at,
    )


def _row(state: FeedState, health: FeedHealth, marks: FeedMarks) -> FeedRow:
    from monitor.alerting.plain import host_of

    is_off = state.paused_at is not None or state.stopped_since is not None
    return FeedRow(
        id=state.id,
        host=host_of(state.url),
        state=health.condition,
        reason=health.reason,
        since=health.since,
        failures=state.failures,
        good_at=state.good_at,
        polled_at=state.polled_at,
        changed_at=state.changed_at,
        next_poll_at=None if is_off else state.next_poll_at,
        gaps=marks.gaps,
        gap_at=marks.gap_at,
        withdrawn=marks.withdrawn,
    )


def _print_json(rows: Iterable[msgspec.Struct]) -> None:
    for row in rows:
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    sys.stdout.buffer.flush()


def _print_table(rows: Sequence[FeedRow]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name == "failures" else "left")
    for row in rows:
        table.add_row(
            row.id,
            row.state,
            _short(row.good_at),
            _short(row.next_poll_at),
            str(row.failures or ""),
            f"{row.gaps}, last {_short(row.gap_at)}" if row.gaps else "",
            _why(row),
        )
    Console(highlight=False, markup=False).print(table)
    unwell = sum(row.state not in ("ok", "waiting", "paused") for row in rows)
    print(f"{len(rows)} feeds, {unwell} unwell", file=sys.stderr)


def _why(row: FeedRow) -> str:
    from monitor.alerting.plain import clip

    parts = []
    if row.reason:
        since = f" (since {_short(row.since)})" if row.since else ""
        parts.append(clip(row.reason, 300) + since)
    if row.withdrawn:
        what = "entry" if len(row.withdrawn) == 1 else "entries"
        parts.append(f"{len(row.withdrawn)} {what} withdrawn?")
    return "; ".join(parts)


def _short(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}" if at else ""
