"""Keys are known by their hash alone, from the moment they are made until they are revoked."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.principal import Scope
from app.auth.schemas import NewKey, NewKeyView
from app.auth.service import KeyService
from app.core.db import Base, Database
from app.core.paging import Paging
from app.errors import NotFound, Unauthenticated
from app.receipts.keeping import keep_nothing
from tests.unit.auth.conftest import NOW, StoppedClock, add_collection

pytestmark = pytest.mark.both_databases

EVERYTHING = Paging(limit=100, after=0)


def made(keys: KeyService, *scopes: Scope, collections: list[str] | None = None) -> NewKeyView:
    new = NewKey(name="door 4", scopes=list(scopes or [Scope.READ]), collections=collections)
    return keys.create(new, keep_nothing)


def test_a_key_that_was_made_opens_what_it_was_made_for(
    keys: KeyService, database: Database
) -> None:
    add_collection(database, "doors")
    key = made(keys, Scope.ENROLL, Scope.READ, collections=["doors"])
    caller = keys.authenticate(key.key)
    assert caller.id == key.id
    assert caller.scopes == {Scope.ENROLL, Scope.READ}
    assert caller.collections == frozenset({"doors"})
    assert key.created_at == NOW


def test_the_secret_is_nowhere_in_the_database(
    keys: KeyService, database: Database, tmp_path: Path
) -> None:
    secret = made(keys).key
    stored = _rows(database)
    database.close()
    stored += b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in stored
    assert secret.encode() not in stored
    assert secret.removeprefix("kith_").encode() not in stored


def _rows(database: Database) -> bytes:
    """Everything that any table holds."""
    with database.engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        return repr([connection.execute(select(table)).all() for table in tables]).encode()


def test_every_key_is_another_one_and_cannot_be_guessed(keys: KeyService) -> None:
    secrets = {made(keys).key for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(secret) >= len("kith_") + 43 for secret in secrets)  # 256 bits in base64


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_key_is_no_caller(keys: KeyService, nothing: str | None) -> None:
    with pytest.raises(Unauthenticated):
        keys.authenticate(nothing)


@given(other=st.text(min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_else_is_presented_is_no_caller(keys: KeyService, other: str) -> None:
    with pytest.raises(Unauthenticated):
        keys.authenticate(other)


def test_a_part_of_a_key_or_more_than_it_is_no_key(keys: KeyService) -> None:
    key = made(keys)
    hashed = hashlib.sha256(key.key.encode()).hexdigest()
    for near in (key.key[:-1], key.key + "x", key.key.upper(), " " + key.key, key.id, hashed):
        with pytest.raises(Unauthenticated):
            keys.authenticate(near)


def test_a_revoked_key_opens_nothing_from_then_on(keys: KeyService, database: Database) -> None:
    other_process = KeyService(database, StoppedClock(), admin_key=None)
    key, kept = made(keys), made(keys)
    other_process.authenticate(key.key)
    keys.revoke(key.id)
    for service in (keys, other_process):
        with pytest.raises(Unauthenticated):
            service.authenticate(key.key)
        assert service.authenticate(kept.key).id == kept.id
    with pytest.raises(NotFound):
        keys.revoke(key.id)


def test_the_list_shows_everything_but_the_secret(keys: KeyService, database: Database) -> None:
    add_collection(database, "gates")
    add_collection(database, "doors")
    first = made(keys, Scope.ADMIN)
    second = made(keys, Scope.IDENTIFY, collections=["doors", "gates"])
    listed = keys.list(EVERYTHING).items
    for view, key in zip(listed, (first, second), strict=True):
        assert view.model_dump() == key.model_dump(exclude={"key"})
        assert key.key not in view.model_dump_json()


def test_the_list_comes_in_pages_oldest_first(keys: KeyService) -> None:
    expected = [made(keys).id for _ in range(5)]
    first = keys.list(Paging(limit=3, after=0))
    assert [view.id for view in first.items] == expected[:3]
    assert first.next_cursor is not None
    rest = keys.list(Paging(limit=3, after=3))
    assert [view.id for view in rest.items] == expected[3:]
    assert rest.next_cursor is None


def test_a_creation_that_fails_makes_no_key(keys: KeyService) -> None:
    def fail(session: Session, answer: BaseModel, *rows: Base) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        keys.create(NewKey(scopes=[Scope.ADMIN]), fail)
    assert keys.list(EVERYTHING).items == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["read"], "collections": []},
        {"scopes": ["read"], "collections": ["../doors"]},
        {"scopes": ["read"], "name": "x" * 257},
        {"scopes": ["read"], "key": "chosen-by-the-client"},
        {},
    ],
)
def test_a_key_for_nothing_or_for_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewKey.model_validate(wrong)
