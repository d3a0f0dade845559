"""An evaluation names whom the service names, where faces cannot be recognised."""

import numpy as np
import pytest

from app.decision.cohort import Cohort
from app.decision.fusion import fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.evaluation.bursts import Bursts, evaluate_bursts
from app.evaluation.trials import leave_one_out
from tests.unit.decision.spoilt import DIMENSION, calibration, faces
from tests.unit.evaluation.galleries import of_people

TARGET = 0.01


@pytest.mark.parametrize("knows_spoilt", [True, False])
def test_strangers_are_named_as_often_as_by_the_service(*, knows_spoilt: bool) -> None:
    some = faces()
    spoilt = some.spoilt[some.kinds == "kind 1"][100:106]
    vectors = np.concatenate([some.whole[:40], some.whole[:40], spoilt])
    owners = [*range(40), *range(40), *range(40, 46)]
    of, bundle = of_people(vectors, owners), calibration(knows_spoilt=knows_spoilt)
    size = GallerySize(46, 86)
    rates = GalleryRates(bundle, of.cohort, size)
    found, _ = leave_one_out(of, rates, lambda _: None)
    named = found.best >= rates.typical.limit(TARGET)
    for probe in range(len(vectors)):
        others = np.flatnonzero(of.owners != of.owners[probe])
        fused = fuse_persons(vectors[others], of.owners[others])
        alike = fused.vectors @ vectors[probe]
        order = np.argsort(-alike)
        nearest = alike[order].tolist()
        service = GalleryRates(bundle, Cohort.of(fused.vectors), size)
        own = service.of(vectors[probe : probe + 1])[0].unmasked(nearest, TARGET)
        standing = own.standing(nearest, [fused.vectors[row] for row in order])
        assert named[probe] == (max(standing.stands) >= own.limit(TARGET)), probe
    assert named[80:].sum() == (0 if knows_spoilt else 6)
    assert not named[:80].any()


@pytest.mark.parametrize("knows_spoilt", [True, False])
def test_bursts_of_strangers_who_are_spoilt_alike_name_nobody(*, knows_spoilt: bool) -> None:
    some, rng = faces(), np.random.default_rng(3)
    alike = some.spoilt[some.kinds == "kind 1"]
    templates = np.concatenate([some.whole[:40], alike[100:104]])
    stills = np.concatenate([some.whole[:40], alike[100:104], alike[104:124]])
    frames = np.repeat(stills, 3, axis=0) + 0.02 * rng.normal(size=(3 * len(stills), DIMENSION))
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    bursts = Bursts(
        templates=templates,
        owners=np.arange(44),
        frames=frames.astype(np.float32),
        subjects=np.repeat(np.arange(64), 3),
        people=[f"p{number}" for number in range(64)],
        offered=len(frames),
        without=0,
    )
    found = evaluate_bursts(bursts, calibration(knows_spoilt=knows_spoilt), frames=3, seed=0)
    point = next(each for each in found.operating_points if each.target == TARGET)
    events = {result.rule: result.fpir.events for result in point.rules}
    assert (events["mean"] == 0) is knows_spoilt, events
    assert (events["single_frame"] <= 1) is knows_spoilt, events
