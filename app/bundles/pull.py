"""Makes a ``face`` bundle, whole or not at all: fetches the two published models from the first
source that has their exact bytes, then changes their graphs by the recipe.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from app.bundles.bundle import (
    MOST_CALIBRATION,
    Bundle,
    calibration_in,
    check_all_stated,
    check_file,
)
from app.bundles.contract import DETECTOR, EMBEDDER
from app.bundles.manifest import (
    CALIBRATION,
    MANIFEST,
    MODEL_CARD,
    Manifest,
    read_manifest,
    sha256_of,
)
from app.bundles.place import alone, check_place
from app.bundles.plan import Plan, read_plan
from app.bundles.recipe import CAMERAS, PLAIN, adapt_detector, adapt_embedder
from app.bundles.sources import Progress, fetch_sources
from app.bundles.writing import ModelFile, write_bundle
from app.core.documents import parsed, read_bytes
from app.core.files import temporary_folder, why_no_files_in
from app.errors import BundleError

_log = structlog.get_logger()

_Models = dict[str, ModelFile]
"""The key is the model's name in the bundle."""


def pull(
    destination: Path,
    *,
    source: Path | None = None,
    progress: Progress | None = None,
    recipe: Path | None = None,
    keep_contract: bool = False,
) -> Bundle:
    """The bundle in ``destination``: the existing one if it is the recipe's, else a new one.

    Without ``recipe`` it is the one that made the bundle there, so that the people enrolled with it
    stay comparable; plain SFace's where none did. A bundle that the recipe would make is left
    unchanged, and no network is used. So is an intact bundle of another name, and with
    ``keep_contract`` one of another contract, whose templates a new one could not read. ``source``
    is a folder that may already hold the two published files. Two pulls at once are safe: the
    second waits, then finds the first's bundle. ``BundleError`` names each source that was tried
    and its reason; then nothing was written.
    """
    with _readable_errors(destination):
        plan = read_plan(recipe or recipe_of(destination))
    if (there := _current(destination, plan, keep_contract=keep_contract)) is not None:
        return there
    with _readable_errors(destination):
        check_place(destination)
    with _readable_errors(destination), alone(destination):
        if (there := _current(destination, plan, keep_contract=keep_contract)) is not None:
            return there
        _log_why(destination)
        return _make(destination, plan, source=source, progress=progress or _silent)


def recipe_of(folder: Path) -> Path:
    """The recipe of Kith that made the models in ``folder``; plain SFace's where none did."""
    for recipe in (PLAIN, CAMERAS):
        plan = read_plan(recipe)
        try:
            made = plan.has_made(read_manifest(folder))
        except BundleError:
            made = _kept(plan, folder) is not None
        if made:
            return recipe
    return PLAIN


def _log_why(destination: Path) -> None:
    """Log why the bundle is replaced, so that an operator can find out who changed it."""
    if not (destination / MANIFEST).exists():
        return
    try:
        Bundle.load(destination)
    except BundleError as error:
        _log.warning("bundle.replaced", why=error.detail)
    else:
        _log.info("bundle.updated", folder=str(destination))


def _current(destination: Path, plan: Plan, *, keep_contract: bool) -> Bundle | None:
    """The bundle in ``destination``; None where it is broken or of an older release."""
    try:
        bundle = Bundle.load(destination)
    except BundleError as error:
        _check_not_the_operators(destination, plan, error)
        return None
    if bundle.manifest.name != plan.name:
        return bundle
    if not plan.has_made(bundle.manifest):
        return bundle if keep_contract else None
    return bundle if _states_the_same(bundle, plan) else None


def _check_not_the_operators(destination: Path, plan: Plan, error: BundleError) -> None:
    """Raise ``error``, which says what is broken, where a pull could not restore it: in a bundle of
    another name, a model that the recipe does not make, or an operator's own calibration.
    """
    try:
        manifest = read_manifest(destination)
    except BundleError:
        return
    if manifest.name != plan.name:
        raise error
    _further(destination, manifest, plan)
    try:
        own = _is_own(parsed(read_bytes(destination / CALIBRATION, most=MOST_CALIBRATION)), plan)
    except (OSError, ValueError):
        return
    try:
        calibration_in(destination, manifest)
    except BundleError as wrong:
        if own:
            raise BundleError(
                f"{wrong.detail} It was measured on other photos than the recipe's, so nothing "
                "takes its place: remove it if you do not want it."
            ) from None


