"""The server on a real socket: ports, signals, and its end."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest

from monitor.errors import WirewatchError
from monitor.metrics import Metrics
from monitor.web import Health, make_web, serve
from tests.edges.web.sources import PlainSources


async def test_the_server_answers_on_the_port_it_was_given_and_ends() -> None:
    server = await serve(make_web(PlainSources(), Metrics()), "127.0.0.1", 0)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{server.port}/livez")
        started = asyncio.get_running_loop().time()
        await server.stop()
        took = asyncio.get_running_loop().time() - started
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{server.port}/livez")

    assert answer.status_code == 200
    assert took < 3
    await server.stop()


async def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WirewatchError) as caught:
            await serve(make_web(PlainSources(), Metrics()), "127.0.0.1", port)

    assert str(caught.value) == (
        f"127.0.0.1:{port}: the port is in use; stop the other program or set web.listen"
    )


async def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(WirewatchError, match="not an address of this machine"):
        await serve(make_web(PlainSources(), Metrics()), "192.0.2.1", 0)


async def test_the_signal_handlers_stay_with_the_program() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    server = await serve(make_web(PlainSources(), Metrics()), "127.0.0.1", 0)
    during = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    await server.stop()

    assert during == before


async def test_the_port_is_free_again_after_the_end() -> None:
    app = make_web(PlainSources(), Metrics())
    first = await serve(app, "localhost", 0)
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://127.0.0.1:{first.port}/livez")
        await first.stop()
        second = await serve(app, "127.0.0.1", first.port)
        answer = await client.get(f"http://127.0.0.1:{second.port}/livez")
        await second.stop()

    assert answer.status_code == 200


async def test_a_reload_over_loopback_works_unless_another_site_asks() -> None:
    sources = PlainSources()
    server = await serve(make_web(sources, Metrics()), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}/-/reload"
    async with httpx.AsyncClient(trust_env=False) as client:
        local = await client.post(url)
        refused = await client.post(url, headers={"Origin": "http://evil.example"})
    await server.stop()

    assert (local.status_code, refused.status_code) == (200, 403)
    assert sources.reloads == 1


async def test_the_end_does_not_wait_for_a_request_that_hangs() -> None:
    asked = asyncio.Event()

    class Hanging(PlainSources):
        async def health(self) -> Health:
            asked.set()
            await asyncio.sleep(60)
            return await super().health()

    server = await serve(make_web(Hanging(), Metrics()), "127.0.0.1", 0)
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        request = asyncio.create_task(
            client.get(f"http://127.0.0.1:{server.port}/readyz")
        )
        await asyncio.wait_for(asked.wait(), 5)
        started = asyncio.get_running_loop().time()
        await server.stop()
        took = asyncio.get_running_loop().time() - started
        outcome = await asyncio.gather(request, return_exceptions=True)

    assert took < 4
    assert isinstance(outcome[0], httpx.Response | httpx.HTTPError)
