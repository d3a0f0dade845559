"""Makes, finds and revokes keys, the first admin key included."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.auth import binding
from app.auth.models import ApiKey
from app.auth.principal import Principal, Scope, Unknown
from app.auth.rates import Rates
from app.auth.repository import BY_HASH, KEYS, collections_of, doors_of, principal_of
from app.auth.schemas import KeyView, NewKey, NewKeyView, RepeatedKeyView
from app.auth.uses import LastUses
from app.auth.way_in import WayIn
from app.core.clock import Clock
from app.core.db import Database
from app.core.files import private_folder, write_whole
from app.core.ids import new_id
from app.core.paging import Page, Paging, page
from app.core.unreadable import shown
from app.errors import AppError, Conflict, FieldError, InvalidRequest, NotFound, Unauthenticated
from app.receipts.keeping import Keep, forget, forget_caller
from app.trail.recording import record

OPERATOR = "operator"
"""The caller's id for the key of ``KITH_ADMIN_KEY``."""
Find = Callable[[str], Principal | None]
"""The caller behind the SHA-256 of a key, or None where there is none."""

HandOver = Callable[[NewKeyView], object]


class KeyService:
    """The keys of this service. Thread-safe. ``admin_key`` is the operator's own, if one is set."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        admin_key: str | None,
        rates: Rates | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._admin_sha256 = None if admin_key is None else _sha256(admin_key)
        self._rates = rates or Rates()
        self.uses = LastUses(database)
        self._listeners: list[Callable[[str], object]] = []

    def when_revoked(self, listener: Callable[[str], object]) -> None:
        """Call ``listener`` with the id of each key that is revoked through this process, after the
        commit and before the answer.
        """
        self._listeners.append(listener)

    def known(self, presented: str | None, *, find: Find | None = None) -> Principal:
        """The caller behind a key as presented, expired or not; ``Unauthenticated`` when it is not
        known. ``find`` looks elsewhere than in the database.
        """
        if not presented:
            raise Unauthenticated("Send a key: `Authorization: Bearer <key>` or `X-API-Key`.")
        if operator := self.operator_of(presented):
            return operator
        found = (find or self.find)(_sha256(presented))
        if found is None:
            raise Unauthenticated("This key is not known; it may have been revoked.")
        return replace(found, presented=presented)

    def operator_of(self, presented: str | None) -> Principal | None:
        """The caller behind a key as presented, where it is the operator's own. Touches memory
        alone.
        """
        if not (self._admin_sha256 and presented):
            return None
        is_own = hmac.compare_digest(_sha256(presented), self._admin_sha256)
        return self.operator(presented) if is_own else None

    def operator(self, presented: str = "") -> Principal:
        """The caller behind the operator's own key."""
        secret = self._admin_sha256 or ""
        everything = frozenset({Scope.ADMIN})
        return Principal(OPERATOR, everything, None, cursor_secret=secret, presented=presented)

    def proof(self, token: str) -> str | None:
        """A mark of the operator's own key that only a holder of ``token`` can check; None where no
        such key is set.
        """
        if self._admin_sha256 is None:
            return None
        return hmac.new(token.encode(), self._admin_sha256.encode(), hashlib.sha256).hexdigest()

    def admit(self, caller: Principal) -> None:
        """Count a request of a known caller: ``Unauthenticated`` where the key has expired,
        ``RateLimited`` where it asks too often. Touches memory alone.
        """
        now = self._clock.now()
        caller.require_valid(now)
        self._rates.take(caller)
        if caller.id != OPERATOR:
            self.uses.note(caller.id, now)

    def authenticate(self, presented: str | None, *, find: Find | None = None) -> Principal:
        """The caller behind a key that is known and has not expired; else ``Unauthenticated``."""
        caller = self.known(presented, find=find)
        caller.require_valid(self._clock.now())
        return caller

    def find(self, sha256: str) -> Principal | None:
        """The caller behind the SHA-256 of a key."""
        with self._database.read() as session:
            row = session.execute(BY_HASH, {"sha256": sha256}).first()
            if row is None:
                return None
            return principal_of(row, binding.ids_of(session, row.collection_keys or []))

    def all(self) -> dict[str, Principal]:
        """Every caller, by the SHA-256 of their key."""
        with self._database.read() as session:
            ids = binding.all_ids(session)
            found = session.execute(KEYS).all()
        callers = shown(
            found,
            lambda row: (row.sha256, principal_of(row, ids)),
            of="api_keys",
            name=lambda row: row.id,
        )
        return dict(callers)

    def create(self, new: NewKey, keep: Keep, *, hand_over: HandOver | None = None) -> NewKeyView:
        """Make a key; its secret is in the answer and nowhere else.

        ``hand_over`` gives the answer away before the key is there for good: what it raises leaves
        no key. It holds up every other writer, so it must not take long.
        """
        if new.expires_at is not None and new.expires_at <= self._clock.now():
            raise _wrong("expires_at", "must be in the future")
        with self._database.write() as session:
            row, made = self._insert(session, new)
            # Of the secret only its hash is stored, also where the answer is.
            keep(session, RepeatedKeyView(**made.model_dump(exclude={"key"}), key=None), row)
            self._record(session, "key.created", made.id, scopes=made.scopes)
            if hand_over is not None:
                hand_over(made)
        return made

    def list(self, paging: Paging) -> Page[KeyView]:
        """All keys, oldest first, without their secrets."""
        query = select(ApiKey).where(ApiKey.key > paging.after).order_by(ApiKey.key)
        with self._database.read() as session:
            rows = session.scalars(query.limit(paging.limit + 1)).all()
            ids = binding.ids_of_all(session, rows)
        return page(rows, paging, key=lambda row: row.key, show=lambda row: self._view(row, ids))

    def every(self) -> Sequence[KeyView]:
        """All keys at once, for commands."""
        with self._database.read() as session:
            rows = session.scalars(select(ApiKey).order_by(ApiKey.key)).all()
            ids = binding.ids_of_all(session, rows)
        views = shown(
            rows, lambda row: self._view(row, ids), of="api_keys", name=lambda row: row.id
        )
        return list(views)

    def revoke(self, key_id: str) -> None:
        """Refuse the key from now on; ``NotFound`` if there is none.

        ``Conflict`` where nobody could administer everything any more. One revocation at a time,
        so that no two of them leave each other's key for the last.
        """
        with self._database.write(exclusive=True) as session:
            row = session.scalar(select(ApiKey).where(ApiKey.id == key_id))
            if row is None:
                raise NotFound(f"There is no key {key_id!r}.")
            self._check_not_the_last(session, row)
            forget(session, ApiKey, [row.key])
            forget_caller(session, row.id)
            session.delete(row)
            self._record(session, "key.revoked", key_id)
        for listener in self._listeners:
            listener(key_id)

    def ensure_admin(self, file: Path) -> bool:
        """Make the first admin key, into ``file`` (mode 0600), when there is no key at all.

        Returns whether one was made. Two processes that start at once make one key: the second
        waits for the transaction of the first.
        """
        if self._admin_sha256 is not None:
            return False
        with self._database.write(exclusive=True) as session:
            if session.scalar(select(exists().where(ApiKey.key.is_not(None)))):
                return False
            _, made = self._insert(session, NewKey(name="first admin", scopes=[Scope.ADMIN]))
            private_folder(file.parent)
            write_whole(file, f"{made.key}\n")
            self._record(session, "key.created", made.id, scopes=made.scopes)
        return True

    def way_in(self, file: Path) -> WayIn:
        """Whether the operator's setting or the key in ``file`` opens everything, or why not."""
        if self._admin_sha256 is not None:
            return WayIn.SETTING
        try:
            caller = self.authenticate(file.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return WayIn.NO_FILE
        except (OSError, UnicodeDecodeError):
            return WayIn.UNREADABLE
        except Unauthenticated:
            return WayIn.OPENS_NOTHING
        everything = Scope.ADMIN in caller.scopes and caller.collections is None
        return WayIn.FILE if everything else WayIn.OPENS_NOTHING

    def _record(self, session: Session, action: str, key_id: str, **details: object) -> None:
        record(session, None, action, ("key", key_id), now=self._clock.now(), **details)

    def _check_not_the_last(self, session: Session, row: ApiKey) -> None:
        """Refuse to revoke the last admin key; one that expires does not count as another."""
        expired = row.expires_at is not None and row.expires_at <= self._clock.now()
        if self._admin_sha256 is not None or expired or not _opens_everything(row):
            return
        lasting = ApiKey.collections.is_(None), ApiKey.expires_at.is_(None), ApiKey.key != row.key
        others = session.scalars(select(ApiKey).where(*lasting))
        if not any(_opens_everything(other) for other in others):
            raise Conflict(
                f"The key {row.id!r} is the last one that may administer everything and does not "
                "expire. Make another with the scope admin, without `collections` and "
                "`expires_at`; then revoke this one."
            )

    def _insert(self, session: Session, new: NewKey) -> tuple[ApiKey, NewKeyView]:
        secret = f"kith_{secrets.token_urlsafe(32)}"
        bound = None if new.collections is None else binding.keys_of(session, new.collections)
        doors = None if new.doors is None else binding.keys_of_doors(session, bound, new.doors)
        row = ApiKey(
            id=new_id("key"),
            name=new.name,
            sha256=_sha256(secret),
            scopes=[scope.value for scope in dict.fromkeys(new.scopes)],
            collections=new.collections,
            collection_keys=bound,
            door_keys=doors,
            expires_at=new.expires_at,
            rate=new.rate,
            unknown=new.unknown,
            created_at=self._clock.now(),
        )
        session.add(row)
        session.flush()
        view = self._view(row, binding.ids_of_all(session, [row]))
        return row, NewKeyView(**view.model_dump(), key=secret)

    def _view(self, row: ApiKey, ids: binding.Ids) -> KeyView:
        return KeyView(
            id=row.id,
            name=row.name,
            scopes=[Scope(scope) for scope in row.scopes],
            collections=collections_of(row, ids.collections),
            doors=doors_of(row, ids.doors),
            expires_at=row.expires_at,
            last_used_at=self.uses.since(row.id, row.last_used_at),
            rate=row.rate,
            unknown=cast("Unknown | None", row.unknown),
            created_at=row.created_at,
        )


def _sha256(key: str) -> str:
    """A plain hash is enough for keys of 192 bits and more: there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def _opens_everything(row: ApiKey) -> bool:
    return row.collections is None and Scope.ADMIN in row.scopes


def _wrong(field: str, message: str) -> AppError:
    return InvalidRequest(f"{field}: {message}.", errors=[FieldError(field, message)])
