"""Let one process at a time own a log file."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from monitor.errors import LogLockedError

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """Hold an exclusive lock on a file for as long as this process lives.

    A POSIX record lock, since `flock` is inherited by forked children: a parse worker
    that outlived a killed monitor would keep its log locked. Such a lock does not
    protect a process from itself; the caller sees to that.
    """

    def __init__(self, path: Path, owned: Path) -> None:
        self._path = path
        self._owned = owned
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock and leave our process id in the file.

        Raises:
            LogLockedError: another process holds it.
            OSError: the file cannot be opened.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            msg = (
                f"{self._owned}: another process (pid {holder}) owns this log; "
                "stop it first, or give this one a log of its own"
            )
            raise LogLockedError(msg) from error
        except OSError:
            os.close(fd)
            raise
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; safe to call twice."""
        fd, self._fd = self._fd, None
        if fd is not None:
            # The file stays: removing it would let two owners hold two files.
            os.close(fd)
