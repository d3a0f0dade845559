"""What this process last knew of everybody, for deciding while the database does not answer.

Kept up at each look of the follower, from the change log: as much work as there are changes. Only
where the operator allows stale decisions; vectors and validity are the index's.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from threading import Lock

import structlog
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.core.db import Database
from app.errors import AppError, DatabaseLost, NotFound
from app.gallery import repository
from app.gallery.cards import Card, read_cards
from app.gallery.models import Collection
from app.replication.history import recorded, touched_since

_log = structlog.get_logger()


@dataclass(slots=True)
class _Cards:
    """The people of a collection at a revision of an epoch, by key; and their keys, by id."""

    epoch: str = ""
    revision: int | None = None
    people: dict[int, Card] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)

    def put(self, touched: Sequence[int], people: dict[int, Card]) -> None:
        """What has become of ``touched``: they are ``people`` now, or gone."""
        for key in touched:
            if (old := self.people.pop(key, None)) is not None:
                self.keys.pop(old.person.id, None)
        self.people.update(people)
        self.keys.update({card.person.id: key for key, card in people.items()})


class Remembered:
    """Collections as they were at the last look, and the people in them. Thread-safe.

    What this process itself changed since then is known to be outdated: whoever it changed is not
    told, and what it deleted is gone.
    """

    def __init__(self, database: Database, contract: Contract) -> None:
        self._database = database
        self._contract = contract
        self._lock = Lock()
        self._collections: dict[str, Collection] = {}
        self._cards: dict[int, _Cards] = {}
        self._changed: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._deleted: set[int] = set()
        self._is_watching = False

    def watch(self) -> None:
        """Begin to note what this process changes, until a ``reading`` has seen it."""
        self._is_watching = True
        event.listen(self._database.sessions, "after_commit", self._committed)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read what changed; meanwhile, in the block, the galleries follow at least so far.

        Only where both ended well the collections are at the new revisions.
        """
        with self._lock:
            deleted = set(self._deleted)
        with self._database.read(patient=True) as session:
            rows = session.scalars(select(Collection)).all()
            for row in rows:
                if row.contract_id == self._contract.id:
                    self._follow(session, row)
        yield
        with self._lock:
            self._collections = {row.id: row for row in rows}
            there = {row.key: row.revision for row in rows}
            self._cards = {key: each for key, each in self._cards.items() if key in there}
            self._deleted -= deleted  # in no row any more, and no key is used again
            self._changed = defaultdict(dict, self._changed_since(there))

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings.

        ``DatabaseLost`` where its people are not known.
        """
        with self._lock:
            found = self._collections.get(collection_id)
            if found is None or found.key in self._deleted:
                raise NotFound(f"There is no collection {collection_id!r}.")
            repository.check_contract(found, self._contract.id)
            if self._of(found).revision is None:
                raise DatabaseLost
            return found

    def card(self, collection: Collection, person_key: int) -> Card | None:
        """A person of a ``collection`` that this gave; None where no more is known of them."""
        with self._lock:
            changed = self._changed.get(collection.key, {})
            if changed.get(person_key, 0) > collection.revision:
                return None
            return self._of(collection).people.get(person_key)

    def person_key(self, collection: Collection, person_id: str) -> int:
        """The key of a person, or ``NotFound``."""
        with self._lock:
            found = self._of(collection).keys.get(person_id)
        if found is None:
            raise NotFound(f"There is no person {person_id!r} in the collection {collection.id!r}.")
        return found

    def forget(self, collection_key: int) -> None:
        """Know nothing of a collection that this process has deleted."""
        with self._lock:
            if self._is_watching:
                self._deleted.add(collection_key)
            self._changed.pop(collection_key, None)

    def _changed_since(self, revisions: dict[int, int]) -> dict[int, dict[int, int]]:
        """The changes that came after ``revisions``; those of other collections go with them."""
        left = {}
        for key, changed in self._changed.items():
            known = revisions.get(key, inf)
            if later := {who: at for who, at in changed.items() if at > known}:
                left[key] = later
        return left

    def _of(self, collection: Collection) -> _Cards:
        found = self._cards.get(collection.key)
        return found if found and found.epoch == collection.epoch else _Cards()

    def _follow(self, session: Session, row: Collection) -> None:
        """One gallery that cannot be read must not keep the others from being known."""
        try:
            self._read(session, row)
        except AppError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, `kith check` tells
            _log.warning("memory.skipped", collection=row.id, error_type=type(error).__name__)
            with self._lock:
                self._cards.pop(row.key, None)

    def _read(self, session: Session, row: Collection) -> None:
        cards = self._cards.get(row.key)
        if cards is None or cards.epoch != row.epoch:
            cards = _Cards(row.epoch)
        if cards.revision == row.revision:
            return
        touched = touched_since(session, row.position, cards.revision)
        people = read_cards(session, row, touched, self._contract.dimension)
        with self._lock:
            cards.put(list(cards.people) if touched is None else touched, people)
            cards.revision = row.revision
            self._cards[row.key] = cards

    def _committed(self, session: Session) -> None:
        """Note whom a transaction of this process changed, before anybody is told that it did."""
        with self._lock:
            for change in recorded(session):
                changed = self._changed[change.collection_key]
                changed.update(dict.fromkeys(change.person_keys, change.revision))
