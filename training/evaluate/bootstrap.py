"""How sure a rate is: probes drawn again and again from those there are (Efron, 1979)."""

import numpy as np

from training.evaluate.identification import OpenSet


def resampled(result: OpenSet, rng: np.random.Generator) -> OpenSet:
    """The same protocol with mated and non-mated probes drawn with replacement."""
    mated = rng.integers(0, len(result.mated), len(result.mated))
    strangers = rng.integers(0, len(result.strangers), len(result.strangers))
    return OpenSet(
        result.mated[mated], result.rank[mated], result.strangers[strangers], result.size
    )


def interval(result: OpenSet, *, fpir: float, seed: int, draws: int = 500) -> tuple[float, float]:
    """95 % interval of DIR at ``fpir``; the threshold is found anew in each draw."""
    rng = np.random.default_rng(seed)
    values = [resampled(result, rng).dir_at(fpir) for _ in range(draws)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
