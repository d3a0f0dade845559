"""Finds motion before the camera, so that an empty corridor sends nothing.

A frame is averaged over 32 x 24 cells, in which the noise of a sensor is far below one grey level,
and is compared with a background that follows the camera within about half a minute. So a person
who stands still goes on being seen, and a parcel that was put down is forgotten. The median change
of all cells is taken off first: a cloud, or the camera's exposure, is no motion.
"""

import math
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.agent.frames import Frame, Grey

_CELLS: Final = (32, 24)
_LEAST_CHANGE: Final = 10.0
"""Grey levels of 255, of one cell."""
_FOLLOWS_SECONDS: Final = 30.0


class Motion:
    """Knows how the place looks when nothing happens, from the frames that it saw."""

    def __init__(self, *, share: float) -> None:
        """``share`` of the cells, 0 to 1, must differ; at 0 every frame counts as motion."""
        self._share = share
        self._background: NDArray[np.float32] | None = None
        self._last: datetime | None = None

    def seen(self, frame: Frame) -> bool:
        """Whether something moved in this frame. The first frame counts as motion: somebody may
        stand there already.
        """
        cells = _cells(frame.grey)
        if self._background is None or self._last is None:
            self._background, self._last = cells, frame.captured_at
            return True
        change = cells - self._background
        moved = np.abs(change - np.median(change)) > _LEAST_CHANGE
        seconds = max((frame.captured_at - self._last).total_seconds(), 0.0)
        self._background += change * (1 - math.exp(-seconds / _FOLLOWS_SECONDS))
        self._last = frame.captured_at
        return float(np.mean(moved)) >= self._share


def _cells(grey: Grey) -> NDArray[np.float32]:
    image = Image.fromarray(grey.astype(np.uint8))
    return np.asarray(image.resize(_CELLS, Image.Resampling.BOX), np.float32)
