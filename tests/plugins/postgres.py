"""A real PostgreSQL for tests. To be written."""
