"""Write an alert for Slack: Block Kit blocks for an incoming webhook.

Limits after https://docs.slack.dev/reference/block-kit/blocks: 50 blocks, 150
characters in a header, 3,000 in any other text, none empty. Lengths are counted as
JavaScript does, in UTF-16 units, after escaping, which is the strictest reading.

Text from feeds is shown, never obeyed: `&`, `<` and `>` are escaped, so nobody is
mentioned and no link hides its address; characters that switch formatting are
replaced by look-alikes; `verbatim` keeps Slack from linking names and addresses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monitor.alerting.evidence import Piece, sentence, title
from monitor.alerting.plain import clip, host_of, one_line, utc, web_address
from monitor.alerting.telling import heading, how_sure, what_changed
from monitor.alerting.webhook import to_json

if TYPE_CHECKING:
    from monitor.model import Alert, Change, Entry

_HEADER = 150
_TITLE = 900
_SENTENCE = 1200
_DESCRIPTION = 600
_LABELS = 1000
_CHANGE = 450
_TOLD = 6
_LISTED = 5
_LONGEST_LINK = 1000
_LONGEST_LISTED_LINK = 250

_BOLD = 4  # two stars and two invisible spaces

_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "*": "∗",
    "`": "ˋ",
    "~": "∼",
}
_MENTION = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)


def slack_body(change: Change, external_url: str) -> bytes:
    """Return the JSON to post to an incoming webhook."""
    alert = change.alert
    opening = heading(change) or alert.severity.upper()
    headline = f"{opening}: {one_line(alert.match.entry.title).strip()}"
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {
                "type": "plain_text",
                "text": _fit(headline, _HEADER),
                "emoji": False,
            },
        },
        *_section(_changes(change)),
        *_section(_evidence(alert)),
        *_section(_counted(alert)),
        {
            "type": "context",
            "elements": [
                _mrkdwn(_source(alert.match.entry, _LONGEST_LINK)),
                _mrkdwn(_labels(change, external_url)),
            ],
        },
    ]
    return to_json(
        {
            "text": _fit(f"{headline} ({alert.rule})", _DESCRIPTION),
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def _changes(change: Change) -> str:
    return "\n".join(
        f"• {_fit(line, _CHANGE)}" for line in what_changed(change)[:_TOLD]
    )


def _evidence(alert: Alert) -> str:
    lines = [
        _quoted(title(alert.match, _TITLE // 2), _TITLE),
        _quoted(sentence(alert.match, _SENTENCE // 2), _SENTENCE),
    ]
    # Bare of what cannot be seen first: Slack refuses a text of blanks alone.
    description = one_line(alert.description).strip()
    if description:
        lines.insert(0, _fit(description, _DESCRIPTION))
    return "\n".join(line for line in lines if line)


def _counted(alert: Alert) -> str:
    if not alert.related:
        return ""
    latest = reversed(alert.related[-_LISTED:])
    others = (
        f"• {_fit(clip(other.title, 120), 200)} {_source(other, _LONGEST_LISTED_LINK)}"
        for other in latest
    )
    return "\n".join([f"{alert.count} stories together; besides:", *others])


def _source(entry: Entry, longest: int) -> str:
    """Return the source, linked, with the host that the link leads to."""
    url = web_address(entry.url)
    name = _fit(clip(entry.source or entry.feed, 80), 160)
    link = url.replace("&", "&amp;")
    if url and len(link) <= longest:
        name = name.replace("|", "¦")
        name = f"<{link}|{name} ({_fit(host_of(url), 100)})>"
    if entry.published_at is not None:
        name += f", {utc(entry.published_at)}"
    return name


def _labels(change: Change, external_url: str) -> str:
    alert = change.alert
    direction, sure = alert.match.direction, how_sure(alert)
    parts = [alert.rule, alert.topic, direction, sure, utc(change.at)]
    line = _fit(" · ".join(part for part in parts if part), _LABELS)
    page = web_address(external_url).replace("&", "&amp;")
    return f"{line} · <{page}|Wirewatch>" if page else line


def _quoted(pieces: list[Piece], limit: int) -> str:
    """Return a quotation of at most `limit` units, its evidence bold."""
    out = ""
    room = limit - len("> ")
    for number, (text, is_evidence) in enumerate(pieces):
        piece = _fit(text, room - _BOLD)
        if is_evidence and piece.strip():
            following = pieces[number + 1].text if number + 1 < len(pieces) else ""
            piece = _bold(piece.strip(), before=out[-1:], after=following[:1])
        room -= _units(piece)
        out += piece
        if room <= _BOLD:
            break
    return f"> {out}" if out.strip() else ""


def _bold(text: str, before: str, after: str) -> str:
    """Return text in stars, which Slack takes for bold only beside white space.

    Chinese and Japanese have none, so an invisible space is put there.
    """
    left = "\u200b" if before.strip() else ""
    right = "\u200b" if after.strip() else ""
    return f"{left}*{text}*{right}"


def _fit(text: str, limit: int) -> str:
    """Return one line, escaped, of at most `limit` units; never half an escape."""
    line = _MENTION.sub("@\u2060", one_line(text))
    out: list[str] = []
    left = limit
    for char in line:
        escaped = _ESCAPES.get(char, char)
        left -= _units(escaped)
        if left < 0:
            while out and left < 1:
                left += _units(out.pop())
            return "".join(out) + ("…" if left >= 1 else "")
        out.append(escaped)
    return "".join(out)


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _section(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": _mrkdwn(text)}] if text else []


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
