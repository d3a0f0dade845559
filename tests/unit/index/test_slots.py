"""Columns of a table keep their rows' values, however rows come and go."""

import numpy as np

from app.index.slots import SlotTable


def test_values_stay_with_their_key_however_rows_come_and_go() -> None:
    made, twin = SlotTable({"own": (np.float32, (2,))}), dict[int, int]()
    made.add({"until": (np.int64, ())})
    rng = np.random.default_rng(0)
    for step in range(40):
        come = np.unique(rng.integers(0, 500, 30))
        rows = made.place(come)
        made.write("own", rows, np.stack([come, -come], axis=1))
        made.write("until", rows, np.full(len(come), step))
        twin |= dict.fromkeys(come.tolist(), step)
        go = np.unique(rng.integers(0, 500, 20))
        made.remove(go)
        for key in go.tolist():
            twin.pop(key, None)
        if step == 20:
            made.recast("own", np.int16, lambda rows: rows.astype(np.int16))
        there = np.array(sorted(twin))
        at = made.rows(there)
        assert sorted(made.keys.tolist()) == there.tolist()
        assert made.column("until")[at].tolist() == [twin[key] for key in there.tolist()]
        assert made.column("own")[at].tolist() == [[key, -key] for key in there.tolist()]
    assert len(made) > 64  # where it grew
