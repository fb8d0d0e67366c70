"""The stage of a replay: its own feeds and store, and the user's settings beside."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address
from pathlib import Path

import httpx

from agents.stage import Stage
from monitor.config import load
from tests.scenarios.desk import ROOT, write_config

RECORDING = ROOT / "examples" / "october-2015"


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def test_a_replay_stands_beside_the_users_feeds_on_a_throw_away_store(
    tmp_path: Path,
) -> None:
    config = write_config(
        tmp_path / "alerts.yaml",
        log="kafka://kafka:9092",
        state="postgresql://db/news",
        outbound={"allow": ["10.0.0.0/8"]},
        feeds={"mine": {"url": "https://example.org/rss"}},
    )
    before = load(config, environ={})
    stage = Stage(RECORDING)
    after = stage.adapt(before)
    async with contextlib.AsyncExitStack() as stack:
        await stage.open(stack)
        replayed = [feed for feed in after.feeds if feed.id.startswith("replay-")]
        async with httpx.AsyncClient(trust_env=False) as client:
            answers = [(await client.get(feed.url)).status_code for feed in replayed]
        folders = {file_of(url).parent for url in (after.log_url, after.state_url)}
        stood = [folder.is_dir() for folder in folders]

    assert answers == [200] * 6
    assert after.feeds[-1:] == before.feeds
    assert len(after.feeds) == len(replayed) + 1
    assert len(folders) == 1
    assert stood == [True]
    assert not any(folder.exists() for folder in folders)
    allowed = after.outbound.allow
    assert any(ip_address("127.0.0.1") in network for network in allowed)
    assert set(before.outbound.allow) < set(allowed)
    assert after.plan is before.plan
