"""A door is blocked for a while after several suspected spoofs, and longer each time.

Spoofs alone count: if unknown faces did, any passer-by could close the door for everybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BlockAfter:
    """``spoofs`` within ``window`` block the door for ``block``; each further block is twice as
    long, ``longest`` at most, until a whole ``window`` after a block was quiet.
    """

    spoofs: int = 5
    window: timedelta = timedelta(seconds=120)
    block: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(seconds=300)


def blocked_until(spoofs: Iterable[datetime], limits: BlockAfter) -> datetime | None:
    """The end of the latest block after suspected ``spoofs``, which may be over; None: no block.

    Spoofs during a block do not count, so that nobody prolongs it.
    """
    until: datetime | None = None
    length = limits.block
    recent: list[datetime] = []
    for at in sorted(spoofs):
        if until is not None and at < until:
            continue
        if until is not None and at - max([until, *recent]) >= limits.window:
            length = limits.block
        recent = [each for each in recent if at - each < limits.window] + [at]
        if len(recent) >= limits.spoofs:
            until, recent = at + length, []
            length = min(2 * length, limits.longest)
    return until
