"""A calibration as its bundle keeps it: read back as written, refused where it makes no sense."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration, GallerySize
from app.errors import BundleError
from tests.support.fake_bundle import fake_calibration
from tests.unit.decision.calibrations import calibrations, sizes, targets

Content = dict[str, Any]
NAN, INFINITY, HUGE = float("nan"), float("inf"), 10**400


@given(calibrations(), sizes, targets)
def test_what_is_written_is_read_back(
    calibration: Calibration, size: GallerySize, target: float
) -> None:
    read = Calibration.from_dict(json.loads(json.dumps(calibration.to_dict())))
    assert read.to_dict() == calibration.to_dict()
    assert read.evidence == calibration.evidence
    assert read.ambiguity_margin == calibration.ambiguity_margin
    np.testing.assert_allclose(read.shape.deviations, calibration.shape.deviations, atol=1e-4)
    np.testing.assert_allclose(read.shape.log_fmr, calibration.shape.log_fmr, atol=1e-4)
    assert read.threshold(target, size).target == target


def column(name: str, values: object) -> Callable[[Content], None]:
    return lambda content: content["shape"].update({name: values})


def moment(name: str, value: object) -> Callable[[Content], None]:
    return lambda content: content["moments"].update({name: value})


def top(name: str, value: object) -> Callable[[Content], None]:
    return lambda content: content.update({name: value})


WRONG = {
    "another format": top("format", 1),
    "a margin of nothing": top("ambiguity_margin", None),
    "a negative margin": top("ambiguity_margin", -0.1),
    "a margin that is no number": top("ambiguity_margin", NAN),
    "a margin beyond all numbers": top("ambiguity_margin", HUGE),
    "evidence that is none": top("evidence", 3),
    "no shape": lambda content: content.pop("shape"),
    "no moments": lambda content: content.pop("moments"),
    "no evidence": lambda content: content.pop("evidence"),
    "a shape that is a list": top("shape", []),
    "a deviation of nothing": moment("deviation", 0.0),
    "a mean that is no number": moment("mean", NAN),
    "a mean that no cosine has": moment("mean", 1.5),
    "a coherence of nothing": moment("coherence", 0.0),
    "a coherence above one": moment("coherence", 1.1),
    "a moment in words": moment("mean", "low"),
    "deviations that fall": column("deviations", [4.0, 3.6, 2.0, 0.0, -4.0]),
    "a deviation twice": column("deviations", [-4.0, 0.0, 0.0, 3.6, 4.0]),
    "a deviation without end": column("deviations", [-4.0, 0.0, 2.0, 3.6, INFINITY]),
    "too few deviations": column("deviations", [-4.0, 0.0]),
    "a rate that rises": column("log_fmr", [0.0, -1.0, -2.0, -1.5, -4.0]),
    "a rate above one": column("log_fmr", [0.1, -1.0, -2.0, -3.0, -4.0]),
    "a rate of nothing": column("log_fmr", [0.0, -1.0, -2.0, -3.0, -INFINITY]),
    "a rate too small to be told": column("log_fmr", [0.0, -1.0, -2.0, -3.0, -800.0]),
    "a rate that is no number": column("log_fmr", [0.0, -1.0, NAN, -3.0, -4.0]),
    "a rate in words": column("log_fmr", ["one", "two", "three", "four", "five"]),
    "a negative spread": column("log_spread", [0.1, 0.1, 0.1, 0.1, -0.1]),
    "a spread without end": column("log_spread", [0.1, 0.1, 0.1, 0.1, INFINITY]),
    "a spread of everything": column("log_spread", [0.1, 0.1, 0.1, 0.1, 1e6]),
    "a spread in two dimensions": column("log_spread", [[0.1], [0.1], [0.1], [0.1], [0.1]]),
    "ragged columns": column("deviations", [[-4.0], [0.0, 1.0]]),
    "one point": lambda content: content["shape"].update(
        deviations=[0.0], log_fmr=[-1.0], log_spread=[0.1]
    ),
    "support of nothing": column("supported_fmr", 0.0),
    "support above one": column("supported_fmr", 1.5),
    "support that is no number": column("supported_fmr", NAN),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_refused(wrong: Callable[[Content], None]) -> None:
    content = fake_calibration()
    Calibration.from_dict(content)
    wrong(content)
    with pytest.raises(BundleError, match="calibration is not valid"):
        Calibration.from_dict(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_other_json_is_refused(content: Content) -> None:
    with pytest.raises(BundleError):
        Calibration.from_dict(content)


@given(
    st.sampled_from(["deviations", "log_fmr", "log_spread", "supported_fmr"]),
    st.one_of(json_values, st.lists(st.floats(), min_size=5, max_size=5)),
    sizes,
    targets,
)
def test_a_damaged_shape_is_refused_or_makes_sense(
    name: str, value: object, size: GallerySize, target: float
) -> None:
    content = fake_calibration()
    content["shape"][name] = value
    try:
        calibration = Calibration.from_dict(content)
    except BundleError:
        return
    threshold = calibration.threshold(target, size)
    assert np.isfinite([threshold.similarity, *threshold.interval]).all()
    assert calibration.fpir(threshold.similarity, size) <= target * (1 + 1e-6)
