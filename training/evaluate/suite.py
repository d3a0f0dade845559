"""Everything that is measured of a trained embedder, in one pass over its unseen identities."""

from dataclasses import asdict, dataclass

import numpy as np

from training.datasets.base import ImageSet
from training.evaluate.episodes import one_shot
from training.evaluate.identification import OpenSet, Rows, identify, make_protocol
from training.evaluate.verification import Verification, verify

SEED = 7
FPIR = 0.01
_PAIRS = 6000


@dataclass(frozen=True, slots=True)
class Measured:
    """Rates of 0..1.

    ``dir_low`` and ``dir_high`` bound DIR with 95 % confidence, ``fpir_low`` and ``fpir_high`` the
    FPIR at its threshold; persons are the units of both. ``strangers`` are the persons of the
    non-mated probes.
    """

    persons: int
    mated_probes: int
    stranger_probes: int
    strangers: int
    accuracy: float
    eer: float
    tar_at_far_1: float
    rank1: float
    dir_at_fpir_1: float
    dir_low: float
    dir_high: float
    fpir_low: float
    fpir_high: float
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
            f"- Open set: DIR {self.dir_at_fpir_1:.2%} ({self.dir_low:.2%} to {self.dir_high:.2%}) "
            f"at FPIR 1 %, N = {self.persons}, {self.stranger_probes} non-mated probes "
            f"(identities: {self.strangers}); at that threshold the FPIR lies between "
            f"{self.fpir_low:.2%} and {self.fpir_high:.2%}. Intervals of 95 %, which count people",
        ]
        if self.one_shot_20 is not None:
            lines.append(f"- 20-way 1-shot: {self.one_shot_20:.2%}")
        return lines


def measure(z: Rows, data: ImageSet) -> tuple[Measured, OpenSet, Verification]:
    """Measure embeddings ``z`` (n, d) of the identities of ``data``."""
    protocol = make_protocol(data.labels, enrol=3, persons=180, seed=SEED)
    result = identify(z, z, data.labels, protocol)
    pairs = verify(z, data.labels, pairs=_PAIRS, seed=SEED)
    found, named = result.dir_rate(FPIR), result.fpir_rate(FPIR)
    enough = len(data.identities) >= 20 and int(np.bincount(data.labels).min()) >= 2
    measured = Measured(
        persons=result.size,
        mated_probes=len(result.mated),
        stranger_probes=named.trials,
        strangers=named.persons,
        accuracy=pairs.accuracy(),
        eer=pairs.eer,
        tar_at_far_1=pairs.tar_at(0.01),
        rank1=result.rank1,
        dir_at_fpir_1=found.rate,
        dir_low=found.low,
        dir_high=found.high,
        fpir_low=named.low,
        fpir_high=named.high,
        one_shot_20=one_shot(z, data.labels, ways=20, episodes=2000, seed=SEED) if enough else None,
    )
    return measured, result, pairs
