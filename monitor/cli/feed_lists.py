"""`wirewatch feed add|import|export`: feeds in, feeds out, as lists (OPML).

A configuration is never rewritten: what is added goes to a list of its own, which
`feed_files` names, or is printed for the user to paste.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.feed_test import Allow, Guess, loaded_at, probed, report
from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config import Loaded
    from monitor.feeds.opml import Element
    from monitor.feeds.probe import Probe

Write = Annotated[
    Path | None,
    typer.Option("--write", metavar="FILE", help="Write this list, not to the screen."),
]


def add(  # noqa: PLR0917 - each is an option of the command
    url: Annotated[
        str, typer.Argument(metavar="URL", help="A feed, or a page that names one.")
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its name; default: after its title."),
    ] = None,
    write: Write = None,
    config: Config = DEFAULT_CONFIG,
    allow: Allow = None,
    guess: Guess = False,
) -> None:
    """Look at an address, and print the YAML that adds its feed.

    With --write the feed is added to the end of a list instead, which feed_files of
    the configuration should name. If a page names several feeds, they are listed and
    nothing is added.

    \b
    Examples:
      wirewatch feed add https://news.un.org/feed/subscribe/en/news/all/rss.xml
      wirewatch feed add https://example.org --name example --write feeds.opml
    """
    from monitor.errors import WirewatchError

    loaded = loaded_at(config)
    found = _feed_at(url, loaded, allow, guess=guess)
    known = {feed.url: feed.id for feed in loaded.settings.feeds} if loaded else {}
    if found.url in known:
        raise WirewatchError(f'{found.url}: it is feed "{known[found.url]}" already')
    if write is None:
        chosen = _name(name, found, set(known.values()))
        print(f"feeds:\n  {chosen}: {_quoted(found.url)}")
        return
    _append(write, found, name, set(known.values()))
    _tell_where(write, loaded)


def _feed_at(
    url: str, loaded: Loaded | None, allow: Sequence[str] | None, *, guess: bool
) -> Probe:
    """Return the feed at an address, or the one that the page there names."""
    found = probed(url, loaded, allow, guess=guess)
    if not found.kind and len(found.found) == 1:
        only = found.found[0].url
        print(f"{url}: no feed itself, but names {only}", file=sys.stderr)
        found = probed(only, loaded, allow, guess=False, is_named=False)
    if not found.kind:
        for line in report(found):
            print(line, file=sys.stderr)
        raise typer.Exit(1)
    return found


def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML list.")],
    write: Write = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace FILE; feeds keep the names they have in it."
        ),
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give every feed of a list a name, and print the list that feed_files can name.

    The list is kept whole: folders, order, and what other programs wrote into it. Names
    come from titles; they are unique and, once written, they stay, whatever becomes of
    the title. Outlines that are no usable feed are named, become comments, and make it
    exit 1.

    \b
    Examples:
      wirewatch feed import subscriptions.opml --write feeds.opml
      wirewatch feed import subscriptions.opml --write feeds.opml --replace
    """
    from monitor.config.feed_files import read_feed_file
    from monitor.errors import WirewatchError
    from monitor.feeds.opml import pinned, write_opml

    loaded = loaded_at(config)
    known = _known_names(loaded, write)
    named = read_feed_file(
        str(file),
        _read(file),
        dict.fromkeys(known.values(), "in the configuration"),
        set(known),
        kept=_before(write, replace=replace),
    )
    if named.root is None:
        raise WirewatchError(named.lines()[0])
    names = {feed.url: name for name, feed in named.sources.items()}
    body = write_opml(pinned(named.root, names | known))
    if write is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    else:
        _put(write, body)
        print(f"{write}: {len(named.sources)} feeds", file=sys.stderr)
        _tell_where(write, loaded)
    for line in named.lines():
        print(line, file=sys.stderr)
    if named.problems:
        raise typer.Exit(1)


def export_list(write: Write = None, config: Config = DEFAULT_CONFIG) -> None:
    """Print all feeds of the configuration as one list (OPML 2.0).

    Lists that feed_files names are kept as they stand; the feeds of the configuration
    itself follow. No password or token goes along, and no feed whose address holds
    ${NAME}.

    \b
    Examples:
      wirewatch feed export > feeds.opml
      wirewatch feed export --config alerts.yaml --write feeds.opml
    """
    from monitor.config import load_whole
    from monitor.config.feed_export import exported
    from monitor.feeds.opml import outlines, write_opml

    loaded = load_whole(config, environ=os.environ)
    secret = _secret_addresses(config)
    for name in secret:
        print(
            f'{config}: feed "{name}" is left out: its address holds ${{NAME}}; '
            "add it by hand",
            file=sys.stderr,
        )
    root = exported(loaded, secret)
    body = write_opml(root)
    if write is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    else:
        _put(write, body)
        print(f"{write}: {sum(1 for _ in outlines(root))} feeds", file=sys.stderr)


