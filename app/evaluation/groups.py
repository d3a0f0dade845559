"""Results by sub-group: who belongs to which, and how each of them fares in the whole gallery."""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.decision.rates import Threshold
from app.errors import InvalidRequest
from app.evaluation.gallery import Gallery
from app.evaluation.operating import Verdict, verdict
from app.evaluation.rates import Rate, fnir, fpir, share
from app.evaluation.trials import Trials

_PERSON: Final = "person"


@dataclass(frozen=True, slots=True)
class Groups:
    """For each column of a file the group of each person: ``{"site": {"Ada": "Berlin"}}``."""

    columns: Mapping[str, Mapping[str, str]]

    def unlisted(self, people: Sequence[str]) -> list[str]:
        """Those of ``people`` whom the file does not name."""
        listed = next(iter(self.columns.values()))
        return [person for person in people if person not in listed]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group at Kith's threshold: its people enrolled among all, its people as strangers to all
    others. ``one_threshold_fnir`` and ``one_threshold_fpir`` are the rates if every probe had the
    same threshold. A rate is None where the group has nothing to measure it on. ``outside`` says
    where the stated rate is not inside the interval of the group's FPIR: its strangers are named
    more often (``exceeded``), or less (``stricter``).
    """

    group: str
    persons: int
    images: int
    fte: Rate | None
    fnir: Rate | None
    fpir: Rate | None
    one_threshold_fnir: Rate | None
    one_threshold_fpir: Rate | None
    outside: Verdict | None
    median_own: float | None


def read_groups(text: str, people: Sequence[str], *, file: str) -> Groups:
    """Parse CSV whose header is ``person`` and a name for each column of groups.

    ``InvalidRequest`` names the line of ``file`` that does not fit, or the person nobody knows.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)  # a name may have line breaks
    try:
        lines = [(rows.line_num, [*row[:1], *map(str.strip, row[1:])]) for row in rows]
    except csv.Error as error:
        raise InvalidRequest(f"{file}, line {rows.line_num}: {error}.") from None
    lines = [(number, row) for number, row in lines if any(cell.strip() for cell in row)]
    names = _header(lines[0][1] if lines else [], file)
    known = {_normal(person): person for person in people}
    columns: dict[str, dict[str, str]] = {name: {} for name in names}
    for number, row in lines[1:]:
        person = _person(row, len(names), known, where=f"{file}, line {number}")
        for name, group in zip(names, row[1:], strict=True):
            if person in columns[name]:
                raise InvalidRequest(f"{file}, line {number}: {person!r} stands there twice.")
            columns[name][person] = group
    if len(lines) < 2:
        raise InvalidRequest(f"{file} names nobody; give a line for each person.")
    return Groups(columns)


def group_results(
    trials: tuple[Trials, Trials], gallery: Gallery, groups: Groups, stated: Threshold
) -> dict[str, list[GroupResult]]:
    """For each column the results of its groups, by name. ``trials`` are the standardised ones and
    the plain ones.
    """
    return {
        column: [
            _result(trials, gallery, group, _members(gallery, of, group), stated)
            for group in sorted({*of.values()})
        ]
        for column, of in groups.columns.items()
    }


def _result(
    both: tuple[Trials, Trials],
    gallery: Gallery,
    group: str,
    members: set[int],
    stated: Threshold,
) -> GroupResult:
    trials, plain = both
    at = stated.similarity
    inside = np.isin(gallery.owners, list(members))
    mated = inside & trials.mated
    refused = gallery.refused_owners
    offered = np.concatenate([gallery.owners[inside], refused[np.isin(refused, list(members))]])
    lost = np.arange(len(offered)) >= inside.sum()
    strangers = fpir(trials, at, among=inside) if inside.any() else None
    verdict_ = None if strangers is None else verdict(strangers, stated.target)
    return GroupResult(
        group=group,
        persons=len(members),
        images=len(offered),
        fte=share(lost, offered) if gallery.refused is not None and len(offered) else None,
        fnir=fnir(trials, at, among=inside) if mated.any() else None,
        fpir=strangers,
        one_threshold_fnir=fnir(plain, at, among=inside) if mated.any() else None,
        one_threshold_fpir=fpir(plain, at, among=inside) if inside.any() else None,
        outside=None if verdict_ in (None, "consistent") else verdict_,
        median_own=float(np.median(trials.own[mated]).clip(max=1)) if mated.any() else None,
    )


def _members(gallery: Gallery, of: Mapping[str, str], group: str) -> set[int]:
    return {i for i, person in enumerate(gallery.people) if of.get(person) == group}


def _header(row: Sequence[str], file: str) -> list[str]:
    first, names = "".join(row[:1]).strip().casefold(), list(row[1:])
    if not names or first != _PERSON or "" in names or len({*names}) < len(names):
        raise InvalidRequest(
            f"{file} must begin with a header such as `person,site` or `person,site,age`: "
            "`person`, then a name of its own for each column of groups, parted by commas."
        )
    return names


def _person(row: Sequence[str], columns: int, known: Mapping[str, str], *, where: str) -> str:
    if len(row) != columns + 1 or "" in row or not row[0].strip():
        raise InvalidRequest(
            f"{where}: a person and {columns} group{'s' * (columns > 1)} are needed, none of them "
            f"empty; there is {','.join(row)!r}."
        )
    for name in (row[0], row[0].strip()):  # the blank of a folder's name is a part of it
        if (person := known.get(_normal(name))) is not None:
            return person
    raise InvalidRequest(f"{where}: nobody here is called {row[0].strip()!r}.")


def _normal(name: str) -> str:
    """One spelling of an accented letter, whatever the file system or the spreadsheet wrote."""
    return unicodedata.normalize("NFC", name)
