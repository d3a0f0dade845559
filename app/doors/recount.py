"""Counts how many decisions of doors another target would have changed, by their rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.reasons import DoorReason


@dataclass(frozen=True, slots=True)
class Recount:
    """Decisions of a door that another target would have changed, with everything else as it was.

    ``decisions`` is the number of decisions about a face that have a rate. ``lost`` is how many of
    them would name nobody any more, ``gained`` how many that named nobody would name somebody.
    """

    decisions: int
    lost: int
    gained: int


def recount(decisions: Iterable[Mapping[str, Any]], target: float) -> Recount:
    """The count of the ``details`` of decisions. Those of a claim have no such rate; one that no
    rate decided, such as of several people at the door, is the same at any target.
    """
    found = lost = gained = 0
    for each in decisions:
        fpir = (each.get("match") or {}).get("fpir")
        if fpir is None:
            continue
        found += 1
        lost += each.get("person") is not None and fpir > target
        gained += each.get("reason") == DoorReason.UNKNOWN_PERSON and fpir <= target
    return Recount(found, lost, gained)
