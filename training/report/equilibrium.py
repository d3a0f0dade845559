"""Section 4: where the forces of the three variants rest, and what it means for new classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.backbones.embedder import Embedder
from training.datasets.base import ImageSet
from training.evaluate.embedding import embed
from training.evaluate.structure import pair_means
from training.loss_tables import InverseDistance, LossConfig, MarginOnBoth
from training.report.loss_shapes import VARIANTS
from training.report.page import table
from training.report.rates import euclidean_pairs, percent
from training.report.studies import LECUN, Studies, Subject, Trained, Watch, some, untrained
from training.report.style import DISSIMILAR, SIMILAR, panels, save

_LOSSES: dict[str, LossConfig] = dict(
    zip(
        VARIANTS,
        (LECUN, MarginOnBoth(), InverseDistance()),
        strict=True,
    )
)
_DIMENSION, _SHOWN = 16, 500
History = list[dict[str, float]]


def section(studies: Studies, out: Path) -> str:
    """Train the three without unit length, so that the distances may grow, and watch them."""
    subject = studies.digits
    watch = _watched(subject)
    begin = watch(untrained(subject, dimension=_DIMENSION, normalise=False))
    found = {}
    for title, loss in _LOSSES.items():
        run = studies.run(
            subject, loss, dimension=_DIMENSION, normalise=False, watch=watch, longer=2
        )
        other = studies.run(studies.characters, loss, dimension=_DIMENSION, normalise=False)
        found[title] = _Found(
            [begin, *run.history],
            _eer(run, subject.prepared.unseen),
            _eer(other, studies.characters.prepared.unseen),
        )
    _draw({title: x.history for title, x in found.items()}, out / "4-equilibrium.png")
    return "\n\n".join([
        "## 4. Equilibrium",
        f"The three losses of section 3 on MNIST 0-6, an embedding of {_DIMENSION} numbers without "
        "unit length, so that distances may be as large as the forces make them. Mean Euclidean "
        "distances of similar and of dissimilar pairs, of other images of the known digits and of "
        "the unseen digits 7-9. The last column is of the same losses and dimension trained on "
        "Omniglot.",
        "![equilibrium](4-equilibrium.png)",
        table(
            ["loss", "D similar, known", "D dissimilar, known", "ratio", "D similar, unseen",
             "D dissimilar, unseen", "ratio", "EER, unseen digits", "EER, unseen characters"],
            [[title, *x.cells()] for title, x in found.items()],
        ),
        _said(found),
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """Distances over the epochs, and EER of unseen pairs judged by Euclidean distance."""

    history: History
    digits: float
    characters: float

    def ratio(self, part: str) -> float:
        end = self.history[-1]
        return end[f"dissimilar, {part}"] / end[f"similar, {part}"]

    def cells(self) -> list[str]:
        end, cells = self.history[-1], []
        for part in ("known", "unseen"):
            distances = [f"{end[f'{kind}, {part}']:.2f}" for kind in ("similar", "dissimilar")]
            cells += [*distances, f"{self.ratio(part):.1f}"]
        return [*cells, percent(self.digits), percent(self.characters)]

    def growth(self) -> float:
        """Growth of the distance of dissimilar known pairs from a quarter to a half of the run."""
        quarter, half = (self.history[len(self.history) // k] for k in (4, 2))
        return half["dissimilar, known"] / quarter["dissimilar, known"] - 1


def _eer(run: Trained, unseen: ImageSet) -> float:
    return euclidean_pairs(embed(run.model, unseen.images), unseen.labels).eer


def _watched(subject: Subject) -> Watch:
    parts = {"known": subject.known, "unseen": subject.prepared.unseen}
    shown = {name: some(part, _SHOWN) for name, part in parts.items()}

    def watch(model: Embedder) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, part in shown.items():
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
    figure.legend(*plots[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    save(figure, path)


def _said(found: Mapping[str, _Found]) -> str:
    def order(key: Callable[[_Found], float]) -> str:
        return ", then ".join(sorted(found, key=lambda title: key(found[title])))

    growth = "; ".join(f"{title} {x.growth():+.0%}" for title, x in found.items())
    gathered, digits, characters = (
        order(lambda x: -x.ratio("known")), order(lambda x: x.digits),
        order(lambda x: x.characters),
    )  # fmt: skip
    return (
        "Every run ends at rest because its rate of learning ends at zero; what the forces do is "
        "seen before. From a quarter to a half of the epochs the distance of dissimilar known "
        f"pairs still changes by: {growth}.\n\n"
        f"The known digits are gathered best (ratio) by: {gathered}. The unseen digits are "
        f"distinguished best (EER) by: {digits}. The unseen characters: {characters}. "
        f"{_agreement(gathered, digits, characters)}"
    )


def _agreement(gathered: str, digits: str, characters: str) -> str:
    if gathered == digits == characters:
        return "All three orders are the same."
    return (
        "The orders are not the same: how tightly the *known* classes are gathered does not say "
        "how well new ones are distinguished, least of all with seven known classes, where nothing "
        "in the training data forbids to fold a new class onto a known one."
    )
