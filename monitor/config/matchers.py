"""Read the label conditions of routes: `topic="x"`, `severity=~"warning|critical"`.

The syntax is one matcher of Prometheus Alertmanager's; the quotes may be left out.
"""

from __future__ import annotations

import re

from monitor.model import Matcher

_MATCHER = re.compile(
    r"\s*(?P<label>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<op>=~|!~|!=|=)\s*"
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^"\s]*))\s*'
)
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class MatcherError(ValueError):
    """Say what is wrong with a matcher.

    Args:
        message: what is wrong.
        hint: what to do about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_matcher(text: str) -> Matcher:
    """Return the condition that a text states.

    Raises:
        MatcherError: it states none.
    """
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherError(
            f'"{text}" is no matcher', 'write topic="NAME" or severity=~"A|B"'
        )
    value = found["bare"]
    if found["quoted"] is not None:
        # Other escapes stay as they are: they belong to the regular expression.
        value = re.sub(r'\\[\\"n]', lambda esc: _ESCAPES[esc[0]], found["quoted"])
    op = found["op"]
    if op in ("=~", "!~"):
        try:
            re.compile(value, re.DOTALL)
        except (re.error, OverflowError) as error:
            raise MatcherError(
                f'"{value}" is no regular expression ({error})', "correct it"
            ) from None
    return Matcher(label=found["label"], op=op, value=value)  # type: ignore[arg-type]
