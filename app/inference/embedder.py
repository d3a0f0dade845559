"""Turns aligned crops into embeddings."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.bundles.bundle import Bundle
from app.inference.choice import REFERENCE, Chosen, choose
from app.inference.providers import Provider, by_session
from app.inference.session import IsAlone, open_wide
from app.vision.preprocess import to_blob
from app.vision.types import AlignedCrop

Embeddings = NDArray[np.float32]
"""(n, d) unit rows; their inner product is the similarity, higher is closer."""


class Embedder(Protocol):
    """Turns crops into unit vectors."""

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows of ``crops``."""
        ...


class OnnxEmbedder:
    """The bundle's embedder, computed in the ``chosen`` way. Thread-safe."""

    def __init__(
        self, bundle: Bundle, chosen: Chosen | None = None, is_alone: IsAlone | None = None
    ) -> None:
        chosen = chosen or choose(bundle, REFERENCE)
        self._run = chosen.run
        on_cpu = chosen.way.provider is Provider.CPU
        self._wide = open_wide(bundle.embedder, is_alone if on_cpu else None)
        self._preprocessing = bundle.manifest.preprocessing.build()
        self._dimension = bundle.manifest.dimension

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows; one run for each crop, because a batch is no faster on the CPU."""
        rows = [self._one(crop) for crop in crops]
        return np.array(rows, np.float32).reshape(len(crops), self._dimension)

    def _one(self, crop: AlignedCrop) -> NDArray[np.float32]:
        blob, wide = to_blob([crop], self._preprocessing), self._wide()
        rows = self._run(blob) if wide is None else by_session(wide, blob)
        row: NDArray[np.float32] = rows[0]
        return row
