from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.plain import clean, text_of_html


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("one<br>two<br/>three", "one two three"),
        ("<p>one</p><p>two</p>", "one two"),
        ("<b>un</b>believable", "unbelievable"),
        ("&lt;b&gt; &amp;amp; &#x41;&eacute;", "<b> &amp; Aé"),
        ("a<style>p{}</style>b<script>x<y</script>c", "abc"),
        ("a<!-- hidden -->b", "ab"),
        ("<svg><text>no</text></svg>yes", "yes"),
        ("<object>never <b>closed</b>", "never closed"),
        ("<svg>never <b>closed</b>", "never closed"),
        ("a<script>never closed", "a"),
        ("a<!-- never closed", "a"),
        ("a<!x>b<![CDATA[c]]>d", "abd"),
        ("<a " * 300 + "b <i>c</i>", "<a " * 300 + "b c"),
        ("5 < 6 & 7 > 2", "5 < 6 & 7 > 2"),
        ("broken <a href='x", "broken"),
        ("<![if x]>odd<![endif]>", "odd"),
        ("</script>after", "after"),
        ("", ""),
    ],
)
def test_markup_becomes_the_text_a_reader_sees(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in once)
    assert once.encode().decode() == once


@given(st.text(alphabet="<>&;/!-[]abp \"'#x"))
def test_no_markup_makes_the_reader_raise(markup: str) -> None:
    text_of_html(markup)
