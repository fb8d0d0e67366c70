"""Bring a database's tables to the shape this program knows.

The migrations in `migrations/versions` run from code, inside the caller's transaction:
on both databases a migration happens whole or not at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from monitor.errors import StateError

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def lock(conn: Connection, kind: str, name: str) -> None:
    """Wait until no other transaction holds this name; hold it until ours ends.

    On SQLite every transaction already excludes all others.
    """
    if conn.dialect.name != "postgresql":
        return
    digest = hashlib.sha256(f"wirewatch\0{kind}\0{name}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    conn.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})


def upgrade(conn: Connection, place: str) -> tuple[str | None, str]:
    """Run the missing migrations; return the revision before and after.

    Any number of processes may call this at once.

    Raises:
        StateError: the database was written by a newer program.
    """
    lock(conn, "migrate", "")
    config = Config()
    # ConfigParser reads a percent sign as the start of a reference.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    before = MigrationContext.configure(conn).get_current_revision()
    if before is not None and before not in known:
        raise StateError(
            f'{place}: the database has schema "{before}", which is newer than this '
            "program; start the version that wrote it, or a later one"
        )
    head = script.get_current_head() or ""
    if before != head:
        command.upgrade(config, "head")
    return before, head
