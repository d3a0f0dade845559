"""``kith evaluate``: error rates of an operator's own photos, or of a collection, as a report."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from app.analysis import build_analyser, build_enroller
from app.bundles.bundle import Bundle
from app.cli.databases import existing_database
from app.cli.left_out import left_out_lines, people_in
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.files import new_folder, write_whole
from app.core.interrupts import held_back
from app.core.logging import configure_logging
from app.core.names import printable
from app.core.terminal import plain_console, say
from app.errors import InvalidRequest
from app.evaluation.document import Source, as_json
from app.evaluation.gallery import Gallery
from app.evaluation.groups import Groups, read_groups
from app.evaluation.measure import Evaluation
from app.evaluation.measure import evaluate as measure
from app.evaluation.rates import Rate
from app.evaluation.report.fairness import unlike_groups
from app.evaluation.report.page import as_html
from app.gallery.evaluation import StoredGallery, gallery_of_collection, gallery_of_photos
from app.inference.walk import Photo
from app.pages.words import between, percent, similarity, tally
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
    if (folder is None) == (collection is None):
        raise InvalidRequest("Give either a folder of photos or --collection, and not both.")
    if target_fpir is not None and not 0 < target_fpir < 1:
        raise InvalidRequest(f"--target-fpir must lie between 0 and 1; {target_fpir:g} does not.")
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
        source = Source(
            kind="collection" if folder is None else "folder",
            name=str(collection) if folder is None else printable(folder.resolve().name),
            made_at=now,
            kith=version("kith"),
            model=f"{bundle.manifest.name} {bundle.manifest.version}",
            contract_id=bundle.manifest.contract_id,
            left_out=people.counts if people else {},
        )
        measured = _measured(stored, bundle, target_fpir, groups)
        numbers, page = as_json(source, measured), as_html(source, measured)
        with held_back():  # they are of one evaluation
            write_whole(report / "report.json", numbers)
            write_whole(report / "report.html", page)
    _tell(source, measured, report)


def _measured(
    stored: StoredGallery, bundle: Bundle, target_fpir: float | None, groups: Path | None
) -> Evaluation:
    wanted = _groups(groups, stored.gallery)
    with count_progress("Comparing", len(stored.gallery.owners)) as step:
        return measure(
            stored.gallery,
            bundle.calibration,
            target_fpir=target_fpir or stored.target_fpir,
            groups=wanted,
            done=step,
        )


def _tell(source: Source, measured: Evaluation, report: Path) -> None:
    _summarise(measured)
    for line in (*map(printable, unlike_groups(measured)), *left_out_lines(source.left_out)):
        say(line)
    say(f"The report is {report / 'report.html'}; report.json holds its numbers.")


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


def _summarise(measured: Evaluation) -> None:
    size, target = measured.size, percent(measured.target_fpir)
    kith, larger = measured.kith_threshold, measured.at_target.larger
    extrapolated = "extrapolated and " if larger.extrapolated else ""
    table = Table(show_header=False, title=f"N = {size.persons:,}, target FPIR {target}")
    rows = [
        ("people, images", f"{size.persons:,}, {size.stranger_probes:,}"),
        ("failure to enrol (FTE)", _interval(measured.enrolment.fte)),
        ("threshold that Kith sets", similarity(kith.similarity)),
        ("strangers named there (FPIR)", _interval(kith.fpir)),
        ("people missed there (FNIR)", _interval(kith.fnir)),
        (
            f"threshold at N = {larger.persons:,}",
            f"{similarity(larger.similarity)}, {extrapolated}estimated",
        ),
        (
            f"missed at N = {larger.persons:,}",
            f"{percent(larger.fnir)}, estimated; 95 % interval {between(*larger.fnir_interval)}",
        ),
        ("lowest FPIR this many people can show", percent(measured.support.least_fpir)),
    ]
    for row in rows:
        table.add_row(*row)
    plain_console().print(table)


def _interval(rate: Rate | None) -> str:
    if rate is None:
        return "not known"
    return f"{percent(rate.rate)}, {tally(rate)}; 95 % interval {between(rate.low, rate.high)}"
