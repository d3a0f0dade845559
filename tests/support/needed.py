"""Programs and files that some tests need and a machine may lack."""

import os
from typing import NoReturn

import pytest


def lacking(said: str) -> NoReturn:
    """Skip the test with a line that says why; under CI, where nothing may be lacking, fail it."""
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)
