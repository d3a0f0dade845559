"""The detector's decoding against slow twins, and on photographs of every size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inference.detector import Detection, YuNet
from app.inference.rows import Rows, overlap, suppress
from app.vision.decode import ImageLimits, decode_image
from app.vision.types import Box, RgbImage
from tests.unit.inference.faces import admiral, astronaut, before, close_up, resized


@pytest.fixture(scope="module")
def detector(face_bundle: Path) -> YuNet:
    return YuNet(face_bundle / "detector.onnx", score_threshold=0.6, nms_threshold=0.3)


def _iou(one: Box, other: Box) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, across) * max(0.0, down)
    return shared / max(one.area + other.area - shared, 1e-9)


def _slow_suppress(rows: Rows, threshold: float) -> list[int]:
    """Indices kept: each unless a surer one that was kept covers it too far."""
    boxes = [Box(*map(float, row[:4])) for row in rows]
    kept: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: -rows[i, 14]):
        if all(_iou(boxes[i], boxes[k]) <= threshold for k in kept):
            kept.append(i)
    return kept


def _random_rows(seed: int, count: int) -> Rows:
    rng = np.random.default_rng(seed)
    rows = rng.uniform(0, 100, (count, 15)).astype(np.float32)
    rows[:, 2:4] = rng.uniform(1, 60, (count, 2))
    rows[:, 14] = rng.permutation(count) / max(count, 1)
    return rows


@given(st.integers(0, 10_000), st.integers(0, 40), st.sampled_from([0.0, 0.3, 0.7]))
@settings(deadline=None)
def test_suppression_is_that_of_the_slow_twin(seed: int, count: int, threshold: float) -> None:
    rows = _random_rows(seed, count)
    expected = rows[_slow_suppress(rows, threshold)]
    np.testing.assert_array_equal(suppress(rows, threshold), expected.reshape(-1, 15))


def test_overlap_is_intersection_over_union() -> None:
    rows = np.zeros((4, 15), np.float32)
    rows[:, :4] = [(0, 0, 10, 10), (5, 0, 10, 10), (20, 20, 5, 5), (0, 0, 0, 0)]
    np.testing.assert_allclose(overlap(rows[0], rows), [1, 1 / 3, 0, 0])


def _slow_decode(maps: dict[str, Rows], stride: int, columns: int, threshold: float) -> list[Rows]:
    """Cell by cell, as OpenCV's FaceDetectorYN does it."""
    found = []
    for i in range(maps[f"cls_{stride}"].shape[1]):
        cls, obj = (float(maps[f"{k}_{stride}"][0, i, 0].clip(0, 1)) for k in ("cls", "obj"))
        score = np.sqrt(cls * obj)
        if score < threshold:
            continue
        row, column = divmod(i, columns)
        dx, dy, dw, dh = maps[f"bbox_{stride}"][0, i]
        w, h = np.exp(dw) * stride, np.exp(dh) * stride
        x, y = (column + dx) * stride - w / 2, (row + dy) * stride - h / 2
        points = [
            (maps[f"kps_{stride}"][0, i, k] + (column, row)[k % 2]) * stride for k in range(10)
        ]
        found.append(np.array([x, y, w, h, *points, score], np.float32))
    return found


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_decoding_is_that_of_the_slow_twin(detector: YuNet, stride: int) -> None:
    rng = np.random.default_rng(stride)
    columns, rows = 10, 6
    maps = {
        f"{kind}_{stride}": rng.normal(0.5, 0.5, (1, columns * rows, depth)).astype(np.float32)
        for kind, depth in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
    }
    expected = _slow_decode(maps, stride, columns, 0.6)
    assert 5 < len(expected) < columns * rows
    np.testing.assert_allclose(
        detector._decode(maps, stride, columns, 0.6), np.array(expected), rtol=1e-4, atol=1e-3
    )


def test_absurd_outputs_stay_finite(detector: YuNet) -> None:
    maps = {f"{k}_8": np.full((1, 4, d), 1e30, np.float32) for k, d in (("cls", 1), ("obj", 1))}
    maps |= {f"{k}_8": np.full((1, 4, d), 1e3, np.float32) for k, d in (("bbox", 4), ("kps", 10))}
    assert np.isfinite(detector._decode(maps, 8, 2, 0.6)).all()


def _only(found: list[Detection]) -> Detection:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("photo", [astronaut, admiral])
@pytest.mark.parametrize("factor", [0.25, 0.5, 1.5, 2.5, 6])
def test_a_face_is_found_in_the_same_place_at_every_size(
    detector: YuNet, photo: type, factor: float
) -> None:
    image = photo()
    expected = _only(detector.detect(image))
    found = _only(detector.detect(resized(image, factor)))
    box = found.box
    back = Box(box.x / factor, box.y / factor, box.width / factor, box.height / factor)
    assert _iou(expected.box, back) > 0.6
    away = np.abs(found.landmarks / factor - expected.landmarks).max()
    assert away < 0.15 * expected.box.width
    assert found.score > 0.7


def test_large_and_small_faces_of_one_large_photograph_are_all_found(detector: YuNet) -> None:
    canvas = np.full((2400, 3200, 3), 90, np.uint8)
    big, small = resized(astronaut(), 4), resized(astronaut(), 0.8)
    canvas[200 : 200 + big.shape[0], : big.shape[1]] = big
    for place in (0, 420, 840, 1260, 1680):
        canvas[place : place + small.shape[0], 2300 : 2300 + small.shape[1]] = small
    found = detector.detect(canvas)
    assert len(found) == 6
    assert [f.box.area for f in found] == sorted((f.box.area for f in found), reverse=True)
    assert found[0].box.width > 4 * found[1].box.width


