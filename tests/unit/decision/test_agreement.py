"""How far a gallery is from the bundle, and from when on that is called a misfit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.agreement import Agreement, agreement
from app.decision.calibration import Calibration, GallerySize, Threshold
from app.decision.fit import fit
from app.decision.fusion import fuse_persons
from app.decision.reports import Reports
from app.decision.site import SiteEvidence, SiteStatistics
from app.decision.sites import GalleryEvidence, SiteCalibrations
from tests.unit.decision.calibrations import calibrations, sizes, targets
from tests.unit.decision.people import DIMENSION, people

evidences = st.builds(
    SiteEvidence,
    persons=st.integers(0, 10_000),
    mean=st.floats(-0.2, 0.9),
    deviation=st.floats(0, 0.4),
    inverse_length=st.floats(1, 2),
    coherent=st.integers(0, 100),
    coherence=st.floats(0.1, 1),
)


@pytest.fixture(scope="module")
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=0.03)


def at(bundle: Calibration, persons: int, *, common: float, seed: int = 0) -> Agreement:
    vectors = people(persons, 1, seed=seed, common=common)[0]
    statistics = SiteStatistics(DIMENSION)
    statistics.add(fuse_persons(vectors, np.arange(persons)))
    return agreement(bundle, statistics.evidence(), 0.01, GallerySize({1: persons}))


@pytest.mark.parametrize("persons", [2, 5, 20, 100])
def test_people_like_the_bundles_fit_it(bundle: Calibration, persons: int) -> None:
    fitting = [at(bundle, persons, common=0.25, seed=seed).fits for seed in range(1, 41)]
    assert np.mean(fitting) >= 0.9


@pytest.mark.parametrize(("persons", "told"), [(5, 0.05), (20, 0.8), (50, 1.0)])
def test_the_more_people_look_alike_the_likelier_it_is_told(
    bundle: Calibration, persons: int, told: float
) -> None:
    found = [at(bundle, persons, common=0.5, seed=seed) for seed in range(20)]
    assert np.mean([not each.fits for each in found]) >= told
    for each in found:
        assert each.interval[0] < each.ratio < each.interval[1]


def test_people_who_look_less_alike_do_not_fit_either(bundle: Calibration) -> None:
    found = at(bundle, 200, common=0.0)
    assert (found.fits, found.ratio < 0.5) == (False, True)


def test_the_ratio_is_about_what_strangers_do_at_the_bundles_threshold(
    bundle: Calibration,
) -> None:
    vectors = people(2100, 1, seed=3, common=0.4)[0]
    enrolled, strangers = vectors[:100], vectors[100:]
    found = at(bundle, 100, common=0.4, seed=3)
    named = (strangers @ enrolled.T).max(axis=1) >= found.bundle.similarity
    low, high = found.interval
    assert low < named.mean() / 0.01 < high


@given(calibrations(), evidences, targets, sizes)
def test_whatever_the_evidence_numbers_come_out(
    calibration: Calibration, evidence: SiteEvidence, target: float, size: GallerySize
) -> None:
    found = agreement(calibration, evidence, target, size)
    numbers = [found.ratio, *found.interval]
    assert np.isfinite(numbers).all()
    assert min(numbers) >= 0
    if evidence.persons < 2:
        assert numbers == pytest.approx([1, 1, 1])
        assert found.fits


@given(calibrations(), evidences, targets)
def test_an_empty_gallery_is_treated_as_one_person(
    calibration: Calibration, evidence: SiteEvidence, target: float
) -> None:
    one = agreement(calibration, evidence, target, GallerySize({1: 1}))
    assert agreement(calibration, evidence, target, GallerySize({})) == one


@given(calibrations(), evidences, targets, sizes, st.lists(st.floats(-1, 1), max_size=5))
def test_what_is_kept_is_what_would_be_made_anew(
    calibration: Calibration,
    evidence: SiteEvidence,
    target: float,
    size: GallerySize,
    similarities: list[float],
) -> None:
    kept = SiteCalibrations(calibration)
    for _ in range(2):
        moved = calibration.at_site(evidence)
        whole = GalleryEvidence(evidence)
        _same(kept.threshold(whole, target, size), moved.threshold(target, size))
        assert kept.at(whole).fpirs(similarities, size) == pytest.approx(
            moved.fpirs(similarities, size), rel=1e-6
        )
        reported = GalleryEvidence(evidence, Reports(9, 1.0))
        raised = moved.raised(Reports(9, 1.0).factor)
        _same(kept.threshold(reported, target, size), raised.threshold(target, size))
        agreed = agreement(calibration, evidence, target, size)
        found = kept.agreement(evidence, target, size)
        assert (found.ratio, *found.interval) == pytest.approx(
            (agreed.ratio, *agreed.interval), rel=1e-6
        )
        assert found.site == agreed.site
        _same(found.bundle, agreed.bundle)


def _same(one: Threshold, other: Threshold) -> None:
    """But for the rounding of sums over the sizes of a gallery."""
    assert one.similarity == pytest.approx(other.similarity, abs=1e-9)
    assert one.interval == pytest.approx(other.interval, rel=1e-6)
    assert (one.target, one.extrapolated) == (other.target, other.extrapolated)


def test_galleries_of_the_same_size_are_the_same_however_they_were_counted() -> None:
    one, other = GallerySize({1: 3, 2: 5}), GallerySize({2: 5, 1: 3})
    assert (one, hash(one)) == (other, hash(other))
    assert one != GallerySize({1: 5, 2: 3})
