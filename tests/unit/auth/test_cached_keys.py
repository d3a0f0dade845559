"""Keys that still count while the database does not answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.auth.cached_keys import CachedKeys
from app.auth.principal import Principal, Scope
from app.auth.schemas import NewKey
from app.auth.service import KeyService
from app.core.db import Database
from app.core.outage import Outage
from app.errors import DatabaseLost, RateLimited, Unauthenticated
from app.receipts.keeping import keep_nothing
from tests.unit.auth.conftest import NOW, StoppedClock, add_collection


@pytest.fixture
def outage() -> Outage:
    return Outage(60, wake=lambda: None)


@pytest.fixture
def cached(keys: KeyService, outage: Outage) -> CachedKeys:
    return CachedKeys(keys, outage)


def look(cached: CachedKeys, outage: Outage) -> None:
    with outage.polling():
        cached.read()


def lose(outage: Outage) -> None:
    def ask() -> None:
        raise DatabaseLost("gone")

    outage.answer(ask, lambda: None)


def test_a_key_that_was_read_opens_with_all_its_limits(
    keys: KeyService, cached: CachedKeys, outage: Outage, database: Database
) -> None:
    add_collection(database, "doors")
    made = keys.create(NewKey(scopes=[Scope.IDENTIFY], collections=["doors"]), keep_nothing)
    look(cached, outage)
    live = cached.known(made.key)
    lose(outage)
    recalled = cached.known(made.key)
    assert (live.recalled, recalled.recalled) == (False, True)
    assert (recalled.id, recalled.scopes, recalled.collections) == (
        live.id,
        live.scopes,
        live.collections,
    )
    assert recalled.scopes == {Scope.IDENTIFY}
    assert recalled.collections == frozenset({"doors"})


def test_a_key_that_somebody_changed_in_the_database_shuts_out_no_other(
    keys: KeyService, cached: CachedKeys, outage: Outage, database: Database
) -> None:
    spoilt, whole = (keys.create(NewKey(scopes=[Scope.READ]), keep_nothing) for _ in range(2))
    with database.write() as session:
        change = text("UPDATE api_keys SET scopes = '[\"all\"]' WHERE id = :id")
        session.execute(change, {"id": spoilt.id})
    look(cached, outage)
    lose(outage)
    assert cached.known(whole.key).scopes == {Scope.READ}
    with pytest.raises(Unauthenticated):
        cached.known(spoilt.key)
    assert [each.id for each in keys.every()] == [whole.id]


def test_a_key_that_was_revoked_or_never_made_opens_nothing(
    keys: KeyService, cached: CachedKeys, outage: Outage, database: Database
) -> None:
    new = NewKey(scopes=[Scope.IDENTIFY])
    revoked, just_revoked = (keys.create(new, keep_nothing) for _ in range(2))
    keys.revoke(revoked.id)
    look(cached, outage)
    keys.revoke(just_revoked.id)  # no look has seen it yet
    lose(outage)
    for each in (revoked.key, just_revoked.key, "wrong", None):
        with pytest.raises(Unauthenticated):
            cached.known(each)


def test_a_key_that_is_revoked_while_keys_are_read_opens_nothing(
    keys: KeyService, cached: CachedKeys, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read has seen it; nothing of revoked keys is kept once the read has ended."""
    revoked, kept = (keys.create(NewKey(scopes=[Scope.IDENTIFY]), keep_nothing) for _ in range(2))
    everything = keys.all

    def all_and_revoke() -> Mapping[str, Principal]:
        found = everything()
        keys.revoke(revoked.id)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(keys, "all", all_and_revoke)
        look(cached, outage)
    lose(outage)
    with pytest.raises(Unauthenticated):
        cached.known(revoked.key)
    assert cached.known(kept.key).id == kept.id
    assert cached._revoked is None


class Watch(StoppedClock):
    """Noon, until a test moves it on."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def test_a_key_expires_by_the_clock_also_while_the_database_does_not_answer(
    database: Database, outage: Outage
) -> None:
    clock = Watch()
    keys = KeyService(database, clock, admin_key=None)
    cached = CachedKeys(keys, outage)
    end = NOW + timedelta(seconds=30)
    made = keys.create(NewKey(scopes=[Scope.IDENTIFY], expires_at=end), keep_nothing)
    look(cached, outage)
    lose(outage)
    keys.admit(cached.known(made.key))
    clock.time = end
    with pytest.raises(Unauthenticated, match="expired"):
        keys.admit(cached.known(made.key))


def test_a_key_keeps_its_rate_while_the_database_does_not_answer(
    keys: KeyService, cached: CachedKeys, outage: Outage
) -> None:
    made = keys.create(NewKey(scopes=[Scope.IDENTIFY], rate=2), keep_nothing)
    look(cached, outage)
    keys.admit(cached.known(made.key))
    lose(outage)
    keys.admit(cached.known(made.key))
    with pytest.raises(RateLimited):
        keys.admit(cached.known(made.key))
