"""Converts a similarity to the false-match rate of one comparison and the false-positive rate of a
gallery, and a stated rate back to the threshold that keeps it.

A gallery of N persons names a stranger at FPIR(N) = 1 - (1 - FMR)^N (ISO/IEC 19795-1; persons of
different numbers of templates multiply), so its threshold rises as people come. That a probe's
comparisons are not independent costs little: measured on LFW, N = 100 to 1,500, the formula is 2 to
3 % too high at an FPIR of 10 % and exact at 1 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.moments import Moments
from app.decision.numbers import number, shown
from app.decision.shape import ScoreShape
from app.decision.site import SiteEvidence, fit_site
from app.errors import BundleError

_PARTS: Final = ("moments", "shape", "evidence")
_MEND: Final = "`kith models calibrate` makes one."
_Floats = NDArray[np.float64]
_FORMAT: Final = 2
_CELLS: Final = 1024  # of similarity; within one the logarithm of a gallery's rate is straight
_COARSE: Final = 32  # cells in a first look
_LOWEST: Final = 6.0  # deviations below the mean, where everybody is
_Z: Final = 1.96  # 95 %
MOST_LOWERED: Final = 1.5
"""Largest ratio of the measured rate to the target that the bar of docs/open-set.md allows."""
_UNREACHABLE: Final = 1.001  # the cosine of float32 vectors may exceed 1 by their rounding
_ALMOST_ALL: Final = -1e-12  # the logarithm of a rate just below 1, so that log(1 - rate) is finite


@dataclass(frozen=True)
class GallerySize:
    """How many persons are enrolled with how many templates: ``{3: 50}`` is fifty with three."""

    persons_by_templates: Mapping[int, int]

    @property
    def persons(self) -> int:
        """N, the number of persons that a probe is compared with."""
        return sum(self.persons_by_templates.values())

    @property
    def templates(self) -> int:
        """All templates together."""
        return sum(k * persons for k, persons in self.persons_by_templates.items())

    @cached_property
    def arrays(self) -> tuple[_Floats, _Floats]:
        """The numbers of templates that persons have (k,), and how many persons have each (k,)."""
        return (
            np.array(list(self.persons_by_templates), np.float64),
            np.array(list(self.persons_by_templates.values()), np.float64),
        )

    def __hash__(self) -> int:
        return hash(frozenset(self.persons_by_templates.items()))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least similarity at which a stranger is named at most ``target`` of the time.

    A score equal to ``similarity`` reaches it. ``interval`` is where the true rate at this
    similarity lies with 95 % confidence; ``extrapolated`` says that the calibration's data do not
    reach that far. A similarity above 1 says that no score is near enough to keep the promise.
    """

    similarity: float
    target: float
    interval: tuple[float, float]
    extrapolated: bool


