"""Images of two faces, one larger or nearer to the middle than the other."""

import numpy as np
from numpy.typing import NDArray

from tests.support.pictures import encoded
from tests.unit.inference.faces import admiral, astronaut, resized

Box = dict[str, int]


def scene(faces: dict[str, Box], *, eileen: int, grace: int) -> tuple[bytes, dict[str, Box]]:
    """Eileen in the middle and Grace at the right edge, with faces of these widths in pixels."""
    canvas = np.full((640, 1200, 3), 128, np.uint8)
    places = {}
    for name, photo, width, centre in (
        ("eileen", astronaut(), eileen, 560),
        ("grace", admiral(), grace, 1000),
    ):
        box = faces[name]
        factor = width / box["width"]
        small = resized(photo, factor)
        left = round(centre - (box["x"] + box["width"] / 2) * factor)
        top = round(320 - (box["y"] + box["height"] / 2) * factor)
        _paste(canvas, small, left, top)
        places[name] = {
            "x": round(left + box["x"] * factor),
            "y": round(top + box["y"] * factor),
            "width": width,
            "height": round(box["height"] * factor),
        }
    return encoded(canvas), places


def _paste(canvas: NDArray[np.uint8], image: NDArray[np.uint8], left: int, top: int) -> None:
    """Paste the part that fits; Eileen's photograph ends before Grace's begins."""
    x, y = max(left, 0), max(top, 0)
    part = image[y - top :, x - left :]
    part = part[: canvas.shape[0] - y, : canvas.shape[1] - x]
    canvas[y : y + part.shape[0], x : x + part.shape[1]] = part


def text(box: Box) -> str:
    return ",".join(str(box[side]) for side in ("x", "y", "width", "height"))


def alike(one: Box, other: Box) -> bool:
    """Whether two boxes are around one face."""
    across = one["x"] + one["width"] / 2 - other["x"] - other["width"] / 2
    down = one["y"] + one["height"] / 2 - other["y"] - other["height"] / 2
    return float(np.hypot(across, down)) < other["width"] / 3
