"""1:1 verification: are these two of one identity? ROC, EER, TAR at FAR, LFW's ten folds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import Labels
from training.evaluate.identification import Rows, unit_rows
from training.sampler import siamese_pairs

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verification:
    """Similarities of ``mated`` (m,) and ``impostor`` (i,) pairs."""

    mated: Scores
    impostor: Scores

    def roc(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(FMR, 1 - FNMR) at every threshold that occurs, FMR rising."""
        at = np.unique(np.concatenate([self.mated, self.impostor]))[::-1]
        fmr = np.searchsorted(np.sort(self.impostor), at, side="left")
        fnmr = np.searchsorted(np.sort(self.mated), at, side="left")
        return 1 - fmr / len(self.impostor), 1 - fnmr / len(self.mated)

    @property
    def eer(self) -> float:
        """Equal error rate: the rate at which FMR and FNMR are equal."""
        fmr, tmr = self.roc()
        i = int(np.argmin(np.abs(fmr - (1 - tmr))))
        return float((fmr[i] + 1 - tmr[i]) / 2)

    def tar_at(self, far: float) -> float:
        """Share of mated pairs accepted where at most ``far`` of the impostors are."""
        ordered = np.sort(self.impostor)[::-1]
        allowed = int(far * len(ordered) + 1e-9)
        if allowed >= len(ordered):
            return 1.0
        return float((self.mated > ordered[allowed]).mean())

    def accuracy(self, folds: int = 10) -> float:
        """LFW's protocol: each tenth judged at the threshold that is best on the other nine."""
        same = np.arange(len(self.mated)) % folds
        other = np.arange(len(self.impostor)) % folds
        rates = []
        for fold in range(folds):
            t = best_threshold(self.mated[same != fold], self.impostor[other != fold])
            mated, impostor = self.mated[same == fold], self.impostor[other == fold]
            rates.append(((mated >= t).mean() + (impostor < t).mean()) / 2)
        return float(np.mean(rates))


def best_threshold(mated: Scores, impostor: Scores) -> float:
    """The similarity that errs least, both kinds weighing the same."""
    at = np.unique(np.concatenate([mated, impostor]))
    fnmr = np.searchsorted(np.sort(mated), at, side="left") / len(mated)
    fmr = 1 - np.searchsorted(np.sort(impostor), at, side="left") / len(impostor)
    return float(at[int(np.argmin(fnmr + fmr))])


def verify(z: Rows, labels: Labels, *, pairs: int, seed: int) -> Verification:
    """Similarities of ``pairs`` drawn pairs, half of them mated; ``z`` (n, d), ``labels`` (n,)."""
    rows, flags = siamese_pairs(labels, pairs, seed=seed)
    z = unit_rows(z)
    scores = (z[rows[:, 0]] * z[rows[:, 1]]).sum(axis=1)
    return Verification(scores[flags == 0], scores[flags == 1])
