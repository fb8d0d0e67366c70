"""`wirewatch check`: find the mistakes of a configuration."""

from __future__ import annotations

import os
import sys

import typer

from monitor.cli.options import DEFAULT_CONFIG, Config


def command(config: Config = DEFAULT_CONFIG) -> None:
    """Name every mistake of a configuration, and run its topics' examples.

    Mistakes are lines `file:line:column: problem; hint` on standard error. Exits 2
    if the file cannot be used, 1 if an example does not behave as written.

    \b
    Examples:
      wirewatch check
      wirewatch check --config desk.yaml
    """
    from monitor.config import check_examples, load

    settings = load(config, environ=os.environ)
    for line in settings.warnings:
        print(line, file=sys.stderr)
    findings = check_examples(settings)
    for line in findings:
        print(line, file=sys.stderr)
    if findings:
        raise typer.Exit(1)
    print(
        f"{config}: fine ({len(settings.feeds)} feeds, {len(settings.topics)} topics, "
        f"{len(settings.plan.rules)} rules)",
        file=sys.stderr,
    )
