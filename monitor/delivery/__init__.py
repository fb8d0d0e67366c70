"""The edge to receivers: couriers take notifications from the outbox and send them."""
