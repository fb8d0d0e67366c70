"""Read the article out of a page, and the address that the page gives as its own.

Pure, and run in a worker that can be killed: pages are larger and odder than feeds.
Needs the extra `fulltext`.
"""

from __future__ import annotations

import copy
import re
from configparser import ConfigParser
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from trafilatura import extract
from trafilatura.settings import DEFAULT_CONFIG

from monitor.feed_model import Page
from monitor.feeds.discover import MAX_PAGE, MAX_URL
from monitor.feeds.links import canonical
from monitor.feeds.plain import clean, cut
from monitor.text import has_cjk

MAX_TEXT = 20_000
"""Characters kept of an article, as of a summary."""

_HEAD_BYTES = 4096
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_NO_TEXT_CODECS = frozenset({"utf-7", "utf7", "idna", "punycode", "unicode-escape"})
_DENSITY = 3
_TWIN = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)")


def _dense() -> ConfigParser:
    """Return the settings for scripts in which a character says as much as three.

    The library takes an article that is too short for a failure and returns all text of
    the page instead, the menus with it; it counts in Latin letters.
    """
    config: ConfigParser = copy.deepcopy(DEFAULT_CONFIG)
    size = config.getint("DEFAULT", "MIN_EXTRACTED_SIZE")
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(size // _DENSITY))
    return config


_DENSE = _dense()


def read_page(body: bytes, url: str, content_type: str = "") -> Page:
    """Return the article and the canonical address of a page, as far as it has them.

    Args:
        body: the bytes as published, after any content coding is undone.
        url: the address that answered.
        content_type: the Content-Type header, which may name the encoding.
    """
    markup = _decoded(body, content_type)
    # Left undecided, the encoding is guessed from the whole page.
    source = body if markup is None else markup
    is_dense = markup is not None and has_cjk(markup)
    found = extract(
        source,
        url=url,
        include_comments=False,
        config=_DENSE if is_dense else DEFAULT_CONFIG,
    )
    head = markup if markup is not None else body.decode("utf-8", "replace")
    return Page(
        text=cut(clean(found or ""), MAX_TEXT),
        canonical=_canonical(head[:MAX_PAGE], url),
    )


def _decoded(body: bytes, content_type: str) -> str | None:
    """Return the text of a page whose encoding is named or UTF-8, else None."""
    head = body[:_HEAD_BYTES].decode("ascii", "replace")
    named = _CHARSET.search(content_type) or _CHARSET.search(head)
    if named and named[1].lower().replace("_", "-") not in _NO_TEXT_CODECS:
        try:
            return body.decode(named[1], "replace")
        except (LookupError, ValueError, UnicodeError):
            pass
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _canonical(markup: str, url: str) -> str:
    reader = _Reader(url)
    try:
        reader.feed(markup)
        reader.close()
    except AssertionError:
        pass  # the standard library's parser gives up on broken declarations
    found = reader.found
    # Two that differ say nothing (RFC 6596 knows one for each page).
    return next(iter(found)) if len(found) == 1 else ""


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self._url = url
        self._base = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("base", "link"):
            return
        values = {name: value or "" for name, value in reversed(attrs)}
        href = values.get("href", "")
        if tag == "base":
            self._base = _joined(self._url, href) or self._base
        elif "canonical" in values.get("rel", "").lower().split():
            address = own_address(_joined(self._base, href), self._url)
            if address:
                self.found.add(address)


def own_address(address: str, url: str) -> str:
    """Return an address that a page may call its own, else "".

    It must be one of the same site (its host with or without `www.`, `m.`, `mobile.` or
    `amp.`) on a usual port, and more than the site's front page, which careless sites
    name on every page. A fragment is left out.
    """
    try:
        parts, page = urlsplit(address), urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usual = parts.port in (None, page.port, 80, 443)
    except ValueError:
        return ""
    if not is_web or not is_usual or "@" in parts.netloc:
        return ""
    if _site(parts.hostname or "") != _site(page.hostname or ""):
        return ""
    if parts.path in ("", "/") and not parts.query:
        return ""
    return canonical(parts._replace(fragment="").geturl())


def _site(host: str) -> str:
    return _TWIN.sub("", host.lower())


def _joined(base: str, link: str) -> str:
    try:
        address = clean(urljoin(base, clean(link)))
    except ValueError:
        return ""
    return address if " " not in address and len(address) <= MAX_URL else ""
