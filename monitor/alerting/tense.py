"""Tell whether what decides a direction is told as still to come.

"Japan will pay" is a promise, "Japan paid" is the end of the matter. Only the words
around the cue are looked at; a cue that says by itself that something may come has
turned the direction already (`monitor.topics.direction`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.model import Match

_NEAR = 40  # characters on either side
_BEFORE = re.compile(
    r"\b(?:will|shall|would|to|plans?|plan(?:ning|ned)|agree[ds]?|promise[sd]?|pledge[sd]?"
    r"|vow(?:s|ed)?|intends?|prepares?|ready)\s+(?:\w+\s+){0,2}$"
    r"|(?:将|將|拟|擬|同意|承诺|承諾|准备|準備|愿意|願意|计划|計劃)[^，。]{0,3}$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^(?:する|を|の)?(?:へ(?:$|[\s、。])|方針|意向|見通し|予定|考え|約束)"
)


def is_ahead(match: Match) -> bool:
    """Say whether the cue of a direction speaks of what is still to be done."""
    cue = match.cue
    if not cue:
        return False
    text = getattr(match.entry, cue.field)
    before = text[max(cue.start - _NEAR, 0) : cue.start]
    return bool(_BEFORE.search(before) or _AFTER.match(text[cue.end :][:_NEAR]))
