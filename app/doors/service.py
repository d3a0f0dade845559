"""The decision at a door: frames in, one answer out. Whatever breaks on the way denies."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from app.access.policy.decide import DoorDecision, decide
from app.access.policy.values import Authority, Factor, Mode, Sighting
from app.access.policy_repository import DoorSettings, LoadedPolicy, Policies
from app.actions.grants import NewGrant
from app.auth.principal import Principal
from app.core.attendance import ClientGone
from app.core.clock import Clock
from app.core.db import Database
from app.core.observers import Observers
from app.decision.burst import BurstOutcome
from app.doors.answers import Asked, Concluded, DoorAnswer, FramesSeen, Pending, Sight
from app.doors.claims import claim_of, claimed_person
from app.doors.concluding import PolicyChanged, conclude
from app.doors.door_repository import FoundDoor, find_door, policy_found, policy_now
from app.doors.evidence import match_of
from app.doors.frames import Burst, Frame, burst_of, distinct, faces_of, is_stale, missing, moving
from app.doors.granting import burst_decided, grant_of
from app.doors.history_repository import forget
from app.doors.probes import ProbeEvidence, received
from app.doors.schemas import DecisionOptions
from app.doors.sessions import SessionKey, Sessions
from app.errors import (
    AppError,
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    UnsupportedImage,
)
from app.inference.analyser import Analyser
from app.inference.quality_policy import QualityPolicy
from app.inference.subject import RIVAL, largest_faces
from app.reasons import DoorReason
from app.recognition.bursts import BurstService, SeenBurst
from app.recognition.results import Decision
from app.recognition.subject import image_of

_log = structlog.get_logger()
_CLIENTS: Final = InvalidRequest, UnsupportedImage, PayloadTooLarge, Overloaded, ClientGone
"""Errors that a client can mend, or must wait for; none of them is a decision."""
_TRIES: Final = 5
_FOLLOWED: Final = 3
"""Faces of a frame among which the subject is followed."""
_SHUT: Final = frozenset(
    {DoorReason.SYSTEM_ERROR, DoorReason.DOOR_DISABLED, DoorReason.DOOR_LOCKED_DOWN}
)
_WRONG: Final = {
    BurstOutcome.AMBIGUOUS: DoorReason.AMBIGUOUS,
    BurstOutcome.FRAMES_DISAGREE: DoorReason.FRAMES_DISAGREE,
}


class DoorService:
    """Decides at doors. Thread-safe."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        analyser: Analyser,
        bursts: BurstService,
        *,
        quality_policy: QualityPolicy,
        evidence: ProbeEvidence,
        granted: Callable[[NewGrant], None],
        observers: Observers[Decision],
    ) -> None:
        self._database = database
        self._clock = clock
        self._analyser = analyser
        self._bursts = bursts
        self._quality_policy = quality_policy
        self._evidence = evidence
        self._granted = granted
        self._observers = observers
        self._policies = Policies()
        self._sessions = Sessions()

    def find(self, caller: Principal, door_id: str) -> FoundDoor:
        """The caller's door of this id; ``NotFound`` or ``Conflict`` where it is not clear."""
        with self._database.read() as session:
            return find_door(session, caller, door_id)

    def forget(self) -> None:
        """Delete what no decision asks for any more: a background job."""
        forget(self._database, self._clock.now())

    def decide(
        self,
        door: FoundDoor,
        images: Sequence[bytes],
        options: DecisionOptions,
        *,
        caller: Principal,
        request_id: str,
    ) -> DoorAnswer | Pending:
        """The answer for ``images``, 1 to 8. Raises for what the client can mend, and for an
        overload; any other fault is a denial.
        """
        asked = Asked(door, caller, request_id, options.dry_run)
        try:
            answer = self._decided(asked, images, options)
        except _CLIENTS:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks, the door stays shut
            fault = f"{type(error).__name__}: {error}"
            _log_fault(door, fault, unexpected=not isinstance(error, AppError))
            return self._broken(asked, len(images), fault)
        # Here, once: the grant is committed, and the answer goes out while its actions are sent.
        if isinstance(answer, DoorAnswer):
            if grant := grant_of(answer, options.session):
                self._granted(grant)
            if burst := burst_decided(answer):
                self._observers.tell(burst)
        return answer

    def _decided(
        self, asked: Asked, images: Sequence[bytes], options: DecisionOptions
    ) -> DoorAnswer | Pending:
        arrived = self._clock.now()
        frames = received(images, options.captured_at, arrived)
        loaded = policy_found(self._policies, asked.door) or self._policy(asked.door)
        settings = loaded.settings[asked.door.id]
        shut = _shut(loaded, asked.door, arrived)
        if shut is not None:
            needed = FramesSeen(len(images), settings.min_used)
            return DoorAnswer(asked, Concluded(shut, arrived), needed)
        claim_of(loaded.policy.doors[asked.door.id].mode, options)
        different = distinct(frames)
        fresh = [each for each in different if not is_stale(each, arrived, settings)]
        by_digest = dict(zip((each.digest for each in frames), images, strict=True))
        seen = self._examined(asked.door, fresh, by_digest, settings)
        if not asked.dry_run:
            seen = self._evidence.sealed(seen, by_digest)
        count, stale = len(images), len(different) - len(fresh)
        if options.session is not None and fresh:
            key = SessionKey(asked.caller.id, asked.door.key, options.session, asked.dry_run)
            gathered = self._sessions.add(
                key,
                seen,
                at=arrived,
                is_stale=partial(is_stale, at=arrived, settings=settings),
                missing=lambda frames: missing(moving(frames), settings),
            )
            count, seen = gathered.received, gathered.frames
            if gathered.need:
                found = _frames_seen(Burst(tuple(seen)), count, settings)
                return Pending(asked, arrived, loaded.version.revision, found, gathered.need)
        return self._concluded(asked, loaded, seen, options, count, dropped=stale)

    def _policy(self, door: FoundDoor) -> LoadedPolicy:
        with self._database.read() as session:
            return policy_now(session, self._policies, door)

    def _examined(
        self,
        door: FoundDoor,
        frames: Sequence[Frame],
        images: dict[str, bytes],
        settings: DoorSettings,
    ) -> list[Frame]:
        """The frames with their faces; smaller ones are looked for only as second faces."""
        if not frames:
            return []
        quality = self._quality_policy.at_least(max(settings.min_face_size, door.min_face_size))
        least = quality.min_face_size
        if settings.refuses_second_face:
            least = int(RIVAL * least)
        select = largest_faces(_FOLLOWED)
        places = {digest: place for place, digest in enumerate(images)}
        seen = []
        with self._analyser.batch(len(frames)) as analyse:
            for frame in frames:
                with image_of(f"images[{places[frame.digest]}]"):
                    analysis = analyse(
                        images[frame.digest], select, quality.to_identify, least=least
                    )
                seen.append(replace(frame, faces=faces_of(analysis, self._quality_policy)))
        return seen

    def _concluded(
        self,
        asked: Asked,
        loaded: LoadedPolicy,
        frames: Sequence[Frame],
        options: DecisionOptions,
        received: int,
        *,
        dropped: int,
    ) -> DoorAnswer:
        """Recognise and decide; again where the policy changed in between."""
        for _ in range(_TRIES):
            door = loaded.policy.doors[asked.door.id]
            settings = loaded.settings[asked.door.id]
            now = self._clock.now()
            fresh = [each for each in frames if not is_stale(each, now, settings)]
            burst = burst_of(moving(fresh), settings)
            if len(fresh) < settings.min_used and dropped + len(frames) > len(fresh):
                burst = Burst(burst.used, wrong=frozenset({DoorReason.STALE_FRAMES}))
            sight = Sight(
                _frames_seen(burst, received, settings),
                wrong=burst.wrong,
                claim=claim_of(door.mode, options),
                enough_since=burst.enough_since(settings),
                probe=self._evidence.of(fresh, burst.used),
            )
            sight, seen = self._recognised(asked.door, door.mode, settings, burst, sight, options)
            try:
                concluded = conclude(
                    self._database, self._clock, asked.door, loaded, sight, dry_run=asked.dry_run
                )
            except PolicyChanged:
                loaded = self._policy(asked.door)
                continue
            if (fault := concluded.decision.fault) is not None:
                _log_fault(asked.door, fault, unexpected=False)
            return DoorAnswer(asked, concluded, sight.frames, seen, sight.claim)
        raise RuntimeError(f"the policy changed {_TRIES} times while one request ran")

    def _recognised(
        self,
        door: FoundDoor,
        mode: Mode,
        settings: DoorSettings,
        burst: Burst,
        sight: Sight,
        options: DecisionOptions,
    ) -> tuple[Sight, SeenBurst | None]:
        """The sight with whom the frames show, and the comparison, if there was one."""
        if sight.claim is not None:
            sight = replace(sight, factor=Factor.MISMATCHED)
        if burst.probes is None or (mode is Mode.VERIFY and sight.claim is None):
            return sight, None
        if mode is not Mode.VERIFY:
            seen = self._bursts.identify(door.collection_id, burst.probes, agree=settings.agree)
        else:
            with self._database.read() as session:
                person_id = claimed_person(session, door.collection_key, options)
            found = None
            if person_id is not None:
                found = self._bursts.verify(
                    door.collection_id, person_id, burst.probes, agree=settings.agree
                )
            if found is None:
                return sight, None
            seen = found
        wrong = sight.wrong | ({_WRONG[seen.outcome]} if seen.outcome in _WRONG else set())
        if burst.is_doubted and seen.outcome is BurstOutcome.UNKNOWN:
            wrong |= {DoorReason.LOW_QUALITY}
        key = None if seen.person is None else seen.person.key
        matched = sight.claim is not None and key is not None
        return (
            replace(
                sight,
                person_key=key,
                wrong=wrong,
                factor=Factor.MATCHED if matched else sight.factor,
                match=match_of(seen, "verify" if mode is Mode.VERIFY else "identify"),
                agreeing=seen.agreeing,
            ),
            seen,
        )

    def _broken(self, asked: Asked, received: int, fault: str) -> DoorAnswer:
        authority = Authority.KITH if asked.door.mode is Mode.DECIDE else Authority.ACS
        decision = DoorDecision(DoorReason.SYSTEM_ERROR, authority, 0, fault=fault)
        return DoorAnswer(asked, Concluded(decision, self._clock.now()), FramesSeen(received, 0))


def _shut(loaded: LoadedPolicy, door: FoundDoor, at: datetime) -> DoorDecision | None:
    """The decision of a door that lets nobody pass; then no face is looked at."""
    nobody = Sighting(wrong=frozenset({DoorReason.NO_FACE}))
    decision = decide(loaded.policy, door.id, nobody, at=at)
    return decision if decision.reason in _SHUT else None


def _frames_seen(burst: Burst, received: int, settings: DoorSettings) -> FramesSeen:
    used = sorted(frame.taken_at for frame in burst.used if frame.largest is not None)
    first, last = (used[0], used[-1]) if used else (None, None)
    return FramesSeen(received, settings.min_used, len(used), first, last)


def _log_fault(door: FoundDoor, fault: str, *, unexpected: bool) -> None:
    _log.error(
        "door.fault",
        collection=door.collection_id,
        door=door.id,
        fault=fault,
        exc_info=unexpected,
    )
