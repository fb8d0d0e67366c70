"""Fetch a real Kafka with Maven and run one node of it on loopback.

`make kafka` runs this in the foreground with its data under `.kafka/node`; the tests
use the same class with ports and a data folder of their own. Needs `java` and `mvn`,
and nothing outside the standard library.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".kafka"
CLUSTER = "wirewatch-local-0001AA"
"""A cluster id: 22 characters of base64, the same at every start."""

FETCH_SECONDS = 600.0
READY_SECONDS = 60.0
STOP_SECONDS = 20.0

JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m")
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


class KafkaMissingError(Exception):
    """Say which tool a Kafka cannot be had without."""


def fetch(cache: Path = CACHE) -> Path:
    """Return the folder with Kafka's jars, fetching them the first time.

    Raises:
        KafkaMissingError: there is no Java or Maven, or nothing to fetch from.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None and not (tool == "mvn" and _complete(cache)):
            msg = f"{tool}: not found; install a Java runtime (17 or newer) and Maven"
            raise KafkaMissingError(msg)
    cache.mkdir(parents=True, exist_ok=True)
    # Test processes start side by side; one fetches, the others wait for it.
    with (cache / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _complete(cache):
            _fetch(cache)
    return cache / "libs"


def _pom() -> bytes:
    return (HERE / "pom.xml").read_bytes()


def _complete(cache: Path) -> bool:
    """Tell whether the jars of this very pom lie in the cache."""
    stamp = cache / "libs" / "pom.xml"
    return stamp.is_file() and stamp.read_bytes() == _pom()


def _fetch(cache: Path) -> None:
    libs = cache / "libs"
    shutil.rmtree(libs, ignore_errors=True)
    goal = "dependency:copy-dependencies"
    done = subprocess.run(  # noqa: S603 - our own words
        [  # noqa: S607 - whichever Maven the user has
            "mvn",
            "-q",
            "-B",
            "-f",
            str(HERE / "pom.xml"),
            goal,
            f"-DoutputDirectory={libs}",
        ],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=FETCH_SECONDS,
    )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace").strip()
        msg = f"{HERE / 'pom.xml'}: Maven could not fetch Kafka; it says: {said[-600:]}"
        raise KafkaMissingError(msg)
    (libs / "pom.xml").write_bytes(_pom())


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class KafkaNode:
    """One Kafka node in KRaft mode; may be stopped and started again on its data.

    Args:
        folder: for the data, the settings and the output; made if missing.
        port: for clients; a free one if None.
    """

    def __init__(
        self, folder: Path, *, port: int | None = None, cache: Path = CACHE
    ) -> None:
        self._libs = fetch(cache)
        self._folder = folder
        self._port = port or free_port()
        self._controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare()

    @property
    def bootstrap(self) -> str:
        """Return the address for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def output(self) -> Path:
        """Return the file with what Kafka printed."""
        return self._folder / "kafka.out"

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        template = (HERE / "server.properties").read_text()
        self._properties = self._folder / "server.properties"
        self._properties.write_text(
            template.format(
                port=self._port,
                controller_port=self._controller_port,
                data=self._folder / "data",
            )
        )
        subprocess.run(  # noqa: S603 - our own words
            [
                *self._java("kafka.tools.StorageTool"),
                *("format", "--ignore-formatted", "-t", CLUSTER),
                *("-c", str(self._properties)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=READY_SECONDS,
        )

    def _java(self, main: str) -> list[str]:
        return [*JAVA, QUIET, "-cp", f"{self._libs}/*", main]

    def start(self) -> None:
        """Start the node; it is ready when a client can create a stream."""
        if self._process is not None:
            return
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [*self._java("kafka.Kafka"), str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C is for us; we stop the node in order.
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> int:
        """Wait until the node ends; return its exit status."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """Stop the node in order, or by force after 20 s; safe to call twice."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node at once, as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _is_listening(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=1.0):
        return True
    return False


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run one node in the foreground until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Run a real Kafka on loopback.")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--data", type=Path, default=CACHE / "node")
    options = parser.parse_args()
    if _is_listening(f"127.0.0.1:{options.port}"):
        print(
            f"port {options.port}: in use; choose another with --port", file=sys.stderr
        )
        return 2
    if not _complete(CACHE):
        print("fetching Kafka, 44 MB, into .kafka", flush=True)
    try:
        node = KafkaNode(options.data, port=options.port)
    except KafkaMissingError as error:
        print(error, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _attend(node)
    except KeyboardInterrupt:
        return 0
    finally:
        node.stop()


def _attend(node: KafkaNode) -> int:
    node.start()
    deadline = time.monotonic() + READY_SECONDS
    while not _is_listening(node.bootstrap) and node.is_running():
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    print(f"Kafka listens on {node.bootstrap}; Ctrl-C ends it", flush=True)
    print(f"its output: {os.path.relpath(node.output)}", flush=True)
    status = node.wait()
    print(f"Kafka ended by itself with status {status}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
