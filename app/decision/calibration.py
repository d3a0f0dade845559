"""What a similarity means: the false-match rate of one comparison, the false-positive rate of a
gallery, and back from a stated rate to the threshold that keeps it.

A calibration holds, for persons fused from 1, 2, 3, ... templates, how often an impostor reaches a
similarity. A gallery of N persons names a stranger at FPIR(N) = 1 - (1 - FMR)^N (ISO/IEC 19795-1;
persons of different numbers of templates multiply), so its threshold rises as people come.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import BundleError

_Floats = NDArray[np.float64]
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True)
class RateCurve:
    """FMR against similarity for one number of templates, with its interval.

    ``similarity`` rises; ``log_fmr`` and its bounds ``log_low`` and ``log_high`` (natural
    logarithms) fall. Below ``supported_fmr`` the data end and the fitted tail alone speaks.
    """

    similarity: _Floats
    log_fmr: _Floats
    log_low: _Floats
    log_high: _Floats
    supported_fmr: float

    def log_rate(self, similarity: _Floats | float, bound: str = "log_fmr") -> _Floats:
        """The natural logarithm of the FMR (or of a bound of it) at ``similarity``."""
        return np.asarray(np.interp(similarity, self.similarity, getattr(self, bound)))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least similarity at which a stranger is named at most ``target`` of the time.

    ``interval`` is where the true rate at this similarity lies with 95 % confidence;
    ``extrapolated`` says that the calibration's data do not reach that far.
    """

    similarity: float
    target: float
    interval: tuple[float, float]
    extrapolated: bool


@dataclass(frozen=True)
class Calibration:
    """What similarities of one contract mean. Pure and immutable."""

    curves: Mapping[int, RateCurve]
    ambiguity_margin: float
    evidence: Mapping[str, Any]

    def fmr(self, similarity: float, *, templates: int = 1) -> float:
        """How often an impostor reaches ``similarity`` against one person of ``templates``."""
        return float(np.exp(self._curve(templates).log_rate(similarity)))

    def fpir(self, similarity: float, size: GallerySize) -> float:
        """How often a stranger reaches ``similarity`` against anybody in the gallery."""
        return float(self._fpir(np.array([similarity]), size)[0])

    def threshold(self, target: float, size: GallerySize) -> Threshold:
        """The similarity from which on the gallery's FPIR is at most ``target``.

        An empty gallery is treated as one person, so that the threshold of the first enrolment is
        not minus infinity.
        """
        size = size if size.persons else GallerySize({1: 1})
        rates = self._fpir(self._grid, size)
        similarity = _first_at_most(self._grid, rates, target)
        supported = max(
            -np.expm1(size.persons * np.log1p(-self._curve(k).supported_fmr))
            for k, persons in size.persons_by_templates.items()
            if persons
        )
        at = np.array([similarity])
        low, high = (float(self._fpir(at, size, bound)[0]) for bound in ("log_low", "log_high"))
        return Threshold(similarity, target, (low, high), bool(target < supported))

    def verification_threshold(self, target: float, *, templates: int = 1) -> Threshold:
        """The similarity from which on the FMR of one comparison is at most ``target``."""
        return self.threshold(target, GallerySize({templates: 1}))

    def _fpir(self, at: _Floats, size: GallerySize, bound: str = "log_fmr") -> _Floats:
        """1 - prod over k of (1 - FMR_k)^(persons with k templates), stable for tiny rates."""
        log_none = np.zeros_like(at)
        for k, persons in size.persons_by_templates.items():
            rate = np.exp(self._curve(k).log_rate(at, bound))
            log_none += persons * np.log1p(-np.minimum(rate, 1 - 1e-12))
        return np.asarray(-np.expm1(log_none))

    def _curve(self, templates: int) -> RateCurve:
        """Of exactly this many templates, else of the next more: its rates are never lower."""
        known = self._known
        return self.curves[known[min(bisect_left(known, templates), len(known) - 1)]]

    @cached_property
    def _known(self) -> list[int]:
        return sorted(self.curves)

    @cached_property
    def _grid(self) -> _Floats:
        return np.unique(np.concatenate([c.similarity for c in self.curves.values()]))

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "format": _FORMAT,
            "ambiguity_margin": self.ambiguity_margin,
            "evidence": dict(self.evidence),
            "curves": {
                str(k): {
                    "supported_fmr": curve.supported_fmr,
                    **{name: getattr(curve, name).round(4).tolist() for name in _COLUMNS},
                }
                for k, curve in self.curves.items()
            },
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Calibration":
        """From ``to_dict``; ``BundleError`` says what does not fit."""
        try:
            curves = _read_curves(content)
            return cls(curves, float(content["ambiguity_margin"]), dict(content["evidence"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(
                f"The calibration is not valid ({type(error).__name__}: {error}); make it anew."
            ) from None


_COLUMNS: Final = ("similarity", "log_fmr", "log_low", "log_high")


def _read_curves(content: Mapping[str, Any]) -> dict[int, RateCurve]:
    if content["format"] != _FORMAT:
        raise ValueError(f"format {content['format']!r} is not {_FORMAT}")
    curves = {int(k): _read_curve(k, v) for k, v in content["curves"].items()}
    if not curves:
        raise ValueError("there is no curve")
    return curves


def _read_curve(templates: str, content: Mapping[str, Any]) -> RateCurve:
    columns = [np.array(content[name], np.float64) for name in _COLUMNS]
    similarity, *falling = columns
    if (
        len({column.shape for column in columns}) != 1
        or similarity.ndim != 1
        or len(similarity) < 2
    ):
        raise ValueError(f"curve {templates}: its columns differ in length")
    if not (np.diff(similarity) > 0).all():
        raise ValueError(f"curve {templates}: similarity does not rise")
    if not all((np.diff(column) <= 0).all() and column[0] <= 0 for column in falling):
        raise ValueError(f"curve {templates}: a rate rises with the similarity, or is above 1")
    return RateCurve(
        similarity, falling[0], falling[1], falling[2], float(content["supported_fmr"])
    )


def _first_at_most(grid: _Floats, rates: _Floats, target: float) -> float:
    """Where falling ``rates`` first reach ``target``, between grid points by their logarithms."""
    reached = np.flatnonzero(rates <= target)
    if not len(reached):
        return float(np.nextafter(max(grid[-1], 1.0), 2))  # nothing is near enough for this promise
    i = int(reached[0])
    if i == 0:
        return float(grid[0])
    above, below = np.log(rates[i - 1]), np.log(max(rates[i], 1e-300))
    share = (above - np.log(target)) / max(above - below, 1e-12)
    return float(grid[i - 1] + share * (grid[i] - grid[i - 1]))
