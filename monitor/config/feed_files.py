"""Feed files: lists of feeds that feed readers write and read, as OPML.

Each feed keeps the name that `wirewatch feed import` pinned to it; one without such a
name is called after its title. A feed that is wrong leaves the others as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from monitor.config.scalars import Lang, Name
from monitor.config.schema_feeds import FeedSource
from monitor.config.secrets import has_user
from monitor.config.specs import feed_spec
from monitor.config.wording import shape_problem
from monitor.errors import OpmlError, Problem
from monitor.feeds.names import names_for
from monitor.feeds.opml import MAX_BYTES, PREFIX, outlines, read_opml, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config.schema_feeds import FeedDefaults
    from monitor.feeds.opml import Element
    from monitor.model import Feed

MAX_TOLD = 50
"""Mistakes told of one file; the rest is counted."""

_OURS = ("name", "interval", "timeout", "lang", "source")
"""The keys of a feed that stand in an outline behind `wirewatch:`."""


class _Listed(FeedSource):
    """An outline that is a feed."""

    name: Name | None = None


_LANG: TypeAdapter[str] = TypeAdapter(Lang)


@dataclass(slots=True)
class FeedFile:
    """The feeds of one file, and the mistakes in it.

    Args:
        path: the file, as a user finds it.
        root: the list as it stands, or None if it could not be read.
        sources: the feeds by name.
        problems: what is wrong, each with its line and column.
    """

    path: str
    root: Element | None = None
    digest: bytes = b""
    sources: dict[str, FeedSource] = field(default_factory=dict)
    problems: list[tuple[int, int, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return what is wrong, with places, and how much more there is."""
        told = [
            f"{self.path}:{line}:{column}: {text}" if line else f"{self.path}: {text}"
            for line, column, text in sorted(self.problems)[:MAX_TOLD]
        ]
        more = len(self.problems) - len(told)
        if more:
            told.append(f"{self.path}: and {more} more; correct these first")
        return told


