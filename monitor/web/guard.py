"""Refuse requests that a foreign page may have sent, and tell browsers the rules.

Two attacks matter to a server on loopback. A page on another site may point its own
name at 127.0.0.1 and read our answers (DNS rebinding): so only names that no stranger
can own are answered. And it may post a form to us: see `is_cross_site`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer: nothing is loaded but our own style sheet."""


PUSH = "/websub/"
"""Where hubs push to; the rest of the path is unguessable."""


class Guard:
    """Check the Host of every request, and add the security headers to every answer.

    Args:
        hosts: names to answer to, beside those that are always fine.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts if host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 421 to a name that is not ours."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        host = host_name(Headers(scope=scope).get("host", ""))
        # Hubs use the public name, and prove by the path that they were told of it.
        is_push = scope["path"].startswith(PUSH)
        if is_push or host in self._hosts or is_safe_host(host):
            await self._app(scope, receive, send_with_rules)
            return
        refusal = PlainTextResponse(
            "host: this name is not answered; use the address itself\n", 421
        )
        await refusal(scope, receive, send_with_rules)


def host_name(header: str) -> str:
    """Return the host of a Host header in lower case, without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_safe_host(host: str) -> bool:
    """Say whether no stranger can have pointed this name at us.

    That holds for an address itself, for localhost, and for names without a dot, which
    only the local network or a container's network resolves.
    """
    if not host:
        return False
    if "." not in host and ":" not in host:
        return True
    if host.endswith(".localhost"):
        return True
    return _is_address(host)


def is_cross_site(request: Request) -> bool:
    """Say whether a browser sent this request on behalf of another site.

    Browsers name the relation in Sec-Fetch-Site, older ones the sender in Origin.
    Programs such as curl send neither and are let through: they act for their user.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return origin.lower() != f"{request.url.scheme}://{request.headers['host'].lower()}"


def is_loopback(request: Request) -> bool:
    """Say whether a request came in on an address that only this machine reaches."""
    server = request.scope.get("server")
    if server is None:
        return False
    host = str(server[0])
    return host == "localhost" or (
        _is_address(host) and ipaddress.ip_address(host).is_loopback
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
