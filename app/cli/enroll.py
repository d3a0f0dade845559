"""``kith enroll``: a folder tree into a collection, one folder a person, resumable."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from app.bootstrap import build
from app.cli.progress import count_progress
from app.core.logging import configure_logging
from app.errors import AppError, InvalidRequest, NotFound
from app.gallery.collection_service import CollectionService
from app.gallery.enrolment import ImageFile
from app.gallery.person_service import PersonService
from app.gallery.schemas import FacesAdded, NewCollection, NewPerson
from app.inference.folders import Photo, photos_in
from app.settings import load_settings
from app.web.idempotency import keep_nothing

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SHOWN: Final = 50


@dataclass(slots=True)
class _Outcome:
    """What became of the photos."""

    enrolled: int = 0
    already: int = 0
    refused: list[tuple[Path, str, str]] = field(default_factory=list)
    alike: list[tuple[Path, str, float]] = field(default_factory=list)


def enroll(
    folder: Annotated[
        Path, typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False)
    ],
    collection: Annotated[str, typer.Option(help="The collection; made where there is none.")],
) -> None:
    """Enrol a folder tree, one folder a person; run again, it goes on where it stopped."""
    photos = photos_in(folder)
    if not photos:
        raise InvalidRequest(f"{folder} has no folder with photos in it; one a person is needed.")
    _refuse_namesakes(photos)
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    container = build(settings)
    container.open()
    _ensure_collection(container.services[CollectionService], collection)
    persons: PersonService = container.services[PersonService]
    outcome = _Outcome()
    with count_progress("Enrolling", len(photos)) as step:
        for photo in photos:
            _enrol(persons, collection, photo, outcome)
            step()
    container.close()
    _report(outcome)


def person_id_of(name: str) -> str:
    """A folder's name as an id: what an id may not hold becomes ``-``."""
    return _UNSAFE.sub("-", name).strip("-._")[:64] or "person"


def _ensure_collection(collections: CollectionService, collection_id: str) -> None:
    try:
        collections.get(collection_id)
    except NotFound:
        collections.create(NewCollection(id=collection_id), keep_nothing)


def _refuse_namesakes(photos: list[Photo]) -> None:
    """Before anything is written: two folders must not become one person."""
    folders: dict[str, str] = {}
    for name in sorted({photo.person for photo in photos}):
        first = folders.setdefault(person_id_of(name), name)
        if first != name:
            raise InvalidRequest(
                f"The folders {first!r} and {name!r} would both be the person "
                f"{person_id_of(name)!r}; rename one of them."
            )


def _enrol(persons: PersonService, collection: str, photo: Photo, outcome: _Outcome) -> None:
    try:
        image = ImageFile(photo.file.name, photo.file.read_bytes())
        added = _add(persons, collection, photo.person, image)
        if added is None:
            outcome.already += 1
            return
        outcome.enrolled += 1
        outcome.alike += [(photo.file, each.person_id, each.similarity) for each in added.warnings]
    except OSError as error:
        outcome.refused.append((photo.file, "unreadable", str(error.strerror)))
    except AppError as error:
        reason = error.errors[0].message.partition(":")[0] if error.errors else error.code
        outcome.refused.append((photo.file, reason, error.detail))


def _add(persons: PersonService, collection: str, name: str, image: ImageFile) -> FacesAdded | None:
    """What was added; None where the photo is known. Nobody is made without a usable photo."""
    person_id = person_id_of(name)
    try:
        if persons.has_image(collection, person_id, image):
            return None
    except NotFound:
        new = NewPerson(id=person_id, name=name)
        return persons.create(collection, new, [image], keep_nothing)
    return persons.add_faces(collection, person_id, [image], keep_nothing)


def _report(outcome: _Outcome) -> None:
    out = Console()
    out.print(
        f"{outcome.enrolled} photos enrolled, {outcome.already} were already, "
        f"{len(outcome.refused)} refused."
    )
    if outcome.refused:
        _report_refused(out, outcome.refused)
    if outcome.alike:
        _report_alike(out, outcome.alike)


def _report_refused(out: Console, refused: list[tuple[Path, str, str]]) -> None:
    table = Table("photo", "reason", "what to do", title="Refused")
    for file, reason, detail in refused[:_SHOWN]:
        table.add_row(f"{file.parent.name}/{file.name}", reason, detail)
    out.print(table)
    counts = Counter(reason for _, reason, _ in refused)
    out.print(", ".join(f"{reason}: {count}" for reason, count in counts.most_common()))


def _report_alike(out: Console, alike: list[tuple[Path, str, float]]) -> None:
    table = Table("photo", "looks like", "similarity", title="Enrolled, and like somebody else")
    for file, other, similarity in alike[:_SHOWN]:
        table.add_row(f"{file.parent.name}/{file.name}", other, f"{similarity:.3f}")
    out.print(table)
    out.print(f"{len(alike)} photos look like another person: see the collection's lookalikes.")
