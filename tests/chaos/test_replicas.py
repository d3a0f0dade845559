"""Three services on one PostgreSQL, each read at another one than the write before it."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.server import ServerProcess


@pytest.mark.on_postgresql
def test_the_answers_to_all_clients_are_the_history_of_one_gallery(
    server: Callable[..., ServerProcess], database_url: str, length: Length
) -> None:
    with ExitStack() as opened:
        replicas = [server(KITH_DATABASE_URL=database_url) for _ in range(3)]
        admin = opened.enter_context(replicas[0].client())
        assert admin.post("/collections", json={"id": COLLECTION}).status_code == 201
        load = Load([each.url for each in replicas], clients=8, people=24)
        load.start(operations=length.of(short=400, long=5000)).join(length.of(short=200, long=1500))
        assert load.wrong == []
        assert load.refused == 0
        assert load.explained() == []
