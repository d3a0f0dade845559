"""Fixtures of a publisher and of a place to pull to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.bundles.publisher import (
    Publisher,
    published,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Publisher]:
    with published(tmp_path) as publisher:
        yield publisher


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models" / "tiny"
