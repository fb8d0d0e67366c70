"""Items as JSON Lines: what `check --sample` and `topic suggest` read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

import msgspec

from monitor.errors import WirewatchError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.cli.classify import Item

ItemT = TypeVar("ItemT", bound="Item")


def read_items(path: Path, kind: type[ItemT]) -> tuple[list[ItemT], int]:
    """Return the items of a file, and how many lines were none.

    A line that is no item is named on standard error and passed over.

    Raises:
        WirewatchError: the file cannot be read.
    """
    items: list[ItemT] = []
    refused = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    items.append(msgspec.json.decode(line, type=kind))
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    refused += 1
                    print(f"{path}:{number}: not an item: {error}", file=sys.stderr)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WirewatchError(f"{path}: {reason}; name a file of items") from error
    return items, refused
