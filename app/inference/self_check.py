"""Whether a way to compute the embedder gives the embeddings that the contract means.

Its rows for reference crops are compared with those of the reference way
(``providers.reference_way``). The crops are drawn faces, the same in every release: losses of
precision show in them as in photographed ones. With SFace's weights rounded to the 8 bits of
bfloat16, 100 faces keep a mean cosine of 0.9998 and 0.9992 at the worst, and these crops 0.9997 at
the worst; to 6 bits, 0.9976 and 0.9915, and 0.9972. Uniform noise and plain waves lose more than
faces do.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.bundles.bundle import Bundle
from app.errors import BundleError
from app.inference.providers import Run
from app.vision.preprocess import Preprocessing, to_blob
from app.vision.types import AlignedCrop

LEAST_COSINE: Final = 0.999
"""Least cosine of an embedding to the reference's. A similarity of two people then moves by at most
0.045, and typically by 0.004, a tenth of the ambiguity margin."""
CROPS: Final = 8
_UNIT_TOLERANCE: Final = 1e-3
_SIDE: Final = 112.0
_GOLDEN_ANGLE: Final = 2.399963  # radians; directions that never repeat
_WAVES: Final = 12

Rows = NDArray[np.float32]
"""(n, d) unit rows."""


def reference_crops(preprocessing: Preprocessing, count: int = CROPS) -> list[AlignedCrop]:
    """``count`` crops of the embedder's size, drawn from formulas alone."""
    return [_drawn(preprocessing.width, preprocessing.height, each) for each in range(count)]


def checked_rows(bundle: Bundle, run: Run, crops: Sequence[AlignedCrop]) -> Rows:
    """The rows of ``crops``; ``BundleError`` where they are not what the manifest promises, so that
    a bundle that does not fit is refused at the start and not at the first request.
    """
    manifest, model = bundle.manifest, bundle.embedder
    how = manifest.preprocessing.build()
    try:
        rows = [run(to_blob([crop], how))[0] for crop in crops]
    except Exception as error:  # noqa: BLE001 - onnxruntime raises types of its own, unexported
        raise BundleError(f"{model} does not take what its manifest says: {error}") from None
    for row in rows:
        if row.shape != (manifest.dimension,):
            raise BundleError(
                f"{model} gives rows of {row.shape}; its manifest promises {manifest.dimension}."
            )
        if not abs(float(np.linalg.norm(row)) - 1) < _UNIT_TOLERANCE:
            raise BundleError(f"{model} gives rows that are not of unit length.")
    return np.stack(rows)


def lowest_cosine(rows: Rows, references: Rows) -> float:
    """The lowest cosine of a row to its reference; -1 where a row holds no numbers."""
    cosines = (rows * references).sum(axis=1)
    return float(np.nan_to_num(cosines, nan=-1.0).min())


def _drawn(width: int, height: int, number: int) -> AlignedCrop:
    """(height, width, 3): a face in the place of an aligned one, and waves behind it."""
    y, x = (np.indices((height, width)) + 0.5) * (_SIDE / np.array([height, width])[:, None, None])

    def spot(left: float, top: float, wide: float, high: float) -> NDArray[np.float64]:
        away = ((x - left) / wide) ** 2 + ((y - top) / high) ** 2
        return np.asarray(np.exp(-away))

    turn = 0.9 * number
    face = 60 + 120 * spot(56, 60 + 3 * np.sin(turn), 42 + 4 * np.sin(2 * turn), 55)
    for left in (38.3, 73.5):  # eyes and brows
        face -= (60 + 20 * np.sin(turn + 1)) * spot(left, 51.6, 7 + np.sin(3 * turn), 4)
        face -= 25 * spot(left, 41.6, 10, 3)
    face += 25 * spot(56, 62, 3, 10) - 30 * spot(56, 71.7, 6 + np.cos(turn), 4)  # nose
    deep = 45 + 15 * np.cos(2 * turn)
    face -= deep * spot(56, 92.3, 15 + 3 * np.sin(turn), 4 + np.cos(turn))  # mouth
    skin = np.stack([1.05 * face + 10, 0.85 * face, 0.75 * face], axis=-1)
    return np.clip(skin + 10.5 * _waves(x, y, number), 0, 255).astype(np.uint8)


def _waves(x: NDArray[np.float64], y: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """(height, width, 3) of smooth texture, about -1 to 1."""
    each, channel = np.ogrid[1 : _WAVES + 1, 0:3]
    angle = _GOLDEN_ANGLE * (7 * each + 13 * number + channel)
    along = x[..., None, None] * np.cos(angle) + y[..., None, None] * np.sin(angle)
    phase = 2 * np.pi * 0.7 * each * along / _SIDE + 1.7 * each + number + 0.3 * channel
    waves: NDArray[np.float64] = (np.cos(phase) / each).sum(axis=-2)
    return waves
