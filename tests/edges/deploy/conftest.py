"""The files of deploy/, read, and metrics of which every one has samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram
from ruamel.yaml import YAML

from monitor.metrics import Metrics

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"


def read_yaml(path: Path) -> Any:
    """Return a YAML file as plain values."""
    return YAML(typ="safe").load(path)


@pytest.fixture(scope="session")
def compose() -> Any:
    """Return docker-compose.yml, its anchors resolved."""
    return read_yaml(ROOT / "docker-compose.yml")


@pytest.fixture
def busy() -> Metrics:
    """Return the metrics of a process that has counted everything once."""
    metrics = Metrics()
    for metric in vars(metrics).values():
        if not isinstance(metric, Counter | Gauge | Histogram):
            continue
        names = metric._labelnames
        child = metric.labels(*(f"a-{name}" for name in names)) if names else metric
        if isinstance(child, Histogram):
            child.observe(0.2)
        else:
            child.inc()
    return metrics
