"""Write an address in the one form by which entries are compared.

Pure. The form serves as an identity; what is shown and opened is the publisher's own.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_TRACKING = re.compile(
    # Google Analytics and Ads, Matomo, Piano, Meta, Mailchimp, Microsoft, Marketo,
    # HubSpot, Twitter, Yandex: parameters that say where a reader came from.
    r"utm_\w+|gclid|gclsrc|dclid|gbraid|wbraid|_ga|_gl|(?:mtm|pk)_\w+|at_\w+|fbclid"
    r"|igshid|mc_[ce]id|msclkid|mkt_tok|_hs\w+|hsctatracking|twclid|yclid|_openstat",
    re.IGNORECASE,
)
_DEFAULT_PORT = re.compile(r":(?:80|443)?$")


def canonical(link: str) -> str:
    """Return a link without what does not change where it leads.

    Tracking parameters go, and the host is in lower case without a default port.
    Anything that is no web address is returned as it is.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    if parts.scheme not in ("http", "https", "") or not (parts.netloc or parts.query):
        return link
    kept = [
        pair
        for pair in parts.query.split("&")
        if not _TRACKING.fullmatch(pair.partition("=")[0])
    ]
    host = _DEFAULT_PORT.sub("", parts.netloc.lower())
    return urlunsplit((parts.scheme, host, parts.path, "&".join(kept), parts.fragment))
