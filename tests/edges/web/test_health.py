"""Health, metrics, reload and the API, as programs see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import msgspec
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families

from monitor.errors import StateUnavailableError
from monitor.metrics import Metrics
from monitor.model import Alert, Change, Publisher
from monitor.stories.members import StoryMember
from monitor.web import Health
from tests import factories
from tests.edges.web.sources import FINE, PlainSources, feed_state

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from tests.edges.web.conftest import Visit


async def test_readiness_follows_the_checks(visit: Visit) -> None:
    sources = PlainSources()
    async with visit(sources) as client:
        before = await client.get("/readyz")
        sources.present = Health(
            live=True,
            ready=False,
            checks={
                "log": (True, "3 partitions"),
                "state": (False, "no answer\nwithin 3 s"),
            },
        )
        during, live = await client.get("/readyz"), await client.get("/livez")
        sources.present = FINE
        after = await client.get("/readyz")

    assert (before.status_code, before.text) == (200, "[+]log ok\n[+]state ok\nready\n")
    assert (during.status_code, live.status_code) == (503, 200)
    assert during.text == (
        "[+]log ok: 3 partitions\n[-]state: no answer within 3 s\nnot ready\n"
    )
    assert after.status_code == 200


async def test_a_process_that_is_not_live_says_so(visit: Visit) -> None:
    sources = PlainSources(present=Health(live=False, ready=True))
    async with visit(sources) as client:
        live, ready = await client.get("/livez"), await client.get("/readyz")

    assert (live.status_code, ready.status_code) == (503, 503)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_probes_may_ask_for_the_head_alone(visit: Visit, path: str) -> None:
    async with visit(PlainSources()) as client:
        answer = await client.head(path)

    assert answer.status_code == 200


async def test_metrics_come_as_prometheus_text(visit: Visit) -> None:
    metrics = Metrics()
    metrics.polls.labels("wire-a", "changed").inc(3)
    async with visit(PlainSources(), metrics=metrics) as client:
        answer = await client.get("/metrics")

    families = {family.name: family for family in read_text(answer.text)}
    polls = families["wirewatch_feed_polls"].samples
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert {
        (s.labels["feed"], s.value) for s in polls if s.name.endswith("_total")
    } == {("wire-a", 3.0)}


async def test_metrics_come_as_openmetrics_to_whoever_asks(visit: Visit) -> None:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    async with visit(PlainSources()) as client:
        answer = await client.get("/metrics", headers=accept)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert list(read_openmetrics(answer.text))  # type: ignore[no-untyped-call]


async def test_a_reload_answers_with_the_mistakes(visit: Visit) -> None:
    sources = PlainSources()
    async with visit(sources) as client:
        good = await client.post("/-/reload")
        sources.mistakes = ["alerts.yaml:3:1: unknown key", "alerts.yaml:9:4: no topic"]
        bad = await client.post("/-/reload")
        got = await client.get("/-/reload")

    assert (good.status_code, good.text) == (200, "reloaded\n")
    assert bad.status_code == 400
    assert bad.text.splitlines() == sources.mistakes
    assert got.status_code == 405
    assert sources.reloads == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="curl"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 200, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="typed by the user"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="another port or name"),
        pytest.param({"Origin": "http://127.0.0.1:8480"}, 200, id="our own origin"),
        pytest.param({"Origin": "http://127.0.0.1:9999"}, 403, id="another port"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another origin"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed frame"),
    ],
)
async def test_no_other_site_can_reload(
    visit: Visit, headers: dict[str, str], status: int
) -> None:
    sources = PlainSources()
    async with visit(sources) as client:
        answer = await client.post("/-/reload", headers=headers)

    assert answer.status_code == status
    assert sources.reloads == (1 if status == 200 else 0)


async def test_a_reload_from_elsewhere_is_refused(visit: Visit) -> None:
    sources = PlainSources()
    async with visit(sources, base="http://10.0.0.7:8480") as client:
        answer = await client.post("/-/reload")

    assert answer.status_code == 403
    assert "send SIGHUP instead" in answer.text
    assert sources.reloads == 0


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8480", 200),
        ("127.0.0.1:8480", 200),
        ("[::1]:8480", 200),
        ("192.168.1.20", 200),
        ("poll:8480", 200),
        ("monitor.example.org", 200),
        ("rebound.evil.example:8480", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:80:127.0.0.1", 421),
        ("", 421),
    ],
)
async def test_names_a_stranger_may_own_are_not_answered(
    visit: Visit, host: str, status: int
) -> None:
    async with visit(PlainSources(), hosts=("Monitor.example.org", "")) as client:
        page = await client.get("/", headers={"Host": host})
        api = await client.get("/api/alerts", headers={"Host": host})

    assert (page.status_code, api.status_code) == (status, status)


async def test_the_api_tells_alerts_and_feeds_as_described(visit: Visit) -> None:
    alert = factories.alert()
    feeds = [feed_state(id="b"), feed_state(id="a", failures=1, error="HTTP 500")]
    sources = PlainSources(known_alerts=[alert], known_feeds=feeds)
    async with visit(sources) as client:
        described = (await client.get("/api/openapi.json")).json()
        alerts = (await client.get("/api/alerts")).json()
        states = (await client.get("/api/feeds", params={"limit": 1})).json()

    assert msgspec.convert(alerts["alerts"], list[Alert]) == [alert]
    assert states["total"] == 2
    assert [(f["id"], f["state"]) for f in states["feeds"]] == [("a", "failing")]
    for path, answer in (("/api/alerts", alerts), ("/api/feeds", states)):
        good = described["paths"][path]["get"]["responses"]["200"]
        schema = good["content"]["application/json"]["schema"]
        jsonschema.validate(answer, {**described, **schema})


async def test_the_api_tells_all_that_was_told_of_an_alert(visit: Visit) -> None:
    first = factories.change()
    then = factories.change(kind="updated", reasons=("confirmed",), number=1)
    other = factories.change(id="al_other")
    sources = PlainSources(known_changes=[first, other, then])
    async with visit(sources) as client:
        path = f"/api/alerts/{first.alert.id}/changes"
        told = (await client.get(path)).json()
        nothing = await client.get("/api/alerts/al_none/changes")

    assert msgspec.convert(told["changes"], list[Change]) == [first, then]
    assert (nothing.status_code, nothing.json()) == (404, {"error": "no such alert"})


async def test_the_api_tells_who_tells_a_story(visit: Visit) -> None:
    member = StoryMember(
        publisher=Publisher(name="Wire A", family="wire a"),
        title="Tokyo may withhold dues",
        seen_at=factories.NOON,
        discounted="near-copy of Wire B",
    )
    async with visit(PlainSources(known_members={"st_1": [member]})) as client:
        told = (await client.get("/api/stories/st_1")).json()
        nothing = await client.get("/api/stories/st_2")

    assert msgspec.convert(told["members"], list[StoryMember]) == [member]
    assert (nothing.status_code, nothing.json()) == (404, {"error": "no such story"})


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", str(10**30)])
async def test_the_api_bounds_what_it_is_asked(visit: Visit, limit: str) -> None:
    sources = PlainSources()
    async with visit(sources) as client:
        answer = await client.get("/api/alerts", params={"limit": limit})

    assert answer.status_code == 422
    assert sources.asked_alerts == []


async def test_the_api_names_what_is_away(visit: Visit) -> None:
    sources = PlainSources(away=StateUnavailableError("state: the database is away"))
    async with visit(sources) as client:
        answers = [await client.get(f"/api/{path}") for path in ("alerts", "feeds")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json() == {"error": "state: the database is away"}


def read_text(text: str) -> list[Metric]:
    """Return the families of a Prometheus exposition."""
    return list(text_string_to_metric_families(text))
