"""The shared corpus of hostile feeds: its rows, and reading them in a watched worker."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil

from monitor.errors import NotAFeedError
from monitor.feed_model import ParsedFeed
from monitor.feeds.workers import ParseWorkers

ADDRESS = "https://feeds.example/feed"

WATCH = '''
"""Write down what a parse worker opens, asks and starts, once it reads bodies."""
import os, sys
log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def watch(event, args):
    if event == "open":
        path = str(args[0])
        if path.endswith((".py", ".pyc", ".so", ".zip")) or args[0] in (0, 1, 2):
            return
        if not path.startswith("/") or path.startswith((sys.prefix, sys.base_prefix)):
            return
    elif not event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn")):
        return
    os.write(log, (event + " " + repr(args) + chr(10)).encode())

sys.addaudithook(watch)
'''


@dataclass(frozen=True)
class Reading:
    """What became of a row: its feed or the refusal, and what that took."""

    row: dict[str, Any]
    feed: ParsedFeed | None
    refusal: str
    seconds: float
    peak_mib: float

    @property
    def name(self) -> str:
        return str(self.row["file"])


def module(path: Path) -> ModuleType:
    """Import a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(found)
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(str(path.parent))
    return found


def rows(hostile: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield every row with its body; large bodies are built when their turn comes."""
    built: dict[str, bytes | Callable[[], bytes]] = {}
    for name, body, _, _ in module(hostile / "gen_dev.py").cases():
        built[f"dev/generated/{name}"] = body
    for line in (hostile / "dev" / "index.jsonl").read_text().splitlines():
        row = json.loads(line)
        path = hostile / row["file"]
        if path.exists():
            yield row, path.read_bytes()
        else:
            body = built[row["file"]]
            yield row, body() if callable(body) else body


def watched(folder: Path) -> Path:
    """Make a folder for PYTHONPATH that watches Python; return where it writes."""
    log = folder / "watched.log"
    (folder / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    return log


async def read(workers: ParseWorkers, row: dict[str, Any], body: bytes) -> Reading:
    """Read a body in warm workers and measure its time and its peak of memory."""
    for worker in _running():
        _forget_peak(worker)
    begun = time.monotonic()
    feed, refusal = None, ""
    try:
        feed = await workers.parse(body, ADDRESS)
    except NotAFeedError as error:
        refusal = str(error)
    seconds = time.monotonic() - begun
    at_limit = "MiB; the body was given up" in refusal
    peak = 1024.0 if at_limit else max(map(_peak_mib, _running()), default=0.0)
    return Reading(row, feed, refusal, seconds, peak)


def _running() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and "monitor.feeds.worker_main" in child.cmdline()
    ]


def _forget_peak(worker: psutil.Process) -> None:
    Path(f"/proc/{worker.pid}/clear_refs").write_text("5")


def _peak_mib(worker: psutil.Process) -> float:
    """Return the most memory a worker has held."""
    lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line)
