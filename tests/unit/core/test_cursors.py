"""Cursors come back as they went out, to whom they were given, for what they were given."""

import base64
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core.cursors import opened, sealed

KEYS = st.integers(0, 2**63 - 1)
GIVEN = {"secret": "s" * 32, "listed": "/v1/collections/staff/persons"}


@given(KEYS)
def test_a_cursor_leads_on_from_where_it_was_given(key: int) -> None:
    assert opened(sealed(key, **GIVEN), **GIVEN) == key


@given(KEYS)
def test_another_caller_and_another_list_cannot_use_it(key: int) -> None:
    cursor = sealed(key, **GIVEN)
    assert opened(cursor, **{**GIVEN, "secret": "t" * 32}) is None
    assert opened(cursor, **{**GIVEN, "listed": "/v1/collections/lab/persons"}) is None


@given(KEYS, st.integers(0, 21), st.sampled_from("ABCabc019-_+/= \u00e9"))
def test_a_changed_cursor_is_none(key: int, place: int, character: str) -> None:
    cursor = sealed(key, **GIVEN)
    changed = cursor[:place] + character + cursor[place + 1 :]
    assert opened(changed, **GIVEN) == (key if changed == cursor else None)


@given(st.text(max_size=40))
def test_whatever_else_is_sent_is_none(text: str) -> None:
    assert opened(text, **GIVEN) is None


def test_a_cursor_does_not_show_how_many_rows_there_are() -> None:
    """Two neighbouring cursors differ in every byte about as often as any two do."""
    found = [base64.urlsafe_b64decode(sealed(key, **GIVEN) + "==") for key in range(1, 2001)]
    assert len(set(found)) == len(found)
    for place in range(16):
        same = sum(a[place] == b[place] for a, b in pairwise(found))
        assert same < 40  # 8 are to be expected
