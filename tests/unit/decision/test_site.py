import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.calibration import Calibration, GallerySize
from app.decision.fit import fit
from app.decision.fusion import Fused, fuse_persons
from app.decision.site import SiteEvidence, SiteStatistics
from tests.support.fake_bundle import fake_calibration
from tests.unit.decision.people import DIMENSION, people


def _fused(identities: int, templates: int, *, seed: int = 0, common: float = 0.25) -> Fused:
    vectors, labels = people(identities, templates, seed=seed, common=common)
    return fuse_persons(vectors, np.unique(labels, return_inverse=True)[1])


def _part(people: Fused, rows: slice) -> Fused:
    return Fused(
        people.owners[rows], people.vectors[rows], people.templates[rows], people.lengths[rows]
    )


def _evidence(people: Fused) -> SiteEvidence:
    statistics = SiteStatistics(DIMENSION)
    statistics.add(people)
    return statistics.evidence()


@pytest.fixture(scope="module")
def bundle() -> Calibration:
    vectors, labels = people(800, 2)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=0.03)


def test_evidence_is_that_of_all_pairs_of_people() -> None:
    some, others = _fused(15, 1), _fused(10, 3, seed=1)
    statistics = SiteStatistics(DIMENSION)
    statistics.add(some)
    statistics.add(others)
    evidence = statistics.evidence()
    vectors = np.concatenate([some.vectors, others.vectors]).astype(float)
    lengths = np.concatenate([some.lengths, others.lengths])
    apart = ~np.eye(25, dtype=bool)
    scores = (vectors @ vectors.T)[apart]
    assert evidence.persons == 25
    assert evidence.mean == pytest.approx(scores.mean(), abs=1e-7)
    assert evidence.deviation == pytest.approx(scores.std(), abs=1e-7)
    inverse = (1 / np.outer(lengths, lengths))[apart].mean()
    assert evidence.inverse_length == pytest.approx(inverse, rel=1e-9)
    assert evidence.coherent == 10
    within = (3 * others.lengths**2 - 1) / 2
    assert evidence.coherence == pytest.approx(within.mean(), abs=1e-9)


@given(st.lists(st.integers(0, 19), max_size=30))
def test_people_who_came_and_went_leave_no_trace(moves: list[int]) -> None:
    everybody = _fused(20, 2)
    statistics, there = SiteStatistics(DIMENSION), set[int]()
    for person in moves:
        change = statistics.remove if person in there else statistics.add
        change(_part(everybody, slice(person, person + 1)))
        there ^= {person}
    kept = statistics.evidence()
    rows = np.array(sorted(there), int)
    fresh = _evidence(
        Fused(rows, everybody.vectors[rows], everybody.templates[rows], everybody.lengths[rows])
    )
    assert kept.persons == fresh.persons
    assert kept.mean == pytest.approx(fresh.mean, abs=1e-9)
    assert kept.deviation == pytest.approx(fresh.deviation, abs=1e-6)
    assert kept.coherence == pytest.approx(fresh.coherence, abs=1e-9)


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_people_leave_the_bundle_as_it_is(bundle: Calibration, count: int) -> None:
    site = bundle.at_site(_evidence(_part(_fused(2, 1), slice(0, count))))
    size = GallerySize({1: 1})
    assert site.threshold(0.01, size) == bundle.threshold(0.01, size)
    assert site.evidence["site"]["persons"] == count


@pytest.mark.parametrize("persons", [20, 50, 200])
def test_the_promise_survives_a_camera_that_makes_strangers_alike(
    bundle: Calibration, persons: int
) -> None:
    adapted: list[float] = []
    plain: list[float] = []
    size = GallerySize({1: persons})
    for seed in range(20):
        vectors = people(persons + 400, 1, seed=seed, common=0.5)[0]
        enrolled = fuse_persons(vectors[:persons], np.arange(persons))
        top = (vectors[persons:] @ enrolled.vectors.T).max(axis=1)
        for rates, used in ((adapted, bundle.at_site(_evidence(enrolled))), (plain, bundle)):
            rates.append(float((top >= used.threshold(0.01, size).similarity).mean()))
    assert np.mean(plain) > 0.05  # the bundle alone breaks it
    assert 0.0005 < np.mean(adapted) < 0.015


@pytest.mark.parametrize("persons", [2, 3, 5])
def test_very_few_people_loosen_nothing(bundle: Calibration, persons: int) -> None:
    """Two are one pair, whose similarity has no deviation at all."""
    vectors = people(3000, 1, seed=77)[0]
    rng = np.random.default_rng(0)
    size = GallerySize({1: persons})
    rates = []
    for _ in range(100):
        order = rng.permutation(len(vectors))
        enrolled = fuse_persons(vectors[order[:persons]], np.arange(persons))
        top = (vectors[order[persons:]] @ enrolled.vectors.T).max(axis=1)
        site = bundle.at_site(_evidence(enrolled))
        rates.append(float((top >= site.threshold(0.01, size).similarity).mean()))
    assert np.mean(rates) < 0.015


