"""The replicas of one process."""

import threading
from collections.abc import Callable

import structlog

from app.core.heap import give_freed_memory_back
from app.index.base import VectorIndex
from app.replication.deltas import ChangeFeed
from app.replication.projection import SecondNames, no_second_names
from app.replication.replica import CollectionReplica
from app.replication.snapshot import Snapshots

_log = structlog.get_logger()


class Replicas:
    """The replicas of this process, one for each collection, made at first use. Thread-safe."""

    def __init__(
        self,
        feed: ChangeFeed,
        new_index: Callable[[], VectorIndex],
        snapshots: Snapshots | None = None,
        second_names: SecondNames = no_second_names,
    ) -> None:
        self._feed = feed
        self._second_names = second_names
        self._new_index = new_index
        self._snapshots = snapshots
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._replicas: dict[int, CollectionReplica] = {}

    def of(self, collection_key: int, epoch: str) -> CollectionReplica:
        """The replica of a collection; empty and behind until its first search."""
        with self._lock:
            replica = self._replicas.get(collection_key)
            if replica is None or replica.epoch != epoch:
                replica = CollectionReplica(
                    collection_key,
                    epoch,
                    feed=self._feed,
                    new_index=self._new_index,
                    snapshots=self._snapshots,
                    second_names=self._second_names,
                )
                self._replicas[collection_key] = replica
            return replica

    def made(self, collection_key: int, epoch: str) -> CollectionReplica | None:
        """The replica of a collection if one of this epoch is there; none is made."""
        replica = self.there().get(collection_key)
        return replica if replica is not None and replica.epoch == epoch else None

    def kept(self, collection_key: int, epoch: str, revision: int) -> CollectionReplica | None:
        """The replica of a collection if, in this epoch, it has reached ``revision`` and has every
        person's payload; otherwise None.
        """
        replica = self.made(collection_key, epoch)
        return replica if replica is not None and replica.has_payloads(revision) else None

    def forget(self, collection_key: int) -> None:
        """Free the memory and the disk of a deleted collection."""
        with self._lock:
            self._replicas.pop(collection_key, None)
        if self._snapshots is not None:
            self._snapshots.forget(collection_key)

    def retain(self, collection_keys: set[int]) -> None:
        """Forget all other collections: another process deleted them, or restored a backup."""
        for key in self.there().keys() - collection_keys:
            self.forget(key)

    def there(self) -> dict[int, CollectionReplica]:
        """The replicas that were made so far, by collection key."""
        with self._lock:
            return dict(self._replicas)

    def tend(self) -> None:
        """Do the work that makes later searches faster; for one thread at a time."""
        for key, replica in self.there().items():
            was = replica.status().engine
            replica.tend(stopping=self._stopping.is_set)
            if replica.status().engine != was:
                _log.info("index.switched", collection_key=key, engine=replica.status().engine)
                give_freed_memory_back()

    def stop(self) -> None:
        """Let ``tend`` end soon."""
        self._stopping.set()

    def keep(self) -> None:
        """Write a snapshot of each replica that changed; for one thread at a time.

        ``OSError``, the last of them, where some could not be written; all are tried.
        """
        failed: OSError | None = None
        for key, replica in self.there().items():
            try:
                if replica.keep():
                    _log.info("snapshot.kept", collection_key=key)
                    give_freed_memory_back()
                    self._forget_file_unless_there(key, replica)
            except OSError as error:
                _log.warning("snapshot.failed", collection_key=key, reason=error.strerror)
                failed = error
        if failed is not None:
            raise failed

    def _forget_file_unless_there(self, key: int, replica: CollectionReplica) -> None:
        """Delete the file of a collection that was deleted while its snapshot was written."""
        if self.there().get(key) is not replica and self._snapshots is not None:
            self._snapshots.forget(key)
