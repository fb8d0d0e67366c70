"""`wirewatch topic`: work on one topic of a configuration."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from monitor.cli.classify import Item, entry_of
from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config import Loaded, Settings
    from monitor.topics.suggest import Labelled, Suggestion, Suggestions

app = typer.Typer(
    help="Work on one topic.", no_args_is_help=True, rich_markup_mode=None
)


_COLUMNS = ("term", "add to", "finds", "new", "errors", "others", "z", "for example")


class Format(StrEnum):
    """How suggestions are written."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"


class Judged(msgspec.Struct, frozen=True):
    """A topic of an item, and what a reader thought of it."""

    topic: str
    accepted: bool = True


class LabelledItem(Item, frozen=True, kw_only=True):
    """One line of input; `topics` says what the item is about."""

    topics: list[str | Judged]

    def is_on(self, topic: str) -> bool:
        """Tell whether the item is on a topic."""
        return any(
            each == topic
            if isinstance(each, str)
            else each.topic == topic and each.accepted
            for each in self.topics
        )


@app.callback()
def main() -> None:
    """Keep `suggest` a command of its own while it is the only one."""


@app.command("suggest")
def suggest_terms(  # noqa: PLR0917 - each is an option of the command
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic's name.")],
    labelled: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Items with their topics, as JSON Lines."),
    ],
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="Terms to propose.")
    ] = 20,
    fewest: Annotated[
        int,
        typer.Option(
            "--in-items",
            metavar="N",
            min=1,
            help="Items on the topic that must hold a term.",
        ),
    ] = 2,
    output: Annotated[
        Format,
        typer.Option("--format", help="auto: a table on a terminal, else JSON Lines."),
    ] = Format.AUTO,
) -> None:
    """Propose terms that would let a topic find what it misses.

    Items are JSON Lines with id, title, summary, lang and topics: the names of the
    topics they are on, or matches {"topic": NAME, "accepted": true}. Each term comes
    with the concept to add it to, the items it would gain, the errors it would bring,
    and titles. The configuration is not changed: paste what you accept.

    \b
    Examples:
      wirewatch topic suggest unesco-money --labelled judged.jsonl
      wirewatch topic suggest unesco-money --labelled judged.jsonl --format json
    """
    from monitor.cli.items import read_items
    from monitor.config import load_whole
    from monitor.errors import WirewatchError
    from monitor.topics.suggest import Labelled

    loaded = load_whole(config, environ=os.environ)
    refuse_unknown(topic, loaded.settings)
    items, refused = read_items(labelled, LabelledItem)
    judged = [Labelled(entry_of(item), item.is_on(topic)) for item in items]
    if not any(each.is_positive for each in judged):
        raise WirewatchError(
            f'{labelled}: no item is on topic "{topic}"; '
            f'label some with "topics": ["{topic}"]'
        )
    found = _suggest(loaded, topic, judged, limit, fewest)
    if output is Format.JSON or (output is Format.AUTO and not sys.stdout.isatty()):
        for term in found.terms:
            sys.stdout.buffer.write(msgspec.json.encode(term) + b"\n")
        sys.stdout.buffer.flush()
    else:
        _print_table(found)
    print(
        f'topic "{topic}": finds {found.found} of {found.positives} items on it, and '
        f"{found.errors} of {len(judged) - found.positives} others",
        file=sys.stderr,
    )
    if refused:
        raise typer.Exit(1)


def refuse_unknown(topic: str, settings: Settings) -> None:
    """Refuse the name of a topic that the configuration does not hold.

    Raises:
        WirewatchError: there is none of that name.
    """
    from monitor.config.wording import choice
    from monitor.errors import WirewatchError

    names = [each.name for each in settings.topics]
    if topic not in names:
        hint = choice(topic, names, "known are") or "add it under topics"
        raise WirewatchError(f'{settings.path}: no topic named "{topic}"; {hint}')


def _suggest(
    loaded: Loaded,
    topic: str,
    judged: Sequence[Labelled],
    limit: int,
    fewest: int,
) -> Suggestions:
    from monitor.topics.suggest import suggest

    settings = loaded.settings
    return suggest(
        settings.concepts,
        next(each for each in settings.topics if each.name == topic),
        judged,
        # A pack is not the user's to edit.
        own=[spec.name for spec in settings.concepts if "/" not in spec.name],
        limit=limit,
        fewest=fewest,
        stemming=loaded.config.text.stemming,
    )


def _print_table(found: Suggestions) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        numeric = name in _COLUMNS[2:-1]
        table.add_column(
            name,
            justify="right" if numeric else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for term in found.terms:
        table.add_row(*_cells(term))
    console = Console(highlight=False, markup=False)
    console.print(table)
    for line in _to_paste(found.terms):
        print(line)


def _cells(term: Suggestion) -> tuple[str, ...]:
    return (
        term.term,
        f"{term.concept} ({term.language})" if term.concept else "",
        f"+{term.gain}" if term.gain else "",
        f"+{term.fresh}" if term.fresh else "",
        f"+{term.new_errors}" if term.new_errors else "",
        str(term.touched),
        f"{term.z:.1f}",
        term.titles[0] if term.titles else "",
    )


def _to_paste(terms: Sequence[Suggestion]) -> list[str]:
    """Return the lines to add: terms that find more than they cost, each its own."""
    from monitor.topics.suggest import yaml_lines

    wanted: dict[tuple[str, str], list[str]] = {}
    for term in terms:
        if term.fresh > term.new_errors:
            wanted.setdefault((term.concept, term.language), []).append(term.term)
    lines = yaml_lines(wanted)
    return ["", "# Add what you agree with to these lists:", *lines] if lines else []
