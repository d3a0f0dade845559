"""Builds the object graph once, for the API, the commands and the tests. Only this module knows
every room.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Final

from app.access.building import build_access
from app.access.models import Door, Group, Rule, Schedule, Zone
from app.actions.building import build_actions
from app.analysis import build_analyser, build_enroller, quality_policy_of
from app.audit.building import build_audit
from app.auth.cached_keys import CachedKeys
from app.auth.service import KeyService
from app.auth.sessions import SessionService
from app.bundles.bundle import Bundle
from app.compreface.subjects import SubjectService
from app.container import Container as Container
from app.container import Services
from app.core.clock import Clock, SystemClock
from app.core.db import Database
from app.core.erasure import Erasure
from app.core.observers import Observers
from app.core.outage import Outage
from app.decision.calibration import Calibration
from app.decision.resemblance import second_names
from app.doors.building import build_doors, build_evidence
from app.doors.health import DoorHealthService
from app.doors.log import DoorLog
from app.doors.questions import DoorQuestions
from app.feedback.counts import Exposures
from app.feedback.probes import ProbeStore
from app.gallery.building import Reports, build_reports
from app.gallery.collection_service import CollectionService
from app.gallery.dismissals import DismissalService
from app.gallery.merging import MergeService
from app.gallery.models import Collection
from app.gallery.person_service import PersonService
from app.gallery.repository import lock_of_contract
from app.gallery.resemblance import Resemblances
from app.gallery.templates import TemplateFeed
from app.index.engines import new_index
from app.inference.analyser import Analyser
from app.inference.pipeline import Pipeline
from app.inference.quality_policy import QualityPolicy
from app.jobs.loop import Job, Jobs
from app.maintenance.backup import BackupService
from app.mqtt.building import build_publisher
from app.observability.health import Readiness
from app.observability.metrics import Metrics
from app.observability.replicas import ReplicaCollector
from app.receipts.service import Receipts
from app.recognition.bookkeeping import Books, Records
from app.recognition.climbing import ClimbWatch
from app.recognition.clusters import ClusterService
from app.recognition.detect import DetectionService
from app.recognition.distances import DistanceService
from app.recognition.feedback import FeedbackService
from app.recognition.identify import IdentificationService
from app.recognition.last_known import LastKnownCollections, LastKnownSearch, OutageSearch
from app.recognition.model_service import ModelService
from app.recognition.repository import last_known_people
from app.recognition.results import Decision
from app.recognition.search import PersonSearch
from app.recognition.thresholds import SiteWatch, ThresholdService
from app.recognition.verify import VerificationService
from app.replication import history
from app.replication.follower import Follower
from app.replication.replicas import Replicas
from app.replication.snapshot import Snapshots
from app.settings import Settings
from app.trail.retention import Retention
from app.webhooks.building import build_webhooks
from app.webhooks.models import Webhook

_OWNED: Final = Door, Zone, Group, Schedule, Rule, Webhook


def build(settings: Settings, clock: Clock | None = None) -> Container:
    """Load the bundle and connect all parts; at most the note of the provider is written."""
    base = _base(settings, clock or SystemClock())
    keys = _keys(base)
    galleries = _galleries(base, keys)
    judging = _judging(base, galleries)
    services = _services(base, keys, galleries, judging)
    return Container(
        settings,
        base.database,
        galleries.follower,
        judging.observers,
        _jobs(base, services, galleries, judging),
        services,
        build_publisher(base.database, base.clock, settings, judging.metrics.of_mqtt),
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """The parts that the builder of every room needs."""

    settings: Settings
    clock: Clock
    database: Database
    bundle: Bundle
    pipeline: Pipeline
    analyser: Analyser
    receipts: Receipts


def _base(settings: Settings, clock: Clock) -> _Base:
    bundle = Bundle.load(settings.bundle_dir)
    database = Database(settings.database)
    analyser, receipts = build_analyser(bundle, settings), Receipts(database, clock)
    return _Base(settings, clock, database, bundle, analyser.pipeline, analyser, receipts)


def _keys(base: _Base) -> KeyService:
    admin_key = secret.get_secret_value() if (secret := base.settings.admin_key) else None
    return KeyService(base.database, base.clock, admin_key=admin_key)


@dataclass(frozen=True, slots=True)
class _Judging:
    """The parts that decisions are made with, and the observers that follow a decision."""

    calibration: Calibration
    quality_policy: QualityPolicy
    books: Books
    observers: Observers[Decision]
    metrics: Metrics


def _judging(base: _Base, galleries: "_Galleries") -> _Judging:
    manifest, calibration = base.bundle.manifest, base.bundle.calibration
    outage, replicas = galleries.outage, ReplicaCollector(galleries.follower)
    metrics = Metrics(lambda: outage.stale, lambda: outage.age, replicas)
    books = Books(
        metrics.decisions,
        SiteWatch(calibration, metrics.decisions),
        ClimbWatch(metrics.decisions),
        Exposures(base.database, contract_id=manifest.contract_id),
        ProbeStore(base.database, manifest.dimension, lock=lock_of_contract),
    )
    observers = Observers[Decision](books.observers(), metrics.observers)
    return _Judging(calibration, quality_policy_of(base.settings), books, observers, metrics)


def _services(base: _Base, keys: KeyService, galleries: "_Galleries", judged: _Judging) -> Services:
    settings, database, clock, analyser = base.settings, base.database, base.clock, base.analyser
    replicas, search, contract_id = galleries.replicas, galleries.search, base.pipeline.contract_id
    calibration, quality_policy, books = judged.calibration, judged.quality_policy, judged.books
    records = Records(judged.observers, books.exposures, books.probes)
    deciding = analyser, galleries.current, calibration, quality_policy, clock, judged.observers
    reports = build_reports(database, clock, replicas, base.bundle.manifest, calibration)
    forget = partial(_forget, galleries, judged, reports)
    resemblances = Resemblances(database, replicas, clock, calibration)
    persons = PersonService(database, clock, build_enroller(analyser, settings), resemblances)
    audit, streams = build_audit(database, clock, keys, settings)
    actions, sender = build_actions(database, clock, settings, judged.metrics.actions)
    return Services(
        receipts=base.receipts,
        keys=keys,
        cached_keys=galleries.cached_keys,
        sessions=SessionService(database, clock, keys),
        readiness=Readiness(database, galleries.outage),
        metrics=judged.metrics,
        observers=judged.observers,
        replicas=galleries.follower,
        backups=BackupService(database, clock, settings.data_dir),
        collections=CollectionService(
            database, clock, contract_id=contract_id, forget=forget, owned=_OWNED
        ),
        persons=persons,
        subjects=SubjectService(database, persons),
        merges=MergeService(database, clock),
        dismissals=DismissalService(database, clock),
        **reports,
        identification=IdentificationService(*deciding),
        detection=DetectionService(analyser),
        verification=VerificationService(*deciding),
        distances=DistanceService(analyser, search),
        clusters=ClusterService(analyser, search, records, calibration),
        feedback=FeedbackService(
            *(database, clock, analyser, search),
            calibration=calibration,
            quality_policy=quality_policy,
            records=records,
        ),
        thresholds=ThresholdService(database, search, calibration, books.watch),
        models=ModelService(base.bundle, base.pipeline.chosen),
        **build_access(database, clock, sync_lines=settings.sync_lines),
        audit=audit,
        event_streams=streams,
        actions=actions,
        sender=sender,
        webhooks=build_webhooks(database, clock, settings, judged.metrics.webhooks),
        door_log=DoorLog(database),
        door_questions=DoorQuestions(database, clock),
        door_health=DoorHealthService(database, clock, silent_after=settings.door_silent_seconds),
        door_decisions=build_doors(
            *(database, clock, analyser, search, calibration, quality_policy),
            *(build_evidence(settings), sender.submit, judged.observers),
        ),
    )


def _jobs(base: _Base, services: Services, galleries: "_Galleries", judging: _Judging) -> Jobs:
    """The background jobs. At the stop those run first whose data is only in memory."""
    settings, metrics, losses = base.settings, services.metrics.jobs, services.webhooks.losses
    days = {name: getattr(settings, name) for name in ("audit_days", "evidence_days", "event_days")}
    trail = Retention(base.database, base.clock, metrics, follow=losses.follow, **days)
    jobs = (
        Job("probe_counts", judging.books.exposures.write, at_stop=True),
        Job("key_uses", services.keys.uses.write, at_stop=True),
        Job("receipts", services.receipts.purge),
        Job("sessions", services.sessions.purge),
        Job("audit", trail.purge_audit),
        Job("evidence", trail.purge_evidence),
        Job("events", trail.purge_events),
        Job("change_log", partial(history.compact, base.database)),
        Job("door_history", services.door_decisions.forget),
        Job("door_health", services.door_health.look, 15.0),
        Job("deleted_collections", lambda: judging.books.retain(services.collections.ids())),
        Job("erasure", Erasure(base.database, at_start=True).run, at_stop=True),
        Job("indexes", galleries.replicas.tend, seconds=5.0),
        Job("snapshots", galleries.replicas.keep, settings.snapshot_seconds, at_stop=True),
    )
    return Jobs(jobs, metrics)


def _forget(
    galleries: "_Galleries",
    judging: _Judging,
    reports: Reports,
    collection: Collection,
) -> None:
    """Drop the data that this process keeps of a deleted collection."""
    judging.observers.settle()  # so that no earlier decision adds to it again
    galleries.replicas.forget(collection.key)
    galleries.last_known.forget(collection.key)
    judging.books.forget(collection)
    for each in (reports["lookalikes"], reports["odd_faces"], reports["evaluations"]):
        each.forget(collection.key)


@dataclass(frozen=True, slots=True)
class _Galleries:
    """The replicas of the enrolled people, and the parts that answer from them in an outage."""

    replicas: Replicas
    search: PersonSearch
    outage: Outage
    last_known: LastKnownCollections
    current: OutageSearch
    cached_keys: CachedKeys
    follower: Follower


def _galleries(base: _Base, keys: KeyService) -> _Galleries:
    settings, database, clock, pipeline = base.settings, base.database, base.clock, base.pipeline
    contract, stale_ok = pipeline.contract, settings.stale_ok_seconds
    payloads = partial(last_known_people, dimension=contract.dimension) if stale_ok else None
    feed = TemplateFeed(database, contract, payloads)
    snapshots = Snapshots(settings.data_dir / "index", contract)
    second = partial(second_names, base.bundle.calibration)
    index = new_index(contract.dimension, large_from=settings.large_from)
    replicas = Replicas(feed, index, snapshots, second)
    search = PersonSearch(database, replicas, clock, pipeline)
    wake = threading.Event()
    outage = Outage(stale_ok, wake=wake.set)
    last_known = LastKnownCollections(database)
    from_memory = LastKnownSearch(last_known, replicas, clock, contract_id=contract.id)
    current = OutageSearch(search, from_memory, outage)
    cached_keys = CachedKeys(keys, outage)

    @contextmanager
    def polling() -> Iterator[None]:
        with outage.polling(), last_known.polling():
            cached_keys.read()
            yield

    if stale_ok:
        last_known.watch()
    follower = Follower(
        *(database, feed, replicas),
        wake=wake,
        polling=polling if stale_ok else nullcontext,
        known_for=stale_ok or inf,
    )
    return _Galleries(replicas, search, outage, last_known, current, cached_keys, follower)
