"""Read items in the order of their times, without keeping them all in memory.

The file is read twice: once to note where each item stands and when it was seen, once
to give the items out in order.
"""

from __future__ import annotations

import tempfile
from array import array
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING

import msgspec

from monitor.errors import WirewatchError
from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Items dated before this carry no real date: there were no feeds."""
FAR_AHEAD = timedelta(days=366)
"""Items dated further than this after all others carry no real date either."""
_SHARE = 0.99
_MAX_LINE = 16 << 20


class Item(msgspec.Struct, frozen=True):
    """One line of input; other fields are ignored.

    Args:
        fetched: when it was seen, which is the time rules work in.
        published: when it was published; the time rules work in where `fetched` is
            not given.
        feed: the feed's id; "" when items have none.
    """

    id: str
    title: str
    summary: str = ""
    lang: str = ""
    source: str = ""
    url: str = ""
    published: str = ""
    fetched: str = ""
    feed: str = ""


def parse_time(text: str) -> datetime | None:
    """Return a time as items carry it; None for what is no time."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC)


def entry_of(item: Item, at: datetime) -> Entry:
    """Return the entry that an item describes, seen at a time."""
    return Entry(
        feed=item.feed or item.source or "items",
        id=item.id,
        title=item.title,
        summary=item.summary,
        lang=item.lang,
        source=item.source,
        url=item.url,
        published_at=parse_time(item.published),
        fetched_at=at,
    )


class OrderedItems:
    """The items of a file in the order they were seen; equal times as they stand.

    Args:
        stream: opened for bytes; what cannot be wound back is copied to a file first.
        refuse: told the number of a line that holds no item, and why.

    Attributes:
        undated: items without a time that can be true, placed at the time of the item
            before them in the file.
    """

    def __init__(self, stream: IO[bytes], refuse: Callable[[int, str], None]) -> None:
        self._stream = stream if stream.seekable() else _spooled(stream)
        self._starts = array("Q")
        self._times = array("d")
        self.undated = 0
        self._read(refuse)
        self._date()
        order = sorted(range(len(self._times)), key=self._times.__getitem__)
        self._order = array("Q", order)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._order)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the items as entries, in order of time."""
        for number in self._order:
            self._stream.seek(self._starts[number])
            line = self._stream.readline(_MAX_LINE)
            item = msgspec.json.decode(line, type=Item)
            yield entry_of(item, datetime.fromtimestamp(self._times[number], UTC))

    def _read(self, refuse: Callable[[int, str], None]) -> None:
        start = self._stream.tell()
        for number, line in enumerate(iter(self._line, b""), start=1):
            where, start = start, start + len(line)
            if not line.strip():
                continue
            try:
                item = msgspec.json.decode(line, type=Item)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                refuse(number, f"not an item: {error}")
                continue
            at = parse_time(item.fetched) or parse_time(item.published)
            self._starts.append(where)
            self._times.append(at.timestamp() if at else 0.0)

    def _line(self) -> bytes:
        try:
            return self._stream.readline(_MAX_LINE)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WirewatchError(f"items: {reason}; name a file of items") from error

    def _date(self) -> None:
        """Give items without a true time that of the item before them."""
        latest = latest_true(self._times)
        true = [at for at in self._times if EARLIEST.timestamp() <= at <= latest]
        before = true[0] if true else EARLIEST.timestamp()
        for number, at in enumerate(self._times):
            if EARLIEST.timestamp() <= at <= latest:
                before = at
            else:
                self._times[number] = before
                self.undated += 1


def latest_true(times: Sequence[float]) -> float:
    """Return the latest time, in seconds, that an item of a file can truly have.

    A publisher's clock that is decades ahead would otherwise carry all rules along.
    """
    known = sorted(at for at in times if at >= EARLIEST.timestamp())
    if not known:
        return EARLIEST.timestamp()
    usual = known[min(int(len(known) * _SHARE), len(known) - 1)]
    middle = known[len(known) // 2]
    return max(middle, min(usual, known[-1])) + FAR_AHEAD.total_seconds()


def _spooled(stream: IO[bytes]) -> IO[bytes]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    while block := stream.read(1 << 20):
        copy.write(block)
    copy.seek(0)
    return copy
