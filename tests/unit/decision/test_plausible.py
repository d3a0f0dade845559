"""One wrong number in a calibration is refused by its name, or nobody is named for it."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from app.bundles.recipe import CAMERAS, PLAIN
from app.decision.calibration import Calibration
from app.decision.calibration_file import from_json, to_json
from app.decision.cohort import Cohort
from app.decision.fit import fit, mated_similarity
from app.decision.fusion import fuse_persons
from app.decision.plausible import check_plausible
from app.decision.rates import Threshold
from app.errors import BundleError
from app.settings import SHIPPED
from tests.support.fake_bundle import fake_calibration, former_calibration
from tests.unit.decision.people import people

Content = dict[str, Any]
SHIPPED_ONES: Final = (SHIPPED / "face-mini", CAMERAS, PLAIN)
SIZES: Final = (1, 100, 100_000)


def content_of(folder: Path) -> Content:
    return dict(json.loads((folder / "calibration.json").read_text(encoding="utf-8")))


@cache
def made() -> str:
    vectors, labels = people(300, 2)
    return json.dumps(to_json(fit(vectors, labels, contract_id="c", data="d", margin=0.03)))


def whole_of(name: str) -> tuple[Content, int]:
    """A calibration that is right, and the dimension of its embeddings."""
    if name == "made":
        return json.loads(made()), 64
    if name == "former":
        return former_calibration() | {"evidence": {}}, 32
    return content_of(next(each for each in SHIPPED_ONES if each.name == name)), 128


def checked(content: Content, dimension: int = 128) -> Calibration:
    calibration = from_json(content)
    check_plausible(calibration, dimension=dimension)
    return calibration


def thresholds(calibration: Calibration) -> list[Threshold]:
    """Those of a typical face among people like the calibration's."""
    typical = calibration.typical_rates
    return [replace(typical, persons=persons).threshold(0.01) for persons in SIZES]


