"""Rates against slow literal readings of their definitions."""

import numpy as np
import pytest

from training.datasets.base import ImageSet
from training.errors import TrainingError
from training.evaluate.episodes import one_shot
from training.evaluate.identification import OpenSet, identify, make_protocol, unit_rows
from training.evaluate.structure import distance_matrix, neighbourhoods, pair_means
from training.evaluate.suite import measure
from training.evaluate.verification import Verification, best_threshold


def clustered(spread: float, people: int = 30, each: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(people, 16))
    labels = np.repeat(np.arange(people), each)
    z = centres[labels] + spread * rng.normal(size=(people * each, 16))
    return z.astype(np.float32), labels.astype(np.int64)


def opened(
    mated: np.ndarray,
    strangers: np.ndarray,
    *,
    owner: np.ndarray | None = None,
    lookalike: np.ndarray | None = None,
) -> OpenSet:
    """First each time; by default everybody has one probe, and is taken for somebody else."""
    count, others = len(mated), len(strangers)
    return OpenSet(
        mated=mated.astype(np.float32),
        rank=np.ones(count, np.int64),
        owner=np.arange(count) if owner is None else owner,
        strangers=strangers.astype(np.float32),
        stranger=10_000 + np.arange(others),
        lookalike=np.arange(others) if lookalike is None else lookalike,
        size=50,
    )


def test_a_protocol_enrols_and_probes_different_images_and_keeps_strangers_out() -> None:
    _, labels = clustered(0.1)
    protocol = make_protocol(labels, enrol=3, persons=12, seed=2)
    enrolled = set(labels[protocol.gallery])
    assert len(enrolled) == 12
    assert set(labels[protocol.mated]) == enrolled
    assert not enrolled & set(labels[protocol.strangers])
    assert not set(protocol.gallery) & set(protocol.mated)
    assert np.bincount(labels[protocol.gallery]).max() == 3


def test_an_open_set_without_strangers_is_refused() -> None:
    with pytest.raises(TrainingError, match="open-set"):
        make_protocol(np.array([0, 0, 0]), enrol=1, persons=5, seed=1)


def test_identification_is_the_definition_probe_by_probe() -> None:
    z, labels = clustered(0.8)
    protocol = make_protocol(labels, enrol=2, persons=10, seed=3)
    result = identify(z, z, labels, protocol)
    unit = unit_rows(z)
    people = sorted(set(labels[protocol.gallery]))
    templates = {}
    for person in people:
        mean = unit[[r for r in protocol.gallery if labels[r] == person]].mean(axis=0)
        templates[person] = mean / np.linalg.norm(mean)
    threshold, missed, first = result.threshold(0.05), 0, 0
    for row in protocol.mated:
        scores = {p: float(unit[row] @ t) for p, t in templates.items()}
        best = max(scores, key=lambda p: scores[p])
        first += best == labels[row]
        missed += not (best == labels[row] and scores[best] >= threshold)
    named = sum(
        max(float(unit[row] @ t) for t in templates.values()) >= threshold
        for row in protocol.strangers
    )
    assert named / len(protocol.strangers) <= 0.05
    assert result.rank1 == pytest.approx(first / len(protocol.mated))
    assert result.fnir_at(0.05) == pytest.approx(missed / len(protocol.mated))
    assert result.cmc(10)[0] == result.rank1
    assert result.cmc(10)[-1] == 1


def test_the_threshold_is_the_lowest_that_keeps_the_promise() -> None:
    strangers = np.linspace(0, 0.99, 100, dtype=np.float32)
    result = opened(np.ones(3, np.float32), strangers)
    threshold = result.threshold(0.05)
    assert (strangers >= threshold).sum() == 5
    assert (strangers >= np.nextafter(np.float32(threshold), np.float32(-1))).sum() == 6


def test_a_person_tied_with_an_impostor_is_not_first() -> None:
    z = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    labels = np.array([0, 1, 0, 2])
    from training.evaluate.identification import Protocol

    result = identify(z, z, labels, Protocol(np.array([0, 1]), np.array([2]), np.array([3])))
    assert result.rank.tolist() == [2]


