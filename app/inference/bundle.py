"""A model bundle on disk: the one thing that crosses from training to serving."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.core.files import sync, temporary_folder
from app.core.interrupts import held_back
from app.decision.calibration import Calibration
from app.errors import BundleError
from app.inference.manifest import (
    CALIBRATION,
    DETECTOR,
    EMBEDDER,
    MANIFEST,
    MODEL_CARD,
    FileEntry,
    Manifest,
    made_manifest,
    read_manifest,
    sha256_of,
)

_FILES: Final = frozenset({MANIFEST, EMBEDDER, DETECTOR, CALIBRATION, MODEL_CARD})
_AGAIN: Final = "`kith models pull` gets the default bundle again; KITH_MODEL names another."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was found whole: every file there, with the bytes its manifest states."""

    folder: Path
    manifest: Manifest
    calibration: Calibration

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read and check the bundle in ``folder``; ``BundleError`` names the first defect."""
        manifest = read_manifest(folder)
        needed = {EMBEDDER} if manifest.detector is None else {EMBEDDER, DETECTOR}
        if set(manifest.files) != needed:
            raise BundleError(
                f"{folder / MANIFEST}: `files` lists {sorted(manifest.files)}, not "
                f"{sorted(needed)}."
            )
        for name, entry in manifest.files.items():
            _check(folder / name, entry)
        return cls(folder, manifest, _read_calibration(folder / CALIBRATION))

    @property
    def embedder(self) -> Path:
        """The embedder's file."""
        return self.folder / EMBEDDER

    @property
    def detector(self) -> Path | None:
        """The detector's file, or None where the whole image is the sample."""
        return None if self.manifest.detector is None else self.folder / DETECTOR


def write_bundle(
    folder: Path,
    description: dict[str, Any],
    *,
    models: dict[str, tuple[Path, str]],
    calibration: dict[str, Any],
    model_card: str,
) -> Bundle:
    """Write a bundle as a whole or not at all, in place of one that is there.

    ``description`` is a manifest without ``files`` and ``contract_id``; ``models`` gives for
    ``embedder.onnx`` (and ``detector.onnx``) the file to copy and its licence.
    """
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder) as temporary:
        made = temporary / "bundle"
        made.mkdir()
        files = {name: _copy(made / name, *source) for name, source in models.items()}
        manifest = made_manifest(description, files)
        _write(made / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
        _write(made / CALIBRATION, json.dumps(calibration, indent=1) + "\n")
        _write(made / MODEL_CARD, model_card)
        Bundle.load(made)
        _replace(made, folder, temporary / "old")
    return Bundle.load(folder)


def check_place(folder: Path) -> None:
    """``BundleError`` where ``folder`` holds something else than a bundle, whole or broken: a new
    bundle takes the place of all that is in it.
    """
    there = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    if MANIFEST not in there and (others := sorted(there - _FILES)):
        raise BundleError(
            f"{folder} holds {others[0]!r} and no bundle, and all of it would be lost; name a "
            "folder that is empty or not there."
        )


def _check(file: Path, entry: FileEntry) -> None:
    try:
        size, found = file.stat().st_size, sha256_of(file)
    except FileNotFoundError:
        raise BundleError(f"{file} is missing from the bundle. {_AGAIN}") from None
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error.strerror}.") from None
    if size != entry.bytes:
        raise BundleError(f"{file} has {size} bytes; its manifest states {entry.bytes}. {_AGAIN}")
    if found != entry.sha256:
        raise BundleError(
            f"{file} has the SHA-256 {found}; its manifest states {entry.sha256}. {_AGAIN}"
        )


def _read_calibration(file: Path) -> Calibration:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise BundleError(
            f"{file} is missing: without it no threshold keeps its promise. `kith models "
            "calibrate FOLDER` makes one."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BundleError(f"{file} cannot be read: {why}.") from None
    return Calibration.from_dict(content)


def _copy(target: Path, source: Path, licence: str) -> FileEntry:
    shutil.copyfile(source, target)
    sync(target)
    return FileEntry(sha256=sha256_of(target), bytes=target.stat().st_size, licence=licence)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    sync(file)


def _replace(made: Path, folder: Path, old: Path) -> None:
    """Two renames: a crash in between leaves no bundle, never half of one."""
    with held_back():
        if folder.exists():
            folder.rename(old)
        made.rename(folder)
    sync(folder.parent)
