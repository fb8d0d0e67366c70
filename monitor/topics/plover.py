"""Name what is done with the event types of PLOVER, by the concepts of pack `acts`.

PLOVER is the Political Language Ontology for Verifiable Event Records (Halterman,
Schrodt, Beger, Bagozzi and Scarborough, Creating Custom Event Data Without Dictionaries,
2023). The table follows its published table from CAMEO; where we part from it, a comment
says so. How a word is meant is read elsewhere (`cues`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.topics.reading import Sense

CODES = (
    "AGREE",
    "CONSULT",
    "SUPPORT",
    "CONCEDE",
    "COOPERATE",
    "AID",
    "RETREAT",
    "REQUEST",
    "ACCUSE",
    "REJECT",
    "THREATEN",
    "PROTEST",
    "SANCTION",
    "MOBILIZE",
    "COERCE",
    "ASSAULT",
)
"""The event types, from the friendliest to the most violent, in PLOVER's order."""

# The more telling concept first: among words at one place, the first decides.
_SAID: Mapping[str, str] = {
    "assault": "ASSAULT",
    "coerce": "COERCE",
    # The table has COERCE for embargoes; a reader looks for sanctions under SANCTION.
    "sanction": "SANCTION",
    "withhold": "SANCTION",
    "stop": "SANCTION",
    "withdraw": "SANCTION",
    "reduce": "SANCTION",
    "rejoin": "SUPPORT",
    "resume": "COOPERATE",
    "pay": "COOPERATE",
    "reject": "REJECT",
    "unanswered": "REJECT",
    "fail": "REJECT",
    "mobilise": "MOBILIZE",
    "intrude": "MOBILIZE",
    "open": "COOPERATE",
    "postpone": "SANCTION",
    "threaten": "THREATEN",
    # A government that protests complains officially, which is ACCUSE.
    "protest": "ACCUSE",
    "accuse": "ACCUSE",
    "yield": "CONCEDE",
    "agree": "AGREE",
    "call": "CONSULT",
    "meet": "CONSULT",
    "request": "REQUEST",
    "visit": "CONSULT",
    "support": "SUPPORT",
    "aid": "AID",
}
STRENGTH: Mapping[str, int] = {name: place for place, name in enumerate(_SAID)}
"""How telling a concept of `acts` is, the smaller the more; without those that tell of
no act, such as `consider`."""

_HARMS = frozenset(
    {
        "assault",
        "coerce",
        "sanction",
        "withhold",
        "stop",
        "withdraw",
        "reduce",
        "mobilise",
        "intrude",
    }
)
_FAVOURS = frozenset(
    {"rejoin", "resume", "pay", "open", "yield", "call", "meet", "visit", "aid"}
)
_SETBACKS = frozenset({"reject", "unanswered", "fail", "postpone"})
PREFERRED: Mapping[str, frozenset[str]] = {
    "threat": _HARMS | {"threaten"},
    "resolution": _FAVOURS | {"agree"},
    "progress": _FAVOURS | {"agree"},
    "setback": _HARMS | _SETBACKS,
}
"""The concepts that fit a direction of the product's own: they go before others."""

_MONEY = frozenset({"pay", "aid"})
_CROWDS = ("rally", "march", "demonstrat", "デモ", "示威", "游行", "遊行")


def code_of(concept: str, sense: Sense, quote: str, *, is_ahead: bool = False) -> str:
    """Return the event type of an act, or "" when what is said is no act.

    Args:
        concept: of pack `acts`, without the pack.
        sense: how its words are meant.
        quote: the words.
        is_ahead: they tell of what is intended or threatened.
    """
    if concept == "consider":
        return "THREATEN" if sense == "possible" else ""
    said = _SAID.get(concept, "")
    if concept == "protest" and quote.casefold().startswith(_CROWDS):
        said = "PROTEST"
    if sense == "denied":
        return _denied(concept)
    if sense == "ended":
        return _ended(concept)
    if sense == "possible" and concept in _HARMS:
        return "THREATEN"
    if (sense == "possible" or is_ahead) and concept in _FAVOURS:
        # CAMEO 03: to announce or offer a friendly act is to agree to it.
        return "AGREE"
    return said


def _denied(concept: str) -> str:
    if concept in _HARMS:
        return "AGREE"
    if concept in _MONEY:
        return "SANCTION"
    return "REJECT" if concept in _FAVOURS or concept == "agree" else ""


def _ended(concept: str) -> str:
    if concept in ("sanction", "coerce", "mobilise", "assault"):
        return "RETREAT"
    if concept in _HARMS:
        return "CONCEDE"
    return "SANCTION" if concept in _FAVOURS else ""
