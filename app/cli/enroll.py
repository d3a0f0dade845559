"""``kith enroll``: a folder tree into a collection, one folder a person, resumable."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from app.analysis import build_analyser, build_enroller
from app.bootstrap import Container, build
from app.bundles.bundle import Bundle
from app.cli.databases import existing_database, is_empty
from app.cli.enroll_report import EnrollReport
from app.cli.left_out import people_in
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.files import try_to_write
from app.core.ids import ID_PATTERN
from app.core.interrupts import undone_by
from app.core.logging import configure_logging
from app.core.names import printable
from app.core.terminal import plain_console
from app.errors import InvalidRequest, NotFound
from app.gallery.collection_schemas import NewCollection
from app.gallery.enrolment import ImageFile
from app.gallery.people_by_name import InGallery, Outcome, Recipient, Rehearsal, enrol_photo
from app.inference.subject import Subject, SubjectRule
from app.inference.walk import Photo
from app.receipts.keeping import keep_nothing
from app.settings import Settings, load_settings

SOME_REFUSED: Final = 3
ReportFile = Annotated[
    Path | None,
    typer.Option(help="JSON file to write, with the result of every photo.", dir_okay=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Examine all photos, and write nothing.")]


def enroll(
    folder: Annotated[
        Path, typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False)
    ],
    *,
    collection: Annotated[str, typer.Option(help="The collection; it is created if missing.")],
    subject: Annotated[
        SubjectRule,
        typer.Option(
            help="A photo with several faces: refuse it if another face is nearly as large as the "
            "largest (only), or take the largest, or the one nearest to the photo's middle "
            "(central), or the one that is large and near it (main)."
        ),
    ] = "only",
    report: ReportFile = None,
    dry_run: DryRun = False,
) -> None:
    """Enrol a folder tree, one folder a person; run again, it goes on where it stopped.

    Ends with 0, or with 3 where a photo or a folder was refused.
    """
    if re.fullmatch(ID_PATTERN, collection) is None:
        raise InvalidRequest(f"{collection!r} is no id of a collection; one is {ID_PATTERN}.")
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    people = people_in(folder, or_refused=True)
    if report is not None:
        try_report(report)
    now = SystemClock().now()
    results = EnrollReport(folder, collection, people, started_at=now, dry_run=dry_run)
    receives = rehearsal if dry_run else gallery
    with (
        receives(
            settings, collection, subject
        ) as recipient,  # if it cannot begin, no report is written
        undone_by(partial(_report_interrupted, results, report)),
    ):
        try:
            with count_progress(
                "Examining" if dry_run else "Enrolling", len(people.photos)
            ) as step:
                for photo in people.photos:
                    results.add(photo, _enrol(recipient, photo, settings.max_image_bytes))
                    step()
            results.ended = "finished"
        finally:
            _report(results, report)
    if results.counts["refused"]:
        raise typer.Exit(SOME_REFUSED)


def try_report(report: Path) -> None:
    """Before any work is done."""
    try:
        try_to_write(report)
    except OSError as error:
        raise _unwritable(report, error) from None


def _unwritable(report: Path, error: OSError) -> InvalidRequest:
    return InvalidRequest(f"{printable(str(report))} cannot be written: {error.strerror}.")


@contextmanager
def gallery(settings: Settings, collection: str, subject: Subject) -> Iterator[Recipient]:
    """The collection, made where there is none."""
    container = build(settings)
    container.open()
    try:
        collections = container.services.collections
        try:
            collections.get(collection)
        except NotFound:
            collections.create(NewCollection(id=collection), keep_nothing)
        yield InGallery(container.services.persons, collection, subject)
    finally:
        container.close()


@contextmanager
def rehearsal(settings: Settings, collection: str, subject: Subject) -> Iterator[Recipient]:
    """The collection as it is, or as it would be made; neither it nor the database changes."""
    bundle = Bundle.load(settings.bundle_dir)
    enroller = build_enroller(build_analyser(bundle, settings), settings)
    if is_empty(settings):
        yield Rehearsal(enroller, None, subject)
        return
    with existing_database(settings):
        container = build(settings)
    try:
        there = _has_collection(container, collection)
        persons = container.services.persons
        yield Rehearsal(enroller, (persons, collection) if there else None, subject)
    finally:
        container.database.close()


def _has_collection(container: Container, collection: str) -> bool:
    collections = container.services.collections
    try:
        collections.get(collection)
    except NotFound:
        return False
    return True


def _enrol(people: Recipient, photo: Photo, max_bytes: int) -> Outcome:
    try:
        size = photo.file.stat().st_size
        if size > max_bytes:  # not read at all
            detail = f"The image has {size:,} bytes; at most {max_bytes:,} are read."
            return Outcome("refused", None, ["payload_too_large"], detail)
        image = ImageFile(printable(photo.file.name), photo.file.read_bytes())
    except OSError as error:
        return Outcome("refused", None, ["unreadable"], f"{error.strerror}.")
    return enrol_photo(people, photo.person, image)


def _report_interrupted(results: EnrollReport, report: Path | None) -> None:
    results.ended = "interrupted"
    _report(results, report)


def _report(results: EnrollReport, report: Path | None) -> None:
    if report is not None:
        try:
            results.write(report)
        except OSError as error:
            raise _unwritable(report, error) from None
    out = plain_console()
    for line in results.lines():
        out.print(line, soft_wrap=True)
