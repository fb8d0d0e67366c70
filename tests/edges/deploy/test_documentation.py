"""What operators read agrees with what runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from monitor.metrics import Metrics
from tests.edges.deploy.conftest import ROOT
from tests.edges.deploy.test_compose import understood
from tests.edges.deploy.test_prometheus import declared, rules

DOCS = ROOT / "docs"
PAGES = (
    DOCS / "operations.md",
    DOCS / "metrics.md",
    DOCS / "decisions" / "0001-record-decisions.md",
    ROOT / "CONTRIBUTING.md",
)
ROW = re.compile(
    r"^\| `(wirewatch_\w+)` \| (\w+)(?:, \*shared\*)? \| (.*?) ?\|", re.MULTILINE
)


def test_every_metric_is_documented_with_its_type_and_labels() -> None:
    text = (DOCS / "metrics.md").read_text()
    documented = {
        name: (kind, re.findall(r"`(\w+)`", labels))
        for name, kind, labels in ROW.findall(text)
    }
    exist = {
        metric._name + ("_total" if isinstance(metric, Counter) else ""): (
            metric._type,
            list(metric._labelnames),
        )
        for metric in vars(Metrics()).values()
        if isinstance(metric, Counter | Gauge | Histogram)
    }

    assert documented == exist


def test_the_queries_in_the_documentation_ask_for_metrics_that_exist() -> None:
    known = set(declared(Metrics())) | {metric for metric, *_ in rows()}
    named = set()
    for page in PAGES:
        named |= set(re.findall(r"\bwirewatch_[a-z]\w*", page.read_text()))

    assert named - known == set()


def test_every_alert_is_explained_where_it_points_to() -> None:
    text = (DOCS / "operations.md").read_text()
    explained = re.findall(r"^### (Wirewatch\w+)$", text, re.MULTILINE)

    assert explained == [rule["alert"] for rule in rules()]
    for rule in rules():
        anchor = f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook"] == anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_or_heading(page: Path) -> None:
    text = page.read_text()
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        if not place:
            assert anchor in headings, link
        elif "://" not in place:
            assert (page.parent / place).exists(), link


def test_the_commands_in_the_documentation_are_understood() -> None:
    text = (DOCS / "operations.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = re.findall(
        r"^wirewatch (.+?)(?:\s+#.*)?$", "\n".join(blocks), re.MULTILINE
    )

    assert len(commands) >= 2
    for command in commands:
        assert understood(command.split()), command


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of the tables of metrics."""
    return ROW.findall((DOCS / "metrics.md").read_text())
