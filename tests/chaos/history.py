"""Whether what several clients saw can be explained by *one* gallery that changes step by step.

Linearizability (Herlihy and Wing, 1990) of one person as a register that is present or absent:
there must be an order of the operations in which each takes effect at one moment between its call
and its answer, and each answer is what the register held then. Counting errors would miss a stale
answer that happens to be plausible; this does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Final, NamedTuple


class Effect(Enum):
    """The effect of an operation by its answer: whether the person was there before, and after."""

    ENROLLED = (False, True)
    REMOVED = (True, False)
    SEEN = (True, True)
    """Identified; enrolling was refused because the person is there already."""
    UNSEEN = (False, False)
    """Unknown; nobody there to remove."""


_WRITES: Final = (Effect.ENROLLED, Effect.REMOVED)


@dataclass(frozen=True, slots=True)
class Operation:
    """``called`` and ``answered`` on one clock; one that was never answered may have happened at
    any later moment, or not at all: its end is infinite and it is ``uncertain``.
    """

    called: float
    answered: float
    effect: Effect
    uncertain: bool = False


def unanswered(called: float, effect: Effect) -> Operation:
    """A write whose answer never came."""
    return Operation(called, inf, effect, uncertain=True)


def linearizable(operations: Sequence[Operation], *, present: bool = False) -> bool:
    """Wing and Gong's search (1993): take any operation that nothing else must precede, go on with
    the rest, and come back where that leads nowhere. What was tried is remembered.

    Of the uncertain ones of one effect the first called is taken first: it can stand wherever a
    later one can, so trying the others too would double the work with each and find nothing more.
    """
    certain = sorted((each for each in operations if not each.uncertain), key=lambda e: e.called)
    maybe = {
        effect: sorted(
            each.called for each in operations if each.uncertain and each.effect == effect
        )
        for effect in _WRITES
    }
    tried: set[_State] = set()
    pending = [_State(0, frozenset(), (0, 0), present)]
    while pending:
        state = pending.pop()
        if state.first == len(certain):
            return True
        if state not in tried:
            tried.add(state)
            pending += _next(state, certain, maybe)
    return False


class _State(NamedTuple):
    """A point in the search. Of the certain operations, ordered by call, all before ``first`` and
    those ``ahead`` of it are taken, and so are the first ``used`` uncertain enrolments and
    removals. ``present``: the person is there now.
    """

    first: int
    ahead: frozenset[int]
    used: tuple[int, int]
    present: bool


def _next(
    state: _State, certain: Sequence[Operation], maybe: Mapping[Effect, Sequence[float]]
) -> Iterator[_State]:
    """The states after each operation that may be the next: one that was called before any that is
    left was answered."""
    earliest, possible = inf, []
    for at in range(state.first, len(certain)):
        if certain[at].called > earliest:
            break
        if at not in state.ahead:
            possible.append(at)
            earliest = min(earliest, certain[at].answered)
    enrolled, removed = state.used
    for effect, count, used in (
        (Effect.ENROLLED, enrolled, (enrolled + 1, removed)),
        (Effect.REMOVED, removed, (enrolled, removed + 1)),
    ):
        found, leaves = effect.value
        left = maybe[effect]
        if count < len(left) and left[count] <= earliest and found == state.present:
            yield _State(state.first, state.ahead, used, leaves)
    for at in reversed(possible):
        found, leaves = certain[at].effect.value
        if certain[at].called <= earliest and found == state.present:
            yield _taken(state, at, leaves)


def _taken(state: _State, at: int, present: bool) -> _State:
    first, ahead = state.first, state.ahead | {at}
    while first in ahead:
        ahead -= {first}
        first += 1
    return _State(first, ahead, state.used, present)
