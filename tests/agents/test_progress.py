"""Whether offsets advance."""

from __future__ import annotations

from agents.progress import STALLED_AFTER, Progress


def test_a_partition_that_waits_and_does_not_move_is_stalled() -> None:
    progress = Progress()
    progress.mark(0, 4)
    ends = {0: 10, 1: 0}

    early = progress.stalled([0, 1], ends, {}, at=0.0)
    late = progress.stalled([0, 1], ends, {}, at=STALLED_AFTER + 1)

    assert early == []
    assert late == [0]


def test_a_partition_that_moves_is_not_stalled() -> None:
    progress = Progress()
    ends = {0: 10}

    progress.stalled([0], ends, {0: 3}, at=0.0)
    progress.mark(0, 5)
    moved = progress.stalled([0], ends, {0: 3}, at=STALLED_AFTER + 1)

    assert moved == []


def test_another_process_partitions_are_its_own_business() -> None:
    progress = Progress()

    progress.stalled([0], {0: 0, 1: 99}, {}, at=0.0)
    late = progress.stalled([0], {0: 0, 1: 99}, {}, at=STALLED_AFTER + 1)

    assert late == []


def test_lag_counts_from_the_commit_until_the_first_record_is_taken() -> None:
    progress = Progress()

    before = progress.lag({0: 10}, {0: 4})
    progress.mark(0, 6)
    after = progress.lag({0: 10}, {0: 4})

    assert before == {0: 6}
    assert after == {0: 3}
