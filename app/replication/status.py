"""The status of a replica: its state, how far it is behind, and the last error."""

from dataclasses import dataclass
from enum import StrEnum


class ReplicaState(StrEnum):
    """The states of a replica. It answers searches from memory in all but the first two."""

    UNLOADED = "unloaded"
    """Nothing was read yet."""
    BUILDING = "building"
    """The whole gallery is being read, from a snapshot or from SQL."""
    READY = "ready"
    """It is at the newest known revision."""
    BEHIND = "behind"
    """A later revision is known. Searches that need no later one than the replica's go on."""
    FAILED = "failed"
    """The last attempt to follow failed. The next poll, or search that needs it, tries again."""


@dataclass(frozen=True, slots=True)
class ReplicaStatus:
    """A replica at one moment: its ``revision`` (None before anything was read), the ``lag`` in
    revisions to the newest known one, ``last_error`` where the last attempt failed, and the
    ``engine`` that answers searches (None before anything was read).
    """

    state: ReplicaState
    revision: int | None
    lag: int
    last_error: str | None
    engine: str | None = None
