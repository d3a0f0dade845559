"""Splitting, sampling, mining and spoiling images."""

import numpy as np
import pytest
import torch

from training.augment import STRIKES, Augment, augmented, strike
from training.batches import Batches
from training.config import ModelConfig, RunConfig, SamplerConfig
from training.datasets.base import ImageSet, split_identities, split_named
from training.errors import TrainingError
from training.loss_tables import Contrastive
from training.mining import furthest_positive, kept_negatives
from training.objective import Objective
from training.sampler import PairSampler, PKSampler, siamese_pairs
from training.transforms import motion_kernel, reduced

LABELS = np.repeat(np.arange(6), [5, 4, 3, 7, 4, 6]).astype(np.int64)


def some_images(count: int = 29, size: int = 12) -> ImageSet:
    images = np.random.default_rng(3).integers(0, 256, (count, size, size, 1), dtype=np.uint8)
    names = tuple(str(i) for i in range(count))
    return ImageSet(images, LABELS[:count], tuple("abcdef"), names)


def epoch(sampler: PKSampler, number: int) -> list[np.ndarray]:
    return [sampler.batch(number, step) for step in range(sampler.steps)]


def test_no_identity_is_on_both_sides_of_a_split() -> None:
    data = some_images()
    split = split_identities(data.identities, unseen=0.4, seed=2)
    train, unseen = split.apply(data)
    assert not set(train.identities) & set(unseen.identities)
    assert set(train.identities) | set(unseen.identities) == set(data.identities)
    assert len(train) + len(unseen) == len(data)
    for part in (train, unseen):
        for name, label in zip(part.names, part.labels, strict=True):
            assert data.identities[data.labels[int(name)]] == part.identities[label]


def test_a_split_is_a_function_of_its_seed() -> None:
    names = tuple(f"p{i}" for i in range(50))
    assert split_identities(names, unseen=0.3, seed=4) == split_identities(
        names, unseen=0.3, seed=4
    )
    assert split_identities(names, unseen=0.3, seed=4) != split_identities(
        names, unseen=0.3, seed=5
    )


def test_a_split_that_leaves_one_identity_alone_is_refused() -> None:
    with pytest.raises(TrainingError, match="both need two"):
        split_identities(tuple("abc"), unseen=0.3, seed=1)
    with pytest.raises(TrainingError, match="no identity named x"):
        split_named(tuple("abc"), unseen=("x",))


def test_a_batch_holds_k_images_of_each_of_p_identities() -> None:
    sampler = PKSampler(LABELS, identities=3, images=3, seed=1)
    for rows in epoch(sampler, 0):
        found, counts = np.unique(LABELS[rows], return_counts=True)
        assert len(found) == 3
        assert counts.tolist() == [3, 3, 3]
        assert len(set(rows.tolist())) == 9


def test_an_epoch_meets_every_identity_once_and_the_next_in_another_order() -> None:
    sampler = PKSampler(LABELS, identities=2, images=2, seed=1)
    first, second = (np.concatenate(epoch(sampler, e)) for e in (0, 1))
    assert sorted(np.unique(LABELS[first])) == list(range(6))
    assert first.tolist() != second.tolist()
    assert first.tolist() == np.concatenate(epoch(sampler, 0)).tolist()


def test_an_identity_with_one_image_is_refused_unless_views_may_repeat() -> None:
    labels = np.array([0, 0, 1, 2, 2], dtype=np.int64)
    with pytest.raises(TrainingError, match="1 identities have one image where two are needed"):
        PKSampler(labels, identities=3, images=2, seed=1)
    rows = PKSampler(labels, identities=3, images=2, seed=1, repeat=True).batch(0, 0)
    assert sorted(labels[rows].tolist()) == [0, 0, 1, 1, 2, 2]


def test_siamese_pairs_are_what_their_flag_says_and_half_of_each() -> None:
    rows, flags = siamese_pairs(LABELS, 400, seed=1)
    same = LABELS[rows[:, 0]] == LABELS[rows[:, 1]]
    assert (same == (flags == 0)).all()
    assert same.sum() == 200
    assert (rows[:, 0] != rows[:, 1]).all()


