"""A burst's decision: what never depends on chance, order or copies, and what no frame can do."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decision.burst import (
    AGREE,
    MOST_FRAMES,
    BurstDecision,
    BurstOutcome,
    decide_burst,
    frames_needed,
    verify_burst,
)
from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.fit import fit
from app.decision.fusion import Vectors
from app.decision.gallery_rates import GalleryRates
from app.decision.numbers import Floats
from app.decision.open_set import Outcome, decide
from app.decision.rates import MOST_MASKED, GallerySize, ProbeRates
from tests.unit.decision.people import people

PERSONS = 30
MARGIN = 0.03
seeds = st.integers(0, 2**32 - 1)
frame_counts = st.integers(1, MOST_FRAMES)
targets = st.sampled_from([0.3, 0.1, 0.01, 0.001])
shares = st.floats(0.05, 1.0)
strays = st.floats(0.0, 2.0)


@cache
def gallery() -> tuple[Vectors, GalleryRates]:
    """Thirty people, of whom the last two are nearly one."""
    enrolled = people(PERSONS, 1, seed=5)[0].copy()
    near = enrolled[-2] + 0.15 * people(1, 1, seed=6)[0][0]
    enrolled[-1] = near / np.linalg.norm(near)
    return enrolled, GalleryRates(bundle(), Cohort.of(enrolled), GallerySize(PERSONS, PERSONS))


@cache
def bundle() -> Calibration:
    vectors, labels = people(400, 2)
    return fit(vectors, labels, contract_id="numbers", data="people of numbers", margin=MARGIN)


Burst = tuple[Floats, list[ProbeRates]]


def burst(seed: int, frames: int, stray: float, target: float) -> Burst:
    """Frames that each stray from somebody, who is enrolled or not: similarities and rates."""
    enrolled, _ = gallery()
    rng = np.random.default_rng(seed)
    stranger = people(1, 1, seed=int(rng.integers(1000, 9000)))[0][0]
    who = rng.integers(0, PERSONS + 4)
    face = enrolled[who] if who < PERSONS else stranger
    noise = rng.standard_normal((frames, len(face)))
    noise *= stray * rng.random((frames, 1)) / np.linalg.norm(noise, axis=1, keepdims=True)
    probes = face + noise
    return seen((probes / np.linalg.norm(probes, axis=1, keepdims=True)), target)


def seen(probes: Floats, target: float) -> Burst:
    enrolled, rates = gallery()
    similarities = probes @ enrolled.T.astype(np.float64)
    nearest = -np.sort(-similarities, axis=1)[:, :MOST_MASKED]
    found = rates.of(probes)
    judging = [each.judging(row.tolist(), target) for each, row in zip(found, nearest, strict=True)]
    return similarities, judging


def decided(found: Burst, target: float, agree: float = AGREE) -> BurstDecision:
    return decide_burst(*found, target, margin=MARGIN, agree=agree)


@given(seed=seeds, stray=strays, target=targets, agree=shares)
def test_one_frame_is_decided_as_one_photograph(
    seed: int, stray: float, target: float, agree: float
) -> None:
    similarities, [rates] = burst(seed, 1, stray, target)
    order = np.argsort(-similarities[0])
    alone = decide(similarities[0][order].tolist(), rates.limit(target), margin=MARGIN)
    found = decided((similarities, [rates]), target, agree)
    assert found.outcome.value == alone.outcome.value
    assert found.best == order[0]
    assert found.winner == (None if alone.winner is None else order[alone.winner])
    assert found.score is not None
    assert found.score.threshold == rates.limit(target)
    assert found.score.fpir == pytest.approx(rates.fpir(similarities[0].max()))


@given(seed=seeds, frames=frame_counts, stray=strays, target=targets, agree=shares)
def test_the_order_of_frames_and_of_people_is_irrelevant(
    seed: int, frames: int, stray: float, target: float, agree: float
) -> None:
    similarities, rates = burst(seed, frames, stray, target)
    first = decided((similarities, rates), target, agree)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(frames), rng.permutation(PERSONS)
    moved = similarities[rows][:, columns], [rates[row] for row in rows]
    again = decided(moved, target, agree)
    assert (again.outcome, again.score) == (first.outcome, first.score)
    assert again.best is not None
    assert columns[again.best] == first.best


@given(seed=seeds, frames=st.integers(1, MOST_FRAMES // 2), stray=strays, target=targets)
def test_every_frame_twice_changes_nothing(
    seed: int, frames: int, stray: float, target: float
) -> None:
    similarities, rates = burst(seed, frames, stray, target)
    once = decided((similarities, rates), target, 0.5)
    repeated = [each for each in rates for _ in range(2)]
    twice = decided((np.repeat(similarities, 2, axis=0), repeated), target, 0.5)
    assert (twice.outcome, twice.best) == (once.outcome, once.best)
    assert once.score is not None
    assert twice.score is not None
    assert twice.score.similarity == pytest.approx(once.score.similarity, abs=1e-12)
    assert twice.score.threshold == pytest.approx(once.score.threshold, abs=1e-9)
    assert twice.score.agreeing == 2 * once.score.agreeing


@given(seed=seeds, frames=frame_counts, stray=strays, target=targets, agree=shares)
def test_nobody_is_named_whom_no_frame_alone_would_reach(
    seed: int, frames: int, stray: float, target: float, agree: float
) -> None:
    similarities, rates = burst(seed, frames, stray, target)
    found = decided((similarities, rates), target, agree)
    limits = np.array([each.limit(target) for each in rates])
    if (similarities < limits[:, None] - 1e-12).all():
        assert found.outcome is BurstOutcome.UNKNOWN
    if found.winner is not None:
        assert (similarities[:, found.winner] >= limits - 1e-12).any()
        first = similarities.argmax(axis=1) == found.winner
        assert first.sum() >= frames_needed(frames, agree) >= agree * frames - 1e-6


@given(seed=seeds, frames=frame_counts, stray=strays, low=targets, high=targets)
def test_a_stricter_target_names_nobody_more(
    seed: int, frames: int, stray: float, low: float, high: float
) -> None:
    strict, loose = sorted((low, high))
    found = burst(seed, frames, stray, loose)
    if decided(found, strict).winner is not None:
        assert decided(found, loose).outcome in (BurstOutcome.IDENTIFIED, BurstOutcome.AMBIGUOUS)


@settings(max_examples=50)
@given(seed=seeds, own=st.integers(1, MOST_FRAMES - 1))
def test_frames_of_two_people_name_the_one_of_enough_frames_or_nobody(seed: int, own: int) -> None:
    enrolled, _ = gallery()
    probes = np.repeat(enrolled[:2], [own, MOST_FRAMES - own], axis=0).astype(np.float64)
    order = np.random.default_rng(seed).permutation(MOST_FRAMES)
    found = decided(seen(probes[order], 0.1), 0.1)
    majority = max(own, MOST_FRAMES - own)
    enough = majority >= frames_needed(MOST_FRAMES, AGREE)
    assert found.outcome is (BurstOutcome.IDENTIFIED if enough else BurstOutcome.FRAMES_DISAGREE)
    assert found.winner == (int(own < majority) if enough else None)


@given(seed=seeds, frames=frame_counts, stray=strays, target=targets, who=st.integers(0, 29))
def test_a_claim_is_verified_by_the_same_mean(
    seed: int, frames: int, stray: float, target: float, who: int
) -> None:
    similarities, rates = burst(seed, frames, stray, target)
    own = similarities[:, who]
    found = verify_burst(own, rates, target)
    limits = np.array([each.verification_threshold(target).similarity for each in rates])
    reached = int((own >= limits).sum())
    assert found.score.agreeing == reached
    if frames == 1:
        assert found.is_match == (own[0] >= limits[0])
        assert found.score.threshold == limits[0]
    if found.is_match:
        assert reached >= frames_needed(frames, AGREE)
    if reached == frames:
        assert found.is_match


def test_a_few_frames_of_a_person_among_those_of_another_verify_nobody() -> None:
    enrolled, _ = gallery()
    probes = enrolled[[0, 0, 1, 1, 1]].astype(np.float64)
    similarities, rates = seen(probes, 0.01)
    found = verify_burst(similarities[:, 0], rates, 0.1)
    assert found.score.reaches
    assert not found.is_match


def test_nobody_proposed_is_unknown() -> None:
    _, rates = burst(1, 3, 0.5, 0.01)
    found = decided((np.empty((3, 0)), rates), 0.01)
    assert found == BurstDecision(BurstOutcome.UNKNOWN, None, None)


@pytest.mark.parametrize(("frames", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (8, 5)])
def test_three_of_five_frames_are_enough(frames: int, needed: int) -> None:
    assert frames_needed(frames, AGREE) == needed


@pytest.mark.parametrize("frames", [0, 9])
def test_a_burst_has_one_to_eight_frames(frames: int) -> None:
    similarities, rates = burst(1, 1, 0.5, 0.01)
    with pytest.raises(ValueError, match=f"{frames} frames; a burst has 1 to 8"):
        decided((np.repeat(similarities, frames, axis=0), rates * frames), 0.01)


def test_frames_of_different_galleries_are_no_burst() -> None:
    similarities, rates = burst(1, 2, 0.5, 0.01)
    with pytest.raises(ValueError, match="different galleries"):
        decided((similarities, [rates[0], rates[1].among(7)]), 0.01)
    with pytest.raises(ValueError, match="shape"):
        decided((similarities[:1], rates), 0.01)


def test_outcomes_are_those_of_a_photograph_and_one_more() -> None:
    assert {each.value for each in Outcome} | {"frames_disagree"} == {
        each.value for each in BurstOutcome
    }
