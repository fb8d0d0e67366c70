"""Read the small languages inside values: durations, sizes, addresses, names.

Each reader raises `mistake(...)`, which pydantic passes on with its hint.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

MIN_INTERVAL = timedelta(milliseconds=100)
MAX_DURATION = timedelta(days=3660)

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DURATION = r"^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$"
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
_SIZE = r"^(\d+)(B|KiB|MiB|GiB|TiB)$"
_LISTEN = re.compile(
    r"^(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[^\s:/@]+)):(?P<port>\d+)$"
)


def mistake(message: str, hint: str = "") -> PydanticCustomError:
    """Return an error for pydantic to collect; `hint` says what to do."""
    # Braces would be read as fields of a template.
    return PydanticCustomError(
        "mistake", "{message}", {"message": message, "hint": hint}
    )


def read_duration(value: Any) -> timedelta:
    """Read "30s", "5m", "1h30m", "7d"; units ms, s, m, h, d, w."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise mistake("needs a unit", f'write "{value}s" for seconds')
    if not isinstance(value, str):
        raise mistake("must be a duration", 'write "30s", "5m" or "1h30m"')
    if not re.match(_DURATION, value):
        raise mistake(
            "is no duration", 'write numbers with ms, s, m, h, d or w, as in "1h30m"'
        )
    try:
        total = sum(
            (float(number) * _UNITS[unit] for number, unit in _parts(value)),
            timedelta(0),
        )
    except OverflowError:
        total = MAX_DURATION * 2
    if total > MAX_DURATION:
        raise mistake("is longer than ten years", "give a shorter time")
    return total


def _parts(value: str) -> list[tuple[str, str]]:
    return _DURATION_PART.findall(value)


def _positive(value: Any) -> timedelta:
    duration = read_duration(value)
    if duration < MIN_INTERVAL:
        raise mistake("is too short", "give at least 100ms")
    return duration


def read_size(value: Any) -> int:
    """Read "512KiB", "256MiB", "2GiB" into bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise mistake("needs a unit", f'write "{value}B" for bytes, or KiB, MiB, GiB')
    found = re.match(_SIZE, value) if isinstance(value, str) else None
    if found is None:
        raise mistake("is no size", "write a whole number with KiB, MiB or GiB")
    return int(found[1][:18]) * _SIZES[found[2]]


def read_network(value: Any) -> IPNetwork:
    """Read an address range such as 10.0.0.0/8 or ::1/128."""
    if not isinstance(value, str):
        raise mistake("must be an address range", 'write "10.0.0.0/8"')
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise mistake(
            "is no address range", 'write "10.0.0.0/8" or "::1/128"'
        ) from None
    raise mistake("has bits beyond its prefix", f'write "{network}"')


def read_listen(value: Any) -> str:
    """Read HOST:PORT, with an IPv6 host in square brackets."""
    split_listen(value)
    return str(value)


def split_listen(value: Any) -> tuple[str, int]:
    """Return host and port of a HOST:PORT text."""
    found = _LISTEN.match(value) if isinstance(value, str) else None
    if found is None:
        raise mistake("is no HOST:PORT", 'write "127.0.0.1:8480" or "[::1]:8480"')
    port = int(found["port"][:6])
    if port > 65535:  # noqa: PLR2004 - the largest port there is
        raise mistake(f"port {port} does not exist", "ports go from 0 to 65535")
    return found["six"] or found["four"], port


def read_http_url(value: Any) -> str:
    """Read an http or https address that names a host."""
    if not isinstance(value, str):
        raise mistake("must be an address", 'write "https://..."')
    problem = _http_problem(value)
    if problem:
        raise mistake(problem, 'write "https://HOST/PATH"')
    return value


def _http_problem(value: str) -> str:
    if re.search(r"[\s\x00-\x1f\x7f]", value):
        return "holds blanks or control characters"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme.lower() not in ("http", "https"):
        return "must begin with http:// or https://"
    if not parts.hostname:
        return "names no host"
    return "" if port != 0 else "has port 0"


def is_webhook_key(value: str) -> bool:
    """Say whether a text is a Standard Webhooks symmetric key.

    After https://www.standardwebhooks.com: "whsec_" and the base64 of 24 to 64 bytes.
    """
    if not value.startswith("whsec_"):
        return False
    try:
        key = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return 24 <= len(key) <= 64  # noqa: PLR2004 - the bounds named above


def _schema(**keys: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **keys})


Name = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
]
LabelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Lang = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35),
]
ConceptKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*|except)$", max_length=35
    ),
]
Country = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Interval = Annotated[
    timedelta, BeforeValidator(_positive), _schema(pattern=_DURATION, examples=["5m"])
]
Duration = Annotated[
    timedelta, BeforeValidator(read_duration), _schema(pattern=_DURATION)
]
Size = Annotated[
    int, BeforeValidator(read_size), _schema(pattern=_SIZE, examples=["256MiB"])
]
Network = Annotated[
    IPNetwork, BeforeValidator(read_network), _schema(examples=["10.0.0.0/8"])
]
Listen = Annotated[
    str, BeforeValidator(read_listen), _schema(examples=["127.0.0.1:8480"])
]
HttpUrl = Annotated[
    str, BeforeValidator(read_http_url), _schema(examples=["https://example.org/rss"])
]

_FROM_OUTSIDE = {
    "type": "string",
    "pattern": r"\$\{|^file:",
    "examples": ["${NAME}", "file:/run/secrets/name"],
}
Secret = Annotated[SecretStr, WithJsonSchema(_FROM_OUTSIDE)]
SecretUrl = Annotated[
    SecretStr, BeforeValidator(read_http_url), WithJsonSchema(_FROM_OUTSIDE)
]
PartlySecretUrl = Annotated[
    SecretStr,
    BeforeValidator(read_http_url),
    WithJsonSchema({"type": "string", "examples": ["https://example.org/hook"]}),
]
