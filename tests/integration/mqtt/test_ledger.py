"""Two who think that they publish: a flat twin is sent by one of them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from app.core.db import Database
from app.mqtt.ledger import Ledger, Overtaken
from app.mqtt.models import MqttProgress
from app.trail import event_repository


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
    with database.write() as session:
        event_repository.count_last(session, "/collections/staff", 10, 10)
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


@pytest.mark.parametrize("column", ["sent", "shown"])
def test_a_progress_beyond_every_event_is_none(database: Database, column: str) -> None:
    """With it the events, or the flat twins, of all that happens would be left out for good."""
    Ledger(database).begin()
    with database.write() as session:
        session.execute(update(MqttProgress).values({column: 1}))
    ledger = Ledger(database)
    ledger.begin()
    assert ledger.waiting(10) == []
    assert not ledger.shown(1)