@dataclass(slots=True)
class FeedFiles:
    """The feed files of a configuration.

    Args:
        problems: what is wrong with the list under `feed_files:` itself.
    """

    files: list[FeedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all feeds in them."""
        return tuple(name for file in self.files for name in file.sources)

    def feeds(self, defaults: FeedDefaults) -> tuple[Feed, ...]:
        """Return the feeds, with the defaults filled in."""
        return tuple(
            feed_spec(name, source, defaults)
            for file in self.files
            for name, source in file.sources.items()
        )

    def lines(self) -> list[str]:
        """Return every mistake in the files, with its place."""
        return [line for file in self.files for line in file.lines()]


def read_feed_files(
    paths: Sequence[str], folder: Path, written: Mapping[str, object]
) -> FeedFiles:
    """Return the feeds of the user's lists, and every mistake in them.

    Args:
        folder: what the paths are seen from.
        written: the feeds of the configuration itself, whose word counts more.
    """
    found = FeedFiles()
    taken = dict.fromkeys(written, "in the configuration itself")
    known = {_address(feed) for feed in written.values()} - {""}
    for number, name in enumerate(paths):
        path = folder / name
        try:
            source = read_list(path)
        except (OSError, ValueError) as error:
            found.problems.append(_unreadable(error, number, path))
            continue
        file = read_feed_file(str(path), source, taken, known)
        found.files.append(file)
        taken |= dict.fromkeys(file.sources, f'in "{path}"')
        known |= {each.url for each in file.sources.values()}
    return found


def read_list(path: Path) -> bytes:
    """Return the bytes of a list, at most one more than is read of it.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: this is no file name.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def read_feed_file(
    path: str,
    source: bytes,
    taken: Mapping[str, str] | None = None,
    known: set[str] | None = None,
    *,
    kept: Mapping[str, str] | None = None,
) -> FeedFile:
    """Return the feeds of one list, and every mistake in it.

    Args:
        taken: names that other feeds have, and where these stand.
        known: addresses that other feeds have; those are not feeds a second time.
        kept: names, by address, that count more than what the list says.
    """
    file = FeedFile(path, digest=hashlib.sha256(source).digest())
    try:
        file.root = read_opml(source)
    except OpmlError as error:
        told = f"{error.message}; {error.hint}"
        file.problems.append((error.line, error.column, told))
        return file
    _Reader(file, taken or {}, known or set(), kept or {}).read(file.root)
    return file


class _Reader:
    """Read the outlines of a list; the first outline of an address counts."""

    def __init__(
        self,
        file: FeedFile,
        taken: Mapping[str, str],
        known: set[str],
        kept: Mapping[str, str],
    ) -> None:
        self._file = file
        self._kept = kept
        self._taken = taken
        self._known = known

    def read(self, root: Element) -> None:
        found: dict[str, tuple[Element, _Listed]] = {}
        for outline in outlines(root):
            url = outline.get("xmlUrl").strip()
            if url in self._known or url in found:
                continue
            feed = self._feed(outline, url)
            if feed is not None:
                found[url] = outline, feed
        for url, name in self._names(found).items():
            self._file.sources[name] = FeedSource(
                **found[url][1].model_dump(exclude={"name"})
            )

    def _names(self, found: dict[str, tuple[Element, _Listed]]) -> dict[str, str]:
        """Return the feeds' names by address, in the order of the list."""
        pinned: dict[str, str] = {}
        given: dict[str, Element] = {}
        for url, (outline, feed) in found.items():
            if feed.name is None:
                continue
            if feed.name in self._taken:
                self._twice(outline, feed.name, self._taken[feed.name])
            elif feed.name in given:
                first = given[feed.name].line
                self._twice(outline, feed.name, f"on line {first}")
            else:
                pinned[url], given[feed.name] = feed.name, outline
        titles = {
            url: title_of(outline)
            for url, (outline, feed) in found.items()
            if feed.name is None
        }
        names = pinned | names_for(titles, taken={*self._taken, *given})
        return {url: names[url] for url in found if url in names}

    def _twice(self, outline: Element, name: str, where: str) -> None:
        self._report(outline, f'the name "{name}" is also {where}; rename one')

    def _feed(self, outline: Element, url: str) -> _Listed | None:
        data: dict[str, Any] = {
            key: text for key in _OURS if (text := outline.get(PREFIX + key))
        }
        if url in self._kept:
            data["name"] = self._kept[url]
        if "lang" not in data and (lang := _language(outline.get("language"))):
            data["lang"] = lang
        try:
            feed = _Listed.model_validate({"url": url, **data})
        except ValidationError as error:
            for detail in error.errors():
                problem = shape_problem(detail, {"url": url, **data})
                key = str(detail["loc"][0])
                own = "xmlUrl" if key == "url" else PREFIX + key
                message = problem.message.replace(f'"{key}"', f'"{own}"', 1)
                self._report(outline, f"{message}; {problem.hint or 'correct it'}")
            return None
        if has_user(url):
            self._report(
                outline,
                "the address holds a user name or password; list the feed in"
                " the configuration, with auth:",
            )
            return None
        return feed

    def _report(self, outline: Element, told: str) -> None:
        self._file.problems.append((outline.line, outline.column, told))


def _language(text: str) -> str:
    """Return the language of an outline, or "": feed readers write "unknown", too."""
    try:
        return _LANG.validate_python(text.strip().replace("_", "-"))
    except ValidationError:
        return ""


def _address(feed: object) -> str:
    url = feed.get("url") if isinstance(feed, dict) else feed
    return url if isinstance(url, str) else ""


def _unreadable(error: Exception, number: int, path: Path) -> Problem:
    where = ("feed_files", number)
    if isinstance(error, FileNotFoundError):
        return Problem(where, f'there is no file "{path}"', "correct its name")
    if isinstance(error, IsADirectoryError):
        return Problem(where, f'feed file "{path}" is a directory', "name a file")
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        message = f'feed file "{path}" cannot be read ({reason})'
        return Problem(where, message, "check its name and permissions")
    return Problem(where, "this is no file name", "name a file")  # a NUL in it
