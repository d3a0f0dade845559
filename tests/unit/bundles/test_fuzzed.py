"""Damaged bundles and forms are refused as documented; ``make fuzz`` does it for long."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.support.fuzzed import Bundles, Forms, documented, outcome


@pytest.mark.parametrize(("name", "times"), [("bundles", 300), ("forms", 300)])
def test_a_damaged_input_is_read_or_refused_as_documented(
    name: str, times: int, tmp_path: Path
) -> None:
    target = Bundles(tmp_path) if name == "bundles" else Forms()
    source, found = random.Random(7), Counter[str]()  # noqa: S311
    for _ in range(times):
        data = target.draw(source)
        result = outcome(target, data)
        assert documented(target, result), (result, data)
        found[result] += 1
    assert found["read"] >= times / 50  # it reaches behind the first look
    assert len(found) > 1
