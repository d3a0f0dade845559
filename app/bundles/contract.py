"""The contract of a bundle: the id of all that makes templates comparable."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

EMBEDDER: Final = "embedder.onnx"
DETECTOR: Final = "detector.onnx"
EMBEDDING_PATH: Final = frozenset({EMBEDDER, DETECTOR})
"""The models that decide which embedding a face has. No other file is part of a contract id."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The properties that all templates of one bundle share.

    ``id`` names the embedding path: templates of two ids are never compared. ``dimension`` is the
    length of an embedding. ``crop_id`` names all that makes the embedder's input: bundles with one
    crop id get the same pixels from the same image.
    """

    id: str
    dimension: int
    crop_id: str


def contract_id(manifest: Mapping[str, Any]) -> str:
    """The contract id of a manifest, given as its JSON with every preprocessing field.

    It is the bundle's name and 16 hex digits of the SHA-256 of the embedding path alone: the
    SHA-256 of embedder and detector, preprocessing, alignment, detector settings, dimension. The
    form of the digested text never changes, for databases hold the ids.
    """
    files = manifest["files"]
    parts = {
        "models": {name: files[name]["sha256"] for name in EMBEDDING_PATH & files.keys()},
        **{k: manifest[k] for k in ("preprocessing", "alignment", "detector", "dimension")},
    }
    return f"{manifest['name']}-{digest(parts)}"


def digest(parts: Mapping[str, Any]) -> str:
    """The first 16 hex digits of the SHA-256 of ``parts``, in any order of their names."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
