"""Section 6: distances and losses compared on unseen characters, over several seeds."""

from typing import Final

import numpy as np

from training.evaluate.embedding import embed
from training.evaluate.episodes import one_shot
from training.loss_tables import ArcFace, Contrastive, LossConfig
from training.report.page import table
from training.report.rates import rates
from training.report.studies import LECUN, SOFTMAX, SUPERVISED, Studies, Subject, Trained

# Margins of one angle: unit rows 60 degrees apart are at 1 (Euclidean) and 0.5 (cosine), and in 64
# dimensions at 6.4 (Manhattan, the mean over directions: 8 x sqrt(2 / pi)).
LOSSES: Final[dict[str, LossConfig]] = {
    "contrastive, Euclidean": LECUN,
    "contrastive, Manhattan": Contrastive(distance="manhattan", margin=6.4),
    "contrastive, cosine": Contrastive(distance="cosine", margin=0.5),
    "supervised contrastive": SUPERVISED,
    "angular margin (ArcFace)": ArcFace(margin=0.3, scale=16),
    "cross-entropy": SOFTMAX,
}
_COLUMNS = ("20-way 1-shot", "EER of pairs", "rank-1", "DIR at FPIR 10 %", "DIR at FPIR 1 %")


def section(studies: Studies, seeds: int) -> str:
    """Train each loss with each seed; one table."""
    subject, means, rows = studies.characters, {}, []
    for title, loss in LOSSES.items():
        found = [
            _measured(studies.run(subject, loss, seed=seed, normalise=loss is not SOFTMAX), subject)
            for seed in range(1, seeds + 1)
        ]
        means[title], spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=min(1, seeds - 1))
        cells = [f"{m:.1%} ± {s:.1%}" for m, s in zip(means[title], spread, strict=True)]
        rows.append([title, *cells])
    steps = studies.epochs * (len(subject.prepared.train.identities) // 48)
    return "\n\n".join([
        "## 6. Distances and losses on unseen characters",
        f"Mean ± standard deviation over {seeds} seeds of the network and the batches; the "
        f"characters held out are the same. One network (small CNN, 64 numbers), the same batches "
        f"of 48 characters with 4 drawings and the same {steps} steps for all. The three "
        "contrastive losses have the same margin, 60 degrees, in their own units.",
        table(["loss", *_COLUMNS], rows),
        "At N = 129 an FPIR of 1 % leaves each comparison about one chance in 13,000 to be wrong, "
        "so DIR there is far below what a 20-way choice suggests.",
        _said({title: (m[0], m[4]) for title, m in means.items()}),
    ])  # fmt: skip


def _measured(run: Trained, subject: Subject) -> tuple[float, ...]:
    unseen = subject.prepared.unseen
    z = embed(run.model, unseen.images)
    found = rates(z, unseen)
    shot = one_shot(z, unseen.labels, ways=20, episodes=1000, seed=7)
    return shot, found.eer, found.rank1, found.dir_10, found.dir


def _said(means: dict[str, tuple[float, float]]) -> str:
    by_shot, by_dir = (sorted(means, key=lambda title: -means[title][i]) for i in (0, 1))
    return (
        f"Best at 20-way 1-shot: {by_shot[0]}, then {by_shot[1]}; last {by_shot[-1]}. Best at "
        f"open-set identification: {by_dir[0]}, then {by_dir[1]}; last {by_dir[-1]}. The two "
        "orders need not agree: 1-shot asks only who is nearest, DIR asks also that one threshold "
        "fit all characters, because a stranger has a nearest character too."
    )