@dataclass(frozen=True)
class Calibration:
    """Error rates of the similarities of one contract. Immutable; safe to share between threads.

    ``ambiguity_margin`` is the noise of a score: if two persons' similarities differ by less, the
    scores do not show which of them it is. ``evidence`` names the data behind the calibration.
    ``bundle`` is the calibration that a site's was moved from; None for a bundle's own.
    """

    moments: Moments
    shape: ScoreShape
    ambiguity_margin: float
    evidence: Mapping[str, Any]
    bundle: "Calibration | None" = None

    def fmr(self, similarity: float, *, templates: int = 1) -> float:
        """How often an impostor reaches ``similarity`` against one person of ``templates``."""
        at = self._deviations(np.array([similarity]), np.array([templates], np.float64))
        return float(np.exp(self.shape.log_rate(at)[0, 0]))

    def fpir(self, similarity: float, size: GallerySize) -> float:
        """How often a stranger reaches ``similarity`` against anybody in the gallery."""
        return self.fpirs([similarity], size)[0]

    def fpirs(self, similarities: Sequence[float], size: GallerySize) -> list[float]:
        """``fpir`` of each; together they cost hardly more than one."""
        if not size.persons:
            return [0.0] * len(similarities)
        at = np.array(similarities, np.float64)
        start = np.clip(np.searchsorted(self._grid, at) - 1, 0, _CELLS - 1)
        low, high = self._grid[start], self._grid[start + 1]
        log_low, log_high = self._log_fpir(np.concatenate([low, high]), size).reshape(2, -1)
        place = np.clip((at - low) / (high - low), 0, 1)
        rates = np.exp(log_low + place * (log_high - log_low))
        rates[at >= _UNREACHABLE] = 0.0
        return [float(rate) for rate in rates]

    def threshold(self, target: float, size: GallerySize) -> Threshold:
        """The similarity from which on the gallery's FPIR is at most ``target``.

        An empty gallery is treated as one person, so that the threshold of the first enrolment is
        not minus infinity. At a site it is never below ``least``.
        """
        size = size if size.persons else GallerySize({1: 1})
        similarity = max(self._first_at_most(float(np.log(target)), size), self.least(target, size))
        supported = -np.expm1(size.persons * np.log1p(-self.shape.supported_fmr))
        at = np.array([min(similarity, 1.0)])
        low, high = (float(np.exp(self._log_fpir(at, size, errors)[0])) for errors in (-_Z, _Z))
        return Threshold(similarity, target, (low, high), bool(target < supported))

    def least(self, target: float, size: GallerySize) -> float:
        """The lowest threshold that a site's evidence may lead to: where, by the bundle alone,
        strangers would be named 1.5 times as often as ``target``; none of a bundle's own.

        People can be picked to be unlike each other. And where people are so by nature, a threshold
        that is a little too strict misses hardly anybody.
        """
        if self.bundle is None:
            return -np.inf
        size = size if size.persons else GallerySize({1: 1})
        lowered = min(MOST_LOWERED * target, (1 + target) / 2)
        return self.bundle._first_at_most(float(np.log(lowered)), size)  # noqa: SLF001 - its kind

    def verification_threshold(self, target: float, *, templates: int = 1) -> Threshold:
        """The similarity from which on the FMR of one comparison is at most ``target``."""
        return self.threshold(target, GallerySize({templates: 1}))

    def at_site(self, evidence: SiteEvidence) -> "Calibration":
        """The calibration moved to where the gallery's own people lie (see ``app.decision.site``).

        The returned ``evidence`` holds under ``site`` what was seen and how far it is from here.
        """
        site = fit_site(self.moments, evidence)
        return replace(
            self,
            moments=site.moments,
            shape=self.shape.averaged(site.mean_error, site.deviation_error),
            evidence={**self.evidence, "site": site.to_dict()},
            bundle=self,
        )

    def raised(self, factor: float) -> "Calibration":
        """The calibration of a site where strangers are this many times as often alike."""
        if factor == 1:
            return self
        bundle = self.bundle.raised(factor) if self.bundle else None
        return replace(self, shape=self.shape.raised(factor), bundle=bundle)

    def _deviations(self, at: _Floats, templates: _Floats) -> _Floats:
        """How many deviations the similarities ``at`` (n,) lie above the means of (k,): (n, k)."""
        above = at[:, None] - self.moments.mean_of(templates)
        return np.asarray(above / self.moments.deviation, np.float64)

    def _log_fpir(self, at: _Floats, size: GallerySize, errors: float = 0.0) -> _Floats:
        """log(1 - prod over k of (1 - FMR_k)^(persons of k)) at each of ``at``, stable when tiny.

        Every log FMR is moved up by ``errors`` times its standard error.
        """
        templates, persons = size.arrays
        deviations = self._deviations(at, templates)
        log_fmr = self.shape.bound(deviations, errors)
        none = np.log1p(-np.exp(np.minimum(log_fmr, _ALMOST_ALL))) @ persons
        return np.asarray(np.log(-np.expm1(none)), np.float64)

    def _first_at_most(self, log_target: float, size: GallerySize) -> float:
        """The least similarity with a rate of at most the target; a coarse search, then a fine."""
        coarse = self._log_fpir(self._grid[::_COARSE], size)
        reached = np.flatnonzero(coarse <= log_target)
        if not len(reached):
            return _UNREACHABLE  # nothing is near enough for this promise
        if reached[0] == 0:
            return float(self._grid[0])
        end = int(reached[0]) * _COARSE
        fine = self._grid[end - _COARSE : end + 1]
        return float(np.interp(-log_target, -self._log_fpir(fine, size), fine))

    @cached_property
    def _grid(self) -> _Floats:
        lowest = self.moments.mean - _LOWEST * self.moments.deviation
        return np.linspace(min(lowest, 0.0), 1.0, _CELLS + 1)

    def to_dict(self) -> dict[str, Any]:
        """The calibration as JSON values."""
        return {
            "format": _FORMAT,
            "ambiguity_margin": self.ambiguity_margin,
            "evidence": dict(self.evidence),
            "moments": {name: round(value, 7) for name, value in asdict(self.moments).items()},
            "shape": self.shape.to_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Calibration":
        """From ``to_dict``; ``BundleError`` says what does not fit."""
        try:
            return cls._parsed(content)
        except KeyError as error:
            raise BundleError(f"The calibration is not valid: it has no {error}; {_MEND}") from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BundleError(f"The calibration is not valid: {error}; {_MEND}") from None

    @classmethod
    def _parsed(cls, content: Mapping[str, Any]) -> "Calibration":
        _check_object("the whole", content)
        for name in _PARTS:
            _check_object(name, content[name])
        if content["format"] != _FORMAT:
            raise ValueError(f"format is {shown(content['format'])}; {_FORMAT} is right")
        return cls(
            Moments.from_dict(content["moments"]),
            ScoreShape.from_dict(content["shape"]),
            number(content["ambiguity_margin"], "ambiguity_margin", 0, 2),
            dict(content["evidence"]),
        )


def _check_object(name: str, part: object) -> None:
    if not isinstance(part, Mapping):
        raise TypeError(f"{name} is {shown(part)}; a JSON object is right")
