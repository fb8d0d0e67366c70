"""Let `python -m monitor.cli` be `wirewatch`."""

from monitor.cli import main

main()
