"""The report of ``kith enroll``: a summary on the terminal, and a file with every photo."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

from app.cli.left_out import left_out_lines
from app.cli.words import listed, with_options
from app.core.files import whole_file
from app.core.names import is_text, one_spelling, printable
from app.gallery.people_by_name import Outcome
from app.gallery.schemas import EnrolmentWarning
from app.inference.entries import HINTS, REFUSED
from app.inference.walk import LeftOut, People, Photo
from app.reasons import Reason

FORMAT: Final = 1
"""Rises when a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class Row:
    """One photo, or one folder that is nobody's: what became of it and why.

    ``warnings`` are of photos that were enrolled.
    """

    path: str
    person: str | None
    person_id: str | None
    outcome: Literal["enrolled", "already", "refused", "not_reached"]
    reasons: Sequence[str] = ()
    detail: str = ""
    warnings: Sequence[dict[str, Any]] = ()


@dataclass(slots=True)
class EnrollReport:
    """The results for the photos of ``people`` under ``folder``, as far as the run went."""

    folder: Path
    collection: str
    people: People
    started_at: datetime
    dry_run: bool
    rows: list[Row] = field(default_factory=list)
    ended: Literal["finished", "interrupted", "failed"] = "failed"

    def __post_init__(self) -> None:
        """Begin with the photos and folders that the walk refused."""
        self.rows += [self._refused(each) for each in self.people.refused]

    def add(self, photo: Photo, outcome: Outcome) -> None:
        """Add the outcome of the next photo."""
        self.rows.append(
            Row(
                self._shown(photo.file),
                photo.person,
                outcome.person_id,
                outcome.what,
                outcome.reasons,
                with_options(outcome.detail),
                [_warning(each) for each in outcome.warnings],
            )
        )

    @property
    def counts(self) -> Counter[str]:
        """How many photos had each outcome."""
        return Counter(row.outcome for row in self.rows)

    def write(self, file: Path) -> None:
        """The whole report as JSON, for its owner alone: it holds names and ids."""
        text = json.dumps(self._content(), ensure_ascii=False, indent=1)
        with whole_file(file) as stream:
            stream.write(f"{text}\n".encode())

    def lines(self) -> Iterator[str]:
        """The lines for the terminal."""
        counts, would = self.counts, "would be " if self.dry_run else ""
        yield (
            f"{counts['enrolled']} photos {would}enrolled, {counts['already']} were already, "
            f"{counts['refused']} {would}refused."
        )
        yield from listed("Refused:", list(self._refused_lines()))
        if reasons := self._reasons():
            yield ", ".join(f"{reason}: {count}" for reason, count in reasons.items())
        yield from listed("Enrolled, with a warning:", list(self._warning_lines()))
        if alike := sum(_looks_like_another(row) for row in self.rows):
            yield f"{alike} photos look like another person: see the collection's lookalikes."
        yield from left_out_lines(
            {kind: n for kind, n in self.people.counts.items() if kind not in REFUSED}
        )

    def _refused(self, entry: LeftOut) -> Row:
        """A photo that cannot be read, or a folder that is nobody's."""
        person = entry.path.relative_to(self.folder).parts[0]
        return Row(
            self._shown(entry.path),
            one_spelling(person) if is_text(person) else printable(person),
            None,
            "refused",
            [entry.kind.value],
            f"{HINTS[entry.kind]}.",
        )

    def _shown(self, path: Path) -> str:
        return printable(path.relative_to(self.folder).as_posix())

    def _refused_lines(self) -> Iterator[str]:
        """One a photo; one a folder whose photos are all refused for whose folder it is."""
        folders: Counter[tuple[str | None, str]] = Counter()
        for row in self.rows:
            if row.reasons == ["not_this_person"]:
                folders[row.person, row.detail] += 1
            elif row.outcome == "refused":
                yield f"{row.path}: {', '.join(row.reasons)}: {row.detail}"
        for (person, detail), photos in folders.items():
            yield f"{printable(str(person))}/ (photos: {photos}): not_this_person: {detail}"

    def _warning_lines(self) -> Iterator[str]:
        for row in self.rows:
            for each in row.warnings:
                yield f"{row.path}: {each['reason']}: {each['detail']}"

    def _reasons(self) -> dict[str, int]:
        return dict(Counter(each for row in self.rows for each in row.reasons).most_common())

    def _content(self) -> dict[str, Any]:
        reached = len(self.rows) - len(self.people.refused)
        missing = self.people.photos[reached:]
        rest = [Row(self._shown(each.file), each.person, None, "not_reached") for each in missing]
        counts = Counter(row.outcome for row in (*self.rows, *rest))
        return {
            "format": FORMAT,
            "kith": version("kith"),
            "collection": self.collection,
            "folder": printable(str(self.folder.resolve())),
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "dry_run": self.dry_run,
            "ended": self.ended,
            "counts": {
                each: counts[each] for each in ("enrolled", "already", "refused", "not_reached")
            },
            "reasons": self._reasons(),
            "left_out": self.people.counts,
            "people": self._people(),
            "photos": [asdict(row) for row in (*self.rows, *rest)],
            "entries_left_out": [
                {"path": self._shown(each.path), "kind": each.kind.value}
                for each in self.people.left_out
            ],
        }

    def _people(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            if row.person is not None:
                empty = {"name": row.person, "person_id": None, "photos": Counter[str]()}
                person = found.setdefault(row.person, empty)
                person["person_id"] = row.person_id or person["person_id"]
                person["photos"][row.outcome] += 1
        return list(found.values())


def _warning(warning: EnrolmentWarning) -> dict[str, Any]:
    fields = warning.model_dump(exclude={"index", "filename", "image_sha256"})
    return {**fields, "detail": with_options(warning.detail)}


def _looks_like_another(row: Row) -> bool:
    return any(each["reason"] == Reason.LOOKS_LIKE_ANOTHER_PERSON for each in row.warnings)
