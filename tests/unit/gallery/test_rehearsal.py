"""A rehearsal of a large folder keeps little of each photo."""

import gc
import tracemalloc
from pathlib import Path

from app.analysis import build_analyser, build_enroller
from app.bundles.bundle import Bundle
from app.gallery.enrolment import ImageFile
from app.gallery.people_by_name import Outcome, Rehearsal, enrol_photo
from app.settings import SHIPPED, Settings
from tests.support.pictures import encoded
from tests.unit.inference.faces import astronaut

PHOTOS = 8


def test_no_pixels_of_a_photo_are_kept(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, model=SHIPPED / "face-mini")
    enroller = build_enroller(build_analyser(Bundle.load(settings.bundle_dir), settings), settings)
    people = Rehearsal(enroller, None)

    def enrolled(number: int) -> Outcome:
        pixels = astronaut().copy()
        pixels[0, 0] = number
        return enrol_photo(people, f"person {number}", ImageFile(None, encoded(pixels)))

    assert enrolled(0).what == "enrolled"
    tracemalloc.start()
    try:
        for number in range(1, 1 + PHOTOS):
            assert enrolled(number).what == "enrolled"
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < PHOTOS * 10_000
    finally:
        tracemalloc.stop()
