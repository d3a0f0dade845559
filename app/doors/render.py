"""The answers of doors as clients see them: a key without the scope ``admin`` gets the decision,
and no number that leads to anybody.
"""

from dataclasses import asdict
from datetime import timedelta

from app.access.policy.decide import DoorDecision
from app.access.policy.values import Authority, Mode
from app.doors.answers import DoorAnswer, FramesSeen, Pending, factors_of, in_ms
from app.doors.schemas import (
    DoorDecisionView,
    DoorMatchView,
    DoorPersonView,
    LivenessView,
    RevealedCredential,
    RuleOfDecision,
    UsedFramesView,
)
from app.reasons import DoorReason

_LIVENESS = LivenessView(policy="off", state="not_checked")


def decision(answer: DoorAnswer) -> DoorDecisionView:
    """The decision."""
    asked, concluded = answer.asked, answer.concluded
    found, known = concluded.decision, concluded.person
    agreeing = answer.seen.agreeing if answer.seen is not None else 0
    person = None
    if known is not None:
        person = DoorPersonView(
            id=known.person.id,
            external_id=known.external_id,
            credentials=[
                RevealedCredential.model_validate(asdict(each)) for each in concluded.revealed
            ],
        )
    rule = None
    if found.rule is not None and found.schedule is not None:
        rule = RuleOfDecision(id=found.rule, schedule_id=found.schedule)
    age = answer.frames.age(concluded.at)
    return DoorDecisionView(
        decision=found.answer,
        reason=found.reason,
        detail=_detail(found, answer.frames),
        collection_id=asked.door.collection_id,
        door_id=asked.door.id,
        mode=asked.door.mode.value,
        authority=found.authority,
        decided_at=concluded.at,
        valid_until=None if asked.dry_run else found.valid_until,
        blocked_until=found.blocked_until,
        person=person,
        match=_match(answer),
        frames=_frames(answer.frames, agreeing, age),
        liveness=_LIVENESS,
        factors=factors_of(answer.claim, named=person is not None),
        rule=rule,
        policy_revision=found.policy_revision,
        need=0,
        event_id=concluded.event_id,
        suppressed=concluded.suppressed,
        dry_run=asked.dry_run,
        request_id=asked.request_id,
    )


def pending(answer: Pending) -> DoorDecisionView:
    """The answer while a session needs more frames."""
    asked = answer.asked
    return DoorDecisionView(
        decision="pending",
        reason=None,
        detail=f"Send at least {_count(answer.need, 'more frame')} in this session.",
        collection_id=asked.door.collection_id,
        door_id=asked.door.id,
        mode=asked.door.mode.value,
        authority=Authority.KITH if asked.door.mode is Mode.DECIDE else Authority.ACS,
        decided_at=answer.at,
        valid_until=None,
        blocked_until=None,
        person=None,
        match=None,
        frames=_frames(answer.frames, 0, None),
        liveness=_LIVENESS,
        factors=[],
        rule=None,
        policy_revision=answer.policy_revision,
        need=answer.need,
        event_id=None,
        suppressed=False,
        dry_run=asked.dry_run,
        request_id=asked.request_id,
    )


def _match(answer: DoorAnswer) -> DoorMatchView | None:
    seen = answer.seen
    if seen is None or seen.score is None or seen.similarity is None:
        return None
    if answer.concluded.person is None or not answer.asked.caller.may_read:
        return None
    verifies = answer.claim is not None
    return DoorMatchView(
        kind="verify" if verifies else "identify",
        similarity=round(seen.similarity, 4),
        threshold=round(seen.score.threshold, 4),
        fpir=None if verifies else seen.score.fpir,
        target_fpir=None if verifies else seen.collection.target_fpir,
        gallery_size=seen.gallery.size.persons,
        contract_id=seen.collection.contract_id,
        revision=seen.gallery.revision,
    )


def _frames(frames: FramesSeen, agreeing: int, age: timedelta | None) -> UsedFramesView:
    return UsedFramesView(
        received=frames.received,
        used=frames.used,
        needed=frames.needed,
        agreeing=agreeing,
        span_ms=in_ms(frames.span),
        first_at=frames.first_at,
        last_at=frames.last_at,
        age_ms=None if age is None else in_ms(age),
    )


def _detail(found: DoorDecision, frames: FramesSeen) -> str | None:
    """Advice, where the reason alone does not give it."""
    came, needed = _count(frames.received, "frame"), frames.needed
    details = {
        DoorReason.TOO_FEW_FRAMES: f"{came} came, of which {frames.used} can be used, "
        f"over {in_ms(frames.span)} ms; this door needs {needed} different ones "
        "(frames.min_used, frames.min_span_ms); equal files count once.",
        DoorReason.NO_FACE: f"{came} came; {needed} with a face of frames.min_face_size pixels or "
        "more are needed (frames.min_used).",
        DoorReason.LOW_QUALITY: f"{came} came, of which {frames.used} can be used; this door "
        f"needs {needed} (frames.min_used), each sharp and with a whole face of "
        "frames.min_face_size pixels or more."
        if frames.used < needed
        else "Nobody can be recognised in these frames: send sharp ones of the whole face.",
        DoorReason.STALE_FRAMES: "The frames were too old (frames.max_age_ms), or from the future; "
        "captured_at must be of a clock that is right.",
        DoorReason.FACTOR_REQUIRED: "This door's mode is verify: send person_id or credential.",
        DoorReason.SYSTEM_ERROR: "A fault of Kith's own; its log has it under the request's id.",
    }
    return details.get(found.reason)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
