"""Know whether an agent's offsets advance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

STALLED_AFTER = 60.0
"""Seconds without progress, with records waiting, after which an agent is stalled."""


class Progress:
    """Remember how far one agent came, and since when it has not moved.

    A partition counts as waiting when its end lies beyond the next record the agent
    will take; before the agent took its first record of a partition in this process,
    beyond the offset the group had committed.

    Args:
        stalled_after: seconds of standing still, with records waiting.
    """

    def __init__(self, stalled_after: float = STALLED_AFTER) -> None:
        self._stalled_after = stalled_after
        self._next: dict[int, int] = {}
        self._lag_since: dict[int, tuple[int, float]] = {}

    def mark(self, partition: int, offset: int) -> None:
        """Note that the record at `offset` was processed."""
        self._next[partition] = offset + 1

    def lag(
        self, ends: Mapping[int, int], committed: Mapping[int, int]
    ) -> dict[int, int]:
        """Return the records still to be processed, per partition."""
        return {
            partition: max(
                0, end - self._next.get(partition, committed.get(partition, 0))
            )
            for partition, end in ends.items()
        }

    def stalled(
        self,
        assigned: Collection[int],
        ends: Mapping[int, int],
        committed: Mapping[int, int],
        at: float,
    ) -> list[int]:
        """Name the assigned partitions that wait and have not moved for too long.

        Args:
            at: the present on a monotonic clock, in seconds.
        """
        lag = self.lag(ends, committed)
        stalled = []
        for partition in assigned:
            position = self._next.get(partition, committed.get(partition, 0))
            if lag.get(partition, 0) == 0:
                self._lag_since.pop(partition, None)
                continue
            known = self._lag_since.get(partition)
            if known is None or known[0] != position:
                self._lag_since[partition] = (position, at)
            elif at - known[1] > self._stalled_after:
                stalled.append(partition)
        return sorted(stalled)
