"""The calibration of a bundle: what the similarities of its embeddings are worth.

It was made from people of whom most galleries hold none (``app.decision.fit``): how alike they are
stands for the people of a gallery that is still empty, and their pairs show how often an impostor's
standardised score reaches a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from app.decision.cohort import Spread
from app.decision.fusion import Keys
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import Floats
from app.decision.rates import ProbeRates
from app.decision.recognisability import Recognisability
from app.decision.standardise import Norms

FEWEST_PEOPLE: Final = 50
"""A rate is promised by a calibration of no fewer people."""
LEAST_DEVIATION: Final = 1e-4  # the similarity of float32 vectors is known to about 1e-7
LEAST_MATED: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Calibration:
    """Error rates of the similarities of one contract. Immutable; safe to share between threads.

    ``typical`` is how alike the people are whom it was made from; ``mated_similarity`` is the mean
    similarity of two templates of one person. If two persons' similarities to a probe differ by
    less than ``ambiguity_margin``, the noise of a score, they do not show which of them it is.
    ``evidence`` names the data behind the calibration. ``is_former``: it is of a release that
    standardised all similarities by one mean and deviation, and its tail is of such scores.
    ``recognisability`` is None where none was learned.
    """

    typical: Spread
    tail: ImpostorTail
    mated_similarity: float
    ambiguity_margin: float
    evidence: Mapping[str, Any]
    is_former: bool = False
    recognisability: Recognisability | None = None

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
        """The error rates of the similarity of two faces of which no gallery is known.

        The calibration's people look the same to all faces: by their similarities to just these
        two, strangers in profile were a match 2 to 12 times as often as stated, and so 0.5 to 2
        times; in the dark 3 to 9, and so 1 to 2.
        """
        mean, deviation = np.array([self.typical.mean]), np.array([self.typical.deviation])
        norm = Norms.known(mean, deviation)
        learned = self.recognisability
        spoilt = (
            None if learned is None else learned.among(0.0, np.zeros_like(learned.typical), 1.0)
        )
        return ProbeRates(norm, self.tail, 1, spoilt=spoilt)
