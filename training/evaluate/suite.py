"""Everything that is measured of a trained embedder, in one pass over its unseen identities."""

from dataclasses import asdict, dataclass

import numpy as np

from training.datasets.base import ImageSet
from training.evaluate.bootstrap import interval
from training.evaluate.episodes import one_shot
from training.evaluate.identification import OpenSet, Rows, identify, make_protocol
from training.evaluate.verification import Verification, verify

SEED = 7
_PAIRS = 6000


@dataclass(frozen=True, slots=True)
class Measured:
    """Rates of 0..1; ``dir_low`` and ``dir_high`` bound DIR with 95 % confidence."""

    persons: int
    mated_probes: int
    stranger_probes: int
    accuracy: float
    eer: float
    tar_at_far_1: float
    rank1: float
    dir_at_fpir_1: float
    dir_low: float
    dir_high: float
    one_shot_20: float | None

    def to_dict(self) -> dict[str, float | None]:
        """For ``metrics.json``."""
        return asdict(self)

    def lines(self) -> list[str]:
        """A Markdown list."""
        lines = [
            f"- Verification: accuracy {self.accuracy:.2%} (ten folds), EER {self.eer:.2%}, TAR "
            f"{self.tar_at_far_1:.2%} at FAR 1 %",
            f"- Closed set: rank-1 {self.rank1:.2%} at N = {self.persons} "
            f"({self.mated_probes} probes)",
            f"- Open set: DIR {self.dir_at_fpir_1:.2%} at FPIR 1 %, N = {self.persons}, "
            f"{self.stranger_probes} non-mated probes; 95 % interval {self.dir_low:.2%} to "
            f"{self.dir_high:.2%} (bootstrap over identities' probes)",
        ]
        if self.one_shot_20 is not None:
            lines.append(f"- 20-way 1-shot: {self.one_shot_20:.2%}")
        return lines


def measure(z: Rows, data: ImageSet) -> tuple[Measured, OpenSet, Verification]:
    """Measure embeddings ``z`` (n, d) of the identities of ``data``."""
    protocol = make_protocol(data.labels, enrol=3, persons=180, seed=SEED)
    result = identify(z, z, data.labels, protocol)
    pairs = verify(z, data.labels, pairs=_PAIRS, seed=SEED)
    low, high = interval(result, fpir=0.01, seed=SEED)
    enough = len(data.identities) >= 20 and int(np.bincount(data.labels).min()) >= 2
    measured = Measured(
        persons=result.size,
        mated_probes=len(result.mated),
        stranger_probes=len(result.strangers),
        accuracy=pairs.accuracy(),
        eer=pairs.eer,
        tar_at_far_1=pairs.tar_at(0.01),
        rank1=result.rank1,
        dir_at_fpir_1=result.dir_at(0.01),
        dir_low=low,
        dir_high=high,
        one_shot_20=one_shot(z, data.labels, ways=20, episodes=2000, seed=SEED) if enough else None,
    )
    return measured, result, pairs
