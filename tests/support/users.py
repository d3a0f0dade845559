"""Work without the rights of the administrator, who may write everywhere."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NOBODY: Final = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Run the block as a user who owns nothing, where the tests are root's."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
