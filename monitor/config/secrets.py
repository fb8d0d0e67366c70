"""Refuse secrets that stand in the file itself.

A configuration is mailed, pasted and committed; a secret in it leaks sooner or later.
Nothing here puts a secret into a message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from monitor.config.environment import REFERENCE
from monitor.config.scalars import is_webhook_key
from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.document import Keys
    from monitor.config.environment import Filled

# What RFC 6750 (2.1) allows and what some publishers use besides.
_TOKEN = re.compile(r"[\x21-\x7e]{1,4000}")
_HOW = "write ${NAME} and set that environment variable, or file:/path"


def secret_problems(filled: Filled) -> list[Problem]:
    """Return literal secrets, and signing keys that are none."""
    return [*_receivers(filled), *_addresses(filled)]


def _receivers(filled: Filled) -> Iterator[Problem]:
    receivers = filled.data.get("receivers")
    if not isinstance(receivers, dict):
        return
    for name, receiver in receivers.items():
        if not isinstance(receiver, dict):
            continue
        path: Keys = ("receivers", name)
        yield from _key(filled, (*path, "secret"), receiver.get("secret"))
        several = receiver.get("secrets")
        if isinstance(several, list):
            for number, key in enumerate(several):
                yield from _key(filled, (*path, "secrets", number), key)
        path, url = (*path, "url"), receiver.get("url")
        literal = _literal(filled, path, url)
        if receiver.get("type") == "slack":
            if literal and REFERENCE not in literal:
                yield _refused(path, "the address is a secret, which")
        elif has_password(literal):
            yield _refused(path, "the address holds a password, which")


def _key(filled: Filled, path: Keys, key: Any) -> Iterator[Problem]:
    if not isinstance(key, str):
        return
    if REFERENCE not in _literal(filled, path, key):
        yield _refused(path, "a secret")
    elif key and not is_webhook_key(key):
        # An empty one is reported as such: its variable or file is missing.
        yield Problem(
            path,
            "the secret is no Standard Webhooks key",
            'it must be "whsec_" and the base64 of 24 to 64 bytes',
        )


def _addresses(filled: Filled) -> Iterator[Problem]:
    for key in ("log", "state"):
        if has_password(_literal(filled, (key,), filled.data.get(key))):
            yield _refused((key,), f'"{key}" holds a password, which')
    feeds = filled.data.get("feeds")
    for name, feed in feeds.items() if isinstance(feeds, dict) else ():
        path: Keys = ("feeds", name)
        url = feed
        if isinstance(feed, dict):
            path, url = (*path, "url"), feed.get("url")
        if isinstance(url, str) and has_user(url):
            yield Problem(
                path,
                "the address holds a user name or password",
                "remove it, and give the feed auth: instead",
            )
        auth = feed.get("auth") if isinstance(feed, dict) else None
        if isinstance(auth, dict):
            yield from _auth(filled, ("feeds", name, "auth"), auth)


def _auth(filled: Filled, path: Keys, auth: dict[str, Any]) -> Iterator[Problem]:
    for key, what in (("password", "a password"), ("token", "a token")):
        value = auth.get(key)
        if not isinstance(value, str):
            continue
        if REFERENCE not in _literal(filled, (*path, key), value):
            yield _refused((*path, key), what)
        elif key == "token" and value and not _TOKEN.fullmatch(value):
            # An empty one is reported as such: its variable or file is missing.
            hint = "it must be of letters, digits and signs, without blanks"
            yield Problem((*path, key), "the token is none", hint)


def _refused(path: Keys, what: str) -> Problem:
    return Problem(path, f"{what} may not stand in the file", _HOW)


def _literal(filled: Filled, path: Keys, value: Any) -> str:
    """Return what was written of a value, each reference as one REFERENCE."""
    found = filled.literal.get(path, value)
    return found if isinstance(found, str) else ""


def has_user(url: str) -> bool:
    """Say whether an address holds a user name or password."""
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:
        return False


def has_password(literal: str) -> bool:
    """Say whether the literal part of an address holds a password."""
    try:
        parts = urlsplit(literal)
        options = parse_qs(parts.query)
    except ValueError:
        return False
    user, at, _ = parts.netloc.rpartition("@")
    written = [user.partition(":")[2]] if at else []
    written += options.get("password", []) + options.get("sslpassword", [])
    return any(text and REFERENCE not in text for text in written)
