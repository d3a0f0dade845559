"""A model bundle on disk: the one thing that crosses from training to serving."""

import fcntl
import glob
import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, Final

from app.bundles.manifest import (
    CALIBRATION,
    DETECTOR,
    EMBEDDER,
    MANIFEST,
    MODEL_CARD,
    FileEntry,
    Manifest,
    check_inside,
    entry_of,
    made_manifest,
    read_manifest,
    read_with_digest,
    sha256_of,
    written,
)
from app.core.documents import parsed, read_bytes
from app.core.files import drop_temporary_folders, private_file, sync, temporary_folder
from app.core.interrupts import held_back
from app.decision.calibration import Calibration
from app.decision.numbers import shown
from app.decision.plausible import check_plausible
from app.errors import BundleError

_FILES: Final = frozenset({MANIFEST, EMBEDDER, DETECTOR, CALIBRATION, MODEL_CARD})
_OLD: Final = "old"
MOST_CALIBRATION: Final = 16 * 1024 * 1024
_AGAIN: Final = "`kith models pull` gets the default bundle again; KITH_MODEL names another."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was found whole: every file there, with the bytes its manifest states.

    ``manifest_sha256`` is the hex SHA-256 of ``manifest.json``. A manifest of an earlier release
    does not list the calibration (``manifest.protects_calibration``).
    """

    folder: Path
    manifest: Manifest
    calibration: Calibration
    manifest_sha256: str

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read and check the bundle in ``folder``; ``BundleError`` names the first defect."""
        manifest, digest = read_with_digest(folder)
        for name, entry in manifest.models.items():
            check_file(folder / name, entry)
        if MODEL_CARD in manifest.files:
            check_file(folder / MODEL_CARD, manifest.files[MODEL_CARD])
        return cls(folder, manifest, calibration_in(folder, manifest), digest)

    @property
    def warning(self) -> str | None:
        """What an operator should know of it and do about it."""
        if self.manifest.protects_calibration:
            return None
        return (
            f"The bundle in {self.folder} is of an earlier release: its manifest does not protect "
            "its calibration, so an edited one is not found out. If it is the right one, "
            f"`kith models use-calibration {quote(str(self.folder))}` writes the manifest again."
        )

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
        for name, text in (
            (CALIBRATION, json.dumps(calibration, indent=1) + "\n"),
            (MODEL_CARD, model_card),
        ):
            files[name] = _write(made / name, text.encode())
        _write(made / MANIFEST, written(made_manifest(description, files)).encode())
        Bundle.load(made)
        _replace(made, folder, temporary / _OLD)
    return Bundle.load(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock on the bundle in ``folder``; the system lets it go when its holder dies."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with private_file(folder.parent / f".{folder.name}.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():  # what ``_replace`` was about to
            for old in folder.parent.glob(f".{glob.escape(folder.name)}-????????/{_OLD}"):
                old.rename(folder)
                break
        drop_temporary_folders(folder)
        yield


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


def use_calibration(folder: Path, content: bytes | None = None) -> Bundle:
    """Put the calibration ``content`` (JSON) into the bundle in ``folder`` and its digest into the
    manifest, both or neither; without ``content``, the digest of the calibration that is there.

    The contract stays, and so does every other file. ``BundleError`` where the calibration is not
    valid, or where the bundle is damaged elsewhere.
    """
    folder = folder.resolve()
    with alone(folder), temporary_folder(folder) as temporary:
        manifest = read_manifest(folder)
        if content is None:
            content = _content(folder / CALIBRATION)
        _calibration(folder / CALIBRATION, content, manifest)
        made = temporary / "bundle"
        shutil.copytree(folder, made, symlinks=True)
        files = {**manifest.files, CALIBRATION: _write_anew(made / CALIBRATION, content)}
        if (card := made / MODEL_CARD).is_file():
            files[MODEL_CARD] = entry_of(card.read_bytes())
        changed = manifest.model_copy(update={"files": files})
        _write_anew(made / MANIFEST, written(changed).encode())
        for file in made.iterdir():
            sync(file)
        Bundle.load(made)
        _replace(made, folder, temporary / _OLD)
    return Bundle.load(folder)


def check_file(file: Path, entry: FileEntry) -> None:
    """``BundleError`` where ``file`` is not what the manifest's ``entry`` states."""
    try:
        check_inside(file)
        size, found = file.stat().st_size, ""
        if size == entry.bytes:  # a pipe has none, and would never end
            found = sha256_of(file)
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


def calibration_in(folder: Path, manifest: Manifest) -> Calibration:
    """The calibration in ``folder``, as its ``manifest`` states it; ``BundleError`` otherwise."""
    file = folder / CALIBRATION
    content = _content(file)
    entry = manifest.files.get(CALIBRATION)
    if entry is not None and entry_of(content) != entry:
        raise BundleError(
            f"{file} has {len(content)} bytes and the SHA-256 {entry_of(content).sha256}; its "
            f"manifest states {entry.bytes} and {entry.sha256}: it was changed since. If that was "
            f"you, `kith models use-calibration {quote(str(folder))}` writes the manifest again. "
            f"If not: {_AGAIN}"
        )
    return _calibration(file, content, manifest)


def _content(file: Path) -> bytes:
    try:
        check_inside(file)
        return read_bytes(file, most=MOST_CALIBRATION)
    except FileNotFoundError:
        raise BundleError(
            f"{file} is missing: without it no threshold keeps its promise. `kith models "
            "calibrate FOLDER` makes one."
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BundleError(f"{file} cannot be read: {why}.") from None


def _calibration(file: Path, content: bytes, manifest: Manifest) -> Calibration:
    """What ``content`` says; it must be of this contract, where it names one."""
    try:
        value = parsed(content)
    except ValueError as error:
        raise BundleError(f"{file} cannot be read: {error}.") from None
    try:
        calibration = Calibration.from_dict(value)
        check_plausible(calibration, dimension=manifest.dimension)
    except BundleError as error:
        raise BundleError(f"{file}: {error.detail}") from None
    except ValueError as error:
        raise BundleError(
            f"{file}: The calibration is not plausible: {error}. {_AGAIN} `kith models calibrate` "
            "makes another."
        ) from None
    of = calibration.evidence.get("contract_id", manifest.contract_id)
    if of != manifest.contract_id:
        raise BundleError(
            f"{file} was measured with {shown(of)}, and the bundle is {manifest.contract_id}: its "
            "thresholds mean nothing here. `kith models calibrate` makes another."
        )
    return calibration


def _copy(target: Path, source: Path, licence: str) -> FileEntry:
    shutil.copyfile(source, target)
    sync(target)
    return FileEntry(sha256=sha256_of(target), bytes=target.stat().st_size, licence=licence)


def _write(file: Path, content: bytes) -> FileEntry:
    file.write_bytes(content)
    sync(file)
    return entry_of(content)


def _write_anew(file: Path, content: bytes) -> FileEntry:
    """In a file of its own, for what was there may be a link; its mode stays."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
    file.unlink(missing_ok=True)
    entry = _write(file, content)
    if mode is not None:
        file.chmod(mode)
    return entry


def _replace(made: Path, folder: Path, old: Path) -> None:
    """Two renames: a crash in between leaves no bundle, never half of one; ``alone`` puts the old
    one back.
    """
    with held_back():
        if folder.exists():
            folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    sync(folder.parent)
