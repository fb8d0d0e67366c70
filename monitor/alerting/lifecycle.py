"""Follow where a matter stands between the actors of a topic, sign by sign.

A *sign* is a match that tells where things move. The signs of one topic and pair of
actors (`pairs`), in the order of their times, lead from phase to phase:

    quiet -- threat --> signalled -- action --> acted -- promise --> easing -- done -->
    resolved;  any of the middle three -- silence --> stale

A late sign is put where it belongs, and what followed is judged again. So the phase is
the same in whatever order signs arrive, as far back as signs are kept. Silence never
means that a matter is resolved. This module owns phases and their history; which sign
belongs to which pair, and what a transition is worth telling, is for others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field, structs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Phase = Literal["quiet", "signalled", "acted", "easing", "resolved", "stale"]
"""Where a matter stands."""

Modality = Literal["", "ahead", "done"]
"""Whether an act is told as what may come or as done; "" to go by its event type."""

STALE_AFTER = timedelta(days=30)
"""The silence after which a matter is stale, unless a course says otherwise."""

MAX_LEAD = timedelta(days=7)
"""How far the clock may jump ahead: signs further ahead than this of one that follows
them are dated back to it, and hold nothing up."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this a clock was not set: such a sign says nothing about the clock of others."""

MAX_HISTORY = 50
"""The transitions and late signs remembered of a pair, the latest."""

MAX_SIGNS = 32
"""The signs kept of a pair, to put late ones in their place."""

_MOVING = ("signalled", "acted", "easing")
_AHEAD = frozenset({"", "AGREE", "CONSULT", "REQUEST", "THREATEN"})

# For each label the phase when the act is told as ahead, and when it is told as done.
_USUAL: Mapping[str, tuple[Phase, Phase]] = {
    "threat": ("signalled", "signalled"),
    "action": ("acted", "acted"),
    "progress": ("signalled", "acted"),
    "setback": ("easing", "easing"),
    "resolution": ("easing", "resolved"),
    "settled": ("resolved", "resolved"),
}
_OTHER: tuple[Phase, Phase] = ("signalled", "acted")


class Course(Struct, frozen=True, kw_only=True):
    """How the directions of a topic lead from phase to phase.

    Args:
        phases: the phase of a direction, whatever the act; the others go as usual.
        stale_after: the silence after which a matter is stale, in event time.
    """

    phases: dict[str, Phase] = {}
    stale_after: timedelta = STALE_AFTER

    def phase(self, sign: Sign) -> Phase | None:
        """Return the phase that a sign tells of; None when it tells of none."""
        if not sign.direction and not sign.act:
            return None
        set_by_user = self.phases.get(sign.direction)
        if set_by_user is not None:
            return set_by_user
        ahead, done = _USUAL.get(sign.direction, _OTHER)
        return done if sign.is_done else ahead


USUAL = Course()
"""The course of a topic that says nothing of it."""


