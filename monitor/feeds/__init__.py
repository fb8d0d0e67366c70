"""The edge to publishers: fetch, parse, tell new from known, and keep the schedule."""