def test_verification_rates_are_counted_at_the_threshold() -> None:
    rng = np.random.default_rng(2)
    mated = rng.normal(0.6, 0.15, 3000).astype(np.float32)
    impostor = rng.normal(0.0, 0.15, 3000).astype(np.float32)
    pairs = Verification(mated, impostor)
    assert pairs.eer == pytest.approx(0.0228, abs=0.006)  # both tails at two deviations
    assert pairs.accuracy() == pytest.approx(0.977, abs=0.006)
    cut = np.sort(impostor)[::-1][30]
    assert pairs.tar_at(0.01) == pytest.approx((mated > cut).mean())
    fmr, tmr = pairs.roc()
    assert (np.diff(fmr) >= 0).all()
    assert (np.diff(tmr) >= 0).all()
    at = best_threshold(mated, impostor)
    error = (mated < at).mean() + (impostor >= at).mean()
    assert error <= min((mated < t).mean() + (impostor >= t).mean() for t in np.linspace(0, 1, 200))


def test_intervals_count_people_and_not_photos() -> None:
    """Ten photos of a person that err together are one person's worth."""
    rng = np.random.default_rng(3)
    strangers = rng.normal(0.1, 0.1, 2000).astype(np.float32)

    def drawn(people: int, photos: int) -> OpenSet:
        mated = np.repeat(rng.normal(0.5, 0.2, people), photos).astype(np.float32)
        return opened(mated, strangers, owner=np.repeat(np.arange(people), photos))

    alone, repeated, many = drawn(100, 1), drawn(100, 50), drawn(5000, 1)
    for result in (alone, repeated, many):
        found = result.dir_rate(0.01)
        assert found.low <= found.rate == result.dir_at(0.01) <= found.high

    def width(result: OpenSet) -> float:
        return result.dir_rate(0.01).high - result.dir_rate(0.01).low

    assert width(repeated) == pytest.approx(width(alone), rel=0.15)
    assert width(many) < width(repeated) / 5


def test_the_rate_of_false_positives_knows_who_was_taken_for_whom() -> None:
    strangers = np.zeros(400, np.float32)
    strangers[:4] = 0.9
    mated = np.ones(3, np.float32)
    apart = opened(mated, strangers, lookalike=np.arange(400)).fpir_rate(0.01)
    shared = opened(mated, strangers, lookalike=np.zeros(400, np.int64)).fpir_rate(0.01)
    assert apart.rate == shared.rate == 0.01
    assert shared.high > apart.high


def test_one_shot_is_perfect_for_tight_classes_and_chance_for_noise() -> None:
    z, labels = clustered(0.01)
    noise = np.random.default_rng(4).normal(size=z.shape).astype(np.float32)
    assert one_shot(z, labels, ways=20, episodes=50, seed=1) == 1
    assert one_shot(noise, labels, ways=20, episodes=300, seed=1) == pytest.approx(0.05, abs=0.02)


def test_distances_and_neighbourhoods_are_literal() -> None:
    z, labels = clustered(0.3, people=6)
    matrix = distance_matrix(z)
    assert matrix[2, 9] == pytest.approx(float(np.linalg.norm(z[2] - z[9])), rel=1e-5)
    same = [matrix[i, j] for i in range(30) for j in range(i) if labels[i] == labels[j]]
    assert pair_means(z, labels)[0] == pytest.approx(np.mean(same))
    pixels = np.random.default_rng(5).integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
    own = neighbourhoods(pixels, pixels.reshape(60, -1).astype(np.float32))
    scrambled = neighbourhoods(pixels, np.random.default_rng(6).normal(size=(60, 2)).astype("f"))
    assert own == 1
    assert scrambled < 0.7


def test_everything_is_measured_in_one_pass() -> None:
    z, labels = clustered(0.2)
    images = np.zeros((len(z), 2, 2, 1), np.uint8)
    data = ImageSet(images, labels, tuple(map(str, range(30))), ("",) * len(z))
    measured, result, _ = measure(z, data)
    assert measured.persons == result.size == 20
    assert measured.dir_low <= measured.dir_at_fpir_1 <= measured.dir_high
    assert measured.one_shot_20 is not None
    assert any("20-way 1-shot" in line for line in measured.lines())
