"""Which face is meant, by every rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inference.pipeline import Sample, Scene
from app.inference.subject import Subject, find_subject
from app.inference.upright import turned
from app.vision.types import Box

_CROP = np.zeros((112, 112, 3), np.uint8)
SIDES = st.floats(1, 400)
BOXES = st.builds(Box, st.floats(-50, 450), st.floats(-50, 450), SIDES, SIDES)


def _sample(box: Box) -> Sample:
    return Sample(box, np.zeros((5, 2), np.float32), 0.9, None, _CROP)


def _scene(*boxes: Box) -> Scene:
    samples = [_sample(box) for box in boxes]
    return Scene(640, 480, sorted(samples, key=lambda each: each.box.area, reverse=True))


def _found(scene: Scene, subject: Subject) -> Box | str:
    found = find_subject(scene, subject)
    return found if isinstance(found, str) else found.box


LARGE, SMALL = Box(20, 20, 100, 130), Box(280, 180, 60, 80)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("only", LARGE),  # 0.6 of the largest is no rival
        ("largest", LARGE),
        ("central", SMALL),
        ("main", SMALL),
        (Box(270, 170, 80, 100), SMALL),
        (Box(0, 0, 150, 180), LARGE),
        (Box(400, 300, 60, 80), "no_face"),
        (Box(0, 0, 640, 480), "no_face"),
    ],
)
def test_the_rule_decides(subject: Subject, expected: Box | str) -> None:
    assert _found(_scene(SMALL, LARGE), subject) == expected


@pytest.mark.parametrize("subject", ["only", "largest", "central", "main", Box(0, 0, 9, 9)])
def test_where_there_is_no_face_none_is_taken(subject: Subject) -> None:
    assert _found(_scene(), subject) == "no_face"


@pytest.mark.parametrize(("width", "expected"), [(69, LARGE), (70, "multiple_faces")])
def test_a_rival_of_seven_tenths_leaves_no_only_face(width: int, expected: Box | str) -> None:
    assert _found(_scene(LARGE, Box(300, 20, width, 90)), "only") == expected
    assert _found(_scene(LARGE, Box(300, 20, width, 90)), "largest") == LARGE


def test_of_two_equally_central_faces_the_larger_is_taken() -> None:
    left, right = Box(100, 200, 80, 80), Box(440, 180, 120, 120)
    left = Box(640 - 500 - 40, 240 - 40, 80, 80)  # its middle as far left as the other's is right
    assert _found(_scene(left, right), "central") == right


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([Box(0, 0, 90, 120), Box(280, 190, 70, 90)], 1),  # a passer-by in the corner
        ([Box(550, 100, 90, 280), Box(260, 170, 120, 150)], 1),  # one whom the border cuts
        ([Box(20, 20, 200, 260), Box(300, 220, 40, 50)], 0),  # one far behind, in the very middle
        ([Box(60, 150, 140, 180), Box(440, 150, 130, 170)], 0),  # two side by side
        ([Box(100, 140, 150, 200), Box(390, 140, 150, 200)], 0),  # equals: the one that comes first
    ],
)
def test_the_main_face_is_large_and_near_the_middle(boxes: list[Box], expected: int) -> None:
    assert _found(_scene(*boxes), "main") == boxes[expected]


@given(st.lists(BOXES, min_size=1, max_size=6))
def test_no_face_is_larger_and_nearer_to_the_middle_than_the_main_one(boxes: list[Box]) -> None:
    inside = [part for box in boxes if (part := box.within(640, 480)).width > 0 < part.height]
    main = _found(_scene(*inside), "main")
    if isinstance(main, str):
        assert not inside
        return
    for box in inside:
        assert box.area <= main.area or _away(box) >= _away(main) - 1e-9


def _away(box: Box) -> float:
    return float(np.hypot(box.x + box.width / 2 - 320, box.y + box.height / 2 - 240))


@given(st.lists(BOXES, min_size=1, max_size=6), st.sampled_from([0.5, 2, 8]))
def test_the_main_face_is_the_same_at_every_size_of_the_picture(
    boxes: list[Box], factor: float
) -> None:
    samples = sorted(map(_sample, boxes), key=lambda each: each.box.area, reverse=True)
    larger = [
        _sample(Box(*(side * factor for side in (box.x, box.y, box.width, box.height))))
        for box in (sample.box for sample in samples)
    ]
    main = find_subject(Scene(640, 480, samples), "main")
    again = find_subject(Scene(round(640 * factor), round(480 * factor), larger), "main")
    assert [each is main for each in samples] == [each is again for each in larger]


def test_a_box_around_two_faces_is_neither() -> None:
    scene = _scene(Box(100, 100, 80, 100), Box(300, 100, 80, 100))
    assert _found(scene, Box(90, 90, 300, 120)) == "no_face"


def test_a_box_nearly_as_large_as_the_image_still_means_the_face_that_fills_it() -> None:
    assert _found(_scene(Box(100, 50, 430, 400)), Box(0, 0, 640, 480)) == Box(100, 50, 430, 400)


@given(BOXES, BOXES)
def test_overlap_is_the_same_both_ways_and_a_share(one: Box, other: Box) -> None:
    assert 0 <= one.overlap(other) <= 1 + 1e-9
    assert one.overlap(other) == pytest.approx(other.overlap(one))
    assert one.overlap(one) == pytest.approx(1)


@given(BOXES)
def test_what_is_within_the_image_stays_and_nothing_grows(box: Box) -> None:
    part = box.within(400, 300)
    assert part.x >= 0
    assert part.y >= 0
    assert part.x + part.width <= 400 + 1e-9
    assert part.y + part.height <= 300 + 1e-9
    assert part.width <= box.width + 1e-9
    assert part.height <= box.height + 1e-9


@given(st.lists(BOXES, max_size=6), BOXES)
def test_the_face_in_a_box_is_the_one_that_overlaps_it_most(boxes: list[Box], asked: Box) -> None:
    found = _found(_scene(*boxes), asked)
    best = max((asked.overlap(box) for box in boxes), default=0.0)
    if isinstance(found, str):
        assert best < 0.3
    else:
        assert asked.overlap(found) == best >= 0.3


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_box_is_turned_with_its_image(degrees: int) -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    image[5:15, 20:50] = 255
    rows, columns = np.nonzero(turned(image, degrees)[..., 0])
    left, top = columns.min(), rows.min()
    there = Box(left, top, columns.max() + 1 - left, rows.max() + 1 - top)
    assert Box(20, 5, 30, 10).turned(degrees, 60, 40) == there


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_box_means_the_face_where_the_image_was_sent(degrees: int) -> None:
    face, other = Box(100, 50, 80, 100), Box(400, 300, 80, 100)
    scene = replace(_scene(face, other), turned_degrees=degrees)
    sizes = (480, 640) if degrees % 180 else (640, 480)
    sent = face.turned(360 - degrees, 640, 480)
    assert sent.within(*sizes) == sent
    assert _found(scene, sent) == face
