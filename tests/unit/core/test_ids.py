"""Identifiers: what may be one, and what is made."""

import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StringConstraints, TypeAdapter, ValidationError

from app.core.ids import ID_PATTERN, new_id

ids = TypeAdapter[str](Annotated[str, StringConstraints(pattern=ID_PATTERN)])


@pytest.mark.parametrize("good", ["a", "0", "hr-1001", "A.b_c-9", "x" * 64, "a..b", "9-"])
def test_an_id_is_taken(good: str) -> None:
    assert ids.validate_python(good) == good


@pytest.mark.parametrize(
    "bad",
    ["", ".", "..", "-a", "_a", ".a", "a/b", "a b", "a\n", "\na", "a\\b", "é", "x" * 65, "a%2f"],
)
def test_what_is_not_safe_in_a_path_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        ids.validate_python(bad)


@given(st.text("aZ0.-_/\\ \n%?é٣ａ", max_size=5))
def test_whatever_is_taken_is_harmless_in_a_path_and_a_log_line(anything: str) -> None:
    try:
        taken = ids.validate_python(anything)
    except ValidationError:
        return
    assert taken.isascii()
    assert taken.isprintable()
    assert not set(taken) & set("/\\ %?#&:")
    assert taken[0] not in ".-_"


@given(st.from_regex(ID_PATTERN.replace("$", r"\Z"), fullmatch=True))
def test_the_whole_pattern_is_taken(good: str) -> None:
    assert ids.validate_python(good) == good


def test_made_ids_are_ids_and_never_the_same() -> None:
    made = [new_id("per") for _ in range(1000)]
    assert len(set(made)) == 1000
    for each in made:
        assert re.fullmatch(r"per-[0-9a-f]{20}", each)
        assert ids.validate_python(each) == each