class Sign(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A match, as far as the phase goes.

    Args:
        at: its event time, when the entry was fetched.
        direction: the topic's word for where things move.
        act: what is done, as a PLOVER event type.
        story: the story it belongs to.
        title: of the entry, for the reason.
    """

    at: datetime
    direction: str = ""
    act: str = ""
    actors: tuple[str, ...] = ()
    story: str = ""
    title: str = ""
    modality: Modality = ""

    @property
    def is_done(self) -> bool:
        """Tell whether the act is told as done."""
        return self.modality == "done" or (not self.modality and self.act not in _AHEAD)


class Transition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step from phase to phase, or a sign that came too late to be one.

    Args:
        at: the event time of the sign; of the end of the wait when silence is the reason.
        from_: the phase before, sent as "from".
        to: the phase after; the same when only the direction turned.
        direction: where things move now.
        is_late: the sign was older than others known by then.
    """

    at: datetime
    from_: Phase = field(name="from")
    to: Phase
    reason: str
    direction: str = ""
    story: str = ""
    act: str = ""
    is_late: bool = False


class Lifecycle(Struct, frozen=True, kw_only=True):
    """Where the matter of one pair stands, and how it came there.

    Args:
        since: when phase and direction became what they are.
        last_at: the time of the newest sign.
        reason: why the phase is what it is.
        history: the latest transitions and late signs, as they became known.
        signs: the latest signs, in order of time.
        base: what the signs before those led to.
    """

    phase: Phase
    direction: str
    since: datetime
    last_at: datetime
    reason: str
    history: tuple[Transition, ...] = ()
    signs: tuple[Sign, ...] = ()
    base: Standing | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """Where a matter stands after some signs."""

    phase: Phase = "quiet"
    direction: str = ""
    since: datetime
    last_at: datetime
    reason: str = ""


def advance(
    state: Lifecycle | None, seen: Sign, course: Course = USUAL
) -> tuple[Lifecycle, Transition | None]:
    """Return where a matter stands after a sign, and the transition if it made one.

    A sign that is known already changes nothing. One that is older than others changes
    the phase only where nothing newer speaks against it.

    Args:
        state: where it stood; None for a pair never heard of.
        seen: the sign, of any time.
        course: how the topic's directions lead from phase to phase.
    """
    if state is None:
        return _begin(seen, course)
    if seen in state.signs:
        return state, None
    if state.base is not None and seen.at < state.base.last_at:
        return _noted(state, [_step(state.phase, state, seen, is_late=True)]), None
    kept = _without_jump(state.signs, seen)
    is_late = bool(kept) and seen.at < kept[-1].at
    base, signs = _trimmed(state.base, _placed(kept, seen), course)
    now = _fold(base, signs, course)
    silence = _silence(state, seen, course)
    stood: Phase = "stale" if silence is not None else state.phase
    transition = None
    if (stood, state.direction) != (now.phase, now.direction):
        transition = _step(stood, now, seen, is_late=is_late)
    late = is_late and transition is None and seen in signs
    return _noted(
        Lifecycle(
            phase=now.phase,
            direction=now.direction,
            since=now.since,
            last_at=now.last_at,
            reason=now.reason,
            history=state.history,
            signs=signs,
            base=base,
        ),
        [silence, transition, _step(stood, now, seen, is_late=True) if late else None],
    ), transition


def phase_at(state: Lifecycle | None, now: datetime, course: Course = USUAL) -> Phase:
    """Return the phase as of a time, which silence may have made stale."""
    if state is None:
        return "quiet"
    is_stale = state.phase in _MOVING and now - state.last_at > course.stale_after
    return "stale" if is_stale else state.phase


def _begin(seen: Sign, course: Course) -> tuple[Lifecycle, Transition | None]:
    now = _after(None, seen, course)
    transition = None
    if now.phase != "quiet":
        transition = _step("quiet", now, seen, is_late=False)
    return Lifecycle(
        phase=now.phase,
        direction=now.direction,
        since=now.since,
        last_at=now.last_at,
        reason=now.reason,
        history=() if transition is None else (transition,),
        signs=(seen,),
    ), transition


def _noted(state: Lifecycle, steps: Sequence[Transition | None]) -> Lifecycle:
    """Return a state with steps added to its history, each once."""
    known = {(step.at, step.story, step.reason) for step in state.history}
    new = [
        step
        for step in steps
        if step is not None
        and not (step.is_late and (step.at, step.story, step.reason) in known)
    ]
    return structs.replace(state, history=(*state.history, *new)[-MAX_HISTORY:])


def _fold(base: Standing | None, signs: Sequence[Sign], course: Course) -> Standing:
    standing = base
    for sign in signs:
        standing = _after(standing, sign, course)
    assert standing is not None  # noqa: S101 - there is a base or a sign
    return standing


def _after(before: Standing | None, sign: Sign, course: Course) -> Standing:
    """Return where a matter stands after one more sign, given in order of time."""
    known = before or Standing(since=sign.at, last_at=sign.at)
    phase = course.phase(sign)
    if phase is None:
        return structs.replace(known, last_at=sign.at)
    is_stale = known.phase in _MOVING and sign.at - known.last_at > course.stale_after
    # What is done stays done: talk of it is no way back.
    stays = known.phase == "acted" and phase == "signalled" and not is_stale
    is_same = (known.phase, known.direction) == (phase, sign.direction)
    if stays or (is_same and not is_stale):
        return structs.replace(known, last_at=sign.at)
    return Standing(
        phase=phase,
        direction=sign.direction,
        since=sign.at,
        last_at=sign.at,
        reason=_reason(sign),
    )


def _reason(sign: Sign) -> str:
    told = sign.direction or "act"
    if sign.act:
        told += f" ({sign.act})"
    return f'{told}: "{sign.title}"' if sign.title else told


def _step(
    stood: Phase, now: Standing | Lifecycle, seen: Sign, *, is_late: bool
) -> Transition:
    reason = _reason(seen)
    return Transition(
        at=seen.at,
        from_=stood,
        to=now.phase,
        reason=f"late, {reason}" if is_late else reason,
        direction=now.direction,
        story=seen.story,
        act=seen.act,
        is_late=is_late,
    )


def _silence(before: Lifecycle, seen: Sign, course: Course) -> Transition | None:
    """Return the step into staleness that a sign shows to have been made."""
    at = before.last_at + course.stale_after
    if before.phase not in _MOVING or seen.at <= at or course.phase(seen) is None:
        return None
    days = course.stale_after / timedelta(days=1)
    return Transition(
        at=at,
        from_=before.phase,
        to="stale",
        reason=f"nothing heard for {days:g} days",
        direction=before.direction,
    )


def _without_jump(signs: tuple[Sign, ...], seen: Sign) -> tuple[Sign, ...]:
    """Date signs back that a clock which had jumped ahead has dated, as this one shows.

    They are those further ahead of it than `MAX_LEAD` with nothing between, unless
    they go on for longer than that themselves, as true ones do. They came before.
    """
    ahead = [sign for sign in signs if sign.at > seen.at + MAX_LEAD]
    goes_on = bool(ahead) and ahead[-1].at - ahead[0].at > MAX_LEAD
    if not ahead or goes_on or seen.at < EARLIEST:
        return signs
    kept = signs[: len(signs) - len(ahead)]
    if kept and kept[-1].at > seen.at:
        return signs
    return (*kept, *(structs.replace(sign, at=seen.at) for sign in ahead))


def _placed(signs: tuple[Sign, ...], seen: Sign) -> list[Sign]:
    """Return the signs with one more, in order; of a long run the first and last."""
    ordered = sorted((*signs, seen), key=_order)
    return [
        sign
        for place, sign in enumerate(ordered)
        if not (
            0 < place < len(ordered) - 1
            and _told(ordered[place - 1]) == _told(sign) == _told(ordered[place + 1])
        )
    ]


def _trimmed(
    base: Standing | None, signs: Sequence[Sign], course: Course
) -> tuple[Standing | None, tuple[Sign, ...]]:
    """Return base and signs with no more signs than are kept."""
    for sign in signs[:-MAX_SIGNS]:
        base = _after(base, sign, course)
    return base, tuple(signs[-MAX_SIGNS:])


def _told(sign: Sign) -> tuple[str, str, bool]:
    return sign.direction, sign.act, sign.is_done


def _order(sign: Sign) -> tuple[datetime, str, str, str, str]:
    return sign.at, sign.direction, sign.act, sign.story, sign.title
