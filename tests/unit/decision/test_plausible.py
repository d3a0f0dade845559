"""One wrong number in a calibration is refused by its name, or nobody is named for it."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from app.bundles.recipe import CAMERAS, PLAIN
from app.decision.calibration import Calibration, GallerySize
from app.decision.moments import measure_moments
from app.decision.plausible import check_plausible
from app.errors import BundleError
from app.settings import SHIPPED
from tests.support.fake_bundle import fake_calibration

Content = dict[str, Any]
DIMENSION: Final = 128
REAL: Final = (SHIPPED / "face-mini", PLAIN, CAMERAS)
SIZES: Final = [GallerySize({1: n}) for n in (1, 100, 100_000)] + [GallerySize({5: 1000})]


def content_of(folder: Path) -> Content:
    return dict(json.loads((folder / "calibration.json").read_text(encoding="utf-8")))


def checked(content: Content) -> Calibration:
    calibration = Calibration.from_dict(content)
    check_plausible(calibration, dimension=DIMENSION)
    return calibration


def numbers_of(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each number that decides is; the evidence is for people to read."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name != "evidence":
                yield from numbers_of(each, (*path, name))
    elif isinstance(value, list):
        for i in (0, 1, len(value) // 2, len(value) - 2, len(value) - 1):
            yield from numbers_of(value[i], (*path, i))
    else:
        yield path


def outcome(content: Content) -> tuple[Calibration | None, str]:
    """What is loaded, or why nothing is."""
    try:
        return checked(content), ""
    except (BundleError, ValueError) as error:
        return None, str(error)


CHANGES: Final[list[Callable[[Any], Any]]] = [
    lambda x: -x,
    lambda x: x * 10,
    lambda x: x * 0.1,
    lambda x: x + 0.05,
    lambda x: x * 1.5,
    lambda _: 0,
    lambda _: 1,
    lambda _: -1,
    lambda _: float("nan"),
    lambda _: float("inf"),
    lambda _: -float("inf"),
    lambda _: 1e308,
    lambda _: -1e308,
    lambda _: 10**400,
    lambda x: str(x),
    lambda _: None,
    lambda _: True,
    lambda x: [x],
    lambda _: {},
]


@pytest.mark.parametrize("folder", REAL, ids=lambda each: each.name)
@pytest.mark.filterwarnings("error")
def test_any_one_number_that_was_changed_is_refused_or_lets_no_stranger_in(folder: Path) -> None:
    whole = content_of(folder)
    right = checked(whole)
    least = right.moments.mean + right.moments.deviation
    refused = loaded = 0
    for path in numbers_of(whole):
        for change in CHANGES:
            content = copy.deepcopy(whole)
            holder: Any = content
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = change(holder[path[-1]])
            calibration, refusal = outcome(content)
            if calibration is None:
                refused += 1
                assert str(path[0] if len(path) == 1 else path[1]) in refusal, (path, refusal)
                continue
            loaded += 1
            found = [calibration.threshold(0.01, size) for size in SIZES]
            assert all(least <= each.similarity <= 1.001 for each in found), (path, found)
            assert np.isfinite([each.interval for each in found]).all()
    assert refused > 3 * loaded


COLUMNS: Final[dict[str, tuple[Callable[[Content], object], str]]] = {
    "every rate a tenth as rare": (
        lambda c: c["shape"].update(log_fmr=[x / 10 for x in c["shape"]["log_fmr"]]),
        "standardised",
    ),
    "every rate far rarer": (
        lambda c: c["shape"].update(log_fmr=[x * 10 for x in c["shape"]["log_fmr"]]),
        "standardised",
    ),
    "every deviation a tenth": (
        lambda c: c["shape"].update(deviations=[x / 10 for x in c["shape"]["deviations"]]),
        "standardised",
    ),
    "the deviations moved": (
        lambda c: c["shape"].update(deviations=[x - 1 for x in c["shape"]["deviations"]]),
        "standardised",
    ),
    "nobody measured": (lambda c: c["evidence"].update(identities=0), "evidence.identities is 0"),
    "people in words": (lambda c: c["evidence"].update(identities="many"), "is 'many'"),
    "a mean below nothing": (lambda c: c["moments"].update(mean=-0.1), "moments.mean is -0.1"),
    "a wide deviation": (lambda c: c["moments"].update(deviation=0.9), "moments.deviation is 0.9"),
    "a narrow one": (
        lambda c: c["moments"].update(deviation=0.02),
        "moments.deviation is 0.02; with the mean 0.10158, in 128 dimensions, 0.0",
    ),
    "a coherence of strangers": (
        lambda c: c["moments"].update(coherence=0.1),
        "moments.coherence is 0.1",
    ),
    "noise that hides all": (lambda c: c.update(ambiguity_margin=0.3), "ambiguity_margin is 0.3"),
}


@pytest.mark.parametrize(("change", "says"), COLUMNS.values(), ids=COLUMNS.keys())
def test_what_no_faces_can_have_is_refused_by_name(
    change: Callable[[Content], object], says: str
) -> None:
    content = content_of(CAMERAS)
    change(content)
    with pytest.raises(ValueError, match=says):
        checked(content)


def test_what_is_made_up_for_a_test_needs_a_threshold_that_can_be_reached_and_no_more() -> None:
    check_plausible(Calibration.from_dict(fake_calibration()), dimension=4)
    content = fake_calibration()
    content["moments"].update(deviation=0.025)
    with pytest.raises(ValueError, match=r"deviation is 0\.025; .* 0.0442 or more"):
        check_plausible(Calibration.from_dict(content), dimension=32)
    content = fake_calibration()
    content["shape"].update(log_fmr=[-9.0, -9.1, -9.2, -9.3, -9.4])
    with pytest.raises(ValueError, match="log_fmr leads to the threshold -1"):
        check_plausible(Calibration.from_dict(content), dimension=4)


@pytest.mark.parametrize("pull", [0.0, 0.5, 3.0])
@pytest.mark.parametrize(("people", "dimension"), [(60, 8), (400, 128), (1000, 16)])
def test_no_embeddings_have_moments_below_the_bounds(
    people: int, dimension: int, pull: float
) -> None:
    """However they are drawn: evenly, or towards one direction; two images a person."""
    rng = np.random.default_rng(people)
    centres = rng.normal(size=(people, dimension)) + pull * np.eye(dimension)[0]
    rows = np.repeat(centres, 2, axis=0) + 0.3 * rng.normal(size=(2 * people, dimension))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    moments = measure_moments(rows.astype(np.float32), np.repeat(np.arange(people), 2))
    assert moments.mean > -1 / (people - 1)
    assert moments.deviation**2 > (1 - moments.mean) ** 2 / dimension - 2 / people
    assert moments.coherence > moments.mean
