"""Images as they are published and as they lie on a disk."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.settings import SHIPPED
from app.vision.preprocess import fit_whole, to_blob
from app.vision.types import RgbImage
from training.datasets import digits, folder, mnist, omniglot
from training.datasets.base import turned
from training.datasets.whole import MEAN, SCALE, grey
from training.errors import TrainingError

MINI = SHIPPED / "face-mini"


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
