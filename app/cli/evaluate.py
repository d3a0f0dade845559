"""``kith evaluate``: error rates of an operator's own photos, or of a collection, as a report."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from app.analysis import build_analyser, build_enroller
from app.bundles.bundle import Bundle
from app.cli.databases import existing_database
from app.cli.evaluate_summary import summarise
from app.cli.left_out import people_in
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.files import new_folder, write_whole
from app.core.interrupts import held_back
from app.core.logging import configure_logging
from app.core.names import printable
from app.errors import InvalidRequest
from app.evaluation.document import Source, as_json
from app.evaluation.gallery import Gallery
from app.evaluation.groups import Groups, read_groups
from app.evaluation.measure import Evaluation
from app.evaluation.measure import evaluate as measure
from app.evaluation.report.page import as_html
from app.gallery.evaluation import StoredGallery, gallery_of_collection, gallery_of_photos
from app.inference.walk import People, Photo
from app.settings import Settings, load_settings

_TARGET: Final = 0.001


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False),
    ] = None,
    *,
    collection: Annotated[
        str | None,
        typer.Option(help="Measure this collection's stored templates instead of photos."),
    ] = None,
    target_fpir: Annotated[
        float | None,
        typer.Option(
            help="The FPIR: how often a stranger may be named. Default: 0.001, or the collection's."
        ),
    ] = None,
    templates: Annotated[
        int | None,
        typer.Option(
            help="Photos that each person is enrolled with, as many as at the door. Default: all."
        ),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the header person,GROUP[,GROUP...]: results by group as well.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report. Default: evaluation-DATE-TIME.", file_okay=False),
    ] = None,
) -> None:
    """Measure error rates on your own images: people missed, and strangers named."""
    _check(folder, collection, target_fpir, templates)
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    bundle = Bundle.load(settings.bundle_dir)
    now = SystemClock().now().astimezone()
    with folder_for(out or Path(f"evaluation-{now:%Y%m%d-%H%M%S}")) as report:
        people = None if folder is None else people_in(folder)
        if folder is not None and people is not None:
            photos = people.photos
            stored = StoredGallery(_photographed(folder, photos, bundle, settings), _TARGET)
        else:
            stored = _stored(str(collection), bundle, settings)
        gallery = replace(stored.gallery, templates=templates)
        source = _source(folder, collection, people, bundle, now)
        measured = _measured(gallery, bundle, target_fpir or stored.target_fpir, groups)
        numbers, page = as_json(source, measured), as_html(source, measured)
        with held_back():  # they are of one evaluation
            write_whole(report / "report.json", numbers)
            write_whole(report / "report.html", page)
    summarise(source, measured, report)


def _check(
    folder: Path | None, collection: str | None, target_fpir: float | None, templates: int | None
) -> None:
    if (folder is None) == (collection is None):
        raise InvalidRequest("Give either a folder of photos or --collection, and not both.")
    if target_fpir is not None and not 0 < target_fpir < 1:
        raise InvalidRequest(f"--target-fpir must lie between 0 and 1; {target_fpir:g} does not.")
    if templates is not None and templates < 1:
        raise InvalidRequest(f"--templates must be 1 or more; {templates} is not.")


def _measured(
    gallery: Gallery, bundle: Bundle, target_fpir: float, groups: Path | None
) -> Evaluation:
    wanted = _groups(groups, gallery)
    with count_progress("Comparing", len(gallery.owners)) as step:
        return measure(
            gallery, bundle.calibration, target_fpir=target_fpir, groups=wanted, done=step
        )


def _source(
    folder: Path | None,
    collection: str | None,
    people: People | None,
    bundle: Bundle,
    now: datetime,
) -> Source:
    return Source(
        kind="collection" if folder is None else "folder",
        name=str(collection) if folder is None else printable(folder.resolve().name),
        made_at=now,
        kith=version("kith"),
        model=f"{bundle.manifest.name} {bundle.manifest.version}",
        contract_id=bundle.manifest.contract_id,
        left_out=people.counts if people else {},
    )


def _photographed(folder: Path, photos: list[Photo], bundle: Bundle, settings: Settings) -> Gallery:
    enroller = build_enroller(build_analyser(bundle, settings), settings)
    with count_progress("Examining", len(photos)) as step:
        return gallery_of_photos(photos, enroller, root=folder, threads=settings.threads, done=step)


def _stored(collection: str, bundle: Bundle, settings: Settings) -> StoredGallery:
    with existing_database(settings) as database:
        return gallery_of_collection(database, SystemClock(), collection, bundle.manifest.contract)


def _groups(file: Path | None, gallery: Gallery) -> Groups | None:
    if file is None:
        return None
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} is not UTF-8 text; save it as CSV UTF-8.") from None
    return read_groups(text, gallery.people, file=str(file))


@contextmanager
def folder_for(report: Path) -> Iterator[Path]:
    """Make the folder before any work is done; remove it again if no report was written."""
    with ExitStack() as made:
        try:
            made.enter_context(new_folder(report))
            with tempfile.TemporaryFile(dir=report):
                pass
        except OSError as error:
            raise InvalidRequest(f"{report} cannot be written to: {error.strerror}.") from None
        yield report
