"""Imports people from a list (CSV) and their photos (ZIP), and reports the result of each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.access.sync_csv import ndjson_of
from app.access.sync_lines import LineReader
from app.access.sync_plan import NumberedLine
from app.access.sync_schemas import SyncCounts, SyncView
from app.auth.principal import INSIDE
from app.console.enrolling import subject_of
from app.console.services import ConsoleServices
from app.console.visits import Visit
from app.console.words import known_reasons
from app.errors import AppError, InvalidRequest
from app.gallery.people_by_name import Outcome
from app.gallery.schemas import EnrolmentWarning
from app.gallery.zip_enrolment import ZipEnrolment
from app.inference.zipped import ZippedPeople

_CHANGES: Final = ("created", "changed", "unsuspended")


@dataclass(frozen=True, slots=True)
class Row:
    """A person of the list, or a photo, with its result."""

    what: str
    who: str
    person_id: str | None = None
    photo: str = ""
    fields: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    detail: str = ""
    warnings: tuple[EnrolmentWarning, ...] = ()


@dataclass(slots=True)
class Import:
    """An import whose files are checked. ``people`` counts the list, ``photos`` the outcomes so
    far; ``left_out`` counts the files of the ZIP that are no photos.
    """

    dry_run: bool
    people: SyncCounts | None
    photos: Counter[str]
    total: int
    left_out: int
    rows: Iterator[Row]
    ended_by: AppError | None = None


def begin(services: ConsoleServices, visit: Visit, collection_id: str) -> Import:
    """Read the files of the form, and bring the people of the list in line, all or none. The photos
    follow while ``rows`` are taken. ``AppError`` where a file cannot be read or does not fit.
    """
    sent = visit.sent
    dry_run, subject = sent.is_on("dry_run"), subject_of(sent.text("subject"))
    lists, zips = sent.images("people"), sent.images("photos")
    if not (lists or zips):
        raise InvalidRequest("Choose a list of people, or a ZIP of photos, or both.")
    people = ZippedPeople(zips[0].data) if zips else None
    lines = _lines(services, lists[0].data) if lists else None
    view = None
    if lines is not None:
        view = services.sync.run(
            collection_id, lines, dry_run=dry_run, missing="keep", max_change=0.0
        )
    total = 0 if people is None else len(people.photos)
    left_out = 0 if people is None else people.left_out
    counts = None if view is None else view.counts
    begun = Import(dry_run, counts, Counter(), total, left_out, iter(()))
    enrolment = None
    if people is not None:
        enrolment = ZipEnrolment(
            *(services.persons, collection_id, people),
            listed=None if lines is None else _listed(lines),
            subject=subject,
            dry_run=dry_run,
            caller=visit.caller or INSIDE,
        )
    begun.rows = _rows(services, visit, begun, view, enrolment)
    return begun


def _rows(
    services: ConsoleServices,
    visit: Visit,
    begun: Import,
    view: SyncView | None,
    enrolment: ZipEnrolment | None,
) -> Iterator[Row]:
    yield from () if view is None else _of_people(view)
    if enrolment is None:
        return
    try:
        for photo, outcome in enrolment.results():
            begun.photos[outcome.what] += 1
            yield _of_photo(photo.person, photo.path, outcome)
            services.sessions.find(visit.token)  # its key may be revoked while this goes on
    except AppError as error:
        begun.ended_by = error


def _of_people(view: SyncView) -> Iterator[Row]:
    for what in _CHANGES:
        for each in getattr(view, what):
            fields = tuple(getattr(each, "fields", ()))
            yield Row(what, each.external_id, each.person_id, fields=fields)


def _of_photo(person: str, path: str, outcome: Outcome) -> Row:
    reasons = known_reasons(outcome.reasons)
    return Row(
        outcome.what,
        person,
        outcome.person_id,
        path,
        reasons=tuple(reasons),
        detail="" if reasons else outcome.detail,
        warnings=tuple(outcome.warnings),
    )


def _lines(services: ConsoleServices, content: bytes) -> list[NumberedLine]:
    reader = LineReader(services.sync.most_lines)
    reader.feed(ndjson_of(content))
    return reader.end()


def _listed(lines: list[NumberedLine]) -> Mapping[str, str]:
    """The external id that a folder means: one of the list, or the only one with this name."""
    names = Counter(each.line.name for each in lines)
    by_name = {
        each.line.name: each.line.external_id
        for each in lines
        if each.line.name is not None and names[each.line.name] == 1
    }
    return by_name | {each.line.external_id: each.line.external_id for each in lines}
