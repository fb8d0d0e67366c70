"""Serve the status page, the small JSON API, the metrics and the health checks.

Owns what goes over HTTP and how it looks. What there is to show comes from
`WebSources`, which the process implements; nothing here reads log, state or clock.
"""

from __future__ import annotations

from monitor.web.app import make_web
from monitor.web.server import Server, serve
from monitor.web.sources import Health, TopicLine, WebSources

__all__ = ["Health", "Server", "TopicLine", "WebSources", "make_web", "serve"]
