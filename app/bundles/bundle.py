"""Reads and checks a model bundle on disk, the only thing that training hands to serving."""

import stat
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final

from app.bundles.contract import DETECTOR, EMBEDDER
from app.bundles.manifest import (
    CALIBRATION,
    MANIFEST,
    FileEntry,
    Manifest,
    check_inside,
    entry_of,
    read_with_digest,
    real,
    sha256_of,
)
from app.core.documents import parsed, read_bytes
from app.decision import calibration_file
from app.decision.calibration import Calibration
from app.decision.numbers import shown
from app.decision.plausible import check_plausible
from app.errors import BundleError

MOST_CALIBRATION: Final = 16 * 1024 * 1024
_AGAIN: Final = "`kith models pull` gets the default bundle again; KITH_MODEL names another."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files are all there, each with the bytes that its manifest states.

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
        for name, entry in manifest.files.items():
            if name != CALIBRATION:
                check_file(folder / name, entry)
        check_all_stated(folder, manifest)
        return cls(folder, manifest, calibration_in(folder, manifest), digest)

    @property
    def warnings(self) -> dict[str, str]:
        """One line each for the operator that says what to do, by the name of what is odd."""
        found = {}
        if not self.manifest.protects_calibration:
            found["calibration_unprotected"] = (
                f"The bundle in {self.folder} is of an earlier release: its manifest does not "
                "protect its calibration, so an edited one is not found out. If it is the right "
                f"one, `kith models use-calibration {quote(str(self.folder))}` writes the manifest "
                "again."
            )
        if self.calibration.is_former:
            found["calibration_former"] = (
                f"The calibration in {self.folder} is of an earlier release: it goes on working, "
                "but its rates were not measured on standardised scores. `kith models calibrate` "
                "makes one whose rates are; a bundle of Kith's has it after `kith models pull --to "
                f"{quote(str(self.folder))}`."
            )
        return found

    @property
    def embedder(self) -> Path:
        """The embedder's file."""
        return self.folder / EMBEDDER

    @property
    def detector(self) -> Path | None:
        """The detector's file, or None where the whole image is the sample."""
        return None if self.manifest.detector is None else self.folder / DETECTOR


def check_file(file: Path, entry: FileEntry) -> None:
    """``BundleError`` where ``file`` is not what the manifest's ``entry`` states."""
    try:
        check_inside(file)
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe might never end
            raise BundleError(f"{file} is a folder, a device or a pipe, and no file. {_AGAIN}")
        size = about.st_size
        found = sha256_of(file) if size == entry.bytes else ""
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


def check_all_stated(folder: Path, manifest: Manifest) -> None:
    """``BundleError`` where ``folder`` has a model that ``manifest`` does not state. Files that are
    no models may be there.
    """
    stated = {real(folder / name) for name in manifest.files}  # it may lead to a file here
    for file in sorted(folder.glob("*.onnx")):
        if not file.name.startswith(".") and real(file) not in stated:
            raise BundleError(
                f"{file} is a model that {folder / MANIFEST} does not state, so nobody can say "
                "whose it is. Take it out of the folder; `kith models add-model` puts it in with "
                "its SHA-256 and its role."
            )


def calibration_in(folder: Path, manifest: Manifest) -> Calibration:
    """The calibration in ``folder``, as its ``manifest`` states it; ``BundleError`` otherwise."""
    file = folder / CALIBRATION
    content = read_calibration(file)
    entry = manifest.files.get(CALIBRATION)
    if entry is not None and entry_of(content) != entry:
        raise BundleError(
            f"{file} has {len(content)} bytes and the SHA-256 {entry_of(content).sha256}; its "
            f"manifest states {entry.bytes} and {entry.sha256}: it was changed since. If that was "
            f"you, `kith models use-calibration {quote(str(folder))}` writes the manifest again. "
            f"If not: {_AGAIN}"
        )
    return check_calibration(file, content, manifest)


def read_calibration(file: Path) -> bytes:
    """The bytes of a bundle's calibration; ``BundleError`` where ``file`` cannot be read."""
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


def check_calibration(file: Path, content: bytes, manifest: Manifest) -> Calibration:
    """Parse the calibration; ``BundleError`` where it is not valid or of another contract."""
    try:
        value = parsed(content)
    except ValueError as error:
        raise BundleError(f"{file} cannot be read: {error}.") from None
    try:
        calibration = calibration_file.from_json(value)
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
