"""Items as JSON Lines: what the commands that look at topics read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from monitor.errors import WirewatchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.cli.classify import Item

ItemT = TypeVar("ItemT", bound="Item")


class Items(Generic[ItemT]):
    """The items of a file, one by one.

    A line that is no item is named on standard error, counted in `refused` and passed
    over.

    Args:
        path: the file; None for standard input.
        kind: what each line holds.

    Raises:
        WirewatchError: the file cannot be read.
    """

    def __init__(self, path: Path | None, kind: type[ItemT]) -> None:
        self.refused = 0
        self._name = str(path) if path else "<stdin>"
        self._kind = kind
        try:
            self._stream = path.open("rb") if path else sys.stdin.buffer
        except OSError as error:
            raise self._unreadable(error) from error

    def __iter__(self) -> Iterator[ItemT]:
        """Yield each item as it is read."""
        with self._stream:
            for number, line in enumerate(self._lines(), start=1):
                if not line.strip():
                    continue
                try:
                    item = msgspec.json.decode(line, type=self._kind)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    self.refused += 1
                    place = f"{self._name}:{number}"
                    print(f"{place}: not an item: {error}", file=sys.stderr)
                    continue
                yield item

    def _lines(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> WirewatchError:
        reason = (error.strerror or str(error)).lower()
        return WirewatchError(f"{self._name}: {reason}; name a file of items")


def read_items(path: Path, kind: type[ItemT]) -> tuple[list[ItemT], int]:
    """Return the items of a file, and how many lines were none; see `Items`."""
    items = Items(path, kind)
    return list(items), items.refused
