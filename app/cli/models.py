"""``kith models``: fetch, show and calibrate model bundles."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.bundles import writing
from app.bundles.bundle import MOST_CALIBRATION, Bundle
from app.bundles.pull import pull as pull_bundle
from app.bundles.pull import recipe_of
from app.bundles.recipe import CAMERAS, PLAIN
from app.cli.calibrate import calibrate, chosen_bundle
from app.cli.progress import download_progress
from app.core.documents import read_bytes
from app.core.files import make_all_private, make_private
from app.core.logging import configure_logging
from app.core.terminal import plain_console, say
from app.errors import BundleError, InvalidRequest
from app.settings import load_settings

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
        typer.Option("--plain", help="Plain SFace; to KITH_DATA_DIR/models/sface."),
    ] = False,
    cameras: Annotated[
        bool,
        typer.Option("--cameras", help="SFace adapted; to KITH_DATA_DIR/models/cameras."),
    ] = False,
) -> None:
    """Get the default bundle, plain SFace; without any network access if it is there already.

    A folder keeps the bundle that it has, plain or adapted to poor cameras (--cameras), because
    people enrolled with one are not comparable with the other. A bundle of an older release is
    replaced; its collections answer contract_mismatch until KITH_MODEL names it again.
    """
    if plain and cameras:
        raise InvalidRequest("--plain and --cameras are two bundles; give one of them.")
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    recipe = PLAIN if plain else CAMERAS if cameras else None
    name = "sface" if plain else "cameras" if cameras else "face"
    folder = to or settings.data_dir / "models" / name
    before = _bundle_in(folder)
    with download_progress() as progress:
        bundle = pull_bundle(
            folder, source=source or settings.model_source, progress=progress, recipe=recipe
        )
    if to is None:
        make_private(settings.data_dir)
        make_all_private(folder.parent)
    now = bundle.manifest.contract_id
    is_new = before is None or before.manifest_sha256 != bundle.manifest_sha256
    say(f"Model bundle {now} is in {folder}{'' if is_new else ' already'}.")
    if before is not None and (was := before.manifest.contract_id) != now:
        say(f"It took the place of {was}: people enrolled with that one are not comparable.")
    if recipe is None and recipe_of(folder) == CAMERAS:
        say(
            f"{folder} keeps the bundle adapted to poor cameras, for the people enrolled with it. "
            "The default of new installations is plain SFace: `kith models pull --plain`."
        )


def _bundle_in(folder: Path) -> Bundle | None:
    try:
        return Bundle.load(folder)
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
    _show(Bundle.load(chosen_bundle(load_settings(), bundle)))


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
    folder = chosen_bundle(load_settings(), bundle)
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
    folder = chosen_bundle(load_settings(), bundle)
    _show(writing.add_model(folder, writing.ModelFile(file, licence, role)))


def _calibration_in(file: Path) -> bytes:
    try:
        return read_bytes(file, most=MOST_CALIBRATION)
    except ValueError as error:
        raise InvalidRequest(f"{file} is no calibration: {error}.") from None


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
    for warning in bundle.warnings.values():
        say(f"Warning: {warning}")


cli.command()(calibrate)
