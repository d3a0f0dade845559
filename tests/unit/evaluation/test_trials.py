"""Leave-one-out in one product, against a service that is set up again for every probe."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from app.decision.cohort import Cohort
from app.decision.fusion import ROUNDING, fuse, fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.open_set import Outcome, decide
from app.errors import InvalidRequest
from app.evaluation import trials as room
from app.evaluation.gallery import Gallery, Keys
from app.evaluation.outcomes import outcomes
from app.evaluation.rates import fnir
from app.evaluation.trials import Search, Trials, leave_one_out
from tests.unit.evaluation.galleries import (
    DIMENSION,
    MARGIN,
    calibration,
    gallery,
    made,
    of_people,
    plain,
    rates_of,
    trials,
)

TARGETS = (0.5, 0.1, 0.01, 0.001)
SOME = [(3, 1, 2, 5, 1, 4), (2, 2), (1, 2), (2, 1, 3), (2, 2, 1, 4, 2), (2,) * 40]


@dataclass(frozen=True)
class Answer:
    """The people nearest to a probe with their similarities, best first, and what is decided."""

    people: list[int]
    similarities: list[float]
    outcome: Outcome
    limit: float


def search(of: Gallery, probe: int, left: Keys, target: float) -> Answer:
    """The service's answer for a probe when only the images ``left`` are enrolled, at the threshold
    for a gallery of everybody.
    """
    vector = of.vectors[probe]
    fused = fuse_persons(of.vectors[left], of.owners[left])
    similarities = fused.vectors @ vector
    order = np.argsort(-similarities, kind="stable")
    nearest = similarities[order].tolist()
    rates = GalleryRates(calibration(), Cohort.of(fused.vectors), rates_of(of).size)
    [own] = rates.of(vector[None])
    limit = own.unmasked(nearest, target).limit(target)
    outcome = decide(nearest, limit, margin=MARGIN).outcome
    return Answer(fused.owners[order].tolist(), nearest, outcome, limit)


def mated(of: Gallery, probe: int, target: float) -> Answer:
    draw = of.draw
    enrolled = {*np.flatnonzero(draw.enrolled).tolist()}
    if probe in enrolled:
        enrolled = enrolled - {probe} | ({int(draw.instead[probe])} - {probe})
    return search(of, probe, np.array(sorted(enrolled)), target)


def non_mated(of: Gallery, probe: int, target: float) -> Answer:
    others = of.draw.enrolled & (of.owners != of.owners[probe])
    return search(of, probe, np.flatnonzero(others), target)


def outcome_of(found: Search, probe: int, threshold: float) -> Outcome:
    if found.reach[probe] < threshold:
        return Outcome.UNKNOWN
    close = found.second[probe] >= threshold and found.apart[probe] <= MARGIN
    return Outcome.AMBIGUOUS if close else Outcome.IDENTIFIED


def doubled(images: tuple[int, ...], names: int) -> Gallery:
    """The first person's images lie under several names."""
    of = gallery(images, seed=4)
    owners = of.owners.tolist()
    for name in range(1, names):
        owners[name] = len(images) - 1 + name
    return of_people(of.vectors, owners)


def galleries() -> Iterator[Gallery]:
    for images in SOME:
        yield gallery(images, seed=3)
        yield gallery(images, seed=7, alike=2.0)
    for images, names in (((3, 2), 2), ((4, 1), 3), ((5, 2, 1, 3), 3), ((4, *(2,) * 30), 3)):
        yield doubled(images, names)
    for images, templates in (((3, 1, 2, 5, 1, 4), 2), ((2, 1, 3), 1), ((4, 6, 1) * 9, 3)):
        yield replace(gallery(images, seed=3), templates=templates)


