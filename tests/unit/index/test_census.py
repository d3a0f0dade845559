"""Who counts at an instant, against counting everybody."""

from hypothesis import given
from hypothesis import strategies as st

from app.index.census import ALWAYS, FOREVER, Census, Window

instants = st.integers(-5, 5)
windows = st.tuples(st.just(ALWAYS) | instants, st.just(FOREVER) | instants).filter(
    lambda bounds: bounds[0] < bounds[1]
)
persons = st.lists(st.tuples(st.integers(1, 3), windows.map(lambda bounds: Window(*bounds))))


@given(persons, persons, instants)
def test_those_count_who_have_started_and_not_ended(
    staying: list[tuple[int, Window]], leaving: list[tuple[int, Window]], now: int
) -> None:
    census = Census()
    for templates, window in staying + leaving:
        census.add(templates, window)
    for templates, window in leaving:
        census.remove(templates, window)
    expected: dict[int, int] = {}
    for templates, window in staying:
        if window.start <= now < window.end:
            expected[templates] = expected.get(templates, 0) + 1
    assert census.at(now).persons_by_templates == expected