def numbers_of(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each number that decides; the evidence is for people to read."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name != "evidence":
                yield from numbers_of(each, (*path, name))
    elif isinstance(value, list):
        for i in (0, 1, len(value) // 2, len(value) - 2, len(value) - 1):
            yield from numbers_of(value[i], (*path, i))
    elif not isinstance(value, str):
        yield path


def outcome(content: Content, dimension: int) -> tuple[Calibration | None, str]:
    """The calibration that is loaded, or the reason why none is."""
    try:
        return checked(content, dimension), ""
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


@pytest.mark.parametrize("name", ["made", *(each.name for each in SHIPPED_ONES)])
@pytest.mark.filterwarnings("error")
def test_any_one_number_that_was_changed_is_refused_or_lets_no_stranger_in(name: str) -> None:
    whole, dimension = whole_of(name)
    right = checked(whole, dimension)
    least = right.typical.mean + right.typical.deviation - 1e-3
    refused = loaded = 0
    for path in numbers_of(whole):
        for change in CHANGES:
            content = copy.deepcopy(whole)
            holder: Any = content
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = change(holder[path[-1]])
            calibration, refusal = outcome(content, dimension)
            if calibration is None:
                refused += 1
                assert any(name in refusal for name in _names(path)), (path, refusal)
                continue
            loaded += 1
            found = thresholds(calibration)
            assert all(each.similarity >= least for each in found), (path, found)
            assert np.isfinite([each.interval for each in found]).all()
    assert refused > 3 * loaded


def _names(path: tuple[Any, ...]) -> tuple[str, ...]:
    """The names of a number, one of which its error has; the former format has a name of its own
    for one."""
    name = str(path[0] if len(path) == 1 else path[1])
    return {"coherence": ("coherence", "mated_similarity")}.get(name, (name,))


TAIL: Final[dict[str, Callable[[list[float], list[float]], tuple[list[float], list[float]]]]] = {
    "every rate a tenth as rare": lambda z, rate: (z, [x / 10 for x in rate]),
    "every rate far rarer": lambda z, rate: (z, [x * 10 for x in rate]),
    "every score a tenth": lambda z, rate: ([x / 10 for x in z], rate),
    "the scores moved": lambda z, rate: ([x - 1 for x in z], rate),
}


@pytest.mark.parametrize("change", TAIL.values(), ids=TAIL)
@pytest.mark.parametrize("name", ["made", "face"])
def test_a_tail_that_is_not_of_standardised_scores_is_refused(
    name: str, change: Callable[[list[float], list[float]], tuple[list[float], list[float]]]
) -> None:
    content, dimension = whole_of(name)
    tail = content["tail"]
    tail["z"], tail["log_fmr"] = change(tail["z"], tail["log_fmr"])
    with pytest.raises(ValueError, match="standardised ones have 0 and 1"):
        checked(content, dimension)


PRESENT: Final[dict[str, tuple[Callable[[Content], object], str]]] = {
    "nobody measured": (lambda c: c["evidence"].update(identities=0), "evidence.identities is 0"),
    "people in words": (lambda c: c["evidence"].update(identities="many"), "is 'many'"),
    "noise that hides all": (lambda c: c.update(ambiguity_margin=0.6), "ambiguity_margin is 0.6"),
    "strangers who are less than unlike": (
        lambda c: c["strangers"].update(mean=-0.1),
        "two strangers is -0.1",
    ),
    "strangers who are all over": (
        lambda c: c["strangers"].update(deviation=0.9),
        "their deviation 0.9: no similarity is high enough",
    ),
    "strangers who are all alike": (
        lambda c: c["strangers"].update(deviation=0.05),
        r"similarities is 0\.05; with their mean",
    ),
}
FORMER: Final[dict[str, tuple[Callable[[Content], object], str]]] = {
    "a mean below nothing": (lambda c: c["moments"].update(mean=-0.1), "two strangers is -0.1"),
    "a wide deviation": (
        lambda c: c["moments"].update(deviation=0.9),
        "their deviation 0.9: no similarity is high enough",
    ),
    "a narrow one": (
        lambda c: c["moments"].update(deviation=0.025),
        r"similarities is 0\.025; with their mean, 0, in 32 dimensions, 0\.0442 or more",
    ),
    "mates who are strangers": (
        lambda c: c["moments"].update(mean=0.2, coherence=0.1),
        "mated_similarity is 0.1",
    ),
    "noise that hides all": (lambda c: c.update(ambiguity_margin=0.6), "ambiguity_margin is 0.6"),
    "nobody is rare": (
        lambda c: c["shape"].update(log_fmr=[-9.0, -9.1, -9.2, -9.3, -9.4]),
        "tail.log_fmr leads to the threshold -",
    ),
}


@pytest.mark.parametrize(("change", "says"), PRESENT.values(), ids=PRESENT)
def test_what_no_faces_can_have_is_refused(change: Callable[[Content], object], says: str) -> None:
    content, dimension = whole_of("made")
    change(content)
    with pytest.raises(ValueError, match=says):
        checked(content, dimension)


@pytest.mark.parametrize(("change", "says"), FORMER.values(), ids=FORMER)
def test_what_no_faces_can_have_is_refused_in_the_former_format_too(
    change: Callable[[Content], object], says: str
) -> None:
    content, dimension = whole_of("former")
    change(content)
    with pytest.raises(ValueError, match=says):
        checked(content, dimension)


def test_what_is_made_up_for_a_test_needs_a_threshold_that_can_be_reached_and_no_more() -> None:
    checked(fake_calibration(), 32)
    checked(former_calibration(), 4)


@pytest.mark.parametrize("pull", [0.0, 0.5, 3.0])
@pytest.mark.parametrize(("persons", "dimension"), [(60, 8), (400, 128), (1000, 16)])
def test_no_embeddings_have_moments_below_the_bounds(
    persons: int, dimension: int, pull: float
) -> None:
    """However they are drawn: evenly, or towards one direction; two images a person."""
    rng = np.random.default_rng(persons)
    centres = rng.normal(size=(persons, dimension)) + pull * np.eye(dimension)[0]
    rows = np.repeat(centres, 2, axis=0) + 0.3 * rng.normal(size=(2 * persons, dimension))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    vectors, owners = rows.astype(np.float32), np.repeat(np.arange(persons), 2)
    spread = Cohort.of(fuse_persons(vectors, owners).vectors).spread
    assert spread.mean > -1 / (persons - 1) - 1e-6
    assert spread.deviation**2 > (1 - spread.mean) ** 2 / dimension - 2 / persons
    assert mated_similarity(vectors, owners) > spread.mean