@pytest.mark.parametrize("target", TARGETS)
def test_each_probe_gets_the_answer_of_a_service_that_is_set_up_for_it(target: float) -> None:
    named = dict.fromkeys(Outcome, 0)
    for of in galleries():
        found, threshold = trials(of), rates_of(of).typical.limit(target)
        for probe, owner in enumerate(of.owners.tolist()):
            stranger = non_mated(of, probe, target)
            assert outcome_of(found.stranger, probe, threshold) == stranger.outcome
            assert found.lookalike[probe] == stranger.people[0]
            assert found.mated[probe] == ((of.owners == owner).sum() > (of.templates or 1))
            if not found.mated[probe]:
                continue
            enrolled = mated(of, probe, target)
            named[enrolled.outcome] += 1
            assert outcome_of(found.enrolled, probe, threshold) == enrolled.outcome
            assert found.first[probe] == (enrolled.people[0] == owner)
    assert all(named.values()), named


@pytest.mark.parametrize("images", SOME)
def test_plain_scores_are_the_similarities_to_all_who_are_enrolled(images: tuple[int, ...]) -> None:
    of = gallery(images, seed=3)
    found = plain(of)
    for probe, owner in enumerate(of.owners.tolist()):
        stranger = non_mated(of, probe, 0.1).similarities
        assert found.best[probe] == pytest.approx(stranger[0], abs=1e-6)
        if len(stranger) > 1:
            assert found.stranger.second[probe] == pytest.approx(stranger[1], abs=1e-6)
        if found.mated[probe]:
            enrolled = mated(of, probe, 0.1)
            there = enrolled.people.index(owner)
            assert found.own[probe] == pytest.approx(enrolled.similarities[there], abs=1e-6)
            assert found.enrolled.reach[probe] == pytest.approx(enrolled.similarities[0], abs=1e-6)


@pytest.mark.parametrize("names", [1, 2, 3])
def test_several_names_of_one_person_do_not_hide_behind_each_other(names: int) -> None:
    """Each name would be the stranger that the others are judged by."""
    others = gallery([2] * 30, seed=4)
    vectors = np.concatenate([np.repeat(others.vectors[:1], 2 * names, axis=0), others.vectors[2:]])
    of = of_people(vectors, [*np.repeat(range(names), 2), *(others.owners[2:] + names - 1)])
    threshold = rates_of(of).typical.limit(0.001)
    found, them = trials(of), slice(0, 2 * names)
    assert (found.enrolled.reach[them] >= threshold).all()
    assert (found.best[them] >= threshold).all() == (names > 1)
    if names > 1:
        assert (found.enrolled.second[them] >= threshold).all()


def test_a_stranger_scores_as_often_as_stated() -> None:
    for target in (0.1, 0.01):
        rates = []
        for seed in range(12):
            of = gallery([3] * 150, seed=seed)
            rates.append((trials(of).best >= rates_of(of).typical.limit(target)).mean())
        assert 0.5 * target < np.mean(rates) < 1.7 * target


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people, steps = gallery([3] * 20), list[int]()
    whole = trials(people)
    monkeypatch.setattr(room, "_SCORES", 7 * 20)
    parts, _ = leave_one_out(people, rates_of(people), steps.append)
    assert sum(steps) == 60
    assert len(steps) == 9
    np.testing.assert_allclose(whole.own, parts.own, rtol=0, atol=1e-4)
    np.testing.assert_allclose(whole.best, parts.best, rtol=0, atol=1e-4)
    np.testing.assert_allclose(whole.stranger.second, parts.stranger.second, rtol=0, atol=1e-4)
    assert whole.stranger.apart.min() > ROUNDING, "of the data: nobody's two nearest tie"
    np.testing.assert_array_equal(whole.lookalike, parts.lookalike)


