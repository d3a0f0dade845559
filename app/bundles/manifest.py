"""Reads and writes ``manifest.json``, the description of a bundle. Reading is strict; an error is
one line.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.bundles.contract import (
    DETECTOR,
    EMBEDDER,
    EMBEDDING_PATH,
    Contract,
    contract_id,
    digest,
)
from app.core.documents import parsed, read_bytes
from app.errors import BundleError
from app.vision.align import ARCFACE_SIZE
from app.vision.preprocess import Preprocessing

MANIFEST: Final = "manifest.json"
CALIBRATION: Final = "calibration.json"
MODEL_CARD: Final = "MODEL_CARD.md"
FORMAT: Final = 1
OTHERS: Final = frozenset({CALIBRATION, MODEL_CARD})
_FURTHER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.onnx")
_MOST_BYTES: Final = 1024 * 1024

Side = Annotated[int, Field(ge=1, le=2048)]
"""Pixels."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileEntry(_Strict):
    """One file of the bundle. Only a model has a ``licence``.

    ``role`` is the purpose of a further model, such as ``liveness``. The embedder and the detector
    need no role, and files that are no models have none.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    licence: str = ""
    role: str = Field("", pattern=r"^([a-z][a-z0-9_-]{0,31})?$")


class PreprocessingEntry(_Strict):
    """The preprocessing; see ``app.vision.preprocess.Preprocessing``."""

    size: tuple[Side, Side]
    channels: Literal["RGB", "BGR", "L"]
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: tuple[float, ...] = (1.0, 1.0, 1.0)
    resize: Literal["stretch", "contain"] = "stretch"
    background: int = Field(0, ge=0, le=255)
    invert: bool = False

    @model_validator(mode="after")
    def _one_number_a_channel(self) -> "PreprocessingEntry":
        if len(self.mean) != len(self.channels) or len(self.scale) != len(self.channels):
            raise ValueError(f"mean and scale need one number for each channel of {self.channels}")
        return self

    def build(self) -> Preprocessing:
        """The value that ``app.vision`` takes."""
        width, height = self.size
        values = self.model_dump(exclude={"size"})
        return Preprocessing(width=width, height=height, **values)


class DetectorEntry(_Strict):
    """The detector's kind and its thresholds, both between 0 and 1."""

    kind: Literal["yunet"]
    score_threshold: float = Field(gt=0, lt=1)
    nms_threshold: float = Field(gt=0, lt=1)


class Manifest(_Strict):
    """A bundle's description; ``detector`` null means that the whole image is the sample."""

    format: Literal[1] = FORMAT
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    version: str
    licence: str
    dimension: int = Field(ge=1, le=4096)
    preprocessing: PreprocessingEntry
    alignment: Literal["arcface-112"] | None
    detector: DetectorEntry | None
    files: dict[str, FileEntry]
    contract_id: str

    @model_validator(mode="after")
    def _faces_are_found_and_aligned(self) -> "Manifest":
        if (self.alignment is None) != (self.detector is None):
            raise ValueError("alignment and detector go together: both, or both null")
        if self.alignment is not None and self.preprocessing.size != (ARCFACE_SIZE, ARCFACE_SIZE):
            raise ValueError(f"alignment {self.alignment} gives 112 x 112, not preprocessing.size")
        return self

    @model_validator(mode="after")
    def _the_files_are_those_of_a_bundle(self) -> "Manifest":
        needed = {EMBEDDER} if self.detector is None else {EMBEDDER, DETECTOR}
        listed = self.files.keys() - OTHERS - self.further.keys()
        if listed != needed:
            raise ValueError(
                f"`files` lists {sorted(listed)}, not {sorted(needed)}. Allowed too are "
                f"{CALIBRATION}, {MODEL_CARD} and further models (NAME.onnx)"
            )
        for name, entry in self.models.items():
            if "licence" not in entry.model_fields_set:
                raise ValueError(f"files.{name}.licence: Field required")
        for name, entry in self.files.items():
            _check_role(name, entry)
        return self

    @property
    def models(self) -> dict[str, FileEntry]:
        """The model files: those of the embedding path and ``further``."""
        return {name: entry for name, entry in self.files.items() if name not in OTHERS}

    @property
    def further(self) -> dict[str, FileEntry]:
        """The models outside of the embedding path, each with its role. They change no template, so
        the contract id does not depend on them.
        """
        return {
            name: entry
            for name, entry in self.files.items()
            if name not in EMBEDDING_PATH and _FURTHER.fullmatch(name)
        }

    @property
    def contract(self) -> Contract:
        """The properties that all templates of this bundle share."""
        return Contract(self.contract_id, self.dimension, self.crop_id)

    @property
    def protects_calibration(self) -> bool:
        """Whether it states the calibration's SHA-256; earlier releases listed only models."""
        return CALIBRATION in self.files

    @property
    def crop_id(self) -> str:
        """The id of all that makes the embedder's input. Bundles with one crop id get the same
        pixels from the same image, although their embedders may differ.

        It includes the detector's model, since alignment follows its landmarks. It does not include
        the detector's thresholds: they decide which faces are found, not where their landmarks are.
        """
        of_whole = set() if self.alignment else {"resize", "background"}
        parts = {
            "alignment": self.alignment,
            "detector": self.files[DETECTOR].sha256 if self.detector else None,
            **self.preprocessing.model_dump(include={"size"} | of_whole),
        }
        return f"{self.alignment or 'whole-image'}-{digest(parts)}"

    def expected_contract_id(self) -> str:
        """The id that the embedding path has; no other file is part of it."""
        return contract_id(self.model_dump(mode="json"))


