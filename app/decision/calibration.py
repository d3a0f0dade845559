"""The calibration of a bundle: what the similarities of its embeddings are worth.

It was made from people of whom most galleries hold none (``app.decision.fit``): they are the cohort
of a gallery that is still empty, and their pairs show how often an impostor's standardised score
reaches a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.decision.cohort import Cohort, Spread
from app.decision.fusion import Keys, Vectors
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import Floats
from app.decision.rates import ProbeRates
from app.decision.standardise import Norms


@dataclass(frozen=True, eq=False)
class Calibration:
    """Error rates of the similarities of one contract. Immutable; safe to share between threads.

    ``cohort`` are the people it was made from, and ``typical`` is how alike they are;
    ``mated_similarity`` is the mean similarity of two templates of one person. If two persons'
    similarities to a probe differ by less than ``ambiguity_margin``, the noise of a score, they do
    not show which of them it is. ``evidence`` names the data behind the calibration.
    ``is_former``: it is of a release that knew only how alike people are, so its cohort looks the
    same to every probe.
    """

    cohort: Cohort
    typical: Spread
    tail: ImpostorTail
    mated_similarity: float
    ambiguity_margin: float
    evidence: Mapping[str, Any]
    is_former: bool = False

    def same_person(self, one: Keys, other: Keys) -> Floats:
        """The mean similarity of two centroids of one person, of ``one`` (n,) and ``other`` (n,)
        templates: from there on, a second name is likely.

        The mean of k unit templates has the squared length m + (1 - m) / k, where m is the mean
        similarity of two of them, and a centroid is divided by it.
        """
        m = self.mated_similarity
        lengths = [np.sqrt(m + (1 - m) / templates) for templates in (one, other)]
        return np.asarray(m / (lengths[0] * lengths[1]), np.float64)

    @property
    def typical_rates(self) -> ProbeRates:
        """The error rates of the similarity of two typical faces."""
        mean, deviation = np.array([self.typical.mean]), np.array([self.typical.deviation])
        return ProbeRates(Norms.known(mean, deviation), self.tail, 1)

    def between(self, one: Vectors, other: Vectors) -> ProbeRates:
        """The error rates of the similarity of two faces (d,), of whom no gallery is known: what
        each has to the calibration's people standardises it, in equal parts.
        """
        total, squares = self.cohort.sums(np.stack([one, other]))
        mean = total / self.cohort.persons
        deviation = np.sqrt(np.maximum(squares / self.cohort.persons - mean**2, 0.0))
        both = Norms.known(mean.mean(keepdims=True), deviation.mean(keepdims=True))
        return ProbeRates(both, self.tail, 1)
