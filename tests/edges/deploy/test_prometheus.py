"""Prometheus and Alertmanager accept our files and our metrics, and understand them."""

from __future__ import annotations

import asyncio
import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import generate_latest

from monitor.metrics import Metrics
from monitor.web import make_web, serve
from tests.edges.deploy.conftest import DEPLOY, ROOT, read_yaml
from tests.edges.web.sources import PlainSources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.plugins.prometheus import Checker, Prometheus

RULES = DEPLOY / "prometheus" / "wirewatch.rules.yml"
RULE_TESTS = ROOT / "tests" / "edges" / "deploy" / "wirewatch.rules.test.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "wirewatch.json"


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_say_about_our_metrics(
    promtool: Checker, busy: Metrics
) -> None:
    text = generate_latest(busy.registry).decode()
    verdict = promtool.run("check", "metrics", text=text)

    assert set(sampled(text)) == set(declared(busy))
    assert (verdict.returncode, verdict.stdout) == (0, "")


@pytest.mark.prometheus
def test_promtool_accepts_configuration_and_rules(promtool: Checker) -> None:
    config = DEPLOY / "prometheus" / "prometheus.yml"
    verdict = promtool.run("check", "config", "--lint=all", "--lint-fatal", str(config))

    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.prometheus
def test_every_alert_fires_when_it_should_and_not_otherwise(promtool: Checker) -> None:
    verdict = promtool.run("test", "rules", str(RULE_TESTS))
    tested = {
        case["alertname"]
        for group in read_yaml(RULE_TESTS)["tests"]
        for case in group["alert_rule_test"]
        if case["exp_alerts"]
    }

    assert verdict.returncode == 0, verdict.stdout
    assert tested == {rule["alert"] for rule in rules()}


@pytest.mark.prometheus
def test_amtool_accepts_the_configuration(amtool: Checker) -> None:
    file = DEPLOY / "alertmanager" / "alertmanager.yml"
    verdict = amtool.run("check-config", str(file))

    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.prometheus
async def test_a_real_prometheus_scrapes_a_running_server(
    start_prometheus: Callable[[dict[str, Any]], Prometheus],
    busy: Metrics,
) -> None:
    server = await serve(make_web(PlainSources(), busy), "127.0.0.1", 0)
    try:
        config = on_loopback(server.port)
        running = await asyncio.to_thread(start_prometheus, config)
        up = await asyncio.to_thread(running.value, 'up{job="wirewatch",role="all"}')
        polls = await asyncio.to_thread(
            running.value, 'wirewatch_feed_polls_total{feed="a-feed"}'
        )
        groups = await evaluated(running)
    finally:
        await server.stop()

    assert up == 1
    assert polls == 1
    assert {rule["name"] for rule in groups} == {rule["alert"] for rule in rules()}
    assert {rule["health"] for rule in groups} == {"ok"}


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=["rules", "dashboard"])
def test_rules_and_dashboard_ask_for_metrics_that_exist(file: Path) -> None:
    known = set(declared(Metrics()))
    asked = set(re.findall(r"\bwirewatch_\w+", "\n".join(expressions(file))))

    assert asked - known == set()
    assert len(asked) > 10


def test_the_dashboard_shows_every_metric() -> None:
    asked = "\n".join(expressions(DASHBOARD))

    assert [name for name in families(Metrics()) if name not in asked] == []


def test_every_label_that_is_asked_for_exists() -> None:
    known = {
        label
        for metric in vars(Metrics()).values()
        for label in getattr(metric, "_labelnames", ())
    } | {"role", "instance", "job", "le"}
    text = "\n".join([*expressions(RULES), *expressions(DASHBOARD)])
    grouped = re.findall(r"\bby \(([^)]*)\)", text)
    picked = re.findall(r"[{,]\s*(\w+)\s*=", text)

    asked = {label.strip() for labels in grouped for label in labels.split(",")}
    assert (asked | set(picked)) - known == set()


@pytest.mark.prometheus
def test_every_query_of_the_dashboard_is_promql(
    promtool: Checker, tmp_path: Path
) -> None:
    # As recording rules, which promtool parses; Grafana's own variables are durations.
    rules = [
        {"record": f"panel:{n}", "expr": re.sub(r"\$__\w+", "5m", expression)}
        for n, expression in enumerate(expressions(DASHBOARD))
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    verdict = promtool.run("check", "rules", "--lint=none", str(file))

    assert verdict.returncode == 0, verdict.stdout
    assert len(rules) > 20


async def evaluated(running: Prometheus) -> list[dict[str, Any]]:
    """Return our rules once Prometheus has evaluated them."""
    found: list[dict[str, Any]] = []
    for _ in range(50):
        groups = (await asyncio.to_thread(running.ask, "rules"))["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        if all(rule["health"] != "unknown" for rule in found):
            break
        await asyncio.sleep(0.2)
    return found


def on_loopback(port: int) -> dict[str, Any]:
    """Return the shipped configuration, for one process on this machine."""
    config: dict[str, Any] = deepcopy(
        read_yaml(DEPLOY / "prometheus" / "prometheus.yml")
    )
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES)]
    del config["alerting"]
    job = next(
        job for job in config["scrape_configs"] if job["job_name"] == "wirewatch"
    )
    # The names of the roles resolve among the containers alone.
    del job["dns_sd_configs"], job["relabel_configs"]
    target = {"targets": [f"127.0.0.1:{port}"], "labels": {"role": "all"}}
    job["static_configs"] = [target]
    config["scrape_configs"] = [job]
    return config


def rules() -> list[dict[str, Any]]:
    """Return the alerts of the rules file."""
    return [rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]]


def expressions(file: Path) -> list[str]:
    """Return every query of a rules file or a dashboard."""
    if file.suffix == ".yml":
        return [rule["expr"] for rule in rules()]
    panels = json.loads(file.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def families(metrics: Metrics) -> Iterator[str]:
    """Return the name of every metric, as the documentation gives it."""
    for metric in metrics.registry.collect():
        total = metric.type == "counter"
        yield f"{metric.name}_total" if total else metric.name


def declared(metrics: Metrics) -> Iterator[str]:
    """Return every name that may have samples."""
    for metric in metrics.registry.collect():
        if metric.type == "counter":
            yield f"{metric.name}_total"
        elif metric.type == "histogram":
            yield from (f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))
        else:
            yield metric.name


def sampled(text: str) -> Iterator[str]:
    """Return the names of the samples in an exposition, "created" times left out."""
    for line in text.splitlines():
        name = re.match(r"wirewatch_\w+", line)
        if name and not name[0].endswith("_created"):
            yield name[0]
