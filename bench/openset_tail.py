"""Measures the part that no fitted tail describes: relatives, and people under two names.

Over all pairs of identities of a half that was not calibrated on, how often a pair reaches the
threshold, over the FMR that was asked for. Unlike the rates of galleries this has no draw in it, so
that what is left is the tail's error and the few pairs that the half happens to hold.
"""

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from app.decision.fit import ImpostorTrials
from app.decision.rates import comparison_rate
from bench.openset_data import Photographs
from bench.openset_draw import Half, calibrated, halves
from bench.openset_promise import SPLITS

_ASKED: Final = ((0.01, 1500), (0.001, 400), (0.001, 1000), (0.001, 1500))


def tail_table(data: Photographs, rows: NDArray[np.int64]) -> Table:
    """Reached over asked, calibrated on either half and looked at on the other."""
    ratios: dict[tuple[float, int], list[float]] = defaultdict(list)
    expected: dict[tuple[float, int], float] = {}
    for split in SPLITS:
        both = [Half(data.persons, rows, people) for people in halves(data.persons, split)]
        for fitted, reported in (both, both[::-1]):
            calibration = calibrated(data, fitted, split)
            pairs = len(reported.people) * (len(reported.people) - 1) / 2
            for target, persons in _ASKED:
                asked = comparison_rate(target, persons)
                reached = _reaching(data, reported, calibration.tail.z_at(float(np.log(asked))))
                ratios[target, persons].append(reached / (asked * pairs))
                expected[target, persons] = asked * pairs
    table = Table(
        "target",
        "persons",
        "pairs asked for",
        "reached / asked, six halves",
        "mean",
        title="Pairs of identities that reach the threshold",
    )
    for (target, persons), found in ratios.items():
        each = " ".join(f"{ratio:.2f}" for ratio in found)
        pairs_asked = f"{expected[target, persons]:.1f}"
        table.add_row(f"{target:.1%}", str(persons), pairs_asked, each, f"{np.mean(found):.2f}")
    return table


def _reaching(data: Photographs, half: Half, z: float) -> float:
    """How many pairs of identities reach it; of two people's images, the share that do."""
    owner = np.repeat(np.arange(len(half.people)), [len(images) for images in half.people])
    vectors = data.embeddings[half.rows]
    trials = ImpostorTrials.of(vectors, owner)
    blocks = trials.blocks(lambda _: None)
    return float(sum(pairs.weight[pairs.z >= z].sum() for pairs in blocks))
