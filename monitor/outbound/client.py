"""Ask an address over HTTP, within limits of time, size and place.

Neutral about who asks: feeds and deliveries translate its errors into their own. Every
limit holds for the whole request: one deadline over name, connection, redirects and
body, one cap on the bytes of the body on the wire and decoded.
"""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from msgspec import Struct
from msgspec.structs import replace

from monitor.errors import OutboundError, OutboundRefusedError
from monitor.manners import host_of
from monitor.outbound.addresses import (
    AddressPolicy,
    CheckedResolver,
    SystemResolver,
    checked_socket,
)
from monitor.outbound.body import ACCEPT_ENCODING, decoder_for

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Collection,
        Mapping,
        Sequence,
    )
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta
    from ipaddress import IPv4Network, IPv6Network

    from aiohttp.abc import AbstractResolver

    Visit = Callable[[str], AbstractAsyncContextManager[None]]

MAX_REPLY_BYTES = 64 * 1024
"""What is kept of the answer to a POST."""

WEB_PORTS = frozenset({80, 443})
MAX_RATIO = 200
"""Decoded bytes for one on the wire; feeds reach 20, and bombs a thousand."""

_RATIO_FROM = 1024**2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_MAX_HEADER_BYTES = 32 * 1024  # policies and cookies of news sites outgrow 8 KiB
_MAX_HEADERS = 256


@asynccontextmanager
async def at_once(_: str) -> AsyncIterator[None]:
    """Let a request go at once."""
    yield


class Answer(Struct, frozen=True, kw_only=True):
    """What an address answered.

    Args:
        url: the address that answered, after redirects.
        moved_to: where the permanent redirects (301, 308) before any other led, or "".
        headers: by lower-case name; repeated ones joined by ", ".
        body: decoded bytes; of a GET empty unless the status is 2xx.
    """

    status: int
    url: str
    headers: dict[str, str]
    body: bytes = b""
    moved_to: str = ""


