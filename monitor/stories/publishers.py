"""Say who publishes an entry, and to which family of publishers that belongs.

Pure. The table of owners is read by `monitor.config.publishers`, which also lends the
public suffix list; what a family is for is told in `corroboration`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.model import Publisher
from monitor.stories.credits import Credits
from monitor.stories.names import Names, Owner, ascii_host, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.model import Entry
    from monitor.stories.credits import Credit

_MOST_REMEMBERED = 20_000
_MOST_NAME_WORDS = 8
_SET_ASIDE = frozenset(("example", "test", "invalid", "localhost"))
_EXAMPLES = frozenset(("example.com", "example.net", "example.org"))
_SUFFIXES = (" - ", " | ", " – ", " — ")


class _Home(Struct, frozen=True):
    """What a host says of its publisher.

    Args:
        owner: the publisher of the table it belongs to.
        domain: its registrable domain, "" for none.
    """

    owner: Owner | None = None
    domain: str = ""


class Identified(Struct, frozen=True):
    """Who publishes an entry, and how that was found out."""

    publisher: Publisher
    why: str


_NOWHERE = _Home()


class Publishers:
    """Know publishers by their hosts and names.

    Args:
        owners: the table, the shipped one first; of two that share a host or a name,
            the later one has it.
        registrable: return the registrable domain of a host by the public suffix
            list, or None when it has none.
    """

    def __init__(
        self, owners: Iterable[Owner], registrable: Callable[[str], str | None]
    ) -> None:
        self.owners = tuple(owners)
        self._names = Names(self.owners)
        self._credits = Credits(self._names)
        self._registrable = registrable
        self._by_host = {
            domain: owner for owner in self.owners for domain in owner.domains
        }
        self._homes: dict[str, _Home] = {}

    def identify(self, entry: Entry) -> Publisher:
        """Return who publishes an entry, and the agency its text is credited to."""
        return self.explain(entry).publisher

    def explain(self, entry: Entry) -> Identified:
        """Return who publishes an entry, and why that was concluded, in words."""
        home = self._home(entry.url)
        if home.owner is not None and home.owner.aggregator:
            found = self._behind(home.owner, entry)
        else:
            found = self._direct(home, entry)
        return self._credited(found, entry)

    def _direct(self, home: _Home, entry: Entry) -> Identified:
        """Identify by the host of the link, then by names."""
        if home.owner is not None:
            return Identified(_of(home.owner), f"the table has {home.domain}")
        if not home.domain and entry.source_url:
            source = self._source(entry)
            if source is not None:
                return source
        named = self._names.find(entry.source) if entry.source else None
        if named is not None and not named.aggregator:
            return Identified(_of(named), f'the table has the name "{entry.source}"')
        if named is not None and not home.domain:
            return self._behind(named, entry)
        if not home.domain or (entry.source and _is_nobodys(home.domain)):
            return _by_name(entry.source, entry.feed)
        name = entry.source or home.domain
        return Identified(
            Publisher(name=name, family=home.domain), "its domain; not in the table"
        )

    def _behind(self, aggregator: Owner, entry: Entry) -> Identified:
        """Identify whom an aggregator shows: by `<source>`, else by the title's end."""
        if (found := self._source(entry)) is not None:
            return found
        for name in (entry.source, *_last_pieces(entry.title)):
            owner = self._names.find(name) if name else None
            if owner is not None and not owner.aggregator:
                return Identified(_of(owner), f'{aggregator.name} names "{name}"')
        last = next(iter(_last_pieces(entry.title)), "")
        if last and aggregator.id == "google-news":
            # Its titles always end so; elsewhere the end may be anything.
            found = _by_name(last, entry.feed)
            return Identified(found.publisher, f'{aggregator.name} names "{last}"')
        return Identified(
            Publisher(
                name=aggregator.name,
                family=aggregator.house,
                country=aggregator.country,
                is_aggregator=True,
            ),
            f"{aggregator.name} does not say whose it is",
        )

    def _source(self, entry: Entry) -> Identified | None:
        """Identify by the address of `<source>`, unless that is an aggregator too."""
        home = self._home(entry.source_url)
        if home.owner is not None:
            if home.owner.aggregator:
                return None
            return Identified(_of(home.owner), f"its <source> is at {home.domain}")
        if not home.domain:
            return None
        named = self._names.find(entry.source) if entry.source else None
        if named is not None and not named.aggregator:
            return Identified(_of(named), f'its <source> is "{entry.source}"')
        own = "" if named is not None else entry.source
        publisher = Publisher(name=own or home.domain, family=home.domain)
        return Identified(publisher, f"its <source> is at {home.domain}")

    def _credited(self, found: Identified, entry: Entry) -> Identified:
        publisher = found.publisher
        credit = self._credits.find(entry.title, entry.summary)
        if credit is None or _is_own(credit, publisher):
            return found
        family = credit.owner.house if credit.owner else normal(credit.name)
        return Identified(
            Publisher(
                name=publisher.name,
                family=publisher.family,
                country=publisher.country,
                agency=family,
                agency_name=credit.name,
                is_aggregator=publisher.is_aggregator,
            ),
            f"{found.why}; credited to {credit.name}",
        )

    def _home(self, url: str) -> _Home:
        if not url:
            return _NOWHERE
        start = url.find("//") + 2
        rest = url[start:] if start > 1 else url
        host = rest.partition("/")[0]
        home = self._homes.get(host)
        if home is None:
            home = self._look_up(ascii_host(_bare(host)))
            if len(self._homes) >= _MOST_REMEMBERED:
                self._homes.clear()
            self._homes[host] = home
        return home

    def _look_up(self, host: str) -> _Home:
        if not host:
            return _NOWHERE
        if _is_address(host):
            return _Home(self._by_host.get(host), host)
        above = host
        while above:
            owner = self._by_host.get(above)
            if owner is not None:
                return _Home(owner, above)
            above = above.partition(".")[2]
        return _Home(None, self._registrable(host) or host)


