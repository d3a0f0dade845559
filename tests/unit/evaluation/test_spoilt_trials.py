"""An evaluation names whom the service names, where faces cannot be recognised."""

import numpy as np
import pytest

from app.decision.cohort import Cohort
from app.decision.fusion import fuse_persons
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.evaluation.trials import leave_one_out
from tests.unit.decision.spoilt import calibration, faces
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
