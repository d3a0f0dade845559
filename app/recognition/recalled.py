"""Who is nearest by what this process last knew: the twin of ``PersonSearch`` without a database.

As strict as that was then: who was removed, had been reported not to be the person, or is not valid
now is not named. What changed since is not known.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np

from app.core.clock import Clock, microseconds
from app.errors import DatabaseLost
from app.gallery.models import Collection
from app.gallery.remembered import Remembered
from app.index.base import Vectors
from app.recognition.matches import (
    Claimed,
    Enrolled,
    Matches,
    NotValid,
    no_faces,
    seek,
    seek_not_valid,
)
from app.replication.reader import GalleryReader, GalleryReaders


class RecalledSearch:
    """Finds the persons nearest to embeddings. Thread-safe; asks no database."""

    def __init__(self, remembered: Remembered, replicas: GalleryReaders, clock: Clock) -> None:
        self._remembered = remembered
        self._replicas = replicas
        self._clock = clock

    def collection(self, collection_id: str) -> Collection:
        """The collection, if its templates can be compared with this service's embeddings."""
        return self._remembered.collection(collection_id)

    def nearest(self, collection_id: str, probes: Vectors, count: int) -> Matches:
        """What ``seek`` finds in what is known."""
        collection, replica = self._opened(collection_id)
        now = self._clock.now()
        confirm = partial(self._people, collection, replica, now, valid=True)
        found = seek(replica, collection, probes, count, now=now, confirm=confirm)
        return replace(found, stale=True)

    def not_valid(self, collection_id: str, probes: Vectors, least: float) -> list[list[NotValid]]:
        """What ``seek_not_valid`` finds in what is known."""
        collection, replica = self._opened(collection_id)
        now = self._clock.now()
        confirm = partial(self._people, collection, replica, now, valid=False)
        return seek_not_valid(replica, collection, probes, least, now=now, confirm=confirm)

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to hold a probe against; ``Conflict`` where they have no templates."""
        collection, replica = self._opened(collection_id)
        key = self._remembered.person_key(collection, person_id)
        card = self._remembered.card(collection, key)
        if card is None:
            raise DatabaseLost
        people, starts, ends = replica.people(
            np.array([key], np.int64), revision=collection.revision
        )
        if not len(people.owners):
            raise no_faces(person_id)
        return Claimed(
            collection=collection,
            person=card.person,
            gallery=replica.state(revision=collection.revision, now=self._clock.now()),
            fused=people.vectors[0],
            templates=int(people.templates[0]),
            valid=(int(starts[0]), int(ends[0])),
            others=card.others,
            stale=True,
        )

    def _opened(self, collection_id: str) -> tuple[Collection, GalleryReader]:
        collection = self.collection(collection_id)
        return collection, self._replicas.of(collection.key, collection.epoch)

    def _people(
        self,
        collection: Collection,
        replica: GalleryReader,
        now: datetime,
        keys: list[int],
        *,
        valid: bool,
    ) -> Mapping[int, Enrolled]:
        """Those of ``keys`` who are known, and are ``valid`` now or are not."""
        instant = microseconds(now)
        wanted = np.array(keys, np.int64)
        people, starts, ends = replica.people(wanted, revision=collection.revision)
        found = {}
        for row in np.flatnonzero(((starts <= instant) & (instant < ends)) == valid).tolist():
            card = self._remembered.card(collection, int(people.owners[row]))
            if card is not None:
                window = (int(starts[row]), int(ends[row]))
                found[int(people.owners[row])] = Enrolled(
                    card.person, people.vectors[row], card.others, window
                )
        return found
