"""The database goes away and comes back under load: in that time nobody gets a wrong answer, and
nothing has to be restarted.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.chaos.checked import assert_exact
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.postgres import Cluster, own_cluster
from tests.support.server import ServerProcess

REASONS: Final = {
    "The database does not answer; try again.",
    "Every connection to the database is in use; try again.",
    "The index is catching up with the database; try again.",
}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with own_cluster() as running:
        yield running


def test_a_database_that_was_stopped_is_named_as_such_and_found_again(
    cluster: Cluster, server: Callable[..., ServerProcess], length: Length
) -> None:
    replicas = [server(KITH_DATABASE_URL=cluster.url) for _ in range(length.of(short=1, long=3))]
    with replicas[0].client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
    load = Load([each.url for each in replicas], clients=length.of(short=4, long=8), people=16)
    load.start().more(20)
    for mode in ("fast", "immediate"):
        cluster.stop(mode)
        time.sleep(length.of(short=1, long=10))
        cluster.start()
        load.more(20)
    load.stop()
    assert load.said
    assert set(load.said) <= REASONS
    assert not load.broken  # everything was answered
    for each in replicas:
        assert_exact(load, cluster.url, each.data_dir / "index")
