"""Makes, finds and revokes keys; the first admin key comes into being here."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import Row, bindparam, delete, exists, select
from sqlalchemy.orm import Session

from app.auth.models import ApiKey
from app.auth.principal import Principal, Scope
from app.auth.schemas import KeyView, NewKey, NewKeyView, RepeatedKeyView
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.errors import NotFound, Unauthenticated
from app.web.idempotency import Keep
from app.web.paging import Page, Paging, page

_log = structlog.get_logger()

_KEYS = select(ApiKey.sha256, ApiKey.id, ApiKey.scopes, ApiKey.collections)
_BY_HASH = _KEYS.where(ApiKey.sha256 == bindparam("sha256"))

Find = Callable[[str], Principal | None]
"""The caller behind the SHA-256 of a key, or None where there is none."""


class KeyService:
    """The keys of this service. ``admin_key`` is the one set by the operator, if any.

    ``revoked`` are the ids of those that were revoked through this process.
    """

    def __init__(self, database: Database, clock: Clock, *, admin_key: str | None) -> None:
        self._database = database
        self._clock = clock
        self._admin_sha256 = None if admin_key is None else _sha256(admin_key)
        self.revoked: set[str] = set()

    def authenticate(self, presented: str | None, *, find: Find | None = None) -> Principal:
        """The caller behind a key as presented; ``Unauthenticated`` when it is not known.

        ``find`` looks elsewhere than in the database.
        """
        if not presented:
            raise Unauthenticated("Send a key: `Authorization: Bearer <key>` or `X-API-Key`.")
        digest = _sha256(presented)
        if self._admin_sha256 and hmac.compare_digest(digest, self._admin_sha256):
            return Principal("operator", frozenset({Scope.ADMIN}), None)
        found = (find or self.find)(digest)
        if found is None:
            raise Unauthenticated("This key is not known; it may have been revoked.")
        return found

    def find(self, sha256: str) -> Principal | None:
        """The caller behind the SHA-256 of a key."""
        with self._database.read() as session:
            row = session.execute(_BY_HASH, {"sha256": sha256}).first()
        return None if row is None else _principal(row)

    def all(self) -> dict[str, Principal]:
        """Every caller, by the SHA-256 of their key."""
        with self._database.read() as session:
            return {row.sha256: _principal(row) for row in session.execute(_KEYS)}

    def create(self, new: NewKey, keep: Keep) -> NewKeyView:
        """Make a key; its secret is in the answer and nowhere else."""
        with self._database.write() as session:
            made = self._insert(session, new)
            # Of the secret only its hash is stored, also where the answer is.
            keep(session, RepeatedKeyView(**made.model_dump(exclude={"key"}), key=None))
        _log.info("key.created", key_id=made.id, scopes=made.scopes)
        return made

    def list(self, paging: Paging) -> Page[KeyView]:
        """All keys, oldest first, without their secrets."""
        query = select(ApiKey).where(ApiKey.key > paging.after).order_by(ApiKey.key)
        with self._database.read() as session:
            rows = session.scalars(query.limit(paging.limit + 1)).all()
        return page(rows, paging, key=lambda row: row.key, show=_view)

    def revoke(self, key_id: str) -> None:
        """From now on the key opens nothing; ``NotFound`` when there is none."""
        with self._database.write() as session:
            gone = session.execute(
                delete(ApiKey).where(ApiKey.id == key_id).returning(ApiKey.key)
            ).first()
        if gone is None:
            raise NotFound(f"There is no key {key_id!r}.")
        self.revoked.add(key_id)
        _log.info("key.revoked", key_id=key_id)

    def ensure_admin(self, file: Path) -> bool:
        """Make the first admin key, into ``file`` (mode 0600), when there is no key at all.

        Returns whether one was made. Two processes that start at once make one key: the second
        waits for the transaction of the first.
        """
        if self._admin_sha256 is not None:
            return False
        with self._database.write(alone=True) as session:
            if session.scalar(select(exists().where(ApiKey.key.is_not(None)))):
                return False
            made = self._insert(session, NewKey(name="first admin", scopes=[Scope.ADMIN]))
            _write_secret(file, made.key)
        _log.info("key.created", key_id=made.id, scopes=made.scopes)
        return True

    def _insert(self, session: Session, new: NewKey) -> NewKeyView:
        secret = f"kith_{secrets.token_urlsafe(32)}"
        row = ApiKey(
            id=new_id("key"),
            name=new.name,
            sha256=_sha256(secret),
            scopes=[scope.value for scope in new.scopes],
            collections=new.collections,
            created_at=self._clock.now(),
        )
        session.add(row)
        session.flush()
        return NewKeyView(**_view(row).model_dump(), key=secret)


def _sha256(key: str) -> str:
    """A plain hash is enough for keys of 192 bits and more: there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def _principal(row: Row[str, str, list[str], list[str] | None]) -> Principal:
    return Principal(
        row.id,
        frozenset(Scope(scope) for scope in row.scopes),
        None if row.collections is None else frozenset(row.collections),
    )


def _view(row: ApiKey) -> KeyView:
    return KeyView(
        id=row.id,
        name=row.name,
        scopes=[Scope(scope) for scope in row.scopes],
        collections=row.collections,
        created_at=row.created_at,
    )


def _write_secret(file: Path, secret: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secret + "\n")
