"""Names and requests for the tests of the outbound client."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.outbound import Answer, Outbound

HERE = ip_network("127.0.0.1/32")
SECOND = timedelta(seconds=1)
PLENTY = timedelta(seconds=10)


class Names(AbstractResolver):
    """Know a few names, and ask nobody."""

    def __init__(self, **addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._addresses:
            raise OSError(f"no such name: {host}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses[host]
        ]

    async def close(self) -> None:
        return


@asynccontextmanager
async def asking(ports: Collection[int] = ()) -> AsyncIterator[Outbound]:
    """A client that may ask 127.0.0.1, and knows two names and its neighbour's."""
    client = Outbound(
        user_agent="wirewatch-test",
        allow=[HERE],
        ports=ports,
        resolver=Names(here=("127.0.0.1",), elsewhere=("127.0.0.2", "10.0.0.1")),
    )
    try:
        yield client
    finally:
        await client.aclose()


async def get(outbound: Outbound, url: str, max_bytes: int = 100_000) -> Answer:
    return await outbound.get(url, headers={}, timeout=PLENTY, max_bytes=max_bytes)
