"""The rate at which an impostor's standardised score reaches a value: one for all galleries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.decision.numbers import Floats, column, number

_COLUMNS: Final = ("z", "log_fmr", "log_spread")
SUPPORT: Final = 30
"""A rate is supported while at least this many pairs of identities were seen to reach it."""
LAW_ERROR: Final = 0.1  # of log_fmr: the tails of galleries differ by as much (measured)
_UNSEEN: Final = 3.7  # -log(0.025): the rule of three, two-sided
_LEAST_LOG_FMR: Final = -300.0  # far below any rate that is seen; its exponential is above zero
_MOST_Z: Final = 20_000.0
_BOUNDS: Final = {
    "z": (-_MOST_Z, _MOST_Z),
    "log_fmr": (_LEAST_LOG_FMR, 0.0),
    "log_spread": (0.0, 100.0),
}
_SLOPE_STEP: Final = 0.1


@dataclass(frozen=True, slots=True)
class ImpostorTail:
    """The false-match rate (natural logarithm) against the standardised score ``z``.

    ``z`` (n,) rises, ``log_fmr`` (n,) falls; ``log_spread`` (n,) is the standard error of
    ``log_fmr``. Below ``supported_fmr``, at which 30 pairs of identities were seen, the fitted tail
    speaks.
    """

    z: Floats
    log_fmr: Floats
    log_spread: Floats
    supported_fmr: float

    def log_rate(self, z: Floats) -> Floats:
        """The logarithm of the share of impostors whose score reaches ``z``."""
        return np.asarray(np.interp(z, self.z, self.log_fmr), np.float64)

    def bound(self, z: Floats, errors: float, z_error: float = 0.0) -> Floats:
        """``log_rate`` plus ``errors`` standard errors; if positive, also a bound for unseen pairs.

        ``z_error`` is the standard error of ``z`` itself. If none of n pairs reached a score, 97.5
        % confidence still allows a rate of 3.7 / n: sisters and twins lie beyond any fitted tail,
        and the tail itself says nothing of them.
        """
        spread = np.interp(z, self.z, self.log_spread)
        slope = self.log_rate(z - _SLOPE_STEP / 2) - self.log_rate(z + _SLOPE_STEP / 2)
        moved = self.log_rate(z) + errors * np.hypot(spread, slope / _SLOPE_STEP * z_error)
        if errors < 0:
            return np.asarray(moved, np.float64)
        unseen = np.log(self.supported_fmr * _UNSEEN / SUPPORT)
        return np.asarray(np.minimum(np.logaddexp(moved, unseen), 0.0), np.float64)

    def z_at(self, log_fmr: float) -> float:
        """The least standardised score that impostors reach at most at this rate (logarithm);
        infinite where the rate is lower than any that the tail describes.
        """
        if log_fmr < self.log_fmr[-1]:
            return np.inf
        return float(np.interp(-log_fmr, -self.log_fmr, self.z))

    def to_dict(self) -> dict[str, Any]:
        """The tail as JSON values."""
        columns = {name: getattr(self, name).round(4).tolist() for name in _COLUMNS}
        return {"supported_fmr": self.supported_fmr, **columns}

    @classmethod
    def from_dict(
        cls, content: Mapping[str, Any], *, part: str = "tail", scores: str = "z"
    ) -> "ImpostorTail":
        """From ``to_dict``, which is the ``part`` of a file and names its scores ``scores``;
        ``ValueError`` or ``KeyError`` where it is no falling rate.
        """
        names = {"z": scores, "log_fmr": "log_fmr", "log_spread": "log_spread"}
        z, log_fmr, spread = (
            column(content[name], f"{part}.{name}", *_BOUNDS[each]) for each, name in names.items()
        )
        supported = number(content["supported_fmr"], f"{part}.supported_fmr", 0, 1)
        if not z.shape == log_fmr.shape == spread.shape:
            lengths = zip(names.values(), (len(z), len(log_fmr), len(spread)), strict=True)
            raise ValueError(
                f"the {part}'s columns differ in length: "
                + ", ".join(f"{name} {n}" for name, n in lengths)
            )
        if len(z) < 2:
            raise ValueError(f"{part}.{scores} has {len(z)} numbers; 2 or more are right")
        _check_order(f"{part}.{scores}", z, np.diff(z) > 0, "more than")
        _check_order(f"{part}.log_fmr", log_fmr, np.diff(log_fmr) <= 0, "no more than")
        if not 0 < supported < 1:
            raise ValueError(f"{part}.supported_fmr is {supported!r}; between 0 and 1 is right")
        return cls(z, log_fmr, spread, supported)


def _check_order(name: str, values: Floats, kept: NDArray[np.bool_], word: str) -> None:
    """``ValueError`` names the first of ``values`` (n,) whose step (n - 1,) is not ``kept``."""
    if not kept.all():
        at = int(np.argmin(kept)) + 1
        raise ValueError(
            f"{name}[{at}] is {float(values[at])!r}; {word} the one before it, "
            f"{float(values[at - 1])!r}, is right"
        )
