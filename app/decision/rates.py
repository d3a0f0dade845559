"""Error rates of a probe's similarities in a gallery, and the thresholds that keep a stated rate.

A gallery of N persons names a stranger at FPIR(N) = 1 - (1 - FMR)^N (ISO/IEC 19795-1), so its
threshold rises as people come. That a probe's comparisons are not independent costs little:
measured on LFW, N = 100 to 1,500, the formula is 2 to 3 % too high at an FPIR of 10 % and exact at
1 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from app.decision.fusion import Vectors
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import Floats
from app.decision.recognisability import SpoiltStrangers
from app.decision.standardise import Norms

_Z: Final = 1.96  # 95 %
MOST_MASKED: Final = 5
"""Names of one person who may be nearest to a probe without hiding each other. Three in place of
one raise the rate at which strangers are named by a factor of 1.00 to 1.07 (most in the smallest
galleries), and five in place of three by 1.002 at most (LFW, four cameras, turned heads)."""
UNREACHABLE: Final = 1.001  # the cosine of float32 vectors may exceed 1 by their rounding
_MOST_Z: Final = 30.0  # of spoilt strangers: far beyond any tail, and its exponential is finite
_ALMOST_ALL: Final = -1e-12  # the logarithm of a rate just below 1, so that log(1 - rate) is finite


@dataclass(frozen=True, slots=True)
class GallerySize:
    """N, the number of ``persons`` that a probe is compared with, and of all their templates."""

    persons: int
    templates: int


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


@dataclass(frozen=True, slots=True)
class ProbeRates:
    """Error rates of one probe's similarities, standardised by its ``norm``, to ``persons`` people.

    Strangers are alike ``factor`` times as often as ``tail`` says, for operators reported it.
    ``spoilt`` says what scores faces have there that cannot be recognised; None where the bundle
    does not say.
    """

    norm: Norms
    tail: ImpostorTail
    persons: int
    factor: float = 1.0
    spoilt: SpoiltStrangers | None = None

    def fmr(self, similarity: float) -> float:
        """How often an impostor's score is as high against one person."""
        return float(np.exp(self._log_fmr(self.norm.z(np.array([similarity])))[0]))

    def fpir(self, similarity: float) -> float:
        """How often a stranger's score is as high against anybody in the gallery."""
        return self.fpirs([similarity])[0]

    def fpirs(self, similarities: Sequence[float]) -> list[float]:
        """``fpir`` of each."""
        log_fmr = self._log_fmr(self.norm.z(np.array(similarities, np.float64)))
        return [float(rate) for rate in _fpir(log_fmr, self.persons)]

    def fpir_of(self, z: float) -> float:
        """How often a stranger's standardised score is as high against anybody in the gallery."""
        return float(_fpir(self._log_fmr(np.array([z])), self.persons)[0])

    def limit_z(self, target: float) -> float:
        """The standardised score of ``limit``; infinite where the tail describes no rate so low."""
        return self._z(target, max(self.persons, 1))

    def threshold(self, target: float) -> Threshold:
        """The similarity from which on the gallery's FPIR is at most ``target``.

        An empty gallery is treated as one person, so that the threshold of the first enrolment is
        not minus infinity.
        """
        return self._threshold(target, max(self.persons, 1))

    def limit(self, target: float) -> float:
        """The similarity of ``threshold`` alone, which is quick to compute."""
        return self._similarity(target, max(self.persons, 1))

    def verification_threshold(self, target: float) -> Threshold:
        """The similarity from which on the FMR of one comparison is at most ``target``."""
        return self._threshold(target, 1)

    def among(self, persons: int) -> "ProbeRates":
        """The rates in a gallery of ``persons`` people who are like these."""
        return replace(self, persons=persons)

    def unmasked(self, nearest: Sequence[float], target: float) -> "ProbeRates":
        """The rates when nobody hides behind somebody else: ``nearest`` are the similarities of
        some of the people in the cohort, best first.

        Two names of one person would each be the stranger that the other is judged by. So as many
        of the nearest few as reach the limit for ``target``, once those before them are taken
        out, are taken out together (Rosner, 1983: the generalised extreme Studentised deviate).
        """
        z, norm, found = self._z(target, max(self.persons, 1)), self.norm, None
        for each in nearest[: min(MOST_MASKED, int(norm.persons))]:
            similarity = np.array([each])
            reaches = norm.z(similarity)[0] >= z  # inside: without themselves
            norm = norm.without(similarity)
            found = norm if reaches else found
        return self if found is None else self._by(found)

    def judging(self, nearest: Sequence[float], target: float) -> "ProbeRates":
        """The rates that decide on the first of ``nearest``, similarities as in ``unmasked``: the
        candidate is not among those who judge them, whether they reach the limit or not.
        """
        found = self.unmasked(nearest, target)
        if found is not self or not nearest or self.norm.persons < 1:
            return found
        return self._by(self.norm.without(np.array(nearest[:1])))

    def standing(self, similarities: Sequence[float], people: Sequence[Vectors]) -> "Standing":
        """The ``similarities`` to ``people`` (n of (d,)) as they stand out: as high as they
        are, or where spoilt strangers reach them more often, the similarity that other
        strangers reach as often.

        The one place where a face that cannot be recognised loses what it has by that alone.
        """
        if self.spoilt is None or not len(similarities):
            return Standing(self, similarities, similarities)
        plain = np.array(similarities, np.float64)
        z = self.norm.z(plain)
        spoilt = self.spoilt.z(np.stack(people), z)
        stands = self.norm.similarity(np.clip(spoilt, -_MOST_Z, _MOST_Z))
        found = np.where(spoilt < z, np.minimum(plain, stands), plain)
        return Standing(self, similarities, found.tolist())

    def between(self, one: Vectors, other: Vectors, similarity: float) -> float:
        """The ``similarity`` of two faces (d,) as it counts, neither of whom is enrolled."""
        return min(self.standing([similarity, similarity], [one, other]).stands)

    def fpirs_of(
        self, nearest: Sequence[float], own: "ProbeRates", *, counts: Sequence[bool]
    ) -> list[float]:
        """The ``fpir`` of each of ``nearest``, best first, who are in the cohort where it
        ``counts`` them, and ``own`` are the rates ``judging`` these: each is judged without those
        taken out there, and without themselves. It rises down the list.
        """
        out = int(self.norm.persons - own.norm.persons)
        within = np.array(counts, np.bool_) & (np.cumsum(counts) > out)
        inside = replace(own, norm=replace(own.norm, inside=True))
        rates = np.where(within, inside.fpirs(nearest), own.fpirs(nearest))
        return [float(rate) for rate in np.maximum.accumulate(rates)]

    @property
    def outside(self) -> "ProbeRates":
        """The rates of candidates who are not in the cohort, such as those not valid now."""
        return self._by(self.norm)

    def _by(self, norm: Norms) -> "ProbeRates":
        """The rates of candidates who are not in the cohort of ``norm``."""
        return replace(self, norm=replace(norm, inside=False))

    @property
    def supported(self) -> float:
        """The least FPIR of the gallery that the calibration's data reach."""
        return self._supports(max(self.persons, 1))

    def is_extrapolated(self, fpir: float) -> bool:
        """Whether the calibration's data do not reach as far as this FPIR of the gallery."""
        return self.supported > fpir

    def is_fmr_extrapolated(self, fmr: float) -> bool:
        """Whether they do not reach as far as this FMR of one comparison."""
        return self._supports(1) > fmr

    def _threshold(self, target: float, persons: int) -> Threshold:
        similarity = self._similarity(target, persons)
        at = self.norm.z(np.array([min(similarity, 1.0)]))
        error = self.norm.error(float(at[0]))
        low, high = (
            float(_fpir(self.tail.bound(at, errors, error) + np.log(self.factor), persons)[0])
            for errors in (-_Z, _Z)
        )
        return Threshold(similarity, target, (low, high), target < self._supports(persons))

    def _z(self, target: float, persons: int) -> float:
        return z_at(self.tail, comparison_rate(target, persons), self.factor)

    def _similarity(self, target: float, persons: int) -> float:
        z = self._z(target, persons)
        return float(self.norm.similarity(z)[0]) if np.isfinite(z) else UNREACHABLE

    def _supports(self, persons: int) -> float:
        """The least FPIR of ``persons`` that the calibration's data reach."""
        return float(_fpir(np.log([self.tail.supported_fmr * self.factor]), persons)[0])

    def _log_fmr(self, z: Floats) -> Floats:
        log_fmr = self.tail.log_rate(z) + np.log(self.factor)
        return np.asarray(np.minimum(log_fmr, 0.0), np.float64)


