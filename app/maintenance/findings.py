"""The results of a check: the places where data does not agree, and what to do about each."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where data does not agree."""

    where: str
    what: str
    remedy: str


REPAIR: Final = "--repair"
"""The remedy where a repair loses no good data."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check: the number of findings, and the first of them."""

    name: str
    found: int
    first: list[Finding]


def result(name: str, findings: Iterable[Finding]) -> Result:
    """Count all findings and keep the first twenty."""
    remaining = iter(findings)
    first = list(islice(remaining, _MOST))
    return Result(name, len(first) + sum(1 for _ in remaining), first)
