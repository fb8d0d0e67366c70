"""A real Kafka for tests. To be written."""
