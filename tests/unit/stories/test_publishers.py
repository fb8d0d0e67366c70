"""Who publishes an entry: by its link, its source, its name, and its credits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Publisher
from monitor.stories.names import Owner, normal
from tests.factories import entry, publishers

KNOWN = publishers()
NEWS = "https://news.google.example/rss/articles/1"
PORTAL = "https://portal.example/articles/1"


def identify(**fields: Any) -> Publisher:
    return KNOWN.identify(entry(**({"source": "", "source_url": ""} | fields)))


@pytest.mark.parametrize(
    "url",
    [
        "https://harbour.example/1",
        "https://www.harbour.example/1",
        "http://WWW.Harbour.Example:8080/1?a=b",
        "https://reader@harbour.example./1",
        "https://harbour.example?utm_source=rss",
        "https://english.news.harbour.example.jp/1",
    ],
)
def test_every_host_below_a_domain_is_its_publisher(url: str) -> None:
    found = identify(url=url)

    assert (found.name, found.family, found.country) == (
        "The Harbour Times",
        "harbour",
        "jp",
    )


def test_a_host_that_only_ends_alike_is_somebody_else() -> None:
    found = identify(url="https://notharbour.example/1")

    assert found.family == "notharbour.example"


def test_publishers_of_one_owner_share_a_family() -> None:
    found = identify(url="https://tv.example/1")

    assert (found.name, found.family) == ("Harbour TV", "harbour")


def test_an_unknown_publisher_is_a_family_of_its_own() -> None:
    by_domain = identify(url="https://www.valley.madeup/1", source="Valley Post")
    by_name = identify(url="", source="The  VALLEY-Post")
    by_feed = identify(url="", source="", feed="my-feed")

    assert by_domain == Publisher(name="Valley Post", family="valley.madeup")
    assert by_name == Publisher(name="The  VALLEY-Post", family="valley post")
    assert by_feed == Publisher(name="my-feed", family="my-feed")


@pytest.mark.parametrize("host", ["written.example", "example.org", "a.b.test"])
def test_a_domain_that_nobody_can_own_says_nothing_of_a_publisher(host: str) -> None:
    one = identify(url=f"https://{host}/1", source="Wire A")
    other = identify(url=f"https://{host}/2", source="Wire B")

    assert (one.family, other.family) == ("wire a", "wire b")


def test_an_unknown_host_of_a_known_name_is_that_publisher() -> None:
    found = identify(url="https://harbour-mirror.example/1", source="港湾新聞")

    assert found.family == "harbour"


def test_an_address_of_numbers_is_a_domain() -> None:
    assert identify(url="http://127.0.0.1:9/feed").family == "127.0.0.1"
    assert identify(url="http://[::1]:9/feed").family == "::1"


def test_an_agency_s_own_text_is_an_agency_s_text() -> None:
    found = identify(url="https://kyodo.example.jp/1")

    assert (found.family, found.agency, found.agency_name) == (
        "kyodo",
        "kyodo",
        "Kyodo News",
    )


def test_a_credited_agency_stands_beside_the_publisher() -> None:
    found = identify(url="https://harbour.example/1", summary="【共同】内閣は")

    assert (found.family, found.agency, found.agency_name) == (
        "harbour",
        "kyodo",
        "Kyodo News",
    )


def test_a_credit_to_itself_is_none() -> None:
    own = identify(url="https://tv.example/1", title="Dues - Harbour TV")
    owner = identify(url="https://tv.example/1", title="Dues - The Harbour Times")
    unknown = identify(
        url="https://wire-a.example/1", source="Wire A", summary="(Wire A) - It is so."
    )

    assert (own.agency, owner.agency, unknown.agency) == ("", "", "")


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"source_url": "https://www.harbour.example", "source": "Harbour"}, "harbour"),
        ({"source_url": "https://valley.madeup"}, "valley.madeup"),
        ({"source": "The Harbour Times"}, "harbour"),
        ({"source": "Google News", "title": "Dues - Mirror"}, "mirror"),
        ({"source": '"dues" - Google News', "title": "Dues - Hill Post"}, "hill post"),
    ],
    ids=["address", "unknown address", "name", "title", "unknown name in the title"],
)
def test_an_aggregator_s_item_counts_for_its_source(
    fields: dict[str, str], family: str
) -> None:
    found = identify(url=NEWS, **fields)

    assert (found.family, found.is_aggregator) == (family, False)


def test_a_portal_names_its_source_only_by_a_known_name() -> None:
    known = identify(url=PORTAL, title="分担金停止を検討（共同通信）")
    unknown = identify(url=PORTAL, title="Dues - what we know", source="My portal feed")

    assert known.family == "kyodo"
    assert unknown == Publisher(name="Portal", family="portal", is_aggregator=True)


def test_an_aggregator_behind_an_aggregator_is_no_source() -> None:
    found = identify(url=NEWS, source="Portal", source_url=PORTAL, title="Dues")

    assert found.is_aggregator


def test_an_aggregator_s_own_feed_of_direct_links_is_no_aggregator() -> None:
    found = identify(url="https://valley.madeup/1", source="Google News")

    assert (found.family, found.is_aggregator) == ("valley.madeup", False)


def test_a_later_publisher_takes_a_host_and_a_name_over() -> None:
    both = publishers(
        Owner(id="a", names=("One",), domains=("one.example",)),
        Owner(id="b", names=("One",), domains=("one.example",)),
    )

    assert both.identify(entry(url="https://one.example/1")).family == "b"
    assert both.identify(entry(url="", source="one")).family == "b"


def test_the_reason_is_told() -> None:
    of = entry(url=NEWS, source="Mirror", summary="(AP) - It is so.")

    assert KNOWN.explain(of).why == (
        'Google News names "Mirror"; credited to Associated Press'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Harbour Times", "harbour times"),
        ("ＮＨＫ", "nhk"),
        ("S. Paulo-Post", "s paulo post"),
        ("Yahoo!ニュース", "yahoo ニュース"),
    ],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@given(
    url=st.text(max_size=60).map("https://".__add__) | st.text(max_size=60),
    source=st.text(max_size=40),
    source_url=st.text(max_size=40),
    title=st.text(max_size=60),
)
def test_whatever_a_feed_says_there_is_a_family(
    url: str, source: str, source_url: str, title: str
) -> None:
    found = identify(url=url, source=source, source_url=source_url, title=title)

    assert found.family
    assert found.name
