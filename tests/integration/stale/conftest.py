"""A database at the far end of a connection that a test cuts."""

from collections.abc import Iterator

import pytest

from tests.support.proxy import Wire, wired


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    with wired(database_url) as made_of_it:
        yield made_of_it
