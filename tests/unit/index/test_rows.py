"""Keys and rows, against a dictionary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.index import rows as room
from app.index.rows import NO_ROW, RowMap

keys = st.lists(st.integers(0, 60), max_size=12, unique=True)
keys |= keys.map(sorted)


@given(st.lists(st.tuples(keys, st.booleans()), max_size=12))
def test_a_key_has_the_row_that_it_was_last_given(steps: list[tuple[list[int], bool]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_FEW", 5)
        found, twin = RowMap(), dict[int, int]()
        for step, (some, gone) in enumerate(steps):
            rows = [NO_ROW if gone else 100 * step + place for place in range(len(some))]
            found.set(np.array(some, np.int64), np.array(rows, np.int64))
            twin.update(zip(some, rows, strict=True))
            everybody = np.arange(61)
            assert found.find(everybody).tolist() == [twin.get(k, NO_ROW) for k in range(61)]
