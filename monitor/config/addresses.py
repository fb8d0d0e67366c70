"""The addresses of log and state: what is well formed, and where files lie."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_SQLITE = "sqlite:///"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::(\d{1,5}))?")
_MAX_PORT = 65535

Mistake = tuple[str, str]


def log_mistake(url: str) -> Mistake | None:
    """Return what is wrong with the log's address and what to do, or None."""
    if url.startswith("sqlite:"):
        return _sqlite_mistake(url, "log.db")
    if not url.startswith("kafka://"):
        return "must begin with sqlite:/// or kafka://", _near(url, "kafka://HOST:9092")
    for host in url.removeprefix("kafka://").split(","):
        if "@" in host:
            return "holds a user name", "write kafka://HOST:PORT alone"
        found = _HOST.fullmatch(host)
        if found is None or int(found[1] or 1) not in range(1, _MAX_PORT + 1):
            return "is no list of HOST:PORT", "write kafka://HOST:9092,HOST:9092"
    return None


def state_mistake(url: str) -> Mistake | None:
    """Return what is wrong with the database's address and what to do, or None."""
    if url.startswith("sqlite:"):
        return _sqlite_mistake(url, "state.db")
    postgres = "postgresql://USER:${PASSWORD}@HOST/NAME"
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        return "must begin with sqlite:/// or postgresql://", _near(url, postgres)
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        return "is no address of a database", f"write {postgres}"
    return None


def _near(url: str, example: str) -> str:
    return f"write {example}" if "://" in url else f"write {_SQLITE}FILE or {example}"


def _sqlite_mistake(url: str, name: str) -> Mistake | None:
    file = url.removeprefix(_SQLITE)
    if file == url or not file.strip("/"):
        return "names no file", f"write {_SQLITE}{name}"
    if file == ":memory:":
        return "would be lost with the process", f"write {_SQLITE}{name}"
    if re.search(r"[?#%\x00-\x1f]", file):
        return "has ?, # or % in the file's name", f"write {_SQLITE}{name}"
    return None


def in_folder(url: str, folder: Path) -> str:
    """Return an address whose relative SQLite file lies in a folder.

    As in SQLAlchemy, three slashes begin a relative path and four an absolute one.
    """
    if not url.startswith(_SQLITE):
        return url
    return _SQLITE + str(folder / url.removeprefix(_SQLITE))


def folder_mistake(folder: str) -> Mistake | None:
    """Return why a folder cannot be part of an SQLite address, or None."""
    if re.search(r"[?#%\x00-\x1f]", folder):
        return "has ?, # or % in its name", "choose another folder"
    return None
