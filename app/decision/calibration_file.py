"""The file of a calibration: written as JSON values, read with every number checked."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort, Spread
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import Floats, column, number, shown
from app.errors import BundleError

_MEND: Final = "`kith models calibrate` makes one."
_FORMAT: Final = 3
_FORMER: Final = 2
"""The format of releases before scores were standardised by the gallery's own people. It has the
mean and the deviation of impostors' similarities alone, so its people are a cohort that looks the
same to every probe."""
_LEAST_DEVIATION: Final = 1e-4  # the similarity of float32 vectors is known to about 1e-7
_LEAST_MATED: Final = 1e-3
_LEAST_PERSONS, _MOST_PERSONS = 50, 2**31  # ``fit`` needs 50
_PLACES: Final = 7


def to_json(calibration: Calibration) -> dict[str, Any]:
    """The calibration as JSON values; the second moments as base64 of their upper triangle, row by
    row, in little-endian float32.
    """
    cohort = calibration.cohort
    mean, second = cohort.total / cohort.persons, cohort.second / cohort.persons
    triangle = second[np.triu_indices(len(mean))].astype("<f4")
    return {
        "format": _FORMAT,
        "ambiguity_margin": calibration.ambiguity_margin,
        "mated_similarity": round(calibration.mated_similarity, _PLACES),
        "evidence": dict(calibration.evidence),
        "cohort": {
            "persons": int(cohort.persons),
            "mean": mean.round(_PLACES).tolist(),
            "second": b64encode(triangle.tobytes()).decode("ascii"),
        },
        "tail": calibration.tail.to_dict(),
    }


def from_json(content: Mapping[str, Any], *, dimension: int) -> Calibration:
    """The calibration of embeddings of ``dimension`` from ``to_json``, or from the former format;
    ``BundleError`` says what does not fit.
    """
    try:
        return _reader(content)(content, dimension)
    except KeyError as error:
        raise BundleError(f"The calibration is not valid: it has no {error}; {_MEND}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BundleError(f"The calibration is not valid: {error}; {_MEND}") from None


def _reader(content: Mapping[str, Any]) -> Callable[[Mapping[str, Any], int], Calibration]:
    _check_object("the whole", content)
    stated = content["format"]
    if type(stated) is not int or stated not in (_FORMAT, _FORMER):  # 3.0 is no format
        raise ValueError(f"format is {shown(stated)}; {_FORMAT} is right")
    return _present if stated == _FORMAT else _former


def _present(content: Mapping[str, Any], dimension: int) -> Calibration:
    for name in ("cohort", "tail", "evidence"):
        _check_object(name, content[name])
    cohort = _cohort(content["cohort"], dimension)
    return Calibration(
        cohort=cohort,
        typical=cohort.spread,
        tail=ImpostorTail.from_dict(content["tail"]),
        mated_similarity=number(content["mated_similarity"], "mated_similarity", _LEAST_MATED, 1),
        ambiguity_margin=number(content["ambiguity_margin"], "ambiguity_margin", 0, 2),
        evidence=dict(content["evidence"]),
    )


def _cohort(content: Mapping[str, Any], dimension: int) -> Cohort:
    persons = content["persons"]
    if isinstance(persons, bool) or not isinstance(persons, int):
        raise TypeError(f"cohort.persons is {shown(persons)}; a whole number is right")
    number(persons, "cohort.persons", 3, _MOST_PERSONS)
    mean = column(content["mean"], "cohort.mean", -1, 1)
    if len(mean) != dimension:
        raise ValueError(f"cohort.mean has {len(mean)} numbers; the embeddings have {dimension}")
    return Cohort(float(persons), persons * mean, persons * _second(content["second"], dimension))


def _second(packed: object, dimension: int) -> Floats:
    """The second moments (d, d) from their upper triangle."""
    upper = np.triu_indices(dimension)
    try:
        triangle = np.frombuffer(b64decode(str(packed), validate=True), "<f4").astype(np.float64)
    except (binascii.Error, ValueError):
        raise ValueError("cohort.second is not base64 of float32 numbers") from None
    if len(triangle) != len(upper[0]):
        raise ValueError(f"cohort.second has {len(triangle)} numbers; {len(upper[0])} are right")
    if not (np.abs(triangle) <= 1).all():  # NaN is not, either
        raise ValueError("cohort.second has a number that is not from -1 to 1")
    second = np.zeros((dimension, dimension))
    second[upper] = triangle
    return second + np.triu(second, 1).T


def _former(content: Mapping[str, Any], dimension: int) -> Calibration:
    for name in ("moments", "shape", "evidence"):
        _check_object(name, content[name])
    moments = content["moments"]
    mean = number(moments["mean"], "moments.mean", -1, 1)
    deviation = number(moments["deviation"], "moments.deviation", _LEAST_DEVIATION, 1)
    stated = content["evidence"].get("identities", _LEAST_PERSONS)
    persons = max(number(stated, "evidence.identities", 2, _MOST_PERSONS), float(_LEAST_PERSONS))
    alike = persons * (mean**2 + deviation**2) * np.eye(dimension)
    return Calibration(
        cohort=Cohort(persons, np.zeros(dimension), alike, base=persons * mean),
        typical=Spread(persons, mean, deviation),
        tail=ImpostorTail.from_dict(content["shape"], part="shape", scores="deviations"),
        mated_similarity=number(moments["coherence"], "moments.coherence", _LEAST_MATED, 1),
        ambiguity_margin=number(content["ambiguity_margin"], "ambiguity_margin", 0, 2),
        evidence=dict(content["evidence"]),
        is_former=True,
    )


def _check_object(name: str, part: object) -> None:
    if not isinstance(part, Mapping):
        raise TypeError(f"{name} is {shown(part)}; a JSON object is right")
