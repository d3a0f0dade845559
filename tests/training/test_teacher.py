"""The bank of a teacher's views: what is in it, and that it is the same however it was made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from training.augment import Augment
from training.backbones.compact import CompactFaceNet
from training.batches import Batches
from training.config import SamplerConfig
from training.datasets.base import ImageSet
from training.datasets.teacher import TeacherBank, build_bank
from training.transforms import reshaped

COUNT, SIDE, BLENDS = 70, 24, 90


class Colours:
    """A teacher that sees the mean colour of each quarter; counts how often it was asked."""

    asked = 0

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="data")]

    def run(self, _: None, feed: dict[str, Any]) -> list[np.ndarray]:
        self.asked += 1
        (image,) = feed["data"]
        half = SIDE // 2
        quarters = image.reshape(3, 2, half, 2, half).mean(axis=(2, 4)).reshape(1, -1)
        return [quarters / np.linalg.norm(quarters)]


def faces() -> ImageSet:
    images = np.random.default_rng(5).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)
    names = tuple(map(str, range(COUNT)))
    return ImageSet(images, np.arange(COUNT, dtype=np.int64) // 2, names[: COUNT // 2], names)


def bank(folder: Path, *, teacher: Colours | None = None, threads: int = 1) -> TeacherBank:
    asked: Any = teacher or Colours()
    return build_bank(
        folder, faces(), teacher=asked, moved=2, blends=BLENDS, seed=3, threads=threads
    )


def test_a_bank_holds_each_image_its_mirror_image_moved_views_and_blends(tmp_path: Path) -> None:
    made, data = bank(tmp_path), faces()
    assert len(made) == 4 * COUNT + BLENDS
    assert (made.images[:COUNT] == data.images).all()
    assert (made.images[COUNT : 2 * COUNT] == data.images[:, :, ::-1]).all()
    assert (made.labels[: 4 * COUNT] == np.tile(data.labels, 4)).all()
    assert (made.labels[4 * COUNT :] == -1).all()
    assert len({view.tobytes() for view in made.images}) == len(made)


def test_the_teacher_saw_each_view_as_it_is_kept(tmp_path: Path) -> None:
    made, teacher = bank(tmp_path), Colours()
    for image, said in zip(made.images, made.embeddings, strict=True):
        blob = image.transpose(2, 0, 1)[None].astype(np.float32)
        assert np.allclose(teacher.run(None, {"data": blob})[0][0], said, atol=1e-6)


def test_threads_make_the_same_bank(tmp_path: Path) -> None:
    one, many = bank(tmp_path / "one"), bank(tmp_path / "many", threads=3)
    assert (one.images == many.images).all()
    assert np.allclose(one.embeddings, many.embeddings, atol=1e-6)


def test_a_bank_that_is_there_is_reopened_and_an_unfinished_one_made_again(tmp_path: Path) -> None:
    first, teacher = bank(tmp_path), Colours()
    again = bank(tmp_path, teacher=teacher)
    assert teacher.asked == 0
    assert np.array_equal(again.embeddings, first.embeddings)  # read, not made
    (tmp_path / "bank.json").unlink()
    bank(tmp_path, teacher=teacher)
    assert teacher.asked == len(first)


def test_batches_of_a_bank_bring_the_teachers_word_of_their_own_rows(tmp_path: Path) -> None:
    batches = Batches(
        bank(tmp_path), SamplerConfig(identities=5, images=2, extra=6), augment=Augment(), seed=1
    )
    made = list(batches.epoch(2))
    assert len(made) == batches.steps == 7
    for step, batch in enumerate(made):
        again = batches.batch(2, step)
        assert torch.equal(batch.images, again.images)
        assert batch.teacher is not None
        for image, said in zip(batch.images.numpy(), batch.teacher.numpy(), strict=True):
            assert np.allclose(Colours().run(None, {"data": image[None]})[0][0], said, atol=1e-6)


def test_reshaping_moves_features_smoothly_and_keeps_what_is_flat() -> None:
    flat = torch.full((2, 3, 56, 56), 90.0)
    assert torch.allclose(reshaped(flat, torch.Generator().manual_seed(1)), flat, atol=1e-3)
    slope = torch.arange(56.0).view(1, 1, 1, 56).expand(3, 1, 56, 56).contiguous()
    moved = (reshaped(slope, torch.Generator().manual_seed(1)) - slope)[..., 4:-4]
    assert 0.5 < moved.abs().max() < 0.06 * 56
    assert (moved[..., 1:] - moved[..., :-1]).abs().max() < 0.4  # no edge within the face


def test_the_compact_network_starts_as_its_stem_and_pools_each_place_by_its_own_weight() -> None:
    torch.manual_seed(1)
    net = CompactFaceNet(16)
    z = net(255 * torch.rand(3, 3, 112, 112))
    assert z.shape == (3, 16)
    assert sum(p.numel() for p in net.parameters()) < 920_000
    x = torch.rand(2, 384, 5, 5)
    slow = torch.nn.functional.conv2d(x, net.pool.weight.unsqueeze(1), groups=384)
    net.eval()
    assert torch.allclose(net.pool(x), net.pool.norm(slow), atol=1e-5)