def _is_own(calibration: Any, plan: Plan) -> bool:  # noqa: ANN401 - any JSON
    """Whether the calibration was measured on other data than the recipe's, so an operator's."""
    evidence = calibration.get("evidence") if isinstance(calibration, dict) else None
    data = evidence.get("data") if isinstance(evidence, dict) else None
    return data not in (None, plan.calibration["evidence"].get("data"))


def _further(destination: Path, manifest: Manifest, plan: Plan) -> _Models:
    """The operator's models in a bundle, which the recipe does not make. ``BundleError`` where one
    is damaged or not stated.
    """
    found = _Models()
    for name, entry in manifest.further.items():
        if name not in plan.steps["made"]:
            check_file(destination / name, entry)
            found[name] = ModelFile(destination / name, entry.licence, entry.role)
    check_all_stated(destination, manifest)
    return found


def _further_there(destination: Path, plan: Plan) -> _Models:
    try:
        manifest = read_manifest(destination)
    except BundleError:
        return {}
    return _further(destination, manifest, plan)


def _own_calibration(destination: Path, plan: Plan) -> dict[str, Any] | None:
    """The operator's own calibration of the same contract that the manifest states, or None."""
    try:
        manifest = read_manifest(destination)
        calibration_in(destination, manifest)
    except BundleError:
        return None
    content: dict[str, Any] = parsed((destination / CALIBRATION).read_bytes())
    return content if plan.has_made(manifest) and _is_own(content, plan) else None


def _states_the_same(bundle: Bundle, plan: Plan) -> bool:
    """Whether all files but the models are the recipe's. A calibration on other data is the
    operator's and counts as equal.
    """
    calibration = parsed((bundle.folder / CALIBRATION).read_bytes())
    own = _is_own(calibration, plan)
    manifest = bundle.manifest.model_dump(mode="json")
    description = Manifest.model_validate({**manifest, **plan.steps["description"]})
    return (
        bundle.manifest == description
        and (bundle.manifest.protects_calibration or own)
        and (own or calibration == plan.calibration)
        and (bundle.folder / MODEL_CARD).read_text(encoding="utf-8") == plan.model_card
    )


def _make(destination: Path, plan: Plan, *, source: Path | None, progress: Progress) -> Bundle:
    with temporary_folder(destination) as folder:
        models = _kept(plan, destination)
        if models is None:
            fetched = fetch_sources(plan.steps, folder, source=source, progress=progress)
            models = _adapted(plan, fetched, folder)
        return write_bundle(
            destination,
            plan.steps["description"],
            models={**models, **_further_there(destination, plan)},
            calibration=_own_calibration(destination, plan) or plan.calibration,
            model_card=plan.model_card,
        )


def _silent(name: str, done: int, total: int) -> None:
    del name, done, total


def _kept(plan: Plan, destination: Path) -> _Models | None:
    """The models of a bundle whose other files are broken or of an older release, or None."""
    files = {name: destination / name for name in plan.steps["made"]}
    if not all(file.is_file() and sha256_of(file) == plan.made(n) for n, file in files.items()):
        return None
    return {name: ModelFile(file, _licence(plan, name)) for name, file in files.items()}


def _licence(plan: Plan, name: str) -> str:
    return str(plan.steps["sources"][name]["licence"])


def _adapted(plan: Plan, fetched: dict[str, Path], folder: Path) -> _Models:
    made = {name: folder / name for name in (DETECTOR, EMBEDDER)}
    adapt_detector(fetched[DETECTOR], made[DETECTOR])
    adapt_embedder(fetched[EMBEDDER], made[EMBEDDER], changes=plan.changes)
    for name, file in made.items():
        if (found := sha256_of(file)) != plan.made(name):
            raise BundleError(
                f"{name} came out as {found}, not as the recipe's {plan.made(name)}: the "
                "installed onnx package is not the one in the lock file."
            )
    return {name: ModelFile(file, _licence(plan, name)) for name, file in made.items()}


@contextmanager
def _readable_errors(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            why = why_no_files_in(destination.parent) or f"{error.strerror}."
            raise BundleError(
                f"{destination} could not be written: {why} KITH_DATA_DIR or --to names it."
            ) from None
        free = shutil.disk_usage(_existing(destination)).free // 1024**2
        raise BundleError(
            f"The disk of {destination} is full ({free} MiB free); the bundle needs about 200 MiB "
            "while it is made. Nothing was written."
        ) from None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
