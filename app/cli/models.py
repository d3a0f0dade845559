"""``kith models``: fetch, show and calibrate model bundles."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table

from app.analysis import build_analyser
from app.bundles import writing
from app.bundles.bundle import MOST_CALIBRATION, Bundle
from app.bundles.manifest import CALIBRATION
from app.bundles.pull import PLAIN, RECIPE
from app.bundles.pull import pull as pull_bundle
from app.cli.left_out import left_out_lines, walked
from app.cli.progress import count_progress
from app.core.documents import read_bytes
from app.core.files import make_all_private, make_private, try_to_write, write_whole
from app.core.logging import configure_logging
from app.core.names import one_spelling
from app.core.terminal import plain_console, say
from app.decision.fit import fit
from app.decision.noise import score_noise
from app.errors import BundleError, InvalidRequest
from app.inference.folders import EmbeddedFolder, embed_photos
from app.inference.pipeline import Pipeline, build_pipeline
from app.inference.subject import sole_subject
from app.inference.walk import Photo
from app.settings import Settings, load_settings

cli = typer.Typer(help="Fetch, show and calibrate model bundles.", no_args_is_help=True)


@cli.command()
def pull(
    to: Annotated[
        Path | None,
        typer.Option(help="Folder to write. Default: KITH_DATA_DIR/models/face.", file_okay=False),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(help="Folder that holds the two models. Default: KITH_MODEL_SOURCE."),
    ] = None,
    *,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="SFace as published; to KITH_DATA_DIR/models/sface."),
    ] = False,
) -> None:
    """Get the `face` bundle; without any network access if it is there already.

    A bundle of an older release is replaced; collections that were enrolled with it answer
    contract_mismatch until KITH_MODEL names the older bundle again.
    """
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    recipe = PLAIN if plain else RECIPE
    folder = to or settings.data_dir / "models" / recipe.name
    before = _contract_in(folder)
    with download_progress() as progress:
        bundle = pull_bundle(
            folder, source=source or settings.model_source, progress=progress, recipe=recipe
        )
    if to is None:
        make_private(settings.data_dir)
        make_all_private(folder.parent)
    now = bundle.manifest.contract_id
    if before != now:
        say(f"Model bundle {now} is in {folder}.")
    if before not in (None, now):
        say(f"It took the place of {before}: people enrolled with that one are not comparable.")


def _contract_in(folder: Path) -> str | None:
    try:
        return Bundle.load(folder).manifest.contract_id
    except BundleError:
        return None


@cli.command()
def show(
    bundle: Annotated[
        Path | None,
        typer.Argument(help="The bundle's folder or name, such as face-mini; default: KITH_MODEL."),
    ] = None,
) -> None:
    """Check a bundle and print what it is."""
    _show(Bundle.load(_bundle_dir(load_settings(), bundle)))


@cli.command()
def use_calibration(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder or name.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="File written by calibrate; default: the bundle's calibration.json."),
    ] = None,
) -> None:
    """Put a calibration into a bundle and its SHA-256 into the manifest, both or neither.

    Without FILE the manifest is written again for the calibration that is there: for a bundle of an
    earlier release, or where a calibration was copied into it. The contract id stays.
    """
    folder = _bundle_dir(load_settings(), bundle)
    content = None if file is None else _calibration_in(file)
    _show(writing.use_calibration(folder, content))
    say("A running service goes on with what it loaded until it is started again.")


@cli.command()
def add_model(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder or name.")],
    file: Annotated[
        Path, typer.Argument(help="The model, NAME.onnx.", exists=True, dir_okay=False)
    ],
    role: Annotated[str, typer.Option(help="The model's purpose, such as liveness.")],
    licence: Annotated[str, typer.Option(help="Its licence, for the record.")],
) -> None:
    """Put a further model into a bundle and its SHA-256 into the manifest, both or neither.

    A further model changes no template: the contract id stays, and so do the collections. A model
    of the same name is replaced.
    """
    folder = _bundle_dir(load_settings(), bundle)
    _show(writing.add_model(folder, writing.ModelFile(file, licence, role)))


def _calibration_in(file: Path) -> bytes:
    try:
        return read_bytes(file, most=MOST_CALIBRATION)
    except ValueError as error:
        raise InvalidRequest(f"{file} is no calibration: {error}.") from None


def _bundle_dir(settings: Settings, named: Path | None) -> Path:
    return settings.bundle_dir if named is None else settings.bundle_named(named)


def _show(bundle: Bundle) -> None:
    manifest = bundle.manifest
    table = Table(show_header=False)
    for key, value in {
        "name": f"{manifest.name}, version {manifest.version}",
        "contract id": manifest.contract_id,
        "licence": manifest.licence,
        "dimension": manifest.dimension,
        "sample": "the largest face" if manifest.detector else "the whole image",
        **{name: f"for {each.role}, {each.licence}" for name, each in manifest.further.items()},
        "calibrated on": bundle.calibration.evidence.get("data", "unknown"),
    }.items():
        table.add_row(key, str(value))
    plain_console().print(table)
    plain_console().print(f"SHA-256 of its manifest: {bundle.manifest_sha256}", soft_wrap=True)
    if bundle.warning:
        say(f"Warning: {bundle.warning}")


@cli.command()
def calibrate(
    folder: Annotated[
        Path, typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False)
    ],
    data: Annotated[str, typer.Option(help="Description of the photos, for the record.")],
    bundle_dir: Annotated[
        Path | None,
        typer.Option("--bundle", help="The bundle's folder or name; default: KITH_MODEL."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("calibration.json"),
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of names to leave out: folders or files, one a line. May be repeated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Calibrate a bundle: measure how often strangers look alike, on photos of many people.

    The bundle does not change, unless --out names its own calibration.json: then its manifest is
    written too. use-calibration puts a calibration from another file into the bundle.
    """
    data.encode()  # what is no text is refused before the work and not after it
    try_to_write(out)
    settings = load_settings()
    bundle = Bundle.load(_bundle_dir(settings, bundle_dir))
    people = walked(folder)
    photos = _without(people.photos, exclude or [])
    pipeline = build_pipeline(bundle)
    with count_progress("Embedding", len(photos)) as step:
        found = embed_photos(
            build_analyser(pipeline, settings),
            photos,
            threads=settings.threads,
            choose=sole_subject,
            done=step,
        )
    calibration = _calibrated(pipeline, found, data)
    text = json.dumps(calibration) + "\n"
    if out.resolve() == (bundle.folder / CALIBRATION).resolve():
        writing.use_calibration(bundle.folder, text.encode())
    else:
        write_whole(out, text)
    for line in left_out_lines(people.counts):
        say(line)
    say(f"{len(found.photos)} photos, {len(found.refused)} refused; wrote {out}.")


def _calibrated(pipeline: Pipeline, found: EmbeddedFolder, data: str) -> dict[str, object]:
    try:
        margin = score_noise(found.embeddings, found.again, found.labels)
        return fit(
            found.embeddings,
            found.labels,
            contract_id=pipeline.contract_id,
            data=data,
            margin=margin,
        ).to_dict()
    except ValueError as error:
        raise InvalidRequest(f"These photos cannot calibrate: {error}.") from None


def _without(photos: list[Photo], exclude: list[Path]) -> list[Photo]:
    """The photos that no line of the files names; a line may end in ``#`` and a comment."""
    there = {photo.person for photo in photos} | {_stem(photo) for photo in photos}
    names = {_named(line, there) for file in exclude for line in _lines(file)}
    return [each for each in photos if each.person not in names and _stem(each) not in names]


def _named(line: str, there: set[str]) -> str:
    line = one_spelling(line)
    whole = (each for each in (line, line.strip()) if each in there)
    return next(whole, line.partition("#")[0].strip())


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{file} is not UTF-8 text.") from None


def _stem(photo: Photo) -> str:
    return one_spelling(photo.file.stem)


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a file on standard error, if that is a terminal; gives the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = plain_console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def show_bytes(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        yield show_bytes
