"""Measures how sharp a frame is. No face is looked for, so it costs milliseconds.

The mean square of the Laplacian over the square of the mean grey: blur takes the Laplacian away,
and a change of the exposure changes both alike. It compares frames of one camera within seconds:
the background is in each of them and as sharp in each, so they differ by the part that moved. The
number by itself means nothing, and there is no threshold on it.

After Pertuz, Puig, Garcia, "Analysis of focus measure operators for shape-from-focus", 2013,
measure LAP.
"""

import numpy as np

from app.agent.frames import Grey


def sharpness(grey: Grey) -> float:
    """The sharpness, from 0; higher is sharper. An image of less than 3 x 3 pixels has 0."""
    if min(grey.shape) < 3:
        return 0.0
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(np.mean(laplacian * laplacian) / (np.mean(middle) + 1) ** 2)
