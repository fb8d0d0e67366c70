"""Write a report on a topic as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.topics.explain import ClauseReport, TopicReport
    from monitor.topics.missing import Gap

_SHOWN = 4


def lines_of(report: TopicReport) -> Iterator[str]:
    """Yield the lines that tell of a topic; texts from feeds are made safe to show."""
    yield _plain(0, _headline(report))
    for exclusion in report.exclusions:
        what = (
            "forbids it" if exclusion.weight == 1 else f"takes {exclusion.weight:.0%}"
        )
        yield _plain(
            1,
            f'exclusion {exclusion.exclusion} {what}: "{exclusion.text}" '
            f"is {exclusion.query}",
        )
    failed = 0
    for clause in report.clauses:
        failed += not clause.is_satisfied
        if failed > _SHOWN:
            left = sum(not each.is_satisfied for each in report.clauses) - _SHOWN
            yield f"  {left} more clauses do not hold"
            return
        yield from _clause(clause)


def _headline(report: TopicReport) -> str:
    if not report.is_match:
        reason = "excluded" if report.exclusions else f"short by {report.short_by:.2f}"
        return (
            f"{report.topic}: no match, score {report.score:.2f} "
            f"of {report.threshold:g} ({reason})"
        )
    line = (
        f"{report.topic}: match, score {report.score:.2f} of {report.threshold:g}, "
        f"{report.confidence} confidence"
    )
    if report.direction:
        line += f", direction {report.direction}"
    if report.cue:
        line += f' by "{report.cue.quote}"'
    if report.act:
        line += f", act {report.act}"
    if report.actors:
        line += f", actors {', '.join(report.actors)}"
    return line


def _clause(clause: ClauseReport) -> Iterator[str]:
    line = f"clause {clause.clause} {{}}, weight {clause.weight:g}, "
    if clause.is_satisfied:
        held = f'gives {clause.contribution:.2f}: "{clause.text}"'
        yield _plain(1, line.format("holds") + held)
        return
    share = f"{clause.found:.0%} found: {clause.query}"
    yield _plain(1, line.format("does not hold") + share)
    for gap in clause.missing:
        yield _plain(2, _gap(gap))


def _plain(depth: int, text: str) -> str:
    """Return one indented line without controls."""
    return "  " * depth + one_line(text)


def _gap(gap: Gap) -> str:
    line = f"{gap.reason}: {gap.query}"
    if gap.words is not None:
        line += f" ({gap.words} words apart, {gap.allowed} allowed)"
    if gap.text:
        line += f' ("{gap.text}")'
    return line
