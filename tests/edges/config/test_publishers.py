"""The shipped table of publishers, and what a configuration makes of it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from monitor.config.countries import COUNTRIES
from monitor.config.publishers import publishers_of, registrable_domain, shipped_table
from monitor.config.schema import Config
from monitor.stories.names import normal
from tests.factories import entry

if TYPE_CHECKING:
    from monitor.model import Publisher
    from tests.edges.config.conftest import Load

TABLE = shipped_table().publishers
SHIPPED = publishers_of(Config())


def at(url: str, **fields: str) -> Publisher:
    return SHIPPED.identify(entry(url=url, **({"source": ""} | fields)))


def test_the_shipped_table_is_sound() -> None:
    domains = [domain for owner in TABLE.values() for domain in owner.domains]
    names = [
        (normal(name), owner.id) for owner in TABLE.values() for name in owner.names
    ]
    by_name = dict(names)

    assert len(TABLE) > 250
    assert len(domains) == len(set(domains))
    assert [domain for domain in domains if registrable_domain(domain) is None] == []
    assert [domain for domain in domains if domain != domain.lower().strip(".")] == []
    assert [pair for pair in names if by_name[pair[0]] != pair[1]] == []
    assert [owner.id for owner in TABLE.values() if not normal(owner.name)] == []
    assert {owner.country for owner in TABLE.values()} - COUNTRIES == {""}
    assert [o.id for o in TABLE.values() if o.agency and o.aggregator] == []


def test_a_family_is_its_own_head_or_nobody_s_id() -> None:
    crooked = [
        owner.id
        for owner in TABLE.values()
        if owner.family in TABLE and TABLE[owner.family].family
    ]

    assert crooked == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.nikkei.com/1", "https://www.ft.com/1"),
        ("https://www.wsj.com/1", "https://www.thetimes.com/1"),
        ("http://world.people.com.cn/1", "https://www.globaltimes.cn/1"),
        ("https://www.cgtn.com/1", "https://news.cctv.com/1"),
        ("https://www.sankei.com/1", "https://www.fnn.jp/1"),
        ("https://www.straitstimes.com/1", "https://www.zaobao.com.sg/1"),
    ],
)
def test_papers_of_one_owner_are_one_family(one: str, other: str) -> None:
    assert at(one).family == at(other).family


def test_well_known_publishers_are_told_apart() -> None:
    urls = [
        "https://www.asahi.com/1",
        "https://www.yomiuri.co.jp/1",
        "https://mainichi.jp/1",
        "https://www3.nhk.or.jp/1",
        "https://english.kyodonews.net/1",
        "https://www.jiji.com/1",
        "https://www.news.cn/1",
        "https://www.chinanews.com.cn/1",
        "https://www.cna.com.tw/1",
        "https://www.channelnewsasia.com/1",
        "https://www.yna.co.kr/1",
        "https://www.scmp.com/1",
        "https://www.bbc.co.uk/1",
        "https://apnews.com/1",
    ]

    assert len({at(url).family for url in urls}) == len(urls)


def test_blogs_of_one_host_are_told_apart() -> None:
    one, other = at("https://one.blogspot.com/1"), at("https://two.blogspot.com/1")

    assert (one.family, other.family) == ("one.blogspot.com", "two.blogspot.com")


def test_a_host_in_its_own_script_is_the_same_in_ascii() -> None:
    written = at("https://www.例え.jp/1")

    assert written.family == at("https://xn--r8jz45g.jp/1").family == "xn--r8jz45g.jp"


def test_a_configuration_extends_and_corrects_the_table(load_text: Load) -> None:
    settings = load_text(
        "publishers:\n"
        "  asahi: {domains: [asahi.example.org], names: [Asahi Online]}\n"
        "  telegraph: {family: nikkei, country: IE}\n"
        "  post: {domains: [post.example.org], names: [Example Post], family: ft}\n"
        "  mine: {domains: [www.lemonde.fr]}\n"
    )
    of = settings.publishers.identify

    asahi = of(entry(url="https://asahi.example.org/1", source=""))
    telegraph = of(entry(url="https://www.telegraph.co.uk/1", source=""))
    assert (asahi.name, asahi.family, asahi.country) == ("Asahi Online", "asahi", "jp")
    assert of(entry(url="https://www.asahi.com/1")).family == "asahi"
    assert (telegraph.family, telegraph.country) == ("nikkei", "ie")
    assert of(entry(url="https://post.example.org/1")).family == "nikkei"
    assert of(entry(url="https://www.lemonde.fr/1")).family == "mine"
    assert of(entry(url="https://blog.lemonde.fr/1")).family == "le-monde"


def test_who_own_each_other_are_one_family(load_text: Load) -> None:
    settings = load_text(
        "publishers:\n"
        "  b: {domains: [b.example.org], family: a}\n"
        "  a: {domains: [a.example.org], family: b}\n"
        "  c: {domains: [c.example.org], family: b}\n"
    )

    found = [
        settings.publishers.identify(entry(url=f"https://{name}.example.org/1")).family
        for name in "abc"
    ]
    assert found == ["a", "a", "a"]


def test_without_additions_the_shipped_table_holds(load_text: Load) -> None:
    settings = load_text("feeds: {a: 'https://a.example/'}")

    assert settings.publishers.owners == SHIPPED.owners


def test_ten_thousand_entries_take_no_second() -> None:
    entries = [
        entry(
            url=f"https://www.site-{number % 300}.example/{number}",
            summary=f"{'TOKYO (Kyodo) - ' * (number % 2)}The cabinet met. " * 9,
        )
        for number in range(10_000)
    ]

    begun = perf_counter()
    for each in entries:
        SHIPPED.identify(each)

    assert perf_counter() - begun < 1  # 0.1 s is usual
