"""Takes operators' reports on answers: this was the person, or this was not.

See docs/decisions/0007: confirmed false positives are compared with the expected number, and each
``not_them`` decides its own comparison; ``them`` is kept for evaluation and changes no threshold.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.auth.principal import INSIDE, Principal
from app.core.clock import Clock
from app.core.db import Database
from app.core.ids import new_id
from app.decision.calibration import Calibration
from app.decision.fusion import fuse
from app.errors import FieldError, InvalidRequest
from app.feedback import repository as reports
from app.feedback.models import Feedback
from app.gallery import repository
from app.gallery.models import Collection, Person
from app.gallery.rates import rates_in
from app.index.base import Vectors
from app.index.packing import pack, unpack
from app.inference.analyser import Analyser
from app.inference.quality_policy import QualityPolicy
from app.recognition.bookkeeping import Records
from app.recognition.matches import FEWEST, judge, no_faces, standing_of
from app.recognition.results import GivenFeedback
from app.recognition.schemas.feedback import FeedbackOptions
from app.recognition.search import PersonSearch
from app.recognition.subject import TakenFace, take_face
from app.trail.recording import record

KeepFeedback = Callable[[Session, GivenFeedback, Feedback, Person], None]
"""Stores the answer in the transaction that stores the report, and the rows that it shows."""

_SAME: Final = 1e-5
"""How far the cosine of two embeddings of one image may be from 1. Processors round a network's
numbers otherwise by about 1e-6 of their size, which moves the cosine by less than 1e-11; what moves
it is the rounding of the product itself, 5e-7. The same picture saved as JPEG once more, at quality
100, was 1.9e-4 away at least.
"""


class FeedbackService:
    """Takes and stores reports. Thread-safe."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        analyser: Analyser,
        search: PersonSearch,
        *,
        calibration: Calibration,
        quality_policy: QualityPolicy,
        records: Records,
    ) -> None:
        self._database = database
        self._clock = clock
        self._analyser = analyser
        self._search = search
        self._calibration = calibration
        self._quality_policy = quality_policy
        self._records = records

    def give(
        self,
        collection_id: str,
        options: FeedbackOptions,
        image: bytes | None,
        keep: KeepFeedback,
        *,
        caller: Principal = INSIDE,
    ) -> GivenFeedback:
        """Store a verdict on the image's face that ``subject`` means, or on a stored probe, for
        which nobody was named. A later verdict on the same probe replaces it.
        """
        collection, person, templates = self._search.enrolled(collection_id, options.person_id)
        if not len(templates):
            raise no_faces(person.id)
        probe, taken = self._probe(collection, options, image)
        similarity = float(fuse(templates) @ probe)
        threshold, impersonal, named = self._judged(collection, probe)
        wrong = named == person.id and image is not None
        self._records.write_counts()
        with self._database.write() as session:
            owner = repository.lock_comparable(session, collection_id, collection.contract_id)
            person = repository.person(session, owner, options.person_id)
            row = _row(session, person.key, owner.contract_id, probe) or Feedback(
                id=new_id("fb"),
                collection_key=owner.key,
                person_key=person.key,
                embedding=pack(probe),
                probe_sha256=_digest(probe),
                similarity=similarity,
                threshold=threshold,
                revision=collection.revision,
                contract_id=collection.contract_id,
                source=options.source,
                created_at=self._clock.now(),
                counted=False,
            )
            row.counted = options.verdict == "not_them" and (row.counted or wrong)
            row.verdict = options.verdict
            row.reporter = caller.id
            session.add(row)
            repository.log_change(session, owner, [person.key], now=self._clock.now())
            reports.count_false_positives(session, owner.key, owner.contract_id)
            given = GivenFeedback(caller, owner, person.id, row, taken, impersonal)
            keep(session, given, row, person)
            record(
                session,
                owner,
                "feedback.given",
                ("feedback", row.id),
                now=self._clock.now(),
                person=person.id,
                verdict=options.verdict,
            )
        return given

    def _probe(
        self, collection: Collection, options: FeedbackOptions, image: bytes | None
    ) -> tuple[Vectors, TakenFace | None]:
        """The embedding (d,) that the report is about, and the face of its image, if it has one."""
        if (image is None) == (options.probe_id is None):
            raise _wrong("send either an image or a probe_id")
        if image is None:
            return self._records.probe(collection, str(options.probe_id)), None
        taken = take_face(
            self._analyser.analyse, image, options.subject, self._quality_policy.to_identify
        )
        return taken.needed("image", "the image")[1], taken

    def _judged(self, collection: Collection, probe: Vectors) -> tuple[float, float, str | None]:
        """The thresholds of the probe and by the bundle's people, without any feedback, and the id
        of the person who is named for the probe.

        The threshold that feedback has raised since is not used: a person named when the probe was
        seen is a false positive, however many reports came before this one.
        """
        matches = self._search.nearest(collection, probe[None], FEWEST)
        near = matches.by_probe[0]
        rates = replace(rates_in(self._calibration, collection, matches.gallery), factor=1.0)
        [own] = rates.of(probe[None])
        target = collection.target_fpir
        own = own.judging(near.counted, target)
        limit, impersonal = own.limit(target), rates.impersonal.limit(target)
        passed_over = standing_of(near.matches, own).below(limit)
        margin = self._calibration.ambiguity_margin
        winner = judge(near.matches, limit, margin=margin, passed_over=passed_over).winner
        return limit, impersonal, winner.person.id if winner else None


def _row(session: Session, person_key: int, contract_id: str, probe: Vectors) -> Feedback | None:
    """The report on this person and this probe, or None. The same image is the same probe, also
    where replicas with different processors embed it.
    """
    said = reports.reported_probes(session, person_key, contract_id)
    if not said:
        return None
    similarity = unpack([row.embedding for row in said], len(probe)) @ probe
    nearest = int(np.argmax(similarity))
    if similarity[nearest] < 1 - _SAME:
        return None
    return reports.get_feedback(session, said[nearest].key)


def _digest(probe: Vectors) -> str:
    return hashlib.sha256(pack(probe)).hexdigest()


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(f"image: {message}.", errors=[FieldError("image", message)])
