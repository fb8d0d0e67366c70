"""Where the outbound client may connect."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from monitor.errors import OutboundError, OutboundRefusedError
from monitor.outbound import AddressPolicy, Answer, Outbound
from monitor.outbound.addresses import CheckedResolver
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.edges.outbound.names import HERE, PLENTY, Names, asking, get


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.31.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("192.0.0.170", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_public_addresses_are_permitted(address: str, is_public: bool) -> None:
    assert AddressPolicy().permits(ip_address(address)) is is_public


def test_an_exception_permits_its_network_and_no_more() -> None:
    policy = AddressPolicy([ip_network("10.1.0.0/16"), ip_network("fd00::/8")])

    permitted = [
        address
        for address in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1", "fd12::1", "fe80::1")
        if policy.permits(ip_address(address))
    ]

    assert permitted == ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.1.",
        "0.0.0.0",  # noqa: S104
        "good.example@127.0.0.1",
    ],
)
async def test_no_spelling_of_an_inner_address_is_connected_to(
    publisher: Publisher, host: str
) -> None:
    client = Outbound(user_agent="wirewatch-test", resolver=Names())

    with pytest.raises((OutboundRefusedError, OutboundError)):
        await get(client, f"http://{host}:{publisher.port}/")
    await client.aclose()

    assert publisher.connections == 0


async def test_a_name_that_points_inside_is_refused_with_the_remedy(
    outbound: Outbound,
) -> None:
    with pytest.raises(OutboundRefusedError) as caught:
        await get(outbound, "http://elsewhere:1/")

    assert str(caught.value) == (
        "elsewhere: means 127.0.0.2 and 10.0.0.1, which is not a public address; "
        "add it to outbound.allow if you mean to ask it"
    )


async def test_a_permitted_name_is_asked(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/"] = reply(b"hello")

    answer = await get(outbound, f"http://here:{publisher.port}/")

    assert answer.body == b"hello"


async def test_of_a_names_addresses_only_the_public_ones_are_used() -> None:
    inner = Names(mixed=("10.0.0.1", "93.184.215.14", "::1"))

    found = await CheckedResolver(AddressPolicy(), inner).resolve("mixed")

    assert [one["host"] for one in found] == ["93.184.215.14"]


@pytest.mark.parametrize("host", ["127.0.0.2", "elsewhere"])
async def test_a_redirect_to_an_inner_address_is_refused(
    publisher: Publisher, host: str
) -> None:
    async with (
        publishing("127.0.0.2") as canary,
        asking(ports=[canary.port]) as outbound,
    ):
        publisher.answers["/feed"] = reply(
            status="302 Found", Location=f"http://{host}:{canary.port}/secret"
        )

        with pytest.raises(OutboundRefusedError, match=host):
            await get(outbound, publisher.url("/feed"))

        assert canary.connections == 0


async def test_an_exception_holds_for_the_host_that_was_named_only(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(
        status="302 Found", Location=f"http://here:{publisher.port}/other"
    )

    with pytest.raises(OutboundRefusedError, match="here: means"):
        await get(outbound, publisher.url("/feed"))

    assert publisher.paths() == ["/feed"]


async def test_a_redirect_to_a_port_that_is_not_the_webs_is_refused(
    outbound: Outbound, publisher: Publisher
) -> None:
    async with publishing() as canary:
        publisher.answers["/feed"] = reply(status="302 Found", Location=canary.url())

        with pytest.raises(OutboundRefusedError, match=f"port {canary.port}"):
            await get(outbound, publisher.url("/feed"))

        assert canary.connections == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", ["public", "93.184.215.14"])
async def test_a_port_that_a_publisher_names_must_be_the_webs(
    host: str, method: str
) -> None:
    client = Outbound(
        user_agent="wirewatch-test",
        allow=[HERE],
        resolver=Names(public=("93.184.215.14",)),
    )

    with pytest.raises(OutboundRefusedError, match="port 6379 is not the web's"):
        await ask(client, method, f"http://{host}:6379/", is_named=False)
    await client.aclose()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_inside_an_exception_a_publisher_may_name_any_port(
    outbound: Outbound, publisher: Publisher, method: str
) -> None:
    publisher.answers["/"] = reply(b"hello")

    answer = await ask(outbound, method, publisher.url(), is_named=False)

    assert answer.body == b"hello"


async def ask(client: Outbound, method: str, url: str, *, is_named: bool) -> Answer:
    if method == "POST":
        return await client.post(
            url, body=b"", headers={}, timeout=PLENTY, is_named=is_named
        )
    return await client.get(
        url, headers={}, timeout=PLENTY, max_bytes=100, is_named=is_named
    )


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "port"), ("here", "here: means")]
)
async def test_where_a_feed_has_moved_is_judged_as_at_the_redirect(
    outbound: Outbound, publisher: Publisher, host: str, why: str
) -> None:
    port = publisher.port if host == "here" else publisher.port + 1
    named = "http://127.0.0.1:80/feed" if host == "127.0.0.1" else publisher.url()

    with pytest.raises(OutboundRefusedError, match=why):
        await outbound.get(
            f"http://{host}:{port}/",
            headers={},
            timeout=PLENTY,
            max_bytes=100,
            named=named,
        )

    assert publisher.connections == 0


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://here/", "http://["])
async def test_a_redirect_out_of_http_is_an_error(
    outbound: Outbound, publisher: Publisher, target: str
) -> None:
    publisher.answers["/feed"] = reply(status="302 Found", Location=target)

    with pytest.raises(OutboundError):
        await get(outbound, publisher.url("/feed"))


# Redirects
