"""The wheel, built once for the tests that look into it."""

import zipfile
from pathlib import Path

import pytest

from tests.support.wheels import wheel_of

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Kith's wheel, as an installation gets it."""
    return wheel_of(_ROOT, tmp_path_factory.mktemp("wheel"))
