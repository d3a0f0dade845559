"""``kith import compreface``: the people of a CompreFace, embedded again from its images."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.enroll import (
    SOME_REFUSED,
    DryRun,
    ReportFile,
    gallery,
    rehearsal,
    try_report,
)
from app.cli.progress import count_progress
from app.cli.words import listed, with_options
from app.compreface.dump import Dump
from app.compreface.source_repository import Holding, Service, Source, SourcePhoto
from app.core.files import whole_file
from app.core.ids import id_of_name
from app.core.logging import configure_logging
from app.core.names import printable
from app.core.terminal import plain_console
from app.errors import InvalidRequest
from app.gallery.enrolment import ImageFile
from app.gallery.people_by_name import Outcome, Recipient, enrol_photo
from app.inference.subject import SubjectRule
from app.settings import load_settings


@dataclass(slots=True)
class _Result:
    """The result for one service."""

    service: Service
    collection: str
    holding: Holding
    photos: list[tuple[SourcePhoto, Outcome]] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many photos had each outcome."""
        return Counter(outcome.what for _, outcome in self.photos)

    @property
    def missing(self) -> list[str]:
        """The subjects that have images, but none that was enrolled."""
        there = {photo.subject for photo, each in self.photos if each.what != "refused"}
        tried = dict.fromkeys(photo.subject for photo, _ in self.photos)
        return [each for each in tried if each not in there]

    def lines(self, *, dry_run: bool) -> Iterator[str]:
        """The lines for the terminal."""
        counts, would = self.counts, "would be " if dry_run else ""
        yield (
            f"{printable(self.service.app)} / {printable(self.service.name)} into "
            f"{self.collection!r}: {counts['enrolled']} photos {would}enrolled, "
            f"{counts['already']} were already, {counts['refused']} {would}refused."
        )
        refused = [
            f"{printable(photo.subject)}, {photo.face_id}: {', '.join(each.reasons)}: "
            f"{with_options(each.detail)}"
            for photo, each in self.photos
            if each.what == "refused"
        ]
        yield from listed("Refused:", refused)
        yield from listed("Not enrolled, all photos were refused:", _printable(self.missing))
        yield from listed(
            "Not enrolled, CompreFace kept no image of them:", _printable(self.holding.imageless)
        )
        for calculator, number in self.holding.lost.items():
            yield (
                f"{number} embeddings of {printable(calculator)} have no image: embeddings of "
                "another model cannot be converted. Enrol these people from photos."
            )

    def content(self) -> dict[str, Any]:
        """The same as JSON; never CompreFace's key."""
        return {
            "app": self.service.app,
            "service": self.service.name,
            "collection": self.collection,
            "counts": self.counts,
            "without_image": list(self.holding.imageless),
            "embeddings_without_image": self.holding.lost,
            "photos": [
                {
                    "subject": photo.subject,
                    "image_id": str(photo.face_id),
                    "person_id": each.person_id,
                    "outcome": each.what,
                    "reasons": list(each.reasons),
                    "detail": with_options(each.detail),
                }
                for photo, each in self.photos
            ],
        }


def import_compreface(
    source: Annotated[
        str,
        typer.Argument(
            help="CompreFace's PostgreSQL, postgresql://user:password@host/frs, or a dump of it as "
            "SQL."
        ),
    ],
    *,
    service: Annotated[
        str | None,
        typer.Option(help="Only this recognition service, by its name or key; default: each."),
    ] = None,
    collection: Annotated[
        str | None,
        typer.Option(help="The collection's id, of one service; default: one is made of its name."),
    ] = None,
    subject: Annotated[
        SubjectRule, typer.Option(help="Which face of a photo with several, as for kith enroll.")
    ] = "only",
    report: ReportFile = None,
    dry_run: DryRun = False,
) -> None:
    """Enrol the people of a CompreFace from the images that it kept; run again, it goes on where it
    stopped. CompreFace's database is only read. Ends with 3 where a photo was refused.
    """
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    if report is not None:
        try_report(report)
    results: list[_Result] = []
    receives = rehearsal if dry_run else gallery
    try:
        opened = Source.opened(source) if "://" in source else Dump.opened(Path(source))
        with opened as theirs:
            for each, name in _chosen(theirs.services(), service, collection):
                result = _Result(each, name, theirs.holding(each))
                results.append(result)
                with receives(settings, name, subject) as people:
                    _enrol_all(theirs, people, result, most=settings.max_image_bytes)
    finally:
        _tell(results, report, dry_run=dry_run)
    if any(result.counts["refused"] for result in results):
        raise typer.Exit(SOME_REFUSED)


def _chosen(
    services: Sequence[Service], wanted: str | None, collection: str | None
) -> list[tuple[Service, str]]:
    """The services to import, each with its collection's id."""
    chosen = [each for each in services if wanted in (None, each.name, each.api_key)]
    known = ", ".join(f"{printable(each.app)} / {printable(each.name)}" for each in services)
    if not chosen:
        raise InvalidRequest(
            f"There is no such recognition service; there are: {known or 'none at all'}."
        )
    if collection is not None:
        if len(chosen) > 1:
            raise InvalidRequest(
                f"--collection is for one service, and these are {len(chosen)} ({known}): say with "
                "--service which is meant, by its key where several have the name."
            )
        return [(chosen[0], collection)]
    names = Counter(each.name for each in services)
    collections = [
        id_of_name(each.name if names[each.name] == 1 else f"{each.app}-{each.name}")
        for each in services
    ]
    found = [pair for pair in zip(services, collections, strict=True) if pair[0] in chosen]
    for _, name in found:
        if collections.count(name) > 1:  # of applications of one name, or "a-b", "c" and "a", "b-c"
            raise InvalidRequest(
                f"Several recognition services would become the collection {name!r} ({known}): "
                "import each with --service, by its key, and a --collection of its own."
            )
    return found


def _enrol_all(source: Source | Dump, people: Recipient, result: _Result, *, most: int) -> None:
    photos = result.holding.photos
    with count_progress(f"Importing {printable(result.service.name)}", len(photos)) as step:
        for photo in photos:
            data = source.image(photo)
            if len(data) > most:
                detail = f"The image has {len(data):,} bytes; at most {most:,} are read."
                outcome = Outcome("refused", None, ["payload_too_large"], detail)
            else:
                outcome = enrol_photo(people, photo.subject, ImageFile(str(photo.face_id), data))
            result.photos.append((photo, outcome))
            step()


def _tell(results: Sequence[_Result], report: Path | None, *, dry_run: bool) -> None:
    if report is not None:
        content = {"dry_run": dry_run, "services": [each.content() for each in results]}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        with whole_file(report) as stream:
            stream.write(f"{text}\n".encode())
    out = plain_console()
    for result in results:
        for line in result.lines(dry_run=dry_run):
            out.print(line, soft_wrap=True)


def _printable(names: Sequence[str]) -> list[str]:
    return [printable(each) for each in names]
