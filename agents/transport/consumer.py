"""Feed Faust's agents from the SQLite log.

One process owns the log, so every subscribed partition is ours: there is no group to
join, and an assignment changes only when Faust subscribes anew. Acknowledgement and
the choice of the offsets to commit are Faust's own (`faust.transport.consumer`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from faust.transport import base
from faust.types import TP, ConsumerMessage

from agents.transport.flow import SteadyFlow
from monitor.errors import LogUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.eventlog import StoredRecord
    from monitor.eventlog.sqlite import SqliteLog

FETCH_RECORDS = 100
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
CREATE_TIME = 0

log = structlog.get_logger(__name__)


class _Outage:
    """Say once that the log is away, and once that it is back."""

    def __init__(self, during: str) -> None:
        self._during = during
        self._lasts = False

    def failed(self, error: Exception) -> None:
        if not self._lasts:
            log.warning("log is away", during=self._during, error=str(error))
        self._lasts = True

    def worked(self) -> None:
        if self._lasts:
            log.info("log is back", during=self._during)
        self._lasts = False


class SqliteConsumer(SteadyFlow, base.Consumer):  # type: ignore[misc]
    """Read the subscribed streams from where the app's group left off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._group: str = self.app.conf.id
        self._assigned: set[TP] = set()
        self._positions: dict[TP, int] = {}
        self._generation = 0
        self._fetching = _Outage("read")
        self._committing = _Outage("commit")

    @property
    def _log(self) -> SqliteLog:
        found: SqliteLog = self.transport.log
        return found

    # Subscription

    async def on_start(self) -> None:
        """Be told of appends."""
        await super().on_start()
        self._log.watch(self._stir)

    async def on_stop(self) -> None:
        """Let agents finish what they hold, and commit it."""
        await super().on_stop()
        self._log.unwatch(self._stir)

    def _stir(self, stream: str) -> None:
        if any(tp.topic == stream for tp in self._assigned):
            self._stirred.set()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Take every partition of these streams; name those that do not exist."""
        assigned: set[TP] = set()
        for topic in topics:
            count = self._log.partitions(topic)
            if count == 0:
                log.error(
                    "stream does not exist, its agents stand idle",
                    stream=topic,
                    group=self._group,
                )
            assigned.update(TP(topic, number) for number in range(count))
        # Faust holds the assignment back until this call has returned.
        self.add_future(self._assign(assigned))

    async def _assign(self, assigned: set[TP]) -> None:
        revoked = set(self._assigned)
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(revoked)
        self._assigned = assigned
        self._positions = dict.fromkeys(assigned, 0)
        self._generation += 1
        self.app.consumer_generation_id = self._generation
        await self.on_partitions_assigned(set(assigned), self._generation)

    def assignment(self) -> set[TP]:
        """Return the partitions this app reads."""
        return set(self._assigned)

    def topic_partitions(self, topic: str) -> int | None:
        """Return how many partitions a stream has, or None if it does not exist."""
        return self._log.partitions(topic) or None

    def key_partition(
        self, topic: str, key: bytes | None, partition: int | None = None
    ) -> int | None:
        """Return the partition a record goes to, or None for an unknown stream."""
        if partition is not None or self._log.partitions(topic) == 0:
            return partition
        return self._log.partition(topic, key)

    # Reading

    async def _getmany(
        self, active_partitions: set[TP] | None, timeout: float
    ) -> Mapping[TP, Sequence[StoredRecord]]:
        active = self._assigned if active_partitions is None else active_partitions
        self._stirred.clear()
        if self.flow_active and not self._is_behind(active):
            await self._until_stirred(timeout)
        if not self.flow_active:
            return {}
        try:
            fetched = await self._fetch(active)
        except LogUnavailableError as error:
            self._fetching.failed(error)
            await self.sleep(timeout)
            return {}
        self._fetching.worked()
        return fetched

    def _is_behind(self, active: Iterable[TP]) -> bool:
        return any(
            self._log.end(tp.topic, tp.partition) > self._positions.get(tp, 0)
            for tp in active
        )

    async def _fetch(self, active: Iterable[TP]) -> Mapping[TP, Sequence[StoredRecord]]:
        fetched: dict[TP, Sequence[StoredRecord]] = {}
        for tp in list(active):
            position = self._positions.get(tp)
            if position is None or not self._is_behind([tp]):
                continue
            end = self._log.end(tp.topic, tp.partition)
            records = await self._log.read(
                tp.topic, tp.partition, position, FETCH_RECORDS
            )
            if self._positions.get(tp) != position:
                continue  # somebody sought elsewhere meanwhile
            if records:
                self._positions[tp] = records[-1].offset + 1
                fetched[tp] = records
            else:
                self._positions[tp] = end  # retention has removed what there was
        return fetched

    def _to_message(self, tp: TP, record: StoredRecord) -> ConsumerMessage:
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.offset,
            record.at.timestamp(),
            CREATE_TIME,
            [],
            record.key,
            record.value,
            None,
            len(record.key) if record.key is not None else 0,
            len(record.value),
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    # Positions

    async def position(self, tp: TP) -> int | None:
        """Return the offset of the next record to read."""
        return self._positions.get(tp)

    async def _seek(self, partition: TP, offset: int) -> None:
        self._positions[partition] = offset
        self._stirred.set()

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go on reading elsewhere."""
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go back to where the group had committed; a new group to the oldest record.

        A new group is noted in the log, so that retention knows of it.
        """
        committed = await self._log.committed(self._group)
        first = await self.earliest_offsets(*self._assigned)
        offsets = {tp: max(committed.get(tp, 0), first[tp]) for tp in self._assigned}
        new = {
            (tp.topic, tp.partition): offset
            for tp, offset in offsets.items()
            if tp not in committed
        }
        if new:
            await self._log.commit(self._group, new)
        self._positions.update(offsets)
        return offsets

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the offset of the oldest record of each partition."""
        firsts = {
            topic: await self._log.first_offsets(topic)
            for topic in {tp.topic for tp in partitions}
        }
        return {tp: firsts[tp.topic].get(tp.partition, 0) for tp in partitions}

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the offset the next record of each partition will get."""
        return {tp: self.highwater(tp) for tp in partitions}

    def highwater(self, tp: TP) -> int:
        """Return the offset the next record of a partition will get."""
        return self._log.end(tp.topic, tp.partition)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Faust takes a commit for done whatever we answer, so it is tried until it
        # is. A stopping app gives up: the records will come again.
        where = {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        pause = FIRST_PAUSE
        while True:
            try:
                await self._log.commit(self._group, where)
            except LogUnavailableError as error:
                if self.app.should_stop:
                    return False
                self._committing.failed(error)
                await self.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._committing.worked()
                return True

    async def create_topic(
        self, topic: str, partitions: int, replication: int, **settings: object
    ) -> None:
        """Create a stream, if it does not exist."""
        await self._log.create_streams({topic: partitions})
