"""What a check found: that all agrees, or where it does not and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree with something else."""

    where: str
    what: str
    remedy: str


REPAIR: Final = "--repair"
"""The remedy of what can be mended without losing anything that is still good."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found: how much, and the first of it."""

    name: str
    found: int
    first: list[Finding]


def result(name: str, findings: Iterable[Finding]) -> Result:
    """Count all, keep some: where everything is wrong, twenty lines tell it."""
    remaining = iter(findings)
    first = list(islice(remaining, _TOLD))
    return Result(name, len(first) + sum(1 for _ in remaining), first)
