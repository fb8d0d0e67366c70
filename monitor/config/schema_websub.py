"""The keys of `alerts.yaml` that say how hubs reach us. Shape only, as in `schema`."""

from __future__ import annotations

from pydantic import Field

from monitor.config.scalars import HttpUrl
from monitor.config.schema_topics import Model


class WebSub(Model):
    """How hubs push feeds to us (WebSub)."""

    callback: HttpUrl | None = Field(
        None,
        description="The public address that leads to this web server, for hubs to push"
        " to; feeds that name a hub are then subscribed. Default none: feeds are only"
        " polled.",
    )
