"""``manifest.json``: what a bundle is, strictly read. A wrong bundle is refused in one line."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import BundleError
from app.vision.align import ARCFACE_SIZE
from app.vision.preprocess import Preprocessing

MANIFEST: Final = "manifest.json"
EMBEDDER: Final = "embedder.onnx"
DETECTOR: Final = "detector.onnx"
CALIBRATION: Final = "calibration.json"
MODEL_CARD: Final = "MODEL_CARD.md"
FORMAT: Final = 1


Side = Annotated[int, Field(ge=1, le=2048)]
"""Pixels."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileEntry(_Strict):
    """One model file of the bundle."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=1)
    licence: str


class PreprocessingEntry(_Strict):
    """See ``app.vision.preprocess.Preprocessing``."""

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
        """As the pure room wants it."""
        width, height = self.size
        values = self.model_dump(exclude={"size"})
        return Preprocessing(width=width, height=height, **values)


class DetectorEntry(_Strict):
    """How the detector's scores become faces."""

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

    @property
    def crop_id(self) -> str:
        """Name of all that makes the crop which the embedder is given: of one image, bundles that
        share it see the same pixels, whatever their embedders do with them.

        Of the detector it has the model, whose landmarks the alignment follows; its thresholds
        decide which faces there are, not how they lie.
        """
        of_whole = set() if self.alignment else {"resize", "background"}
        parts = {
            "alignment": self.alignment,
            "detector": self.files[DETECTOR].sha256 if self.detector else None,
            **self.preprocessing.model_dump(include={"size"} | of_whole),
        }
        return f"{self.alignment or 'whole-image'}-{_digest(parts)}"

    def expected_contract_id(self) -> str:
        """The id that these models and this preprocessing have; calibration is no part of it."""
        return contract_id(self.model_dump(mode="json"))


def contract_id(manifest: dict[str, Any]) -> str:
    """Name of all that makes templates comparable: model bytes, preprocessing, alignment, size."""
    parts = {
        "models": {name: entry["sha256"] for name, entry in manifest["files"].items()},
        **{k: manifest[k] for k in ("preprocessing", "alignment", "detector", "dimension")},
    }
    return f"{manifest['name']}-{_digest(parts)}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``, or a ``BundleError`` that says what is wrong with it."""
    file = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise BundleError(
            f"{folder} is no model bundle: it has no {MANIFEST}. `kith models pull` gets the "
            "default one; KITH_MODEL names another."
        ) from None
    except (OSError, ValidationError) as error:
        raise BundleError(f"{file} cannot be read: {_first_line(error)}") from None
    if manifest.contract_id != manifest.expected_contract_id():
        raise BundleError(
            f"{file}: the contract id {manifest.contract_id!r} does not fit its contents; it "
            f"should be {manifest.expected_contract_id()!r}. The bundle was altered; export it "
            "anew."
        )
    return manifest


def made_manifest(description: dict[str, Any], files: dict[str, FileEntry]) -> Manifest:
    """The manifest of a bundle that is being made, with the contract id that it then has."""
    entries = {name: entry.model_dump() for name, entry in files.items()}
    try:
        manifest = Manifest(**{**description, "files": entries, "contract_id": "unknown"})
    except ValidationError as error:
        raise BundleError(f"The bundle cannot be made: {_first_line(error)}") from None
    return manifest.model_copy(update={"contract_id": manifest.expected_contract_id()})


def _digest(parts: dict[str, Any]) -> str:
    """16 hex digits that stand for ``parts``, whatever their order."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
    return f"{error.strerror}." if isinstance(error, OSError) else str(error)


def sha256_of(file: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
