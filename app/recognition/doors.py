"""Where doors look: in SQL or, for a bounded time while it does not answer, in what was last known.

Only identification and verification do; everything else waits for the database.
"""

from dataclasses import dataclass

from app.core.outage import Outage
from app.gallery.models import Collection
from app.index.base import Vectors
from app.recognition.matches import Claimed, Matches, NotValid
from app.recognition.recalled import RecalledSearch
from app.recognition.search import PersonSearch


@dataclass(frozen=True, slots=True)
class Door:
    """A collection as a request found it; ``stale`` where it is what was last known."""

    collection: Collection
    stale: bool


class DoorSearch:
    """Finds the persons nearest to embeddings, also in an outage. Thread-safe."""

    def __init__(self, search: PersonSearch, recalled: RecalledSearch, outage: Outage) -> None:
        self._search = search
        self._recalled = recalled
        self._outage = outage

    def open(self, collection_id: str) -> Door:
        """The collection, if its templates can be compared with this service's embeddings."""
        return self._outage.answer(
            lambda: Door(self._search.collection(collection_id), stale=False),
            lambda: Door(self._recalled.collection(collection_id), stale=True),
        )

    def nearest(self, door: Door, probes: Vectors, count: int) -> Matches:
        """What ``search.seek`` finds. Once the database answers nothing rests on what was known."""
        collection_id = door.collection.id

        def ask() -> Matches:
            known = self._search.collection(collection_id) if door.stale else door.collection
            return self._search.nearest(known, probes, count)

        return self._outage.answer(
            ask, lambda: self._recalled.nearest(collection_id, probes, count)
        )

    def not_valid(self, matches: Matches, probes: Vectors, least: float) -> list[list[NotValid]]:
        """What ``matches.seek_not_valid`` finds where ``matches`` were found."""
        collection = matches.collection
        if matches.stale:
            return self._recalled.not_valid(collection.id, probes, least)
        return self._outage.answer(
            lambda: self._search.not_valid(collection, probes, least),
            lambda: self._recalled.not_valid(collection.id, probes, least),
        )

    def claimed(self, collection_id: str, person_id: str) -> Claimed:
        """A person to hold a probe against; ``Conflict`` where they have no templates."""
        return self._outage.answer(
            lambda: self._search.claimed(collection_id, person_id),
            lambda: self._recalled.claimed(collection_id, person_id),
        )
