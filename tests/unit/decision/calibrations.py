"""Calibrations and rates made up by Hypothesis: any falling rate, any mean and deviation."""

import numpy as np
from hypothesis import strategies as st

from app.decision.calibration import Calibration
from app.decision.cohort import Cohort
from app.decision.impostor_tail import ImpostorTail
from app.decision.rates import GallerySize, ProbeRates
from app.decision.standardise import Norms, Weight
from tests.support.fake_bundle import random_people

steps = st.floats(0.01, 1.5)
falls = st.floats(0, 4)


@st.composite
def tails(draw: st.DrawFn) -> ImpostorTail:
    rises = draw(st.lists(st.tuples(steps, falls), min_size=2, max_size=12))
    z = -4 + np.cumsum([rise for rise, _ in rises])
    log_fmr = -np.cumsum([fall for _, fall in rises])
    spread = np.full(len(rises), draw(st.floats(0, 1)))
    return ImpostorTail(z, log_fmr, spread, draw(st.floats(1e-7, 0.5)))


@st.composite
def norms(draw: st.DrawFn) -> Norms:
    persons, deviation = draw(st.integers(1, 100_000)), draw(st.floats(0.02, 0.4))
    weight = draw(st.sampled_from([Weight(3.0, 20.0), Weight(1.0, 20.0), Weight(5.0, 5.0)]))
    return Norms(
        float(persons),
        np.array([draw(st.floats(-0.2, 0.5))]),
        np.array([deviation**2 * (weight.spread + persons)]),
        weight,
        inside=draw(st.booleans()),
    )


@st.composite
def calibrations(draw: st.DrawFn, *, dimension: int = 8) -> Calibration:
    people = random_people(60, dimension, seed=draw(st.integers(0, 99)))
    people[:, 0] += draw(st.floats(0, 1))
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    return Calibration(
        Cohort.of(people).spread,
        draw(tails()),
        mated_similarity=draw(st.floats(0.1, 1)),
        ambiguity_margin=draw(st.floats(0, 0.2)),
        evidence={"data": "made up"},
    )


sizes = st.builds(GallerySize, st.integers(1, 20_000), st.integers(1, 60_000))
rates = st.builds(
    ProbeRates, norms(), tails(), st.integers(1, 20_000), st.sampled_from([1.0, 1.0, 3.0, 100.0])
)
targets = st.floats(1e-6, 0.5)
similarities = st.floats(-1, 1)
