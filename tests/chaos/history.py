"""Whether what several clients saw can be explained by *one* gallery that changes step by step.

Linearizability (Herlihy and Wing, 1990) of one person as a register that is present or absent:
there must be an order of the operations in which each takes effect at one moment between its call
and its answer, and each answer is what the register held then. Counting errors would miss a stale
answer that happens to be plausible; this does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf


class Effect(Enum):
    """What an answer says: what the operation found, and what it left."""

    ENROLLED = (False, True)
    REMOVED = (True, False)
    SEEN = (True, True)
    """Identified; enrolling was refused because the person is there already."""
    UNSEEN = (False, False)
    """Unknown; nobody there to remove."""


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
    """
    ordered = sorted(operations, key=lambda each: each.called)
    tried: set[tuple[frozenset[int], bool]] = set()
    pending = [(frozenset(range(len(ordered))), present)]
    while pending:
        state = pending.pop()
        if state in tried:
            continue
        tried.add(state)
        left, now = state
        if all(ordered[each].uncertain for each in left):
            return True
        earliest = min(ordered[each].answered for each in left)
        for each in left:
            found, leaves = ordered[each].effect.value
            if ordered[each].called <= earliest and found == now:
                pending.append((left - {each}, leaves))
    return False
