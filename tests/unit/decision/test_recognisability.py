"""A face in which nobody can be recognised is seen in its embedding, and names nobody else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision.clusters import clusters
from app.decision.cohort import Cohort
from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize, ProbeRates
from app.decision.recognisability_fit import LEAST_FACES, fit_recognisability
from app.decision.resemblance import Members
from tests.unit.decision.spoilt import KINDS, calibration, faces, learned

TARGET, PERSONS = 0.01, 30


def rates_among(people: Vectors, *, knows_spoilt: bool) -> GalleryRates:
    size = GallerySize(len(people), len(people))
    return GalleryRates(calibration(knows_spoilt=knows_spoilt), Cohort.of(people), size)


def own_rates(rates: GalleryRates, people: Vectors, probe: Vectors) -> ProbeRates:
    return rates.of(probe[None])[0].judging(np.sort(people @ probe)[::-1].tolist(), TARGET)


def share_named(kind: int, *, knows_spoilt: bool) -> float:
    """Strangers who reach the limit at a template that is spoilt as they are."""
    some = faces()
    spoilt = some.spoilt[some.kinds == f"kind {kind}"]
    people = np.concatenate([some.whole[:PERSONS], spoilt[-1:]])
    rates = rates_among(people, knows_spoilt=knows_spoilt)
    named = 0
    for probe in spoilt[PERSONS:-1]:
        own = own_rates(rates, people, probe)
        [counts] = own.standing([float(people[-1] @ probe)], [people[-1]]).stands
        named += counts >= own.limit(TARGET)
    return named / (len(spoilt) - PERSONS - 1)


@pytest.mark.parametrize("kind", range(KINDS))
def test_strangers_who_are_spoilt_as_a_template_is_are_not_named_by_it(kind: int) -> None:
    assert share_named(kind, knows_spoilt=False) > 20 * TARGET
    assert share_named(kind, knows_spoilt=True) <= 2 * TARGET


def test_the_same_face_is_found_however_spoilt_it_is() -> None:
    spoilt = faces().spoilt[0]
    people = np.concatenate([faces().whole[1 : PERSONS + 1], spoilt[None]])
    own = own_rates(rates_among(people, knows_spoilt=True), people, spoilt)
    assert own.standing([1.0], [spoilt]).stands[0] >= own.limit(TARGET)


def test_whole_faces_count_in_full() -> None:
    people = faces().whole[:PERSONS]
    rates = rates_among(people, knows_spoilt=True)
    found = 0
    for row, person in enumerate(people):
        probe = person + 0.05 * np.random.default_rng(row).normal(size=len(person))
        probe = (probe / np.linalg.norm(probe)).astype(np.float32)
        own, similarity = own_rates(rates, people, probe), float(person @ probe)
        found += own.standing([similarity], [person]).stands[0] >= own.limit(TARGET)
    assert found == PERSONS


def test_whole_faces_are_recognisable_and_spoilt_ones_are_not() -> None:
    assert np.quantile(learned().of(faces().whole), 0.05) > 0.5
    assert np.quantile(learned().of(faces().spoilt), 0.95) < 0.2


def test_a_kind_that_was_left_out_is_seen_by_what_all_have_in_common() -> None:
    some, unseen = faces(seed=1), faces().kinds == "kind 3"
    others = some.kinds != "kind 3"
    found = fit_recognisability(some.whole, some.spoilt[others], some.kinds[others])
    assert found is not None
    assert "kind 3" not in found.kinds
    assert np.quantile(found.of(faces().spoilt[unseen]), 0.9) < 0.5


def test_recognisability_says_the_share_of_whole_faces() -> None:
    some = faces(seed=2)
    each = np.concatenate([learned().of(some.whole), learned().of(some.spoilt)])
    whole = np.repeat([True, False], [len(some.whole), len(some.spoilt)])
    weight = np.where(whole, 1 / whole.sum(), 1 / (~whole).sum())
    for low, high in ((0.0, 0.3), (0.7, 1.0)):
        kept = (each >= low) & (each <= high)
        seen = float(weight[kept & whole].sum() / weight[kept].sum())
        assert low - 0.05 <= seen <= high + 0.05


def test_too_few_faces_teach_nothing() -> None:
    some = faces()
    few = slice(0, LEAST_FACES - 1)
    assert fit_recognisability(some.whole, some.spoilt[few], some.kinds[few]) is None
    assert fit_recognisability(some.whole[:0], some.spoilt, some.kinds) is None


@given(st.integers(0, 299), st.integers(0, 1499), st.floats(-1, 1), st.floats(0, 0.5))
def test_the_score_among_spoilt_strangers_rises_with_the_similarity(
    person: int, probe: int, similarity: float, step: float
) -> None:
    pair = faces().whole[person][None], faces().spoilt[probe][None]
    low, high = (learned().z(*pair, np.array([s])) for s in (similarity, similarity + step))
    assert low <= high


def test_the_score_is_that_of_the_kind_whose_strangers_are_nearest() -> None:
    people, probes = faces().spoilt[:40], faces().spoilt[40:80]
    similarity = np.einsum("nd,nd->n", people, probes).astype(np.float64)
    model, expected = learned(), []
    for person, probe, s in zip(people, probes, similarity, strict=True):
        each = []
        for mean, axes, floor in zip(model.means, model.axes, model.floors, strict=True):
            deviation = np.sqrt(float(((axes @ person) ** 2).sum() + floor))
            each.append((s - float(mean @ person)) / deviation)
        logits = [float(model.weights @ v) + model.bias for v in (person, probe)]
        expected.append(min(each) + min(max(*logits, 0.0), 4.0))
    assert learned().z(people, probes, similarity) == pytest.approx(expected, abs=1e-4)


def test_without_it_every_similarity_counts_in_full() -> None:
    spoilt = faces().spoilt
    people = faces().whole[:PERSONS]
    own = own_rates(rates_among(people, knows_spoilt=False), people, spoilt[0])
    assert own.standing([0.9], [spoilt[5]]).stands == [0.9]


def test_spoilt_strangers_are_in_no_cluster() -> None:
    some = faces()
    strangers = some.spoilt[some.kinds == "kind 0"][:20]
    people = some.whole[100 : 100 + PERSONS]
    for knows, most in ((False, 10), (True, 20)):
        rates = rates_among(people, knows_spoilt=knows)
        found = clusters(strangers, rates, 1e-4, people=people)
        assert len(found) == 20 if knows else len(found) < most


def test_spoilt_persons_are_no_lookalikes_unless_their_faces_are_the_same() -> None:
    some = faces()
    one, other = some.spoilt[some.kinds == "kind 0"][:2]
    members = Members.of(rates_among(some.whole[:PERSONS], knows_spoilt=True), some.whole[:PERSONS])
    alike = np.array([float(one @ other), 1.0])
    rates = members.spoilt_rates(np.stack([one, one]), np.stack([other, one]), alike)
    assert rates[0] > 1e-3 > rates[1]


def test_two_faces_are_compared_by_the_stricter_of_both() -> None:
    some = faces()
    one, other = some.spoilt[some.kinds == "kind 0"][:2]
    rates = calibration().typical_rates
    similarity = float(one @ other)
    each = [
        replace(rates, probe=a).standing([similarity], [b]).stands[0]
        for a, b in ((one, other), (other, one))
    ]
    assert rates.between(one, other, similarity) == min(each) < similarity
