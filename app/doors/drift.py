"""Drift: how the pictures of a door are now, against the door's own past. Pure.

A camera that gets dirty, moves or goes out of focus makes people less like themselves before it
makes them unknown. So each person is compared with themselves, and of shares each day counts as
one: a morning of guests is no drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from app.doors.changes import Change, of_days, of_people
from app.reasons import DoorReason

NOW_DAYS: Final = 7
PAST_DAYS: Final = 28
_A_DAY: Final = 60
"""Decisions of a day that are looked into, evenly from all of them."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A decision of a door as the audit is searched by: the ``key`` of its row, when, why, and the
    id of the person it named.
    """

    key: int
    at: datetime
    reason: str
    person: str | None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody was recognised."""
        return self.reason == DoorReason.UNKNOWN_PERSON

    @property
    def is_about_a_face(self) -> bool:
        """Whether somebody was recognised, or nobody was."""
        return self.is_unknown or self.person is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """The grounds of a decision: the ``similarity`` of the person named, and the share of frames
    that were ``usable``; None where the row does not say.
    """

    similarity: float | None
    usable: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """The changes at a door: of the similarity of people to themselves, of the share of frames that
    can be used, and of the share of faces that are unknown. None: too little to compare.
    ``decisions`` is the number of the last days.
    """

    decisions: int
    similarity: Change | None
    usable: Change | None
    unknown: Change | None

    @property
    def is_known(self) -> bool:
        """Whether anything can be compared."""
        return any(each is not None for each in (self.similarity, self.usable, self.unknown))

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse, and somebody should look at the camera."""
        found = (self.similarity, self.usable, self.unknown)
        return any(each is not None and each.is_worse for each in found)


def looked_into(outlines: Iterable[Outline], now: datetime) -> list[Outline]:
    """Choose the decisions whose rows are read: some of each day."""
    of_day: dict[int, list[Outline]] = defaultdict(list)
    for each in outlines:
        if each.is_about_a_face:
            of_day[_day(each, now)].append(each)
    return [
        some[place]
        for some in of_day.values()
        for place in np.unique(np.linspace(0, len(some) - 1, _A_DAY).round().astype(int))
    ]


def drift(outlines: Sequence[Outline], seen: Mapping[int, Seen], now: datetime) -> Drift:
    """The drift of a door ``now``. ``outlines`` are all its decisions of the last five weeks, and
    ``seen`` holds the evidence of some of them, by the key of the row.
    """
    alike: tuple[dict[str, list[float]], ...] = defaultdict(list), defaultdict(list)
    usable: tuple[dict[int, list[float]], ...] = defaultdict(list), defaultdict(list)
    unknown: tuple[dict[int, list[float]], ...] = defaultdict(list), defaultdict(list)
    for each in outlines:
        day = _day(each, now)
        side = int(day < NOW_DAYS)
        if each.is_about_a_face:
            unknown[side][day].append(float(each.is_unknown))
        found = seen.get(each.key)
        if found is None:
            continue
        if found.similarity is not None and each.person is not None:
            alike[side][each.person].append(found.similarity)
        if found.usable is not None:
            usable[side][day].append(found.usable)
    return Drift(
        sum(_day(each, now) < NOW_DAYS for each in outlines),
        of_people(*alike),
        of_days(*usable, worse=-1),
        of_days(*unknown, worse=1),
    )


def _day(of: Outline, now: datetime) -> int:
    """How many whole days ago it was."""
    return max((now - of.at) // timedelta(days=1), 0)