def test_a_siamese_batch_is_pairs_side_by_side_and_the_same_again_for_the_same_step() -> None:
    sampler = PairSampler(LABELS, pairs=6, seed=1)
    assert sampler.steps == 29 // 12
    rows = sampler.batch(0, 1)
    first, second = LABELS[rows[0::2]], LABELS[rows[1::2]]
    assert (first == second).sum() == 3
    assert rows.tolist() == PairSampler(LABELS, pairs=6, seed=1).batch(0, 1).tolist()
    assert rows.tolist() != sampler.batch(1, 1).tolist()


def test_a_siamese_batch_of_an_odd_number_of_images_is_refused() -> None:
    with pytest.raises(TrainingError, match="an even sampler"):
        Batches(some_images(), SamplerConfig("pairs", 3, 3), augment=Augment(), seed=1)


def test_a_paired_objective_compares_the_two_of_each_pair_and_no_others() -> None:
    z = torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 0, 0, 1, 2, 2, 1, 3])
    run = RunConfig(
        "a",
        model=ModelConfig(dimension=4),
        loss=Contrastive(margin=2),
        sampler=SamplerConfig("pairs"),
    )
    paired = Objective(run, classes=4)
    total = 0.0
    for i in range(0, 8, 2):
        d = float((z[i] - z[i + 1]).norm())
        total += d**2 / 2 if labels[i] == labels[i + 1] else max(0.0, 2 - d) ** 2 / 2
    assert paired(z, labels).item() == pytest.approx(total / 4, rel=1e-5)


def test_mining_keeps_exactly_the_negatives_that_a_slow_reading_keeps() -> None:
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(29, 3, generator=generator)
    labels, distances = torch.from_numpy(LABELS), torch.cdist(z, z)
    hard = kept_negatives(distances, labels, mining="hard", margin=0.3)
    semi = kept_negatives(distances, labels, mining="semi-hard", margin=0.3)
    for i in range(29):
        reach = max(distances[i, j].item() for j in range(29) if labels[i] == labels[j])
        assert furthest_positive(distances, labels)[i].item() == pytest.approx(reach)
        for j in range(29):
            d, other = distances[i, j].item(), bool(labels[i] != labels[j])
            assert bool(hard[i, j]) == (other and d <= reach)
            assert bool(semi[i, j]) == (other and reach < d < reach + 0.3)


@pytest.mark.parametrize("name", [name for name, _ in STRIKES])
def test_every_degradation_keeps_shape_and_range_and_changes_the_image(name: str) -> None:
    degrade = dict(STRIKES)[name]
    for channels in (1, 3):
        images = 255 * torch.rand(4, channels, 40, 40, generator=torch.Generator().manual_seed(1))
        out = degrade(images, torch.Generator().manual_seed(2))
        assert out.shape == images.shape
        assert out.min() >= -0.01
        assert out.max() <= 255.01
        assert not torch.allclose(out, images)


def test_a_strike_hits_the_stated_share_and_leaves_the_rest_alone() -> None:
    images = torch.rand(2000, 1, 2, 2)
    out = strike(
        images, torch.Generator().manual_seed(1), degrade=lambda x, _: x + 9, probability=0.25
    )
    hit = (out != images).flatten(1).any(dim=1)
    assert hit.float().mean().item() == pytest.approx(0.25, abs=0.04)
    assert torch.equal(out[~hit], images[~hit])


def test_augmentation_is_a_function_of_its_seed() -> None:
    images = 255 * torch.rand(8, 3, 32, 32)
    every = Augment(0.5, 9, 0.1, 0.05, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    one, two, other = (
        augmented(images, torch.Generator().manual_seed(s), every) for s in (1, 1, 2)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(augmented(images, torch.Generator(), Augment()), images)


def test_blur_and_reduction_keep_a_flat_image_flat() -> None:
    assert motion_kernel(9).sum().item() == pytest.approx(1)
    flat = torch.full((1, 3, 56, 56), 77.0)
    assert torch.allclose(reduced(flat, 9), flat)


def test_a_batch_is_a_function_of_seed_epoch_and_step() -> None:
    made = [
        Batches(
            some_images(),
            SamplerConfig(identities=3, images=2, extra=4),
            augment=Augment(noise=1),
            seed=seed,
        ).batch(1, 1)
        for seed in (5, 5, 6)
    ]
    assert torch.equal(made[0].images, made[1].images)
    assert torch.equal(made[0].labels, made[1].labels)
    assert not torch.equal(made[0].images, made[2].images)
    assert made[0].images.shape == (10, 1, 12, 12)
