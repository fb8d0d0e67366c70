"""Make up the passwords that docker-compose.yml wants, once.

Run it before the first `docker compose up`; it leaves alone what is there. Compose
hands each file to the containers that need it. Inside them other users read it, so
the files are open to all and the folder that holds them is closed: nobody else on
this machine gets past it.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

DATABASE = "postgresql://wirewatch:{password}@postgres:5432/wirewatch"


def main(folder: Path) -> None:
    """Write what is missing into a folder, and say what was written."""
    folder.chmod(0o700)
    password = _keep(folder / "postgres_password", secrets.token_urlsafe(32))
    _keep(folder / "state_url", DATABASE.format(password=password))
    _keep(folder / "grafana_password", secrets.token_urlsafe(24))


def _keep(file: Path, content: str) -> str:
    """Return what a file holds; write it first if it is not there."""
    if file.exists():
        return file.read_text()
    file.write_text(content)
    file.chmod(0o444)
    print(f"wrote {file}")
    return content


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