def _of(owner: Owner) -> Publisher:
    return Publisher(
        name=owner.name,
        family=owner.house,
        country=owner.country,
        # What an agency publishes itself is an agency's text as well.
        agency=owner.house if owner.agency else "",
        agency_name=owner.name if owner.agency else "",
        is_aggregator=owner.aggregator,
    )


def _by_name(name: str, feed: str) -> Identified:
    if normal(name):
        publisher = Publisher(name=name, family=normal(name))
        return Identified(publisher, "its name; not in the table")
    return Identified(Publisher(name=feed, family=feed), "its feed; nothing else known")


def _is_own(credit: Credit, publisher: Publisher) -> bool:
    """Say whether a text is credited to its own publisher."""
    if credit.owner is not None:
        return credit.owner.house == publisher.family
    return normal(credit.name) in (normal(publisher.name), publisher.family)


def _last_pieces(title: str) -> list[str]:
    """Return what stands at the end of a title: " - Reuters", "（共同通信）"."""
    pieces = []
    for mark in _SUFFIXES:
        head, _, last = title.rpartition(mark)
        if head and len(last.split()) <= _MOST_NAME_WORDS:
            pieces.append(last.strip())
    if title.endswith(("）", ")")):
        start = max(title.rfind("（"), title.rfind("("))
        if start > 0:
            pieces.append(title[start + 1 : -1].strip())
    return pieces


def _bare(host: str) -> str:
    """Return a host without user, port, query and a last dot, in lower case."""
    for mark in "?#\\":
        host = host.partition(mark)[0]
    host = host.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()


def _is_nobodys(domain: str) -> bool:
    """Say whether a domain is set aside for examples and tests (RFC 2606, RFC 6761).

    Nobody owns one, so recordings that use them tell publishers apart by name alone.
    """
    return domain in _EXAMPLES or domain.rpartition(".")[2] in _SET_ASIDE


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
