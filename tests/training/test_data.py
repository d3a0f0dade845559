"""Loading, splitting, sampling, mining and spoiling images."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.settings import SHIPPED
from app.vision.preprocess import fit_whole, to_blob
from app.vision.types import RgbImage
from training.batches import Batches
from training.config import ModelConfig, RunConfig, SamplerConfig
from training.datasets import digits, folder, mnist, omniglot
from training.datasets.base import ImageSet, split_identities, split_named, turned
from training.datasets.whole import MEAN, SCALE, grey
from training.errors import TrainingError
from training.loss_tables import Contrastive
from training.mining import furthest_positive, kept_negatives
from training.objective import Objective
from training.sampler import PairSampler, PKSampler, siamese_pairs
from training.transforms import STRIKES, Augment, augmented, motion_kernel, reduced, strike

MINI = SHIPPED / "face-mini"
LABELS = np.repeat(np.arange(6), [5, 4, 3, 7, 4, 6]).astype(np.int64)


def some_images(count: int = 29, size: int = 12) -> ImageSet:
    images = np.random.default_rng(3).integers(0, 256, (count, size, size, 1), dtype=np.uint8)
    names = tuple(str(i) for i in range(count))
    return ImageSet(images, LABELS[:count], tuple("abcdef"), names)


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
    for rows in sampler.epoch(0):
        found, counts = np.unique(LABELS[rows], return_counts=True)
        assert len(found) == 3
        assert counts.tolist() == [3, 3, 3]
        assert len(set(rows.tolist())) == 9


def test_an_epoch_meets_every_identity_once_and_the_next_in_another_order() -> None:
    sampler = PKSampler(LABELS, identities=2, images=2, seed=1)
    first, second = (np.concatenate(list(sampler.epoch(e))) for e in (0, 1))
    assert sorted(np.unique(LABELS[first])) == list(range(6))
    assert first.tolist() != second.tolist()
    assert first.tolist() == np.concatenate(list(sampler.epoch(0))).tolist()


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


def test_digits_need_no_download() -> None:
    data = digits.load(28)
    assert data.images.shape == (1797, 28, 28, 1)
    assert data.images.max() > 200
    assert np.bincount(data.labels).min() > 150


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    body = head + array.tobytes()
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_is_read_plain_and_gzipped(tmp_path: Path, ending: str) -> None:
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 10
    write_idx(tmp_path / f"t10k-images-idx3-ubyte{ending}", images)
    write_idx(tmp_path / f"t10k-labels-idx1-ubyte{ending}", labels)
    data = mnist.load(tmp_path, 28)
    assert (data.images[..., 0] == images).all()
    assert data.labels.tolist() == labels.tolist()


def test_an_idx_file_that_is_cut_short_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "t10k-images-idx3-ubyte"
    write_idx(path, np.zeros((3, 28, 28), np.uint8))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(TrainingError, match="cut short"):
        mnist.read_idx(path)
    with pytest.raises(TrainingError, match="holds no"):
        mnist.load(tmp_path / "nowhere", 28)


def test_omniglot_unpacks_ink_light_on_dark_and_turns_into_four_characters(tmp_path: Path) -> None:
    ink = np.zeros((4, 105, 105), bool)
    ink[:, 10:20, 30:90] = True
    labels = np.array([3, 3, 8, 8], np.int32)
    np.savez(tmp_path / "o.npz", images=np.packbits(ink, axis=-1), labels=labels)
    data = omniglot.load(tmp_path / "o.npz", 105)
    assert ((data.images[..., 0] > 127) == ink).all()
    assert data.labels.tolist() == [0, 0, 1, 1]
    four = turned(data, 4)
    assert len(four.identities) == 8
    assert (four.images[4] == np.rot90(data.images[0])).all()
    assert four.labels[4] == 2
    assert turned(data, 1) is data
    with pytest.raises(TrainingError, match=r"data\.turns is 5"):
        turned(data, 5)


def test_omniglots_own_folders_are_read_alphabet_by_character_and_ink_is_light(
    tmp_path: Path,
) -> None:
    for alphabet, character in (("Greek", "character01"), ("Latin", "character01")):
        (tmp_path / alphabet / character).mkdir(parents=True)
        for drawing in range(2):
            paper = np.full((105, 105), 255, np.uint8)
            paper[10 + drawing : 20, 30:90] = 0
            image = Image.fromarray(paper).convert("1")
            image.save(tmp_path / alphabet / character / f"{drawing}.png")
    data = omniglot.load(tmp_path, 105)
    assert data.identities == ("Greek/character01", "Latin/character01")
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.images[0, 15, 60, 0] == 255
    assert data.images[0, 50, 60, 0] == 0
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="holds no PNG"):
        omniglot.load(tmp_path / "empty", 105)


def test_a_coloured_image_is_as_grey_as_the_service_makes_it(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    (tmp_path / "ann").mkdir()
    Image.fromarray(colours).save(tmp_path / "ann" / "a.png")
    data, how = folder.load(tmp_path, 16), grey(16)
    served = to_blob([fit_whole(colours, how)], how)[0, 0]
    assert np.abs((data.images[0, :, :, 0] - MEAN) * SCALE - served).max() < 1e-6


def test_a_corrupt_image_is_skipped_and_listed_and_the_rest_is_used(tmp_path: Path) -> None:
    for person in ("ann", "bob"):
        (tmp_path / person).mkdir()
        for i in range(2):
            Image.new("L", (30, 20), 40 * i).save(tmp_path / person / f"{i}.png")
    (tmp_path / "ann" / "bad.png").write_bytes((tmp_path / "ann" / "0.png").read_bytes()[:40])
    data = folder.load(tmp_path, 16)
    assert data.images.shape == (4, 16, 16, 1)
    assert data.identities == ("ann", "bob")
    assert len(data.skipped) == 1
    assert data.skipped[0].startswith("ann/bad.png: ")


def test_a_folder_of_a_real_disk_has_the_people_that_the_service_would_enrol(
    tmp_path: Path,
) -> None:
    for person in ("ann", "Zoe\u0308", "Zo\u00eb", "@eaDir", os.fsdecode(b"Andr\xe9")):
        (tmp_path / person).mkdir()
        Image.new("L", (30, 20), 40).save(tmp_path / person / f"{len(person)}.png")
    (tmp_path / "ann" / "IMG_1.HEIC").write_bytes(b"")
    (tmp_path / "ann" / "gone.png").symlink_to(tmp_path / "nowhere")
    data = folder.load(tmp_path, 16)
    assert data.identities == ("Zo\u00eb", "ann")
    assert data.labels.tolist() == [0, 0, 1]
    assert [skipped.partition(":")[0] for skipped in data.skipped] == [
        "Andr\\udce9",
        "ann/IMG_1.HEIC",
        "ann/gone.png",
    ]


def test_crops_are_kept_for_the_very_photos_that_they_are_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pixel(pipeline: object, image: RgbImage) -> RgbImage:
        return image[:1, :1]

    def identities() -> list[tuple[str, int]]:
        found = folder.load_faces(tmp_path / "people", MINI, cache=tmp_path / "cache.npz")
        names = (found.identities[label] for label in found.labels)
        return list(zip(names, found.images[:, 0, 0, 0].tolist(), strict=True))

    monkeypatch.setattr(folder, "_face", pixel)
    for person, shade in (("ann", 10), ("bob", 20)):
        (tmp_path / "people" / person).mkdir(parents=True)
        for i in range(2):
            Image.new("L", (30, 20), shade + i).save(tmp_path / "people" / person / f"{i}.png")
    assert identities() == [("ann", 10), ("ann", 11), ("bob", 20), ("bob", 21)]
    (tmp_path / "people" / "ann" / "1.png").rename(tmp_path / "people" / "bob" / "2.png")
    assert identities() == [("ann", 10), ("bob", 20), ("bob", 21), ("bob", 11)]
    Image.new("L", (30, 20), 99).save(tmp_path / "people" / "ann" / "0.png")
    assert identities()[0] == ("ann", 99)
    monkeypatch.setattr(folder, "_face", None)  # nothing changed, so nothing is read
    assert identities()[0] == ("ann", 99)


def test_an_empty_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no images"):
        folder.load(tmp_path, 16)
    with pytest.raises(TrainingError, match="There is no folder"):
        folder.load(tmp_path / "nowhere", 16)