@pytest.mark.parametrize(("least", "faces"), [(60, 3), (100, 2), (160, 1)])
def test_at_a_glance_the_wanted_faces_are_found_as_in_the_whole(
    detector: YuNet, least: int, faces: int
) -> None:
    """Boxes and landmarks are measured at the same levels, so that they are the same."""
    canvas = np.full((1080, 1920, 3), 90, np.uint8)
    for photo, factor, left in ((astronaut, 2, 0), (admiral, 0.8, 1100), (astronaut, 0.7, 1500)):
        image = resized(photo(), factor)
        canvas[: image.shape[0], left : left + image.shape[1]] = image[:1080]
    whole = [each for each in detector.detect(canvas) if each.box.width >= least]
    found = [each for each in detector.detect(canvas, least=least) if each.box.width >= least]
    assert len(whole) == len(found) == faces
    for one, other in zip(whole, found, strict=True):
        assert _iou(one.box, other.box) > 0.95
        assert np.abs(one.landmarks - other.landmarks).max() < 0.02 * one.box.width


def test_landmarks_are_where_a_face_has_them(detector: YuNet) -> None:
    found = _only(detector.detect(astronaut()))
    right_eye, left_eye, nose, right_mouth, left_mouth = found.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


@pytest.mark.parametrize("shape", [(1, 1), (5, 2000), (2000, 5), (31, 33), (32, 32), (641, 7)])
def test_images_of_any_shape_are_looked_at(detector: YuNet, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert detector.detect(np.zeros((*shape, 3), np.uint8)) == []
    assert all(np.isfinite(each.landmarks).all() for each in detector.detect(noise))


def test_a_face_cut_by_the_border_is_found(detector: YuNet) -> None:
    whole = _only(detector.detect(astronaut())).box
    cut: RgbImage = np.ascontiguousarray(astronaut()[:, int(whole.x + whole.width / 4) :])
    assert _only(detector.detect(cut)).box.x < 5


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_the_box_of_a_cut_face_is_what_can_be_seen_of_it(detector: YuNet, side: str) -> None:
    whole = _only(detector.detect(astronaut())).box
    quarter, left, top = int(whole.width / 4), int(whole.x), int(whole.y)
    right, bottom = int(whole.x + whole.width), int(whole.y + whole.height)
    cut: dict[str, Any] = {
        "left": np.s_[:, left + quarter :],
        "top": np.s_[top + quarter :],
        "right": np.s_[:, : right - quarter],
        "bottom": np.s_[: bottom - quarter],
    }
    image = np.ascontiguousarray(astronaut()[cut[side]])
    box = _only(detector.detect(image)).box
    assert box == box.within(image.shape[1], image.shape[0])
    edge = {"left": box.x, "top": box.y}
    edge["right"] = image.shape[1] - box.x - box.width
    edge["bottom"] = image.shape[0] - box.y - box.height
    assert edge[side] == pytest.approx(0, abs=3)


@pytest.mark.parametrize("photo", [astronaut, admiral])
@pytest.mark.parametrize("margin", [0.55, 0.65, 0.8])
@pytest.mark.parametrize("width", [1000, 1500])
def test_a_close_up_is_one_face(detector: YuNet, photo: type, margin: float, width: int) -> None:
    image = photo()
    box = _only(detector.detect(image)).box
    enlarged, place = close_up(image, box, margin=margin, width=width)
    assert _iou(_only(detector.detect(enlarged)).box, place) > 0.6


@pytest.mark.data
def test_close_ups_of_many_people_are_one_face_each(detector: YuNet, photos: Path) -> None:
    files = sorted((photos / "lfw-devtrain").glob("*/*_0001.jpg"))
    chosen = np.random.default_rng(4).permutation(len(files))
    seen = 0
    for file in (files[i] for i in chosen):
        image = decode_image(file.read_bytes(), ImageLimits(1 << 20, 1 << 20))
        found = detector.detect(image)
        if len(found) != 1 or found[0].score < 0.85:
            continue
        enlarged, place = close_up(image, found[0].box, margin=0.6, width=1000)
        inside = [
            each.box
            for each in detector.detect(enlarged)
            if _share_inside(each.box, place) > 0.5 and _iou(each.box, place) < 0.4
        ]
        assert not inside, file.name
        seen += 1
        if seen == 24:
            break
    assert seen == 24


def _share_inside(box: Box, other: Box) -> float:
    """How much of ``box`` lies in ``other``."""
    both = _iou(box, other)
    return both * (box.area + other.area) / (1 + both) / box.area


@pytest.mark.parametrize(
    ("across", "down"),
    [(0.5, 1.15), (0.3, 1.05), (0.0, 0.8), (1.05, 0.75), (-0.2, 1.1), (1.25, 1.1)],
    ids=["chin", "chin-left", "cheek", "other-cheek", "shoulder", "other-shoulder"],
)
@pytest.mark.parametrize(("share", "width"), [(0.35, 1000), (0.5, 1000), (0.65, 700)])
def test_a_child_before_an_adult_stays_two(
    detector: YuNet, across: float, down: float, share: float, width: int
) -> None:
    adult, child = admiral(), astronaut()
    image, places = before(
        (adult, _only(detector.detect(adult)).box),
        (child, _only(detector.detect(child)).box),
        at=(across, down),
        share=share,
        width=width,
    )
    found = [each.box for each in detector.detect(image)]
    assert len(found) == 2
    assert all(max(_iou(box, place) for box in found) > 0.5 for place in places)
