"""Alembic's environment and the revisions, run by `monitor.store.migrate`."""
