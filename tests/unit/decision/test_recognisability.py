"""A face in which nobody can be recognised is seen in its embedding, and names nobody else."""

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


def test_the_same_spoilt_face_stands_out_more_than_any_spoilt_stranger() -> None:
    some = faces()
    spoilt, *strangers = some.spoilt[some.kinds == "kind 0"]
    people = np.concatenate([some.whole[1 : PERSONS + 1], spoilt[None]])
    own = own_rates(rates_among(people, knows_spoilt=True), people, spoilt)
    alike = [1.0, *(float(spoilt @ stranger) for stranger in strangers)]
    itself, *others = own.standing(alike, [spoilt] * len(alike)).stands
    assert itself > max(others)


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
    assert np.quantile(learned().of(faces().spoilt), 0.95) < 0.4


def test_a_kind_that_was_left_out_is_seen_by_what_all_have_in_common() -> None:
    some, unseen = faces(seed=1), faces().kinds == "kind 3"
    others = some.kinds != "kind 3"
    found = fit_recognisability(
        some.whole, some.spoilt[others], some.kinds[others], some.same[others]
    )
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
    assert (
        fit_recognisability(some.whole, some.spoilt[few], some.kinds[few], some.same[few]) is None
    )
    assert fit_recognisability(some.whole[:0], some.spoilt, some.kinds, some.same) is None


@given(st.integers(0, 299), st.floats(-5, 20), st.floats(0, 5))
def test_the_score_among_spoilt_strangers_rises_with_the_score(
    person: int, z: float, step: float
) -> None:
    people = faces().whole[:PERSONS]
    strangers = learned().among(PERSONS, people.sum(axis=0), 3.0)
    one = faces().whole[person][None]
    low, high = (strangers.z(one, np.array([each])) for each in (z, z + step))
    assert low <= high


def test_the_score_is_that_of_the_kind_whose_strangers_are_nearest() -> None:
    gallery, people = faces().whole[:PERSONS].astype(np.float64), faces().spoilt[:40]
    z = np.linspace(-2, 9, 40)
    model, expected = learned(), []
    middle = (gallery.sum(axis=0) + 3 * model.typical) / (PERSONS + 3)
    raised = 1.5 * max(float(model.whole_weights @ (model.typical - middle)), 0.0)
    for person, score in zip(people, z, strict=True):
        away, each = person - middle, []
        for mean, axes, floor in zip(model.means, model.axes, model.floors, strict=True):
            beyond = 2.2 * float(floor) * float(away @ away)
            deviation = np.sqrt(float(((axes @ away) ** 2).sum()) + beyond)
            each.append((score - float(mean @ away)) / deviation)
        logit = float(model.whole_weights @ person) + model.whole_bias + raised
        expected.append(min(each) + min(max(1.4 + logit, 0.7), 2.5))
    found = model.among(PERSONS, gallery.sum(axis=0), 3.0).z(people, z)
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_gallery_through_one_bad_camera_finds_its_people() -> None:
    """All its people are spoilt alike, and so are its probes: nobody stands out for it."""
    some = faces()
    everybody = 0.7 * some.whole + some.spoilt[some.kinds == "kind 2"]
    everybody /= np.linalg.norm(everybody, axis=1, keepdims=True)
    people = everybody[:PERSONS].astype(np.float32)
    found = {}
    for knows in (True, False):
        rates = rates_among(people, knows_spoilt=knows)
        for row, person in enumerate(people):
            probe = person + 0.03 * np.random.default_rng(row).normal(size=len(person))
            probe = (probe / np.linalg.norm(probe)).astype(np.float32)
            own, similarity = own_rates(rates, people, probe), float(person @ probe)
            stands = own.standing([similarity], [person]).stands[0]
            found[knows, row] = stands >= own.limit(TARGET)
    named = {knows: sum(found[knows, row] for row in range(PERSONS)) for knows in (True, False)}
    assert named[True] == named[False] > PERSONS / 2


def test_a_face_whose_person_is_still_found_is_recognisable() -> None:
    """Spoilt faces that are near the same photo as it was are no worse than whole ones."""
    some = faces(seed=1)
    slightly = some.same + 0.1 * some.spoilt
    slightly /= np.linalg.norm(slightly, axis=1, keepdims=True)
    spoilt = np.concatenate([some.spoilt, slightly]).astype(np.float32)
    kinds = np.concatenate([some.kinds, np.char.add(some.kinds, " slightly")])
    found = fit_recognisability(some.whole, spoilt, kinds, np.concatenate([some.same, some.same]))
    assert found is not None
    assert np.quantile(found.of(slightly), 0.05) > 0.5
    assert np.quantile(found.of(faces().spoilt), 0.95) < 0.3


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


def test_spoilt_persons_are_no_lookalikes() -> None:
    some = faces()
    one, other = some.spoilt[some.kinds == "kind 0"][:2]
    people = np.concatenate([some.whole[:PERSONS], one[None]])
    members = Members.of(rates_among(people, knows_spoilt=True), people)
    [rates] = members.judging(np.array([PERSONS]), np.sort(people @ one)[::-1][None, 1:6], 1e-3)
    similarity = float(one @ other)
    [stands] = rates.standing([similarity], [other]).stands
    assert rates.fmr(stands) > 0.1
    assert rates.fmr(similarity) < 1e-3


def test_two_faces_are_compared_by_the_stricter_of_both() -> None:
    some = faces()
    one, other = some.spoilt[some.kinds == "kind 0"][:2]
    rates = calibration().typical_rates
    similarity = float(one @ other)
    each = rates.standing([similarity, similarity], [one, other]).stands
    assert rates.between(one, other, similarity) == min(each) < similarity
