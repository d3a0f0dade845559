"""The file of a calibration: written as JSON values, read with every number checked."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.decision import recognisability_file
from app.decision.calibration import (
    FEWEST_PEOPLE,
    LEAST_DEVIATION,
    LEAST_MATED,
    Calibration,
)
from app.decision.cohort import Spread
from app.decision.impostor_tail import ImpostorTail
from app.decision.numbers import number, shown
from app.decision.recognisability import Recognisability
from app.errors import BundleError

_MEND: Final = "`kith models calibrate` makes one."
_FORMAT: Final = 3
_FORMER: Final = 2
"""The format of releases that standardised all similarities by one mean and one deviation."""
_FEWEST, _MOST = 2, 2**31  # people
_PLACES: Final = 7


def to_json(calibration: Calibration) -> dict[str, Any]:
    """The calibration as JSON values."""
    typical, learned = calibration.typical, calibration.recognisability
    also = {} if learned is None else {"recognisability": recognisability_file.to_json(learned)}
    return {
        "format": _FORMAT,
        "ambiguity_margin": calibration.ambiguity_margin,
        "mated_similarity": round(calibration.mated_similarity, _PLACES),
        "evidence": dict(calibration.evidence),
        "strangers": {
            "persons": int(typical.persons),
            "mean": round(typical.mean, _PLACES),
            "deviation": round(typical.deviation, _PLACES),
        },
        "tail": calibration.tail.to_dict(),
        **also,
    }


def from_json(content: Mapping[str, Any]) -> Calibration:
    """The calibration from ``to_json``, or from the former format; ``BundleError`` says what does
    not fit.
    """
    try:
        return _reader(content)(content)
    except KeyError as error:
        raise BundleError(f"The calibration is not valid: it has no {error}; {_MEND}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BundleError(f"The calibration is not valid: {error}; {_MEND}") from None


def _reader(content: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Calibration]:
    _check_object("the whole", content)
    stated = content["format"]
    if type(stated) is not int or stated not in (_FORMAT, _FORMER):  # 3.0 is no format
        raise ValueError(f"format is {shown(stated)}; {_FORMAT} is right")
    return _present if stated == _FORMAT else _former


def _present(content: Mapping[str, Any]) -> Calibration:
    for name in ("strangers", "tail", "evidence"):
        _check_object(name, content[name])
    strangers = content["strangers"]
    return Calibration(
        typical=_spread(strangers, "strangers", strangers["persons"], "strangers.persons"),
        tail=ImpostorTail.from_dict(content["tail"]),
        mated_similarity=number(content["mated_similarity"], "mated_similarity", LEAST_MATED, 1),
        ambiguity_margin=number(content["ambiguity_margin"], "ambiguity_margin", 0, 2),
        evidence=dict(content["evidence"]),
        recognisability=_learned(content.get("recognisability")),
    )


def _learned(part: Any) -> Recognisability | None:  # noqa: ANN401 - any JSON
    if part is None:
        return None
    _check_object("recognisability", part)
    return recognisability_file.from_json(part)


def _former(content: Mapping[str, Any]) -> Calibration:
    for name in ("moments", "shape", "evidence"):
        _check_object(name, content[name])
    moments, evidence = content["moments"], content["evidence"]
    persons = evidence.get("identities", FEWEST_PEOPLE)  # if it does not say
    return Calibration(
        typical=_spread(moments, "moments", persons, "evidence.identities"),
        tail=ImpostorTail.from_dict(content["shape"], part="shape", scores="deviations"),
        mated_similarity=number(moments["coherence"], "moments.coherence", LEAST_MATED, 1),
        ambiguity_margin=number(content["ambiguity_margin"], "ambiguity_margin", 0, 2),
        evidence=dict(evidence),
        is_former=True,
    )


def _spread(part: Mapping[str, Any], name: str, persons: object, named: str) -> Spread:
    return Spread(
        persons=number(persons, named, _FEWEST, _MOST),
        mean=number(part["mean"], f"{name}.mean", -1, 1),
        deviation=number(part["deviation"], f"{name}.deviation", LEAST_DEVIATION, 1),
    )


def _check_object(name: str, part: object) -> None:
    if not isinstance(part, Mapping):
        raise TypeError(f"{name} is {shown(part)}; a JSON object is right")
