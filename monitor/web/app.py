"""Make the web application: which address answers what."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client.exposition import choose_encoder

from monitor.errors import WirewatchError
from monitor.web.api import describe, make_api
from monitor.web.guard import Guard, is_cross_site, is_loopback
from monitor.web.page import gather, render
from monitor.web.sources import Health
from monitor.web.websub import make_push

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.metrics import Metrics
    from monitor.web.sources import WebSources
    from monitor.web.websub import PushDesk

HEALTH_SECONDS = 10.0
"""What the health checks may take before that itself is a failure."""

_HERE = Path(__file__).parent
_GET = ["GET", "HEAD"]


def make_web(
    sources: WebSources,
    metrics: Metrics,
    *,
    hosts: Iterable[str] = (),
    push: PushDesk | None = None,
) -> FastAPI:
    """Return the application: page, API, metrics, health, reload and hubs.

    Args:
        push: decides on what hubs say; without one they are not answered.
        hosts: names to answer to, beside addresses, localhost and names without a dot.
    """
    app = FastAPI(
        title="Wirewatch",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.add_middleware(Guard, hosts=tuple(hosts))
    _add_health(app, sources)
    _add_metrics(app, metrics)
    _add_reload(app, sources)

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(render(await gather(sources)))

    app.include_router(make_api(sources))
    if push is not None:
        app.include_router(make_push(push))
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    describe(app.openapi())
    return app


def _add_health(app: FastAPI, sources: WebSources) -> None:
    @app.api_route("/livez", methods=_GET, include_in_schema=False)
    async def livez() -> PlainTextResponse:
        health = await _health(sources)
        lines = [_line("live", health.live, "ok" if health.live else "not alive")]
        return PlainTextResponse("".join(lines), 200 if health.live else 503)

    @app.api_route("/readyz", methods=_GET, include_in_schema=False)
    async def readyz() -> PlainTextResponse:
        health = await _health(sources)
        ready = health.live and health.ready
        lines = [_line(name, ok, why) for name, (ok, why) in health.checks.items()]
        lines.append("ready\n" if ready else "not ready\n")
        return PlainTextResponse("".join(lines), 200 if ready else 503)


async def _health(sources: WebSources) -> Health:
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            return await sources.health()
    except TimeoutError:
        detail = f"no answer within {HEALTH_SECONDS:g} s"
    except WirewatchError as error:
        detail = str(error)
    return Health(live=False, ready=False, checks={"health": (False, detail)})


def _line(name: str, ok: bool, detail: str) -> str:
    detail = " ".join(detail.split())
    if not ok:
        return f"[-]{name}: {detail or 'failed'}\n"
    return f"[+]{name} ok\n" if detail in {"", "ok"} else f"[+]{name} ok: {detail}\n"


def _add_metrics(app: FastAPI, metrics: Metrics) -> None:
    # Not async: thousands of samples take a while to write, so a thread does.
    @app.api_route("/metrics", methods=_GET, include_in_schema=False)
    def exposition(request: Request) -> Response:
        accept = ",".join(request.headers.getlist("accept"))
        encode, content_type = choose_encoder(accept)
        return Response(
            encode(metrics.registry), headers={"content-type": content_type}
        )


def _add_reload(app: FastAPI, sources: WebSources) -> None:
    @app.post("/-/reload", include_in_schema=False)
    async def reload(request: Request) -> PlainTextResponse:
        if is_cross_site(request):
            return PlainTextResponse("reload: asked by another site; refused\n", 403)
        if not is_loopback(request):
            return PlainTextResponse(
                "reload: only answered on a loopback address; send SIGHUP instead\n",
                403,
            )
        mistakes = await sources.reload()
        if mistakes:
            return PlainTextResponse("\n".join(mistakes) + "\n", 400)
        return PlainTextResponse("reloaded\n")
