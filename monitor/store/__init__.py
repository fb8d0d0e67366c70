"""The state: what Wirewatch remembers, on SQLite or PostgreSQL.

    Store            transactions, in worker threads    (this module)
    engine           connections and their errors
    schema, migrate  the tables and their history
    assess           stories, sightings and alerts for the core, in one transaction
    feeds, outbox    what pollers and couriers share by leases
    pauses           feeds that a user stopped
    feed_entries     the wordings that the log has of each feed
    feed_windows     what each feed lists, and what left it oddly
    feed_health      what is usual for each feed
    alerts           what the status page and stream `alerts` read
    retention        what may be forgotten, and when

Every step is one transaction that changes nothing when it is run again, because the
log redelivers; unique keys see to that, and no process holds state of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from monitor.errors import StateUnavailableError
from monitor.store import engine, migrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

T = TypeVar("T")

log = structlog.get_logger(__name__)

COLLISION_TRIES = 6
"""How often a transaction that lost against another one is run in all."""

PING_TIMEOUT = timedelta(seconds=5)

GROUP = 32
"""Pieces of work that may share one SQLite commit, and so one wait for the disk."""


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    done: Future[Any] = field(default_factory=Future)


class Store:
    """Run transactions on the state database without blocking the event loop.

    Args:
        url: `sqlite:///path`, or `postgresql://user:password@host/database`.
        pool_size: connections, and threads, on PostgreSQL; SQLite has one of each.

    Raises:
        StateError: the address is not one of these.
    """

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self._url = engine.read_url(url)
        self._is_sqlite = self._url.drivername == "sqlite"
        self._threads = 1 if self._is_sqlite else pool_size
        self._engine = engine.make_engine(self._url, self._threads)
        self._executor: ThreadPoolExecutor | None = None
        self._waiting: deque[_Job] = deque()

    def __repr__(self) -> str:
        """Name the database without user and password."""
        return f"Store({self.name!r})"

    @property
    def name(self) -> str:
        """Name the database for messages, without user and password."""
        return engine.name_of(self._url)

    async def start(self) -> None:
        """Connect and bring the tables up to date; safe to call again.

        Raises:
            StateUnavailableError: the database is away; call again later.
            StateError: a newer program wrote the database, or it is no database.
        """
        if self._executor is None:
            self._executor = ThreadPoolExecutor(
                self._threads, thread_name_prefix="state"
            )
        before, after = await self.run(lambda conn: migrate.upgrade(conn, self.name))
        if before != after:
            log.info("state migrated", state=self.name, before=before, after=after)

    async def stop(self) -> None:
        """Finish the work that has begun and disconnect; safe to call twice."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True)
        self._engine.dispose()

    async def ping(self, timeout: timedelta = PING_TIMEOUT) -> None:
        """Ask the database for an answer.

        Raises:
            StateUnavailableError: it gave none.
        """
        try:
            # A server that hangs answers nothing at all, not even an error.
            async with asyncio.timeout(timeout.total_seconds()):
                await self.run(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
        except TimeoutError:
            raise StateUnavailableError(
                f"{self.name}: the database gives no answer within {timeout}"
            ) from None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and return what it returns, once committed.

        `work` runs in another thread, and again from its start after a collision: let
        it touch nothing but its connection. An exception from it undoes the
        transaction. Work in flight is finished even if the caller is cancelled.

        Raises:
            StateUnavailableError: the database is away. Whether the transaction was
                committed is then unknown, so it must be one that can be repeated.
        """
        if self._executor is None:
            # Whoever still waits for it while the process ends goes on waiting.
            raise StateUnavailableError(f"{self.name}: the state is not started")
        job = _Job(work)
        self._waiting.append(job)
        self._executor.submit(self._serve)
        answer: T = await asyncio.wrap_future(job.done)
        return answer

    def _serve(self) -> None:
        """Do the work that waits: all of it at once on SQLite, a piece elsewhere."""
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < (GROUP if self._is_sqlite else 1):
            try:
                job = self._waiting.popleft()
            except IndexError:  # another thread was quicker
                break
            if job.done.set_running_or_notify_cancel():
                jobs.append(job)
        if len(jobs) > 1 and self._serve_together(jobs):
            return
        for job in jobs:
            try:
                answer = self._transact(job.work)
            except BaseException as error:
                job.done.set_exception(error)
            else:
                job.done.set_result(answer)

    def _serve_together(self, jobs: list[_Job]) -> bool:
        """Try to do several pieces of work in one transaction."""
        try:
            answers = self._transact(lambda conn: [job.work(conn) for job in jobs])
        except StateUnavailableError as error:
            # Trying each alone would only multiply the wait.
            for job in jobs:
                job.done.set_exception(StateUnavailableError(*error.args))
        except Exception:
            return False  # done one by one, each meets its own error
        else:
            for job, answer in zip(jobs, answers, strict=True):
                job.done.set_result(answer)
        return True

    def _transact(self, work: Callable[[Connection], T]) -> T:
        tries = 0
        while True:
            tries += 1
            try:
                with self._engine.begin() as conn:
                    return work(conn)
            except SQLAlchemyError as error:
                collided = isinstance(error, DBAPIError) and engine.is_collision(error)
                if collided and tries < COLLISION_TRIES:
                    # Two that collided must not meet again at once.
                    time.sleep(random.uniform(0, 0.01 * 2**tries))  # noqa: S311
                    continue
                known = engine.translate(error, self._url)
                if known is None:
                    raise
                # The chain would show what the message leaves out.
                raise known.with_traceback(error.__traceback__) from None
