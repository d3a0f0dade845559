"""The values of answers lie within the bounds of their schemas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SystemClock
from app.gallery.models import Face
from app.gallery.views import box_view, face_view, limit_view, similarity_view
from app.vision.types import Box

EDGES = st.floats(-500, 1500)


@given(EDGES, EDGES, st.floats(1, 900), st.floats(1, 900), st.integers(1, 900), st.integers(1, 900))
def test_a_box_within_an_image_stays_within_it_in_whole_pixels(
    x: float, y: float, width: float, height: float, columns: int, rows: int
) -> None:
    seen = Box(x, y, width, height).within(columns, rows)
    if min(seen.width, seen.height) < 1:
        return
    shown = box_view(seen)
    assert shown.x + shown.width <= columns
    assert shown.y + shown.height <= rows
    assert abs(shown.x - seen.x) <= 0.5
    assert abs(shown.x + shown.width - seen.x - seen.width) <= 1


def test_a_face_enrolled_with_a_box_beyond_the_border_is_still_shown() -> None:
    row = Face(
        number=1,
        image_sha256="0" * 64,
        box={"x": -12, "y": -3, "width": 100, "height": 120},
        turned_degrees=0,
        detection_score=0.9,
        quality={},
        contract_id="c",
        created_at=SystemClock().now(),
    )
    shown = face_view(row, "ada").box
    assert (shown.x, shown.y, shown.width, shown.height) == (0, 0, 88, 117)


@pytest.mark.parametrize("cosine", [np.float32(1.0000001), 1.001, 1.0])
def test_a_cosine_is_never_shown_above_one(cosine: float) -> None:
    assert similarity_view(float(cosine)) == 1.0
    assert similarity_view(-float(cosine)) == -1.0


def test_a_threshold_that_nobody_reaches_is_shown_above_one() -> None:
    assert limit_view(1.001) == 1.001
    assert limit_view(-1.5) == -1.0
