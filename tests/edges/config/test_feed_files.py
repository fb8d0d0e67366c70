"""Feed files: what counts in them, what does not, and how each mistake is told."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load
from monitor.config.feed_files import MAX_TOLD, read_feed_file
from monitor.errors import ConfigError
from monitor.feeds.opml import Element, allowed, new_list, write_opml

if TYPE_CHECKING:
    from monitor.config import Settings

CONFIG = """\
defaults: {interval: 10m}
feeds: {own: https://own.example/rss}
feed_files: [feeds.opml]
"""
PREFIX = 'xmlns:wirewatch="urn:wirewatch:feeds"'


def outline(url: str, text: str = "Wire A", **more: str) -> str:
    attributes = "".join(
        f' {key.replace("__", ":")}="{value}"' for key, value in more.items()
    )
    return f'<outline text="{text}" xmlUrl="{url}"{attributes}/>'


def write(folder: Path, *rows: str, config: str = CONFIG) -> Path:
    """Write a configuration and its list, one outline a line from line 2."""
    text = "\n".join([f'<opml version="2.0" {PREFIX}><body>', *rows, "</body></opml>"])
    (folder / "feeds.opml").write_text(text, encoding="utf-8")
    path = folder / "alerts.yaml"
    path.write_text(config)
    return path


def loaded(folder: Path, *rows: str, config: str = CONFIG) -> Settings:
    return load(write(folder, *rows, config=config), environ={})


def mistakes(folder: Path, *rows: str, config: str = CONFIG) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, *rows, config=config)
    return [line.replace(f"{folder}/", "") for line in caught.value.lines]


def test_the_feeds_of_a_list_stand_beside_those_of_the_file(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        '<outline text="Asia">',
        outline("https://a.example/rss", language="ja"),
        outline("https://b.example/rss", wirewatch__name="b", wirewatch__interval="2m"),
        "</outline>",
        outline("https://c.example/rss", "Wire C", language="unknown"),
    )

    own, first, second, third = settings.feeds
    assert own.id == "own"
    assert (first.id, first.url, first.lang) == (
        "wire-a",
        "https://a.example/rss",
        "ja",
    )
    assert first.interval == timedelta(minutes=10)
    assert (second.id, second.interval) == ("b", timedelta(minutes=2))
    assert (third.id, third.lang) == ("wire-c", "")


def test_a_feed_of_the_file_itself_is_as_it_says_there(tmp_path: Path) -> None:
    settings = loaded(tmp_path, outline("https://own.example/rss", "Another name"))

    assert [feed.id for feed in settings.feeds] == ["own"]


def test_a_feed_in_two_folders_is_one_feed(tmp_path: Path) -> None:
    row = outline("https://a.example/rss")
    settings = loaded(tmp_path, row, row)

    assert [feed.id for feed in settings.feeds] == ["own", "wire-a"]


def test_every_change_of_a_list_is_a_change_of_the_configuration(
    tmp_path: Path,
) -> None:
    before = loaded(tmp_path, outline("https://a.example/rss")).digest
    same = loaded(tmp_path, outline("https://a.example/rss")).digest
    after = loaded(tmp_path, outline("https://a.example/atom")).digest

    assert before == same
    assert before != after


def test_a_title_that_another_feed_has_for_a_name_gets_a_mark(tmp_path: Path) -> None:
    settings = loaded(tmp_path, outline("https://a.example/rss", "Own"))

    assert settings.feeds[1].id.startswith("own-")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(
            [outline("ftp://a.example/")],
            'feeds.opml:2:1: "xmlUrl" must begin with http:// or https://; write'
            ' "https://HOST/PATH"',
            id="address",
        ),
        pytest.param(
            [outline("https://ines:pw@a.example/")],
            "feeds.opml:2:1: the address holds a user name or password; list"
            " the feed in the configuration, with auth:",
            id="password",
        ),
        pytest.param(
            [outline("https://a.example/", wirewatch__name="a b")],
            'feeds.opml:2:1: "wirewatch:name" is no name',
            id="name",
        ),
        pytest.param(
            [outline("https://a.example/", wirewatch__interval="soon")],
            'feeds.opml:2:1: "wirewatch:interval" is no duration; write numbers with'
            ' ms, s, m, h, d or w, as in "1h30m"',
            id="interval",
        ),
        pytest.param(
            [outline("https://a.example/", wirewatch__name="own")],
            'feeds.opml:2:1: the name "own" is also in the configuration itself;'
            " rename one",
            id="taken",
        ),
        pytest.param(
            [
                outline("https://a.example/", wirewatch__name="x"),
                outline("https://b.example/", wirewatch__name="x"),
            ],
            'feeds.opml:3:1: the name "x" is also on line 2; rename one',
            id="twice",
        ),
        pytest.param(
            ["<outline text='a & b'/>"],
            "feeds.opml:2:19: the list is no XML (not well-formed (invalid token));",
            id="xml",
        ),
    ],
)
def test_a_mistake_in_a_list_has_a_place_and_a_remedy(
    tmp_path: Path, rows: list[str], told: str
) -> None:
    found = mistakes(tmp_path, *rows)

    assert len(found) == 1
    assert found[0].startswith(told)


def test_every_mistake_is_told_but_not_without_end(tmp_path: Path) -> None:
    found = mistakes(tmp_path, *[outline(f"ftp://{n}.example/") for n in range(80)])

    assert len(found) == MAX_TOLD + 1
    assert found[-1] == "feeds.opml: and 30 more; correct these first"


def test_a_list_that_is_not_there_is_named_in_the_configuration(
    tmp_path: Path,
) -> None:
    config = CONFIG.replace("feeds.opml", "fedes.opml")

    assert mistakes(tmp_path, config=config) == [
        'alerts.yaml:3:14: there is no file "fedes.opml"; correct its name'
    ]


def test_topics_may_name_feeds_of_a_list(tmp_path: Path) -> None:
    config = CONFIG + 'topics: {t: {clauses: [{query: "fire AND feed:wire-a"}]}}\n'
    settings = loaded(tmp_path, outline("https://a.example/rss"), config=config)

    assert len(settings.topics) == 1


def test_five_thousand_feeds_are_read_quickly(tmp_path: Path) -> None:
    rows = [outline(f"https://h{n}.example/rss", f"Feed {n}") for n in range(5000)]
    path = write(tmp_path, *rows)
    begun = time.perf_counter()
    settings = load(path, environ={})
    took = time.perf_counter() - begun

    assert len({feed.id for feed in settings.feeds}) == 5001
    assert took < 10


WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["own", "a", "5m", "en", "https://a.example/", "https://b.example"]
    ),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["text", "title", "xmlUrl", "language", "isComment"]
        + [f"wirewatch:{key}" for key in ("name", "interval", "timeout", "lang")]
    ),
    WORDS.map(allowed),
)


@given(st.lists(ATTRIBUTES, max_size=6))
def test_any_list_gives_feeds_with_names_of_their_own_or_mistakes(
    rows: list[dict[str, str]],
) -> None:
    body = [Element(tag="outline", attributes=row) for row in rows]
    source = write_opml(new_list("", body))
    file = read_feed_file("f", source, {"own": "elsewhere"}, {"https://own.example/"})

    urls = [feed.url for feed in file.sources.values()]
    assert "own" not in file.sources
    assert len(set(urls)) == len(urls)
    assert all(line.startswith("f:") for line in file.lines())
