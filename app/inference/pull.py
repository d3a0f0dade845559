"""Gets the ``face`` bundle: the two published models from whichever source first has their exact
bytes, then the recipe's surgery. All of it or nothing.
"""

import errno
import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from app.errors import BundleError
from app.inference.bundle import Bundle, write_bundle
from app.inference.manifest import DETECTOR, EMBEDDER, sha256_of
from app.inference.recipe import SOURCES, adapt_detector, adapt_embedder
from app.inference.sources import Progress, fetch_sources

RECIPE: Final = SOURCES / "face"

_Models = dict[str, tuple[Path, str]]
"""For each file of the bundle where it is now, and its licence."""


def pull(
    destination: Path,
    *,
    source: Path | None = None,
    progress: Progress | None = None,
    recipe: Path = RECIPE,
) -> Bundle:
    """The bundle in ``destination``: the one there if it is whole, else fetched, made and written.

    A whole bundle is left as it is, and no network is touched. ``source`` is a folder that may
    already hold the two published files. Two pulls at once are safe: the second waits, then finds
    the first's bundle. Raises ``BundleError`` that names each source tried and why it did not do;
    then nothing has been written.
    """
    if (there := _whole(destination)) is not None:
        return there
    with _readable_errors(destination), _alone(destination):
        return _whole(destination) or _make(
            destination, source=source, progress=progress or _silent, recipe=recipe
        )


def _whole(destination: Path) -> Bundle | None:
    """What an interrupted copy or an older release left there is made anew, not complained of."""
    try:
        return Bundle.load(destination)
    except BundleError:
        return None


@contextmanager
def _alone(destination: Path) -> Iterator[None]:
    """Hold the lock on ``destination``; the system lets it go when its holder dies."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with (destination.parent / f".{destination.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for unfinished in destination.parent.glob(f"{_temporary(destination)}*"):
            shutil.rmtree(unfinished, ignore_errors=True)  # by one that was killed
        yield


def _make(destination: Path, *, source: Path | None, progress: Progress, recipe: Path) -> Bundle:
    plan = json.loads((recipe / "recipe.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(
        prefix=_temporary(destination), dir=destination.parent
    ) as temporary:
        models = _kept(plan, destination)
        if models is None:
            folder = Path(temporary)
            fetched = fetch_sources(plan, folder, source=source, progress=progress)
            models = _adapted(plan, fetched, folder)
        return write_bundle(
            destination,
            plan["description"],
            models=models,
            calibration=json.loads((recipe / "calibration.json").read_text(encoding="utf-8")),
            model_card=(recipe / "MODEL_CARD.md").read_text(encoding="utf-8"),
        )


def _temporary(destination: Path) -> str:
    """How the names of unfinished work begin; beside the destination, so that a rename will do."""
    return f".{destination.name}-"


def _silent(name: str, done: int, total: int) -> None:
    del name, done, total


def _kept(plan: dict[str, Any], destination: Path) -> _Models | None:
    """The models of a bundle whose other files are broken or of an older release."""
    files = {name: destination / name for name in plan["made"]}
    if not all(
        file.is_file() and sha256_of(file) == plan["made"][name] for name, file in files.items()
    ):
        return None
    return {name: (file, plan["sources"][name]["licence"]) for name, file in files.items()}


def _adapted(plan: dict[str, Any], fetched: dict[str, Path], folder: Path) -> _Models:
    made = {name: folder / name for name in (DETECTOR, EMBEDDER)}
    adapt_detector(fetched[DETECTOR], made[DETECTOR])
    adapt_embedder(fetched[EMBEDDER], made[EMBEDDER])
    for name, file in made.items():
        if (found := sha256_of(file)) != plan["made"][name]:
            raise BundleError(
                f"{name} came out as {found}, not as the recipe's {plan['made'][name]}: the "
                "installed onnx package is not the one in the lock file."
            )
    return {name: (file, plan["sources"][name]["licence"]) for name, file in made.items()}


@contextmanager
def _readable_errors(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise BundleError(f"{destination} could not be written: {error.strerror}.") from None
        free = shutil.disk_usage(_existing(destination)).free // 1024**2
        raise BundleError(
            f"The disk of {destination} is full ({free} MiB free); the bundle needs about 200 MiB "
            "while it is made. Nothing was written."
        ) from None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
