"""Columns of a table, and those that take no memory while all rows have the same value."""

import numpy as np

from app.index.slots import Column, SlotTable


def table() -> SlotTable:
    return SlotTable({"own": Column(np.float32, (2,)), "until": Column(np.int64, default=7)})


def test_a_column_in_which_all_rows_have_the_default_takes_no_memory() -> None:
    made = table()
    rows = made.place(np.arange(1000))
    made.write("until", rows, np.full(1000, 7))
    made.remove(np.arange(10))
    assert made.column("until").tolist() == [7] * 990
    assert made.column("until").strides == (0,)


def test_one_other_value_is_kept_however_rows_come_and_go() -> None:
    made, twin = table(), dict[int, int]()
    rng = np.random.default_rng(0)
    for step in range(40):
        come = np.unique(rng.integers(0, 500, 30))
        values = (
            np.where(rng.random(len(come)) < 0.2, step, 7) if step > 5 else np.full(len(come), 7)
        )
        rows = made.place(come)
        made.write("until", rows, values)
        made.write("own", rows, np.stack([come, -come], axis=1))
        twin |= dict(zip(come.tolist(), values.tolist(), strict=True))
        go = np.unique(rng.integers(0, 500, 20))
        made.remove(go)
        for key in go.tolist():
            twin.pop(key, None)
        there = np.array(sorted(twin))
        at = made.rows(there)
        assert sorted(made.keys.tolist()) == there.tolist()
        assert made.column("until")[at].tolist() == [twin[key] for key in there.tolist()]
        assert made.column("own")[at].tolist() == [[key, -key] for key in there.tolist()]
