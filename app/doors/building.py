"""Builds the service of decisions."""

from collections.abc import Callable

from app.actions.grants import NewGrant
from app.core.clock import Clock
from app.core.db import Database
from app.core.observers import Observers
from app.decision.calibration import Calibration
from app.doors.service import DoorService
from app.inference.analyser import Analyser
from app.inference.quality_policy import QualityPolicy
from app.recognition.bursts import BurstService
from app.recognition.results import Decision
from app.recognition.search import PersonSearch


def build_doors(
    database: Database,
    clock: Clock,
    analyser: Analyser,
    search: PersonSearch,
    calibration: Calibration,
    quality_policy: QualityPolicy,
    granted: Callable[[NewGrant], None],
    observers: Observers[Decision],
) -> DoorService:
    """The service, which searches the database alone and nothing that was last known. ``granted``
    gets each new grant after it was committed, and ``observers`` each decision; neither ever waits
    or raises.
    """
    return DoorService(
        database,
        clock,
        analyser,
        BurstService(search, calibration, clock),
        quality_policy=quality_policy,
        granted=granted,
        observers=observers,
    )
