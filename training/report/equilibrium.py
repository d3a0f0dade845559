"""Section 4: where the forces of the three variants rest, and what it means for new classes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from training.backbones.embedder import Embedder
from training.config import LossConfig
from training.datasets.base import ImageSet
from training.evaluate.embedding import embed
from training.evaluate.structure import pair_means
from training.report.loss_shapes import VARIANTS
from training.report.page import table
from training.report.rates import euclidean_pairs, percent
from training.report.studies import LECUN, Studies, Watch, untrained
from training.report.style import DISSIMILAR, SIMILAR, panels, save

_LOSSES = dict(
    zip(
        VARIANTS,
        (LECUN, LossConfig(kind="margin-on-both"), LossConfig(kind="inverse-distance")),
        strict=True,
    )
)
_DIMENSION, _SHOWN = 16, 500
History = list[dict[str, float]]


def section(studies: Studies, out: Path) -> str:
    """Train the three without unit length, so that the distances may grow, and watch them."""
    subject, histories, rows, eers = studies.digits, {}, [], {}
    parts = {"known": subject.known, "unseen": subject.prepared.unseen}
    watch = _watched({name: _some(part) for name, part in parts.items()})
    begin = watch(untrained(subject, dimension=_DIMENSION, normalise=False))
    for title, loss in _LOSSES.items():
        run = studies.run(
            subject, loss, dimension=_DIMENSION, normalise=False, watch=watch, longer=2
        )
        histories[title] = [begin, *run.history]
        unseen = subject.prepared.unseen
        eers[title] = euclidean_pairs(embed(run.model, unseen.images), unseen.labels).eer
        end = run.history[-1]
        rows.append(
            [
                title,
                *[
                    f"{end[f'{kind}, {part}']:.2f}"
                    for part in parts
                    for kind in ("similar", "dissimilar")
                ],
                f"{end['dissimilar, unseen'] / end['similar, unseen']:.2f}",
                percent(eers[title]),
            ]
        )
    _draw(histories, out / "4-equilibrium.png")
    return "\n\n".join([
        "## 4. Equilibrium",
        f"The three losses of section 3 on MNIST 0-6, an embedding of {_DIMENSION} numbers without "
        "unit length, so that distances may be as large as the forces make them. Mean Euclidean "
        "distances of similar and of dissimilar pairs, of other images of the known digits and of "
        "the unseen digits 7-9.",
        "![equilibrium](4-equilibrium.png)",
        table(
            ["loss", "similar, known", "dissimilar, known", "similar, unseen",
             "dissimilar, unseen", "dissimilar / similar, unseen", "EER of unseen pairs"], rows,
        ),
        _said(histories, eers),
    ])  # fmt: skip


def _some(data: ImageSet) -> ImageSet:
    return data.take(np.random.default_rng(1).choice(len(data), _SHOWN, replace=False))


def _watched(parts: Mapping[str, ImageSet]) -> Watch:
    def watch(model: Embedder) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, part in parts.items():
            similar, dissimilar = pair_means(embed(model, part.images), part.labels)
            found |= {f"similar, {name}": similar, f"dissimilar, {name}": dissimilar}
        return found

    return watch


def _draw(histories: Mapping[str, History], path: Path) -> None:
    figure, plots = panels(len(histories), width=4.3, height=3.8)
    for axes, (title, history) in zip(plots, histories.items(), strict=True):
        for kind, colour in (("dissimilar", DISSIMILAR), ("similar", SIMILAR)):
            for part, dash in (("known", "-"), ("unseen", "--")):
                name = f"{kind}, {part}"
                axes.plot(
                    [record[name] for record in history], color=colour, linestyle=dash, label=name
                )
        axes.set(title=title, xlabel="epoch")
        axes.set_ylim(bottom=0)
    plots[0].set_ylabel("mean Euclidean distance D")
    plots[0].legend()
    save(figure, path)


def _said(histories: Mapping[str, History], eers: Mapping[str, float]) -> str:
    lines = [
        f"- **{title}**: similar pairs of the known digits come to rest at "
        f"{history[-1]['similar, known']:.2f}, dissimilar ones at "
        f"{history[-1]['dissimilar, known']:.2f}; over the last quarter of the epochs the latter "
        f"{_moved(history)}. Unseen pairs: EER {percent(eers[title])}."
        for title, history in histories.items()
    ]
    order = sorted(eers, key=lambda title: eers[title])
    return "\n".join([*lines, "", f"On the unseen digits, best first: {', '.join(order)}."])


def _moved(history: History) -> str:
    quarter = history[-max(2, len(history) // 4)]["dissimilar, known"]
    change = history[-1]["dissimilar, known"] / quarter - 1
    return f"changed by {change:+.1%}"
