"""Group commit: run many small writes in one durable transaction.

The thread takes whatever waits, runs it in one transaction and answers all callers
after the commit. While one commit waits for the disk the next batch gathers, so
the cost of an fsync is shared by whoever came meanwhile.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.errors import LogUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

MAX_BATCH_JOBS = 256
MAX_BATCH_BYTES = 8 << 20


def unavailable(path: Path, error: Exception) -> LogUnavailableError:
    """Say that the log file cannot be used now, and why."""
    return LogUnavailableError(
        f"{path}: {error}; check the disk's space and health, it is tried again"
    )


@dataclass(slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    size: int
    done: asyncio.Future[Any]
    after: Callable[[Any], None] | None
    result: Any = None
    error: Exception | None = None


class GroupWriter:
    """Run jobs on a thread of its own, as many to a transaction as are waiting.

    Args:
        path: names the log in errors.
        connect: opens a connection in autocommit mode; called on the thread, again
            after any error of the database.
    """

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start the thread; answers go to the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(
            target=self._run, name=f"log writer {self._path.name}", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Finish what was handed in, then end the thread; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    async def run(
        self,
        work: Callable[[sqlite3.Connection], T],
        size: int = 0,
        after: Callable[[T], None] | None = None,
    ) -> T:
        """Return what `work` returned, once its transaction is on stable storage.

        An error that `work` raises undoes its own writes alone.

        Args:
            size: bytes it will write, roughly; bounds the transaction.
            after: told the result on the loop, even if the caller was cancelled.

        Raises:
            LogUnavailableError: the database refused; nothing of it was written.
        """
        if self._thread is None or self._loop is None:
            msg = f"{self._path}: the log is not open; start it first"
            raise LogUnavailableError(msg)
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, size, done, after))
        return await done

    def _run(self) -> None:
        running = True
        while running:
            batch, running = self._gather()
            if batch:
                self._commit(batch)
                self._answer(batch)
        self._close()

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for a job, then take what else waits; False when told to end."""
        batch: list[_Job] = []
        size = 0
        try:
            while len(batch) < MAX_BATCH_JOBS and size < MAX_BATCH_BYTES:
                job = self._jobs.get(block=not batch)
                if job is None:
                    return batch, False
                batch.append(job)
                size += job.size
        except queue.Empty:
            pass
        return batch, True

    def _commit(self, batch: list[_Job]) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._perform(job, connection)
            connection.execute("COMMIT")
        except Exception as error:
            # Also a MemoryError, as SQLite's want of memory is told: were it to end
            # the thread, every later write would wait for ever.
            # After a full disk or a failed write the state of the connection is
            # not to be trusted; closing it rolls back, and the next batch opens
            # the file anew.
            self._close()
            for job in batch:
                job.error = unavailable(self._path, error)
                job.error.__cause__ = error

    @staticmethod
    def _perform(job: _Job, connection: sqlite3.Connection) -> None:
        connection.execute("SAVEPOINT job")
        try:
            job.result = job.work(connection)
        except (sqlite3.Error, OSError):
            raise
        except Exception as error:
            job.error = error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def _answer(self, batch: list[_Job]) -> None:
        def deliver() -> None:
            for job in batch:
                if job.after is not None and job.error is None:
                    job.after(job.result)
                if job.done.done():
                    continue  # the caller was cancelled
                if job.error is not None:
                    job.done.set_exception(job.error)
                else:
                    job.done.set_result(job.result)

        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(deliver)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return
