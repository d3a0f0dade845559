"""Calibrations made up by Hypothesis: any falling rate, any moments."""

import numpy as np
from hypothesis import strategies as st

from app.decision.calibration import Calibration, GallerySize
from app.decision.moments import Moments
from app.decision.shape import ScoreShape

steps = st.floats(0.01, 1.5)
falls = st.floats(0, 4)


@st.composite
def shapes(draw: st.DrawFn) -> ScoreShape:
    rises = draw(st.lists(st.tuples(steps, falls), min_size=2, max_size=12))
    deviations = -4 + np.cumsum([rise for rise, _ in rises])
    log_fmr = -np.cumsum([fall for _, fall in rises])
    spread = np.full(len(rises), draw(st.floats(0, 1)))
    return ScoreShape(deviations, log_fmr, spread, draw(st.floats(1e-7, 0.5)))


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    moments = Moments(
        draw(st.floats(-0.2, 0.5)), draw(st.floats(0.02, 0.4)), draw(st.floats(0.1, 1))
    )
    return Calibration(moments, draw(shapes()), draw(st.floats(0, 0.2)), {"data": "made up"})


sizes = st.dictionaries(st.integers(1, 30), st.integers(1, 20_000), min_size=1, max_size=5).map(
    GallerySize
)
targets = st.floats(1e-6, 0.5)
similarities = st.floats(-1, 1)
