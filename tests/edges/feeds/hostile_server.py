"""Run the corpus's hostile server in a process of its own, with its canary."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.plugins.services import free_port

# The server's redirects lead to a fixed port. Tests run side by side, so the port is
# changed in the text before it is run; the bomb is built before anybody waits for it.
LAUNCH = """
import asyncio, sys
path, port, canary = sys.argv[1], int(sys.argv[2]), sys.argv[3]
text = open(path).read().replace("6399", canary).replace("6400", str(port))
names = {"__file__": path, "__name__": "hostile_server"}
sys.dont_write_bytecode = True
exec(compile(text, path, "exec"), names)
names["BOMB"]()
print("ready", flush=True)
asyncio.run(names["main"](port))
"""


@dataclass(frozen=True)
class HostileServer:
    """A running hostile server.

    Args:
        cases: what each path is expected to lead to, in the corpus's words.
    """

    port: int
    canary: int
    process: subprocess.Popen[str]
    said: Path
    cases: dict[str, str]

    def url(self, case: str) -> str:
        return f"http://127.0.0.1:{self.port}/{case}"

    def canary_calls(self) -> int:
        lines = self.said.read_text().splitlines()[1:]
        return sum("CANARY" in json.loads(line) for line in lines)

    def requests(self, case: str) -> int:
        return self.said.read_text().count(f"/{case}")


@contextmanager
def hostile_server(path: Path, said: Path) -> Iterator[HostileServer]:
    """Run the server until the block ends."""
    port, canary = free_port(), free_port()
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(path), str(port), str(canary)],
            stdout=out,
            text=True,
        )
    try:
        cases = _cases(port, process)
        yield HostileServer(port, canary, process, said, cases)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def _cases(port: int, process: subprocess.Popen[str]) -> dict[str, str]:
    """Wait for the server, which builds its bomb first, and ask it for its cases."""
    for _ in range(600):
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.ConnectError:
            assert process.poll() is None
            time.sleep(0.1)
        else:
            found: dict[str, str] = answer.json()
            return found
    raise AssertionError("the hostile server did not start")