class Outbound:
    """Send requests to addresses that users and publishers supply.

    Args:
        user_agent: says who asks and how to reach them.
        allow: networks that may be asked although they are not public; a redirect to
            another host may not lead into them.
        max_redirects: how many redirects of a GET are followed.
        ports: where a redirect may lead, beside the port that the user named, and an
            address that a publisher supplied.
        resolver: how names become addresses; the system's own by default.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow: Sequence[IPv4Network | IPv6Network] = (),
        max_redirects: int = 5,
        ports: Collection[int] = WEB_PORTS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._ports = ports
        self._max_redirects = max_redirects
        self._names = resolver or SystemResolver()
        # Only certificates are looked up in the environment (SSL_CERT_FILE): a proxy
        # named there would connect for us, past the check of addresses.
        self._tls = httpx.create_ssl_context()
        self._user_agent = user_agent
        self._client = self._client_for(AddressPolicy(allow))
        # The exceptions are for addresses that the user named. Where a publisher's
        # redirect leads is the publisher's choice.
        self._elsewhere = self._client_for(AddressPolicy())
        self._supplied = self._client_for(AddressPolicy(allow, ports))

    def _client_for(self, policy: AddressPolicy) -> httpx.AsyncClient:
        open_session = functools.partial(self._open_session, policy)
        return httpx.AsyncClient(
            transport=AiohttpTransport(verify=self._tls, client=open_session),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - one deadline covers the whole request
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "user-agent": self._user_agent,
                "accept-encoding": ACCEPT_ENCODING,
            },
        )

    def _open_session(self, policy: AddressPolicy) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            resolver=CheckedResolver(policy, self._names),
            socket_factory=functools.partial(checked_socket, policy),
            limit=0,  # callers bound themselves; a hung host must not hold others up
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
            max_headers=_MAX_HEADERS,
        )

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: timedelta,
        max_bytes: int,
        is_named: bool = True,
        named: str = "",
        visit: Visit = at_once,
    ) -> Answer:
        """Return the answer to a GET, after redirects, whatever its status.

        `timeout` is for everything, from the name to the last byte; `max_bytes` is the
        largest body accepted, on the wire and decoded.

        Args:
            is_named: the user named the address, not a publisher.
            named: the address that the user named, if redirects from there led to this
                one before; what may be asked is judged as at a redirect.
            visit: entered with the host around each request to which a redirect led
                from another host, so that hosts are not hurried.

        Raises:
            OutboundRefusedError: an address, or a port, that may not be asked.
            OutboundError: no usable answer.
        """
        request = self._request("GET", url, headers)
        work = self._follow(
            request, max_bytes, is_named=is_named, named=named, visit=visit
        )
        return await self._within(timeout, request, work)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,
        max_bytes: int = MAX_REPLY_BYTES,
        is_named: bool = True,
    ) -> Answer:
        """Return the answer to a POST, whatever its status; follow no redirect.

        The status is the answer; a reply body is kept as far as it can be read within
        `max_bytes`, and is never a reason to report an accepted POST as lost.

        Args:
            is_named: the user named the address, not a publisher.

        Raises:
            OutboundRefusedError: an address, or a port, that may not be asked.
            OutboundError: no usable answer.
        """
        request = self._request("POST", url, headers, body)
        client = self._client if is_named else self._supplied
        work = self._post(client, request, max_bytes)
        return await self._within(timeout, request, work)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._elsewhere.aclose()
        await self._supplied.aclose()
        await self._names.close()  # a session closes only a resolver it made

    # Requests

    def _request(
        self,
        method: str,
        url: str | httpx.URL,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> httpx.Request:
        try:
            parsed = httpx.URL(url)
            request = self._client.build_request(
                method, parsed, headers=dict(headers), content=body
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise OutboundError(
                f"address: {error}; correct the address",
                reason="address",
                retryable=False,
            ) from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise OutboundError(
                f'address: "{parsed.scheme}:" is neither http nor https; '
                "correct the address",
                reason="address",
                retryable=False,
            )
        if parsed.userinfo:
            # The transport takes credentials in a header only.
            basic = httpx.BasicAuth(parsed.username, parsed.password)
            request = next(basic.auth_flow(request))
            request.url = parsed.copy_with(username=None, password=None)
        return request

    async def _follow(
        self,
        request: httpx.Request,
        max_bytes: int,
        *,
        is_named: bool,
        named: str,
        visit: Visit,
    ) -> Answer:
        first = httpx.URL(named) if named else request.url
        self._check_port(first, request.url)
        at_first = self._client if is_named else self._supplied
        moved_to, is_permanent, before = "", True, request.url.host
        for _ in range(self._max_redirects + 1):
            host = request.url.host
            client = at_first if host == first.host else self._elsewhere
            turn = at_once if host == before else visit
            async with turn(host_of(str(request.url))):
                answer, target = await _ask(client, request, max_bytes)
            if not target:
                return replace(answer, moved_to=moved_to)
            before, request = host, self._redirected(request, target)
            self._check_port(first, request.url)
            is_permanent = is_permanent and answer.status in _PERMANENT
            if is_permanent:
                moved_to = str(request.url)
        raise OutboundError(
            f"{_place(request)}: more than {self._max_redirects} redirects; "
            "correct the address",
            reason="redirect",
        )

    def _redirected(self, request: httpx.Request, target: str) -> httpx.Request:
        try:
            url = request.url.join(target)
        except httpx.InvalidURL as error:
            raise OutboundError(
                f"{_place(request)}: redirects to something that is no address; "
                "correct the address",
                reason="redirect",
            ) from error
        headers = {
            name: value for name, value in request.headers.items() if name != "host"
        }
        if origin_of(url) != origin_of(request.url):
            # A secret goes to nobody but the host it was given for.
            headers.pop("authorization", None)
        return self._request("GET", url, headers)

    def _check_port(self, named: httpx.URL, url: httpx.URL) -> None:
        """Refuse a redirect to a port on which something else may listen."""
        if url.port not in (None, named.port, *self._ports):
            raise OutboundRefusedError(
                f"{named.host}: redirects to port {url.port}, which is not the web's; "
                "correct the address if you mean to ask there"
            )

    async def _post(
        self, client: httpx.AsyncClient, request: httpx.Request, max_bytes: int
    ) -> Answer:
        response = await client.send(request, stream=True)
        body = b""
        try:
            body = await _read(response, max_bytes)
        except (OutboundError, httpx.HTTPError, aiohttp.ClientError):
            pass
        finally:
            await response.aclose()
        return _answer(response, body)

    async def _within(
        self, timeout: timedelta, request: httpx.Request, work: Awaitable[Answer]
    ) -> Answer:
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                return await work
        except TimeoutError as error:
            raise OutboundError(
                f"{_place(request)}: no whole answer within "
                f"{timeout.total_seconds():g} s; it will be asked again",
                reason="timeout",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(request, error.__cause__ or error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(request, error) from error


async def _ask(
    client: httpx.AsyncClient, request: httpx.Request, max_bytes: int
) -> tuple[Answer, str]:
    """Return an answer, and where it redirects to, or ""."""
    response = await client.send(request, stream=True)
    try:
        target = response.headers.get("location", "")
        if response.status_code in _REDIRECTS and target:
            return _answer(response, b""), target
        body = await _read(response, max_bytes) if response.is_success else b""
        return _answer(response, body), ""
    finally:
        await response.aclose()


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    """Return the decoded body, refusing one that is too large or cut off."""
    place, status = _place(response.request), response.status_code
    decoder = decoder_for(place, response.headers.get("content-encoding", ""))
    body = bytearray()
    wire = 0
    async for chunk in response.aiter_raw():
        wire += len(chunk)
        body += decoder.feed(chunk, max_bytes - len(body))
        if wire > max_bytes or len(body) > max_bytes:
            raise OutboundError(
                f"{place}: the body is larger than {max_bytes} bytes; "
                "find an address that sends less",
                reason="too-large",
                status=status,
            )
        if len(body) > _RATIO_FROM and len(body) > MAX_RATIO * wire:
            raise OutboundError(
                f"{place}: the body grows more than {MAX_RATIO}-fold when decoded; "
                "find an address that sends less",
                reason="too-large",
                status=status,
            )
    decoder.finish()
    return bytes(body)


def _answer(response: httpx.Response, body: bytes) -> Answer:
    return Answer(
        status=response.status_code,
        url=str(response.request.url),
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
    )


def _translated(request: httpx.Request, error: BaseException) -> OutboundError:
    place = _place(request)
    if isinstance(error, aiohttp.ClientPayloadError | httpx.RemoteProtocolError):
        return OutboundError(
            f"{place}: the answer was cut off; it will be asked again",
            reason="truncated",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OutboundError(
            f"{place}: the name cannot be resolved; check the name and the network",
            reason="connect",
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return OutboundError(
            f"{place}: no trusted TLS connection ({type(error).__name__}); "
            "check the certificate",
            reason="tls",
        )
    if isinstance(error, aiohttp.InvalidURL):
        return OutboundError(
            f"{place}: the host is not written as an address should be; "
            "correct the address",
            reason="address",
            retryable=False,
        )
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return OutboundError(
            f"{place}: no connection, or it was closed before an answer came; "
            "it will be asked again",
            reason="connect",
        )
    return OutboundError(
        f"{place}: the answer is not proper HTTP ({type(error).__name__}); "
        "tell the publisher",
        reason="protocol",
    )


def _place(request: httpx.Request) -> str:
    return request.url.host


def origin_of(url: httpx.URL | str) -> tuple[str, str, int | None]:
    """Return the scheme, host and port of an address (RFC 6454)."""
    url = httpx.URL(url)
    return url.scheme, url.host, url.port
