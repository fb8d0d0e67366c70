"""Tell what is new about an alert that readers know, in words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Alert, Match, Voice

_TURNS = {
    "threat": "threatened again",
    "action": "carried out",
    "resolution": "easing",
    "progress": "progress",
    "setback": "setback",
}
"""How the product's own directions read when an alert turns to them."""

_NAMED = 5


def act_of(match: Match) -> str:
    """Return what is done: the direction; of a topic without directions, the act."""
    return match.direction or match.act


def actor_of(match: Match) -> str:
    """Return who acts, or ""."""
    return match.actors[0] if match.actors else ""


def plain_name(actor: str) -> str:
    """Return a concept's name as people read it: "states/north-korea", North Korea."""
    return actor.rpartition("/")[2].replace("-", " ").title()


def new_act(alert: Alert, match: Match) -> str:
    """Say that something else is done than was told; "" if not."""
    act = act_of(match)
    if not act or act in alert.acts:
        return ""
    turn = _TURNS.get(act, act.lower())
    before = f' (was "{alert.acts[-1].lower()}")' if alert.acts else ""
    return f"{turn}{before}"


def new_actor(alert: Alert, match: Match) -> str:
    """Say that somebody else acts than was told; "" if not."""
    actor = actor_of(match)
    return f"also {plain_name(actor)}" if is_another(alert, actor) else ""


def is_another(alert: Alert, actor: str) -> bool:
    """Say whether somebody acts whom an alert does not know; "" is nobody."""
    # Two that meet, or sign, act both; whom a report names first is no news.
    known = {*alert.actors, *alert.match.actors}
    return bool(actor and alert.actors) and actor not in known


def new_tier(before: Alert, after: Alert) -> str:
    """Say that an alert became confirmed, or is so no longer; "" if neither."""
    if before.tier == after.tier:
        return ""
    if after.tier == "confirmed":
        return f"confirmed by {families(after.voices)}"
    return f"no longer confirmed: {families(after.voices)}"


def families(voices: Sequence[Voice]) -> str:
    """Count independent publishers, and name the first of them."""
    names = [voice.publisher.name or voice.source or voice.feed for voice in voices]
    listed = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    noun = "independent publisher" if len(names) == 1 else "independent publishers"
    return f"{len(names)} {noun} ({listed})"