def _check_role(name: str, entry: FileEntry) -> None:
    if name in EMBEDDING_PATH | OTHERS:
        if entry.role not in ("", Path(name).stem):
            raise ValueError(f"files.{name}.role is {entry.role!r}; its name says what it is for")
    elif not entry.role:
        raise ValueError(f"files.{name}.role: say what the model is for, such as liveness")
    elif f"{entry.role}.onnx" in EMBEDDING_PATH:
        raise ValueError(f"files.{name}.role is {entry.role!r}, which {entry.role}.onnx alone has")


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``, or a ``BundleError`` that says what is wrong with it."""
    return read_with_digest(folder)[0]


def read_with_digest(folder: Path) -> tuple[Manifest, str]:
    """The manifest, and the hex SHA-256 of its bytes, which identifies the bundle as a whole."""
    file = folder / MANIFEST
    try:
        check_inside(file)
        content = read_bytes(file, most=_MOST_BYTES)
        parsed(content)  # pydantic keeps the last of two equal names
        manifest = Manifest.model_validate_json(content)
    except FileNotFoundError:
        there = os.path.isdir(folder)  # noqa: PTH112 - its is_dir() may raise
        lacks = f"it has no {MANIFEST}" if there else f"there is no folder {folder.absolute()}"
        raise BundleError(
            f"{folder} is no model bundle: {lacks}. `kith models pull` gets the default one; "
            "KITH_MODEL names another."
        ) from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{file} cannot be read: {_first_line(error)}") from None
    if manifest.contract_id != manifest.expected_contract_id():
        raise BundleError(
            f"{file}: the contract id {manifest.contract_id!r} does not fit its contents; it "
            f"should be {manifest.expected_contract_id()!r}. The bundle was altered; export it "
            "again."
        )
    return manifest, hashlib.sha256(content).hexdigest()


def real(file: Path) -> Path:
    """The path of ``file`` after its links. Links that lead in a circle are found by reading it."""
    return Path(os.path.realpath(file))


def check_inside(file: Path) -> None:
    """``BundleError`` where ``file`` is a link out of its folder: others may change its target."""
    to = real(file)
    if file.is_symlink() and not to.is_relative_to(real(file.parent)):
        raise BundleError(f"{file} is a link to {to}, outside of the bundle. Put the file there.")


def written(manifest: Manifest) -> str:
    """The text of ``manifest.json``. Only models have a licence, and only further models a role."""
    content = manifest.model_dump(mode="json")
    for name, entry in content["files"].items():
        if name in OTHERS:
            del entry["licence"]
        if not entry["role"]:
            del entry["role"]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def made_manifest(description: dict[str, Any], files: dict[str, FileEntry]) -> Manifest:
    """The manifest of a new bundle, with the contract id of its ``files``."""
    entries = {name: entry.model_dump() for name, entry in files.items()}
    try:
        manifest = Manifest(**{**description, "files": entries, "contract_id": "unknown"})
    except ValidationError as error:
        raise BundleError(f"The bundle cannot be made: {_first_line(error)}") from None
    return manifest.model_copy(update={"contract_id": manifest.expected_contract_id()})


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
    return f"{error.strerror}." if isinstance(error, OSError) else str(error)


def model_entry(file: Path, *, licence: str, role: str = "") -> FileEntry:
    """The entry of the model in ``file``; ``BundleError`` where ``role`` cannot be one."""
    stated = {"sha256": sha256_of(file), "bytes": file.stat().st_size, "licence": licence}
    try:
        return FileEntry(**stated, role=role)
    except ValidationError as error:
        raise BundleError(f"{file.name} cannot be stated: {_first_line(error)}") from None


def entry_of(content: bytes) -> FileEntry:
    """The entry of a file with this ``content`` that is not a model."""
    return FileEntry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def sha256_of(file: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
