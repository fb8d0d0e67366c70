"""`wirewatch why-not`: which clause failed, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.explain import AsText, File, Topics, tell
from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from monitor.topics.explain import TopicReport


def command(
    file: File = None,
    topic: Topics = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Topics per item, nearest first.")
    ] = 3,
    text: AsText = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say why each item did not match: the closest clauses first, and what they lack.

    Takes items as `wirewatch classify` does. Tells of the topics nearest to a match, or
    of those named with --topic.

    \b
    Examples:
      wirewatch why-not items.jsonl --topic unesco-funding-threat
      echo '{"id": "1", "title": "UNESCO short of funds", "summary": ""}' \\
        | wirewatch why-not --text
    """
    names = topic or []

    def choose(reports: list[TopicReport]) -> list[TopicReport]:
        missed = [report for report in reports if not report.is_match]
        return reports if names else missed[:limit]

    tell(file, config, names, choose, text=text)
