"""The table of publishers: the shipped one, with what the user adds to it.

The shipped table lies in `monitor/stories/data`. The public suffix list is the one
that comes with its library; nothing is fetched.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from publicsuffixlist import PublicSuffixList

from monitor.errors import Problem
from monitor.stories.names import Owner, ascii_host, normal
from monitor.stories.publishers import Publishers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.config.document import Keys
    from monitor.config.schema import Config
    from monitor.config.schema_publishers import PublisherOptions


class Table(Struct, frozen=True):
    """The shipped table, as it stands in its file."""

    version: str
    publishers: dict[str, Owner]
    description: str = ""


@lru_cache(maxsize=1)
def shipped_table() -> Table:
    """Return the table that comes with Wirewatch."""
    file = files("monitor.stories") / "data" / "publishers.json"
    table = msgspec.json.decode(file.read_bytes(), type=Table)
    named = {
        name: msgspec.structs.replace(owner, id=name)
        for name, owner in table.publishers.items()
    }
    return msgspec.structs.replace(table, publishers=named)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def registrable_domain(host: str) -> str | None:
    """Return the part of a host that its owner registered, by the public suffix list.

    None when there is none, as for a public suffix itself.
    """
    found: str | None = _suffixes().privatesuffix(ascii_host(host))
    return found


def publishers_of(config: Config) -> Publishers:
    """Return the shipped publishers with those of a configuration.

    A publisher of a shipped name is that publisher: its domains and names are added to
    those of the table, and the other keys take the place of the table's.
    """
    owners = dict(shipped_table().publishers)
    own = []
    for name, options in config.publishers.items():
        own.append(_merged(name, owners.pop(name, None), options))
    whole = {owner.id: owner for owner in (*owners.values(), *own)}
    return Publishers(
        [
            msgspec.structs.replace(owner, family=_house(owner, whole))
            for owner in whole.values()
        ],
        registrable_domain,
    )


def _house(owner: Owner, owners: Mapping[str, Owner]) -> str:
    """Return the family at the end of a chain: the owner of the owner counts."""
    seen = [owner.id]
    while owner.family and owner.family not in seen:
        seen.append(owner.family)
        if owner.family not in owners:
            break
        owner = owners[owner.family]
    # Whoever own each other are one family, named alike wherever one begins.
    return seen[-1] if owner.family in ("", owner.id, seen[-1]) else min(seen)


def _merged(name: str, shipped: Owner | None, options: PublisherOptions) -> Owner:
    base = shipped or Owner(id=name)
    names = (*options.names, *base.names)
    given = {
        key: value
        for key in ("family", "country", "agency", "aggregator")
        if (value := getattr(options, key)) is not None
    }
    return msgspec.structs.replace(
        base,
        names=tuple(dict.fromkeys(names or (name,))),
        domains=tuple(
            dict.fromkeys((*base.domains, *map(ascii_host, options.domains)))
        ),
        **given,
    )


def publisher_problems(config: Config) -> Iterator[Problem]:
    """Yield what is wrong with the publishers of a configuration, one to another."""
    domains: dict[str, str] = {}
    names: dict[str, str] = {}
    for publisher, options in config.publishers.items():
        path: Keys = ("publishers", publisher)
        for number, domain in enumerate(options.domains):
            where = (*path, "domains", number)
            if registrable_domain(domain) is None:
                yield Problem(
                    where,
                    f'"{domain}" is no publisher\'s: anybody may register below it',
                    "name a domain below it",
                )
            yield from _twice(where, domain, domain, publisher, domains)
        for number, name in enumerate(options.names):
            where = (*path, "names", number)
            if not normal(name):
                yield Problem(where, f'"{name}" holds no letter', "write its name")
            yield from _twice(where, name, normal(name), publisher, names)
        if not options.domains and not options.names and publisher not in _shipped():
            yield Problem(
                path,
                'neither "domains" nor "names", so nothing is known by it',
                "add one of them",
            )
        if options.agency and options.aggregator:
            yield Problem(
                (*path, "aggregator"),
                "an agency has texts of its own, an aggregator has none",
                "keep one",
            )


def _shipped() -> Mapping[str, Owner]:
    return shipped_table().publishers


def _twice(
    where: Keys, shown: str, key: str, publisher: str, seen: dict[str, str]
) -> Iterator[Problem]:
    first = seen.setdefault(key, publisher)
    if first != publisher:
        yield Problem(
            where, f'"{shown}" belongs to publisher "{first}" already', "keep one"
        )
