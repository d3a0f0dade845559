"""Builds the service of decisions, and what it keeps of their frames."""

from collections.abc import Callable

from app.actions.grants import NewGrant
from app.core.clock import Clock
from app.core.db import Database
from app.core.observers import Observers
from app.core.sealing import Sealer
from app.decision.calibration import Calibration
from app.doors.probes import ProbeEvidence
from app.doors.service import DoorService
from app.errors import SettingsError
from app.inference.analyser import Analyser
from app.inference.quality_policy import QualityPolicy
from app.recognition.bursts import BurstService
from app.recognition.results import Decision
from app.recognition.search import PersonSearch
from app.settings import Settings


def build_doors(
    database: Database,
    clock: Clock,
    analyser: Analyser,
    search: PersonSearch,
    calibration: Calibration,
    quality_policy: QualityPolicy,
    evidence: ProbeEvidence,
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
        evidence=evidence,
        granted=granted,
        observers=observers,
    )


def build_evidence(settings: Settings) -> ProbeEvidence:
    """The evidence that is kept of frames; ``SettingsError`` where nothing can be sealed to the key
    of the settings.
    """
    if settings.probe_evidence != "sealed":
        return ProbeEvidence(None, hashes=settings.probe_evidence == "hash")
    try:
        return ProbeEvidence(Sealer(settings.evidence_key or ""), hashes=True)
    except ValueError as error:
        raise SettingsError(f"KITH_EVIDENCE_KEY: {error}.") from None
