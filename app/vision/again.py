"""The same sample once more, as another exposure might show it: it shows the noise of a score."""

import numpy as np

from app.vision.types import RgbImage


def seen_again(images: RgbImage, *, face: bool) -> RgbImage:
    """``images`` (..., H, W, C) moved by one pixel to the right, round the edge.

    A ``face`` is mirrored as well; a drawn character would become another one. Both, because an
    embedder may be blind to one of them: ``face-mini`` looks at the mirror image anyway.
    """
    moved = np.roll(images, 1, axis=-2)
    return np.ascontiguousarray(moved[..., ::-1, :]) if face else moved
