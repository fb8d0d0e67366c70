"""Which addresses may be connected to, and the resolver that keeps to it.

Whoever controls a feed controls where its name points and where it redirects. So the
rule is applied to the addresses a connection is made to, not to the text of a URL.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver, ResolveResult

from monitor.errors import OutboundRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from aiohttp.connector import AddrInfoType

Address = IPv4Address | IPv6Address

# The standard library's `is_global` follows the IANA registries of its own release
# date, and says yes to multicast and to addresses that carry another one inside.
_GLOBAL_V6 = ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ip_network(net)
    for net in (
        "2001::/23",  # IETF assignments, among them Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_REFUSED_V4 = tuple(
    ip_network(net)
    for net in (
        "192.0.0.0/24",  # IETF assignments
        "192.88.99.0/24",  # 6to4 relays
    )
)


class AddressPolicy:
    """Decide which addresses may be connected to: public ones, and named exceptions.

    Args:
        allow: the exceptions.
        ports: where the public ones may be connected to; None for any port.
    """

    def __init__(
        self,
        allow: Sequence[IPv4Network | IPv6Network] = (),
        ports: Collection[int] | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._ports = ports

    def permits(self, address: Address) -> bool:
        """Return whether an address is public or inside an exception."""
        address = _unmapped(address)
        return self._is_exception(address) or _is_public(address)

    def check(self, host: str, address: str, port: int) -> None:
        """Refuse an address, or a port of it, that may not be connected to.

        Raises:
            OutboundRefusedError: with the address and what to do about it.
        """
        asked = _unmapped(ip_address(address))
        if not self.permits(asked):
            raise _refusal(host, [address])
        if self._ports is None or port in self._ports or self._is_exception(asked):
            return
        raise OutboundRefusedError(
            f"{host}: port {port} is not the web's, and the address is a publisher's; "
            "add it to outbound.allow if you mean to ask it"
        )

    def _is_exception(self, address: Address) -> bool:
        return any(address in network for network in self._allow)


def _unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries, or the address itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        refused = any(address in network for network in _REFUSED_V4)
        return address.is_global and not address.is_multicast and not refused
    refused = any(address in network for network in _REFUSED_V6)
    return address in _GLOBAL_V6 and address.is_global and not refused


def _refusal(host: str, addresses: Sequence[str]) -> OutboundRefusedError:
    named = " and ".join(addresses[:3])
    means = "" if addresses[0] == host else f"means {named}, which is "
    return OutboundRefusedError(
        f"{host}: {means}not a public address; "
        "add it to outbound.allow if you mean to ask it"
    )


class CheckedResolver(AbstractResolver):
    """Resolve names, and leave out every address the policy refuses."""

    def __init__(self, policy: AddressPolicy, inner: AbstractResolver) -> None:
        self._policy = policy
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the permitted addresses of a name.

        Raises:
            OutboundRefusedError: it has addresses, and none is permitted.
            OSError: it cannot be resolved.
        """
        found = await self._inner.resolve(host, port, family)
        good = [one for one in found if self._policy.permits(ip_address(one["host"]))]
        if found and not good:
            raise _refusal(host, [one["host"] for one in found])
        return good

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


class SystemResolver(AbstractResolver):
    """Ask the system's resolver in threads of its own.

    The event loop's own few threads would all be taken by a handful of names whose
    servers do not answer, and with them everybody else's look-ups.
    """

    def __init__(self, threads: int = 32) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name, in the system's order of preference."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, _look_up, host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, proto, address in found
        ]

    async def close(self) -> None:
        """Let the threads end, without waiting for a look-up that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> list[tuple[int, int, str]]:
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
    )
    return [(kind, proto, str(address[0])) for kind, _, proto, _, address in found]


def checked_socket(policy: AddressPolicy, info: AddrInfoType) -> socket.socket:
    """Return a socket for an address about to be connected to, if it is permitted.

    Names have been through the resolver; this also covers hosts written as addresses,
    for which no resolver is asked.
    """
    family, kind, proto, _, address = info
    policy.check(str(address[0]), str(address[0]), int(address[1]))
    return socket.socket(family=family, type=kind, proto=proto)
