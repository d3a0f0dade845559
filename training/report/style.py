"""The look of the plots: sizes, fonts, and colours that colour-blind readers can distinguish."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

mpl.use("Agg")

# Okabe and Ito, "Color universal design" (2008), darkest first.
PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: Final = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), "-")
SIMILAR, DISSIMILAR = PALETTE[0], PALETTE[1]

mpl.rcParams.update({
    "font.size": 10.5, "axes.titlesize": 11.5, "axes.labelsize": 10.5, "legend.fontsize": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "lines.linewidth": 1.8, "legend.frameon": False, "figure.facecolor": "white",
})  # fmt: skip


def panels(count: int, *, width: float = 4.6, height: float = 3.8) -> tuple[Figure, list[Axes]]:
    """A figure with ``count`` plots side by side, each ``width`` x ``height`` inches."""
    figure = Figure(figsize=(width * count, height), layout="constrained")
    return figure, [figure.add_subplot(1, count, i + 1) for i in range(count)]


def save(figure: Figure, path: Path) -> None:
    """Write without a time stamp, so that the same numbers give the same file."""
    figure.savefig(path, dpi=110, metadata={"Software": None})
