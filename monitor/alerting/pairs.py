"""Tell which news is of the same actors: whose thread a sign belongs to.

Items name their actors unevenly: "Japan may halt UNESCO funding" names two, 日方威胁停缴会费
one, and a third names the state whose deed was the cause. A pair is what is left when
the one that acts and whom it acts upon are taken: two keys are of one thread when
nothing in them says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BODIES = "bodies/"


def pair_key(topic: str, actors: Sequence[str]) -> tuple[str, ...]:
    """Return the topic and whom its news is about: at most two, the one that acts first.

    A state and a body are a state that acts upon a body, and other states beside them a
    cause; without a body the first two are taken.
    """
    states = [name for name in actors if not name.startswith(_BODIES)]
    bodies = [name for name in actors if name.startswith(_BODIES)]
    if states and bodies:
        return topic, states[0], bodies[0]
    return (topic, *(states[:2] or bodies[:1]))


def is_same_pair(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Tell whether two keys of `pair_key` may be of one thread.

    They are when nothing in them contradicts: the topics are the same, no two different
    bodies are named, and the states agree. With a body on either side the state that
    acts must be named on both; without, one side's states must all be named on the
    other. A key that names nobody, or no state, fits any. So this does not carry over: a
    may fit b and b fit c, while a and c differ; `closest_pair` chooses.
    """
    bodies_a, bodies_b = _bodies(a), _bodies(b)
    if a[0] != b[0] or (bodies_a and bodies_b and bodies_a != bodies_b):
        return False
    states_a, states_b = _states(a), _states(b)
    if not states_a or not states_b:
        return True
    if bodies_a:
        return states_a[0] in states_b
    if bodies_b:
        return states_b[0] in states_a
    return set(states_a) <= set(states_b) or set(states_b) <= set(states_a)


def closest_pair(
    key: tuple[str, ...], known: Iterable[tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Return the known pair whose thread a key belongs to; None for a new one.

    Args:
        key: what the new sign names.
        known: the pairs there are, the one last heard of first; it is taken when
            several fit equally well.
    """
    fitting = [each for each in known if is_same_pair(key, each)]
    return min(fitting, key=lambda each: _distance(key, each), default=None)


def wider_pair(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """Return the one of two keys of one thread that says more, `a` when neither does.

    A thread that goes by the wider key keeps apart what a narrow one would let in.
    """
    return max(a, b, key=lambda each: (len(each), bool(_bodies(each))))


def _distance(key: tuple[str, ...], other: tuple[str, ...]) -> int:
    if set(key) == set(other):
        return 0
    if key[1:2] == other[1:2]:
        return 1
    return 2 if len(other) > 1 else 3


def _states(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in key[1:] if not name.startswith(_BODIES))


def _bodies(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in key[1:] if name.startswith(_BODIES))
