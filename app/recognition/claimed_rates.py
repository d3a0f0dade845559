"""The error rates by which a claimed person is verified (1:1)."""

from collections.abc import Sequence

from app.decision.calibration import Calibration
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import ProbeRates
from app.gallery.rates import rates_in
from app.index.base import Vectors
from app.recognition.matches import ClaimedPerson


def claimed_rates(
    calibration: Calibration,
    claimed: ClaimedPerson,
    probes: Vectors,
    similarities: Sequence[float] | None,
) -> tuple[list[ProbeRates], GalleryRates]:
    """The rates of each of ``probes`` (k, d), among whose strangers is neither the person claimed,
    of these ``similarities`` (k,) if they count in the gallery, nor another name of theirs; and
    those of the same gallery.
    """
    key, target = claimed.person.key, claimed.collection.target_fpir
    found = claimed.source.near(probes, but=key)
    rates = rates_in(calibration, claimed.collection, found.gallery)
    counts = found.gallery.counts(key)  # if not, the nearest is another name of theirs
    others = found.counts & (found.neighbours.keys != key)
    judged = []
    for row, own in enumerate(rates.of(probes)):
        nearest: list[float] = found.neighbours.similarities[row, others[row]].tolist()
        if similarities is None:
            judged.append(own.unmasked(nearest, target).outside)
        elif not counts:
            judged.append(own.judging(nearest, target).outside)
        else:
            judged.append(own.judging([similarities[row], *nearest], target))
    return judged, rates
