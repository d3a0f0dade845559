"""Who counts at an instant, against counting everybody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.index.base import Keys
from app.replication.validity import ALWAYS, FOREVER, ValidityCounts

NONE = np.empty(0, np.int64)
instants = st.integers(-5, 5)
windows = st.tuples(st.just(ALWAYS) | instants, st.just(FOREVER) | instants).filter(
    lambda bounds: bounds[0] < bounds[1]
)
Person = tuple[int, tuple[int, int]]
persons = st.lists(st.tuples(st.integers(1, 3), windows), max_size=80)


@given(persons, persons, instants)
def test_those_count_who_have_started_and_not_ended(
    staying: list[Person], leaving: list[Person], now: int
) -> None:
    counts = ValidityCounts()
    counts.add(*columns(staying))
    counts.add(*columns(leaving))
    counts.remove(*columns(leaving))
    expected: dict[int, int] = {}
    for templates, (start, end) in staying:
        if start <= now < end:
            expected[templates] = expected.get(templates, 0) + 1
    assert counts.at(now).persons_by_templates == expected


def columns(people: list[Person]) -> list[Keys]:
    rows = [(templates, start, end) for templates, (start, end) in people]
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)] or [NONE] * 3