def test_a_camera_like_the_bundles_changes_little(bundle: Calibration) -> None:
    site = bundle.at_site(_evidence(_fused(300, 3, seed=7)))
    size = GallerySize({3: 300})
    assert site.threshold(0.01, size).similarity == pytest.approx(
        bundle.threshold(0.01, size).similarity, abs=0.02
    )
    assert site.evidence["site"]["shift"] == pytest.approx(0, abs=0.15)
    assert site.evidence["site"]["stretch"] == pytest.approx(1, abs=0.05)


def test_the_more_people_the_nearer_to_what_they_say(bundle: Calibration) -> None:
    means = []
    for persons in (3, 10, 100):
        evidence = SiteEvidence(persons, 0.5, bundle.moments.deviation, 1.0, 0, 0.0)
        means.append(bundle.at_site(evidence).moments.mean)
    assert bundle.moments.mean < means[0] < means[1] < means[2] < 0.5


def test_people_more_alike_than_expected_are_believed_sooner_than_people_less_alike(
    bundle: Calibration,
) -> None:
    own = bundle.moments
    moved = []
    for shift in (2.0, -2.0):
        mean = own.mean + shift * own.deviation
        site = bundle.at_site(SiteEvidence(12, mean, own.deviation, 1.0, 0, 0.0))
        moved.append((site.moments.mean - own.mean) / own.deviation)
    assert moved[0] > 1.9
    assert -1.8 < moved[1] < -1.5


def test_somebody_enrolled_twice_among_few_does_not_pass_for_a_camera(bundle: Calibration) -> None:
    """One pair of four people's six is one person: the mean alone cannot tell that from a light."""
    own = bundle.moments
    mean = (1.0 + 5 * own.mean) / 6
    site = bundle.at_site(SiteEvidence(4, mean, own.deviation, 1.0, 0, 0.0))
    assert site.moments.mean - own.mean < 0.55 * (mean - own.mean)


def test_three_people_who_are_by_chance_equally_alike_hardly_loosen(bundle: Calibration) -> None:
    own = bundle.moments
    for deviation in (0.0, 1e-3 * own.deviation, 0.1 * own.deviation):
        site = bundle.at_site(SiteEvidence(3, own.mean, deviation, 1.0, 0, 0.0))
        assert 0.9 * own.deviation < site.moments.deviation < own.deviation


def test_many_people_whose_scores_are_narrow_are_believed(bundle: Calibration) -> None:
    own = bundle.moments
    site = bundle.at_site(SiteEvidence(500, own.mean, 0.25 * own.deviation, 1.0, 0, 0.0))
    assert site.moments.deviation == pytest.approx(0.25 * own.deviation, rel=0.15)


def test_what_few_people_leave_open_makes_the_threshold_stricter(bundle: Calibration) -> None:
    size = GallerySize({1: 50})
    thresholds = []
    for persons in (5, 50, 5000):
        own = bundle.moments
        evidence = SiteEvidence(persons, own.mean, own.deviation, 1.0, 0, 0.0)
        thresholds.append(bundle.at_site(evidence).threshold(0.01, size))
    strictness = [threshold.similarity for threshold in thresholds]
    assert strictness[0] > strictness[1] > strictness[2]
    widths = [threshold.interval[1] / threshold.interval[0] for threshold in thresholds]
    assert widths[0] > widths[1] > widths[2]


def test_templates_of_one_moment_count_as_the_one_they_are(bundle: Calibration) -> None:
    burst = _fused(100, 1, seed=3)
    tripled = Fused(burst.owners, burst.vectors, np.full(100, 3), burst.lengths)
    size_one, size_three = GallerySize({1: 100}), GallerySize({3: 100})
    one = bundle.at_site(_evidence(burst)).threshold(0.01, size_one).similarity
    three = bundle.at_site(_evidence(tripled)).threshold(0.01, size_three).similarity
    assert three == pytest.approx(one, abs=0.01)


@given(
    st.integers(2, 5000),
    st.floats(-0.9, 0.9),
    st.floats(0, 0.9),
    st.sampled_from([0.001, 0.01, 0.1, 0.7, 0.999]),
    st.floats(1, 100),
)
def test_whatever_people_say_a_threshold_falls_by_little_below_the_bundles(
    persons: int, mean: float, deviation: float, target: float, factor: float
) -> None:
    bundle = Calibration.from_dict(fake_calibration())
    size = GallerySize({1: persons})
    site = bundle.at_site(SiteEvidence(persons, mean, deviation, 1.0, 0, 0.0))
    threshold = site.threshold(target, size)
    assert threshold.similarity >= site.least(target, size)
    assert bundle.fpir(threshold.similarity, size) <= min(1.5 * target, 1) * (1 + 1e-6)
    raised = site.raised(factor).threshold(target, size)
    assert raised.similarity >= threshold.similarity - 1e-9


def test_reports_raise_a_threshold_that_is_at_its_bound() -> None:
    bundle = Calibration.from_dict(fake_calibration())
    size = GallerySize({1: 50})
    site = bundle.at_site(SiteEvidence(500, -0.5, 0.05, 1.0, 0, 0.0))
    before = site.threshold(0.01, size)
    assert before.similarity == site.least(0.01, size) < bundle.threshold(0.01, size).similarity
    assert site.raised(3).threshold(0.01, size).similarity > before.similarity + 0.01
