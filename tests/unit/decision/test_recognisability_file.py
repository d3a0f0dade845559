"""The part on spoilt faces of the calibration's file is checked like the rest of it."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.decision.calibration_file import from_json, to_json
from app.errors import BundleError
from tests.unit.decision.spoilt import DIMENSION, KINDS, calibration, faces

Part = dict[str, Any]


def written() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(to_json(calibration())))
    return content


def test_it_is_read_back_and_says_the_same() -> None:
    read, known = from_json(written()).recognisability, calibration().recognisability
    assert read is not None
    assert known is not None
    assert read.kinds == known.kinds
    some = faces().spoilt[:100]
    assert read.of(some) == pytest.approx(known.of(some), abs=0.01)
    middle = faces().whole[:30].sum(axis=0)
    found = [each.among(30, middle, 3.0).z(some, np.full(100, 4.0)) for each in (read, known)]
    assert found[0] == pytest.approx(found[1], abs=0.05)
    again = replace(calibration(), recognisability=read)
    assert to_json(again)["recognisability"] == written()["recognisability"]


def test_a_calibration_without_it_has_none() -> None:
    assert from_json(to_json(calibration(knows_spoilt=False))).recognisability is None


def numbers(*values: float) -> str:
    return base64.b64encode(np.array(values, "<f2").tobytes()).decode()


WRONG: dict[str, tuple[Callable[[Part], object], str]] = {
    "no kinds": (lambda p: p.update(kinds=[]), "recognisability.kinds is []"),
    "kinds that are no list": (lambda p: p.update(kinds="blurred"), "kinds is 'blurred'"),
    "a bias of nothing": (lambda p: p.update(bias=None), "recognisability.bias is None"),
    "a bias beyond all": (lambda p: p.update(bias=101), "recognisability.bias is 101"),
    "no weights": (lambda p: p.pop("weights"), "has no 'weights'"),
    "empty weights": (lambda p: p.update(weights=""), "recognisability.weights is empty"),
    "weights in a list": (lambda p: p.update(weights=[1]), "weights is [1]; base64 is right"),
    "weights that are no base64": (lambda p: p.update(weights="%%"), "weights cannot be read"),
    "half a number": (lambda p: p.update(weights="AAAA"), "weights cannot be read"),
    "a weight that is no number": (
        lambda p: p.update(weights=numbers(np.nan)),
        "recognisability.weights has a number that is not of -1000 to 1000",
    ),
    "another mean of whole faces": (
        lambda p: p.update(typical=numbers(0.5)),
        f"recognisability.typical has 1 numbers; {DIMENSION} are right",
    ),
    "no bias of whole faces": (lambda p: p.pop("whole_bias"), "has no 'whole_bias'"),
    "too few means": (
        lambda p: p.update(means=numbers(0.5)),
        f"recognisability.means has 1 numbers; {KINDS * DIMENSION} are right",
    ),
    "a mean longer than any": (
        lambda p: p.update(means=numbers(*[2e4] * KINDS * DIMENSION)),
        "recognisability.means has a number that is not of -10000 to 10000",
    ),
    "half an axis": (
        lambda p: p.update(axes=numbers(*[0.1] * 7)),
        f"recognisability.axes has 7 numbers; {KINDS * DIMENSION} for each is right",
    ),
    "a negative variance": (
        lambda p: p.update(floors=numbers(*[-0.1] * KINDS)),
        "recognisability.floors has a number below 0",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_named(name: str) -> None:
    content = written()
    change, message = WRONG[name]
    change(content["recognisability"])
    with pytest.raises(BundleError, match="The calibration is not valid") as refused:
        from_json(content)
    assert message in refused.value.detail


def test_a_part_that_is_no_object_is_named() -> None:
    with pytest.raises(BundleError, match="recognisability is 3; a JSON object is right"):
        from_json(written() | {"recognisability": 3})
