"""Each number of a shipped calibration, somewhat off, of the other sign, or zero: it is refused, or
it is known here why it does no harm, or why the file alone cannot show it.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from app.decision.calibration import Calibration
from tests.unit.decision.test_plausible import SHIPPED_ONES, content_of, outcome, whole_of

CHANGES: Final[dict[str, Callable[[Any], Any]]] = {
    "x 0.8": lambda x: x * 0.8,
    "x 1.25": lambda x: x * 1.25,
    "sign": lambda x: -x,
    "zero": lambda _: 0,
}
HARMLESS: Final = {
    "ambiguity_margin": "no stranger is named by it: it says when two people are too close",
    "mated_similarity": "it says only which lookalikes are called probable duplicates",
    "evidence.images": "for people to read",
    "evidence.image_pairs": "for people to read",
    "evidence.pair_threshold.threshold": "for people to read",
    "evidence.pair_threshold.slope": "for people to read",
    "tail.z": "scores about 0, which most strangers reach, and the first and the last",
    "tail.log_fmr": "the rates of the first and the last score: all strangers, and one in 10^12",
    "tail.log_spread": "the error of the last",
}
ONLY_BY_SHA_256: Final = {
    "strangers.mean",
    "strangers.deviation",
    "recognisability.bias",
    "recognisability.whole_bias",
}
"""How alike people are, and how many faces count as whole, is said by nothing else in the file, and
these are possible for faces.
"""


def numbers_of(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from numbers_of(each, (*path, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from numbers_of(each, (*path, place))
    elif isinstance(value, int | float):
        yield path


def worst_rate(right: Calibration, changed: Calibration) -> float:
    """How many times as often as stated strangers reach the thresholds of ``changed``."""
    both = [
        (replace(right.typical_rates, persons=n), replace(changed.typical_rates, persons=n))
        for n in (1, 100, 10_000)
    ]
    return max(
        one.fpir(other.limit(target)) / target
        for one, other in both
        for target in (0.05, 0.01, 0.001)
    )


@pytest.mark.parametrize("name", [each.name for each in SHIPPED_ONES])
def test_a_number_that_is_somewhat_off_is_refused_or_known_to_do_no_harm(name: str) -> None:
    whole, dimension = whole_of(name)
    right, _ = outcome(whole, dimension)
    assert right is not None
    refused, survived = 0, defaultdict[str, int](int)
    for path in numbers_of(whole):
        for change in CHANGES.values():
            content: Any = copy.deepcopy(whole)
            holder = content
            for step in path[:-1]:
                holder = holder[step]
            was, kind = holder[path[-1]], type(holder[path[-1]])
            holder[path[-1]] = kind(change(was))
            if holder[path[-1]] == was:
                continue
            calibration, _ = outcome(content, dimension)
            if calibration is None:
                refused += 1
                continue
            where = ".".join(step for step in path if isinstance(step, str))
            survived[where] += 1
            if where not in ONLY_BY_SHA_256:
                assert worst_rate(right, calibration) < 1.01, path
    assert survived.keys() <= HARMLESS.keys() | ONLY_BY_SHA_256
    assert sum(survived.values()) < refused / 38, (survived, refused)


SUPPORT: Final[dict[str, tuple[Callable[[dict[str, Any]], object], str]]] = {
    "people whom nobody counted": (
        lambda c: c["strangers"].update(persons=900),
        "strangers.persons is 900, and evidence.identities",
    ),
    "a rate that nobody can support": (
        lambda c: c["tail"].update(supported_fmr=1e-6),
        "tail.supported_fmr is 1e-06; 0.0001853",
    ),
    "a rate that is said to be another": (
        lambda c: c["evidence"].update(supported_fmr=1e-6),
        "evidence.supported_fmr is 1e-06",
    ),
    "people of several photos who are not": (
        lambda c: c["evidence"].update(identities_with_several_images=800),
        "tail.supported_fmr is 0.000185",
    ),
    "rates that are surer than galleries differ": (
        lambda c: c["tail"].update(log_spread=[0.01] * len(c["tail"]["z"])),
        r"tail.log_spread\[0\] is 0.01",
    ),
    "rarer rates that are surer": (
        lambda c: c["tail"]["log_spread"].__setitem__(50, 0.0),
        r"tail.log_spread\[50\] is 0",
    ),
    "scores of a narrower gallery": (
        lambda c: c["tail"].update(z=[0.9 * z for z in c["tail"]["z"]]),
        r"deviation 0.90.*; standardised ones have 0 and 1",
    ),
}


@pytest.mark.parametrize(("change", "says"), SUPPORT.values(), ids=SUPPORT)
def test_what_the_people_do_not_support_is_refused(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    content = content_of(SHIPPED_ONES[0])
    change(content)
    calibration, refusal = outcome(content, 128)
    assert calibration is None
    assert re.search(says, refusal), refusal