def _known_names(loaded: Loaded | None, write: Path | None) -> dict[str, str]:
    """Return the names of feeds by address, without those of the file to be written."""
    if loaded is None:
        return {}
    replaced: set[str] = set()
    for file in loaded.lists.files:
        if write is not None and Path(file.path).resolve() == write.resolve():
            replaced = set(file.sources)
    feeds = loaded.settings.feeds
    return {feed.url: feed.id for feed in feeds if feed.id not in replaced}


def _before(write: Path | None, *, replace: bool) -> dict[str, str]:
    """Return the names that feeds have in a list which is to be replaced."""
    from monitor.config.feed_files import read_feed_file
    from monitor.errors import WirewatchError

    if write is None or not write.exists():
        return {}
    if not replace:
        raise WirewatchError(f"{write}: it is there already; add --replace")
    file = read_feed_file(str(write), _read(write))
    return {feed.url: name for name, feed in file.sources.items()}


def _name(wanted: str | None, found: Probe, taken: set[str]) -> str:
    """Return the name of a new feed.

    Raises:
        WirewatchError: the user's own is none, or another feed's.
    """
    from pydantic import TypeAdapter, ValidationError

    from monitor.config.scalars import Name
    from monitor.errors import WirewatchError
    from monitor.feeds.names import names_for

    if wanted is None:
        return names_for({found.url: found.title}, taken)[found.url]
    try:
        TypeAdapter(Name).validate_python(wanted)
    except ValidationError:
        raise WirewatchError(
            f'--name: "{wanted}" is no name; use letters, digits, dots, hyphens and '
            "underscores"
        ) from None
    if wanted in taken:
        raise WirewatchError(f'--name: "{wanted}" is another feed; choose another name')
    return wanted


def _append(write: Path, found: Probe, wanted: str | None, taken: set[str]) -> None:
    from monitor.config.feed_export import TITLE
    from monitor.config.feed_files import read_feed_file
    from monitor.errors import WirewatchError
    from monitor.feeds.opml import feed_outline, new_list, with_outlines, write_opml

    root: Element = new_list(TITLE, ())
    if write.exists():
        file = read_feed_file(str(write), _read(write))
        if file.root is None:
            raise WirewatchError(file.lines()[0])
        for name, feed in file.sources.items():
            if feed.url == found.url:
                raise WirewatchError(f'{write}: it is feed "{name}" already')
        root, taken = file.root, taken | set(file.sources)
    name = _name(wanted, found, taken)
    outline = feed_outline(name, found.url, title=found.title, lang=found.lang)
    _put(write, write_opml(with_outlines(root, [outline])))
    print(f'{write}: added feed "{name}"', file=sys.stderr)


def _tell_where(write: Path, loaded: Loaded | None) -> None:
    """Say what to write into the configuration, unless it names the list already."""
    lists = loaded.lists.files if loaded else []
    if all(Path(file.path).resolve() != write.resolve() for file in lists):
        print(f"  to use it, write: feed_files: [{write}]", file=sys.stderr)


def _read(path: Path) -> bytes:
    from monitor.config.feed_files import read_list
    from monitor.errors import WirewatchError

    try:
        return read_list(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WirewatchError(f"{path}: {reason}; check the path") from error


def _put(path: Path, body: bytes) -> None:
    """Write a file whole or not at all: a monitor may load it at any moment."""
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_bytes(body)
        if target.exists():
            fresh.chmod(target.stat().st_mode & 0o777)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _secret_addresses(config: Path) -> list[str]:
    """Return the feeds whose address is filled in from the environment."""
    from monitor.config.document import read_document

    feeds = read_document(config).data.get("feeds")
    found = []
    for name, feed in feeds.items() if isinstance(feeds, dict) else ():
        url = feed.get("url") if isinstance(feed, dict) else feed
        if isinstance(url, str) and "${" in url:
            found.append(name)
    return found


def _quoted(url: str) -> str:
    """Return an address as YAML takes it: quoted where a sign would mean something."""
    plain = all(c.isalnum() or c in "/:.-_~?=&%+" for c in url)
    plain = plain and not url.endswith(":")
    return url if plain else '"' + url.replace("\\", "\\\\").replace('"', '\\"') + '"'