def z_at(tail: ImpostorTail, fmr: float, factor: float) -> float:
    """The least standardised score that impostors reach at most at the rate ``fmr``, where they are
    alike ``factor`` times as often as ``tail`` says; infinite as in ``ImpostorTail.z_at``.
    """
    return tail.z_at(float(np.log(fmr / factor)))


@dataclass(frozen=True, slots=True)
class Standing:
    """The similarities (n,) of a probe, ``plain`` and as each ``stands`` out by its ``rates``."""

    rates: ProbeRates
    plain: Sequence[float]
    stands: Sequence[float]

    def below(self, limit: float) -> set[int]:
        """The places of those that reach ``limit`` and do not stand out as much."""
        pairs = zip(self.plain, self.stands, strict=True)
        return {row for row, (plain, stands) in enumerate(pairs) if stands < min(limit, plain)}

    def fpirs(self, plain: Sequence[float]) -> list[float]:
        """The ``plain`` rates of the first of them, higher where they stand out less."""
        return [
            max(rate, self.rates.fpir(stands)) if stands < similarity else rate
            for rate, similarity, stands in zip(plain, self.plain, self.stands, strict=False)
        ]


def reached(norms: Norms, nearest: Floats) -> Floats:
    """For the similarities ``nearest`` (n, k) of each probe, best first, the highest limit, as a
    standardised score, that they reach by ``ProbeRates.unmasked``: (n, k).

    Where a person reaches a limit, so do all who are nearer. Those beyond the few whom that looks
    at are judged as the last of these is.
    """
    z = np.empty_like(nearest)
    for rank in range(nearest.shape[1]):
        z[:, rank] = norms.z(nearest[:, rank])
        if rank < MOST_MASKED - 1:
            norms = norms.without(nearest[:, rank])
    return np.asarray(np.maximum.accumulate(z[:, ::-1], axis=1)[:, ::-1], np.float64)


def _fpir(log_fmr: Floats, persons: int) -> Floats:
    """1 - (1 - FMR)^N at each of ``log_fmr`` (n,), stable when tiny."""
    none = persons * np.log1p(-np.exp(np.minimum(log_fmr, _ALMOST_ALL)))
    return np.asarray(-np.expm1(none), np.float64)


def comparison_rate(target: float, persons: int) -> float:
    """The FMR of one comparison that keeps the FPIR ``target`` among ``persons`` persons."""
    return float(-np.expm1(np.log1p(-target) / max(persons, 1)))
