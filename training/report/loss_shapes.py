"""Section 3: the losses themselves, L_s and L_d against D."""

from pathlib import Path
from typing import Final

import torch

from training.losses.contrastive import LeCun, PairTerms
from training.losses.inverse_distance import InverseDistance
from training.losses.margin_on_both import MarginOnBoth
from training.report.studies import Studies
from training.report.style import DISSIMILAR, SIMILAR, panels, save

VARIANTS: Final[dict[str, PairTerms]] = {
    "LeCun": LeCun(1.0),
    "margin on similar pairs too": MarginOnBoth(1.0, 0.5),
    "1/D for dissimilar pairs": InverseDistance(),
}


def section(_: Studies, out: Path) -> str:
    """Draw the equations; nothing is trained."""
    distance = torch.linspace(0.01, 2, 400)
    figure, plots = panels(len(VARIANTS), width=4.3, height=3.6)
    for axes, (title, terms) in zip(plots, VARIANTS.items(), strict=True):
        axes.plot(distance, terms.similar(distance), color=SIMILAR, label="similar, $L_s$")
        axes.plot(
            distance, terms.dissimilar(distance),
            color=DISSIMILAR, linestyle="--", label="dissimilar, $L_d$",
        )  # fmt: skip
        axes.set(title=title, xlabel="distance D", ylim=(0, 2), xlim=(0, 2))
        axes.legend(loc="upper center")
    plots[0].set_ylabel("loss of one pair")
    save(figure, out / "3-losses.png")
    return "\n\n".join([
        "## 3. Ls and Ld against D",
        "The generalised contrastive loss of a pair is L = (1 - Y) Ls(D) + Y Ld(D), with Y = 0 "
        "for a similar pair and Y = 1 for a dissimilar one. The slope is the force on the pair.",
        "![losses](3-losses.png)",
        "- **LeCun** (margin m = 1): Ls = D^2/2 is a spring that pulls harder the further apart "
        "two images of one class are, and rests at D = 0. Ld = max(0, m - D)^2/2 pushes within "
        "the margin and rests beyond it.\n"
        "- **A margin on similar pairs too** (0.5): nothing pulls within it, so a class may be "
        "as wide as that.\n"
        "- **1/D**: there is no distance at which a dissimilar pair rests, and near D = 0 the "
        "push has no bound (here it is cut at D = 0.05).",
        "Section 4 trains all three.",
    ])  # fmt: skip
