"""From aligned crops to embeddings."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import BundleError
from app.inference.bundle import Bundle
from app.inference.session import open_session
from app.vision.preprocess import to_blob
from app.vision.types import AlignedCrop

Embeddings = NDArray[np.float32]
"""(n, d) unit rows; their inner product is the similarity, higher is closer."""


class Embedder(Protocol):
    """Whatever turns crops into unit vectors."""

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
        given = self._session.get_outputs()[0].shape
        if len(given) != 2 or given[1] != self._dimension:
            raise BundleError(
                f"{bundle.embedder} gives {given}; its manifest promises (n, {self._dimension})."
            )

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows, one run a crop: a batch buys nothing on the CPU."""
        rows = [self._one(crop) for crop in crops]
        return np.array(rows, np.float32).reshape(len(crops), self._dimension)

    def _one(self, crop: AlignedCrop) -> NDArray[np.float32]:
        blob = to_blob([crop], self._preprocessing)
        row: NDArray[np.float32] = self._session.run(None, {self._input: blob})[0][0]
        return row
