"""Names for feeds that come without one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.names import names_for, slug

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("BBC News - World", "bbc-news-world"),
        ("Süddeutsche Zeitung", "suddeutsche-zeitung"),
        ("朝日新聞", "asahi-example"),
        ("朝日新聞 AJ", "asahi-example"),
        ("../../etc/passwd", "etc-passwd"),
        ("$(rm -rf ~)", "rm-rf"),
        ("", "asahi-example"),
        ("\u202eevil", "evil"),
    ],
)
def test_names_come_from_titles_or_hosts(title: str, name: str) -> None:
    assert slug(title, "https://www.asahi.example/rss") == name


def test_feeds_of_one_title_are_told_apart_whatever_their_order() -> None:
    titles = {"https://a.example/": "News", "https://b.example/": "News"}
    forwards = names_for(titles)
    backwards = names_for(dict(reversed(titles.items())))

    assert forwards == backwards
    assert len(set(forwards.values())) == 2
    assert all(name.startswith("news-") for name in forwards.values())


def test_a_name_that_another_has_is_not_given_again() -> None:
    names = names_for({"https://a.example/": "News"}, taken={"news"})

    assert names["https://a.example/"].startswith("news-")


URLS = st.sampled_from([f"https://h{n}.example/{m}" for n in range(4) for m in "abc"])


@given(st.dictionaries(st.one_of(URLS, st.text()), st.text()), st.sets(st.text()))
def test_names_are_unique_and_safe(titles: dict[str, str], taken: set[str]) -> None:
    names = names_for(titles, taken)

    assert names.keys() == titles.keys()
    assert len(set(names.values())) == len(names)
    assert not taken & set(names.values())
    assert all(NAME.fullmatch(name) and len(name) <= 100 for name in names.values())
