"""How Wirewatch runs on streams: Faust agents, transports and the worker."""
