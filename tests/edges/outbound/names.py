"""Names and requests for the tests of the outbound client."""

from __future__ import annotations

import socket
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


async def get(outbound: Outbound, url: str, max_bytes: int = 100_000) -> Answer:
    return await outbound.get(url, headers={}, timeout=PLENTY, max_bytes=max_bytes)
