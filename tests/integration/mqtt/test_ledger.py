"""Two who think that they publish: a flat twin is sent by one of them."""

from collections.abc import Iterator

import pytest

from app.core.db import Database
from app.mqtt.ledger import Ledger, Overtaken


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.mark.both_databases
def test_of_two_one_may_show_a_decision_and_the_other_begins_again(database: Database) -> None:
    one, two = Ledger(database), Ledger(database)
    one.begin()
    two.begin()
    one.show(7)
    with pytest.raises(Overtaken):
        two.show(7)
    with pytest.raises(Overtaken):
        two.waiting(10)
    two.deliver(3)
    with pytest.raises(Overtaken):
        two.keep()
    two.begin()
    assert two.shown(7)
    assert not two.shown(8)
    assert two.waiting(10) == []
