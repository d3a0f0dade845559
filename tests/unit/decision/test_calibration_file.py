"""A calibration as its bundle keeps it: read back as written, refused where it makes no sense."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration
from app.decision.calibration_file import from_json, to_json
from app.decision.cohort import Cohort, Spread
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.errors import BundleError
from tests.support.fake_bundle import (
    fake_calibration,
    former_calibration,
    random_people,
)
from tests.unit.decision.calibrations import calibrations, sizes, targets

Content = dict[str, Any]
DIMENSION = 8
NAN, INFINITY, HUGE = float("nan"), float("inf"), 10**400


@given(calibrations())
def test_what_is_written_is_read_back(calibration: Calibration) -> None:
    read = from_json(json.loads(json.dumps(to_json(calibration))))
    assert to_json(read) == to_json(calibration)
    assert read.evidence == calibration.evidence
    assert read.ambiguity_margin == calibration.ambiguity_margin
    assert read.typical.persons == calibration.typical.persons
    assert read.typical.mean == pytest.approx(calibration.typical.mean, abs=1e-5)
    assert read.typical.deviation == pytest.approx(calibration.typical.deviation, abs=1e-5)
    assert read.tail.to_dict() == calibration.tail.to_dict()


def part(name: str, key: str, value: object) -> Callable[[Content], None]:
    return lambda content: content[name].update({key: value})


def top(name: str, value: object) -> Callable[[Content], None]:
    return lambda content: content.update({name: value})


BOTH = {
    "another format": (top("format", 1), "format is 1; 3 is right"),
    "a format with a fraction": (top("format", 3.0), "format is 3.0; 3 is right"),
    "a format that is true": (top("format", True), "format is True"),
    "no format": (lambda c: c.pop("format"), "has no 'format'"),
    "a margin of nothing": (top("ambiguity_margin", None), "ambiguity_margin is None"),
    "a negative margin": (top("ambiguity_margin", -0.1), "ambiguity_margin is -0.1"),
    "a margin that is no number": (top("ambiguity_margin", NAN), "ambiguity_margin is nan"),
    "a margin beyond all numbers": (top("ambiguity_margin", HUGE), "a number of 1329 bits"),
    "evidence that is none": (top("evidence", 3), "evidence is 3; a JSON object is right"),
    "no evidence": (lambda c: c.pop("evidence"), "has no 'evidence'"),
}
PRESENT = {
    "no strangers": (lambda c: c.pop("strangers"), "has no 'strangers'"),
    "no tail": (lambda c: c.pop("tail"), "has no 'tail'"),
    "a tail that is a list": (top("tail", []), "tail is []; a JSON object is right"),
    "strangers in a list": (top("strangers", []), "strangers is []"),
    "mates who are not alike": (top("mated_similarity", 0.0), "mated_similarity is 0.0"),
    "mates beyond one": (top("mated_similarity", 1.1), "mated_similarity is 1.1"),
    "one person": (part("strangers", "persons", 1), "strangers.persons is 1; a number of 2 to"),
    "true people": (part("strangers", "persons", True), "strangers.persons is True; a number"),
    "people without end": (part("strangers", "persons", HUGE), "strangers.persons is a number of"),
    "people in words": (part("strangers", "persons", "many"), "strangers.persons is 'many'"),
    "a mean in words": (part("strangers", "mean", "low"), "strangers.mean is 'low'; a number"),
    "a mean that no cosine has": (part("strangers", "mean", 2.0), "strangers.mean is 2.0"),
    "a mean that is no number": (part("strangers", "mean", NAN), "strangers.mean is nan"),
    "a deviation of nothing": (part("strangers", "deviation", 0), "strangers.deviation is 0; a"),
    "no deviation": (lambda c: c["strangers"].pop("deviation"), "has no 'deviation'"),
}
COLUMNS = {
    "scores that fall": ("z", [4.0, 3.6, 2.0, 0.0, -4.0], "[1] is 3.6; more than the one before"),
    "a score twice": ("z", [-4.0, 0.0, 0.0, 3.6, 4.0], "[2] is 0.0; more than the one before"),
    "a score without end": ("z", [-4.0, 0.0, 2.0, 3.6, INFINITY], "[4] is inf"),
    "too few scores": ("z", [-4.0, 0.0], "columns differ in length"),
    "ragged columns": ("z", [[-4.0], [0.0, 1.0]], "[0] is [-4.0]"),
    "a rate that rises": ("log_fmr", [0.0, -1.0, -2.0, -1.5, -4.0], "log_fmr[3] is -1.5; no more"),
    "a rate above one": ("log_fmr", [0.1, -1.0, -2.0, -3.0, -4.0], "log_fmr[0] is 0.1"),
    "a rate of nothing": ("log_fmr", [0.0, -1.0, -2.0, -3.0, -INFINITY], "log_fmr[4] is -inf"),
    "a rate too small": ("log_fmr", [0.0, -1.0, -2.0, -3.0, -800.0], "log_fmr[4] is -800.0"),
    "a rate that is no number": ("log_fmr", [0.0, -1.0, NAN, -3.0, -4.0], "log_fmr[2] is nan"),
    "a rate in words": ("log_fmr", ["one", "two", "three", "four", "five"], "log_fmr[0] is 'one'"),
    "a negative spread": ("log_spread", [0.1, 0.1, 0.1, 0.1, -0.1], "log_spread[4] is -0.1"),
    "a spread without end": ("log_spread", [0.1] * 4 + [INFINITY], "log_spread[4] is inf"),
    "a spread of everything": ("log_spread", [0.1] * 4 + [1e6], "log_spread[4] is 1000000.0"),
    "support of nothing": ("supported_fmr", 0.0, "supported_fmr is 0.0; between 0 and 1"),
    "support above one": ("supported_fmr", 1.5, "supported_fmr is 1.5"),
    "support that is no number": ("supported_fmr", NAN, "supported_fmr is nan"),
}
FORMER = {
    "no shape": (lambda c: c.pop("shape"), "has no 'shape'"),
    "no moments": (lambda c: c.pop("moments"), "has no 'moments'"),
    "a deviation of nothing": (part("moments", "deviation", 0.0), "moments.deviation is 0.0"),
    "a mean that is no number": (part("moments", "mean", NAN), "moments.mean is nan"),
    "a coherence above one": (part("moments", "coherence", 1.1), "moments.coherence is 1.1"),
    "people in words": (part("evidence", "identities", "many"), "evidence.identities is 'many'"),
    "nobody": (part("evidence", "identities", 0), "evidence.identities is 0; a number of 2 to"),
}


def refused(content: Content, says: str) -> None:
    with pytest.raises(BundleError) as refusal:
        from_json(content)
    detail = refusal.value.detail
    assert detail.startswith("The calibration is not valid: ")
    assert detail.endswith("; `kith models calibrate` makes one.")
    before, _, after = says.partition(" .* ")
    assert before in detail
    assert after in detail


@pytest.mark.parametrize(
    ("wrong", "says"), [*BOTH.values(), *PRESENT.values()], ids=[*BOTH, *PRESENT]
)
def test_what_makes_no_sense_is_refused(wrong: Callable[[Content], None], says: str) -> None:
    content = fake_calibration(DIMENSION)
    from_json(content)
    wrong(content)
    refused(content, says)


@pytest.mark.parametrize(
    ("wrong", "says"), [*BOTH.values(), *FORMER.values()], ids=[*BOTH, *FORMER]
)
def test_what_makes_no_sense_in_the_former_format_is_refused(
    wrong: Callable[[Content], None], says: str
) -> None:
    content = former_calibration()
    from_json(content)
    wrong(content)
    refused(content, says)


@pytest.mark.parametrize(("name", "value", "says"), COLUMNS.values(), ids=COLUMNS)
def test_a_tail_that_is_no_falling_rate_is_refused_by_the_name_that_its_file_has(
    name: str, value: object, says: str
) -> None:
    content, former = fake_calibration(DIMENSION), former_calibration()
    content["tail"][name] = value
    refused(content, says)
    former["shape"]["deviations" if name == "z" else name] = value
    refused(former, says)
    with pytest.raises(BundleError, match=r"shape"):
        from_json(former)


@pytest.mark.parametrize("points", [0, 1])
def test_a_tail_of_fewer_than_two_points_is_refused(points: int) -> None:
    content = fake_calibration(DIMENSION)
    for name in ("z", "log_fmr", "log_spread"):
        content["tail"][name] = content["tail"][name][:points]
    refused(content, f"tail.z has {points} numbers; 2 or more are right")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_other_json_is_refused(content: Content) -> None:
    with pytest.raises(BundleError):
        from_json(content)


@given(
    st.sampled_from(["z", "log_fmr", "log_spread", "supported_fmr"]),
    st.one_of(json_values, st.lists(st.floats(), min_size=5, max_size=5)),
    sizes,
    targets,
)
def test_a_damaged_tail_is_refused_or_makes_sense(
    name: str, value: object, size: GallerySize, target: float
) -> None:
    content = fake_calibration(DIMENSION)
    content["tail"][name] = value
    try:
        calibration = from_json(content)
    except BundleError:
        return
    rates = GalleryRates(calibration, Cohort.of(np.empty((0, DIMENSION), np.float32)), size).typical
    threshold = rates.threshold(target)
    assert np.isfinite([threshold.similarity, *threshold.interval]).all()
    kept = rates.fpir(threshold.similarity) <= target * (1 + 1e-6)
    assert kept or threshold.similarity > 1


@pytest.mark.parametrize("identities", [None, 2, 60, 4000])
def test_the_former_format_has_the_mean_and_the_deviation_alone(identities: int | None) -> None:
    content = former_calibration()
    content["moments"].update(mean=0.1)
    if identities is not None:
        content["evidence"]["identities"] = identities
    calibration = from_json(content)
    assert calibration.is_former
    assert calibration.typical == Spread(identities or 50, 0.1, 0.25)
    assert calibration.mated_similarity == content["moments"]["coherence"]
    now = from_json(to_json(calibration))
    assert not now.is_former
    assert now.typical == calibration.typical


def test_the_former_format_lets_the_gallery_speak() -> None:
    """With many people enrolled, its own people are of no account."""
    people, probes = random_people(3000, DIMENSION), random_people(4, DIMENSION, seed=7)
    size = GallerySize(3000, 3000)
    limits = [
        [each.limit(0.01) for each in GalleryRates(read, Cohort.of(people), size).of(probes)]
        for content in (fake_calibration(DIMENSION), former_calibration())
        for read in [from_json(content)]
    ]
    assert limits[0] == pytest.approx(limits[1], abs=5e-3)