def test_a_picture_that_two_people_share_counts_against_the_system_however_it_is_rounded() -> None:
    """The product is float32 and in blocks, what leaves the probe out is float64."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, DIMENSION))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    vectors = np.concatenate([rows, np.roll(rows, -1, axis=0)])  # the next one has it too
    owners = np.tile(np.arange(300), 2)
    order = np.argsort(owners, kind="stable")
    exact = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
    product = (vectors @ vectors.T).diagonal().astype(np.float64)
    shared = made(exact.tolist(), product.tolist())
    assert not shared.first.any()
    assert not trials(of_people(vectors[order], owners[order].tolist())).first.any()


def test_a_person_nearer_by_more_than_rounding_is_first() -> None:
    nearer = made([0.5, 0.5], [0.5 - 2 * ROUNDING, 0.5 + 2 * ROUNDING])
    assert nearer.first.tolist() == [True, False]


def test_the_own_person_scores_no_more_than_the_first() -> None:
    for of in galleries():
        for found in (trials(of), plain(of)):
            assert (found.own <= found.enrolled.reach).all()
            first = found.first
            np.testing.assert_array_equal(found.own[first], found.enrolled.reach[first])
            assert (found.enrolled.second <= found.enrolled.reach).all()


def test_images_that_cancel_out_are_enrolled_as_they_would_be() -> None:
    rows = np.zeros((4, DIMENSION), np.float32)
    rows[range(4), [0, 1, 1, 2]] = 1, 1, -1, 1
    of = of_people(rows, [0, 0, 0, 1])
    own = plain(of).own
    assert own[0] == pytest.approx(float(rows[0] @ fuse(rows[1:3])))
    assert np.isfinite(own[:3]).all()
    assert np.isfinite(trials(of).own[:3]).all()


def test_people_without_a_usable_image_are_no_strangers_and_not_enrolled() -> None:
    people = gallery([2, 3])
    names = ["nobody", "p0", "p1"]
    padded = Gallery(people.vectors, people.owners + 1, people.images, names, names, [])
    assert trials(padded).persons == 2
    np.testing.assert_allclose(trials(padded).best, trials(people).best, rtol=0, atol=1e-6)


def test_everybody_who_looks_the_same_is_scored_by_numbers() -> None:
    same = np.repeat(gallery([1, 2]).vectors[:1], 8, axis=0)
    of = of_people(same, [0, 0, 1, 1, 2, 2, 3, 3])
    found: Trials = trials(of)
    counted = outcomes(found, rates_of(of).typical.limit(0.1), margin=MARGIN)
    assert np.isfinite([found.own, found.best]).all()
    assert not found.first.any()
    assert counted.identified == 0


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_person_is_enrolled_with_as_many_images_as_asked_for_and_never_with_the_probe(
    most: int,
) -> None:
    of = replace(gallery([1, 2, 3, 4, 5, 9] * 4), templates=most)
    draw = of.draw
    counts = np.bincount(of.owners)
    np.testing.assert_array_equal(np.bincount(of.owners, draw.enrolled), np.minimum(counts, most))
    np.testing.assert_array_equal(draw.mated, counts[of.owners] > most)
    swapped = draw.enrolled & draw.mated
    np.testing.assert_array_equal(draw.instead != np.arange(len(of.owners)), swapped)
    assert not draw.enrolled[draw.instead[swapped]].any()
    np.testing.assert_array_equal(of.owners[draw.instead], of.owners)
    first = np.searchsorted(of.owners, of.owners) + most > np.arange(len(of.owners))
    assert (draw.enrolled != first).any(), "chance chooses, and not the order of the files"


def test_people_of_fewer_images_are_missed_more_often() -> None:
    people = gallery([6] * 60, seed=5)
    threshold = rates_of(people).typical.limit(0.01)
    missed = [fnir(trials(replace(people, templates=most)), threshold).rate for most in (1, 2, 5)]
    assert missed[0] > missed[1] > missed[2]
    # Five of six are all but the probe.
    five = plain(replace(people, templates=5)).own
    np.testing.assert_allclose(five, plain(people).own, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ((4,), "1 of 1 people"),
        ((1, 1, 1), "None of the 3 people has two usable images"),
        ((), "0 "),
    ],
)
def test_too_little_to_measure_is_said(images: tuple[int, ...], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        gallery(images)


def test_more_images_than_anybody_has_are_said() -> None:
    with pytest.raises(InvalidRequest, match="has more than 3 usable images"):
        replace(gallery([1, 2, 3]), templates=3)
