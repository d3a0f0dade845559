"""Turns aligned crops into embeddings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.bundles.bundle import Bundle
from app.errors import BundleError
from app.inference.session import open_session
from app.vision.preprocess import to_blob
from app.vision.types import AlignedCrop

_UNIT_TOLERANCE: Final = 1e-3

Embeddings = NDArray[np.float32]
"""(n, d) unit rows; their inner product is the similarity, higher is closer."""


class Embedder(Protocol):
    """Turns crops into unit vectors."""

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows of ``crops``."""
        ...


class OnnxEmbedder:
    """The bundle's embedder on onnxruntime. Thread-safe."""

    def __init__(self, bundle: Bundle) -> None:
        self._session = open_session(bundle.embedder)
        self._input = self._session.get_inputs()[0].name
        self._preprocessing = bundle.manifest.preprocessing.build()
        self._dimension = bundle.manifest.dimension
        self._try(bundle.embedder)

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows; one run for each crop, because a batch is no faster on the CPU."""
        rows = [self._one(crop) for crop in crops]
        return np.array(rows, np.float32).reshape(len(crops), self._dimension)

    def _one(self, crop: AlignedCrop) -> NDArray[np.float32]:
        blob = to_blob([crop], self._preprocessing)
        row: NDArray[np.float32] = self._session.run(None, {self._input: blob})[0][0]
        return row

    def _try(self, model: Path) -> None:
        """Run the model once at the start, so that a bundle that does not fit is refused then and
        not at the first request.
        """
        how = self._preprocessing
        crop = np.random.default_rng(0).integers(0, 256, (how.height, how.width, 3))
        try:
            row = self._one(crop.astype(np.uint8))
        except Exception as error:  # noqa: BLE001 - onnxruntime raises types of its own, unexported
            raise BundleError(f"{model} does not take what its manifest says: {error}") from None
        if row.shape != (self._dimension,):
            raise BundleError(
                f"{model} gives rows of {row.shape}; its manifest promises {self._dimension}."
            )
        if not abs(float(np.linalg.norm(row)) - 1) < _UNIT_TOLERANCE:
            raise BundleError(f"{model} gives rows that are not of unit length.")
