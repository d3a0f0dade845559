"""Builds the object graph once. The API, the commands and the tests share it; it alone knows
everything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from math import inf

import structlog

from app.auth.door import DoorKeys
from app.auth.service import KeyService
from app.core.clock import Clock, SystemClock
from app.core.db import Database
from app.core.erasure import Erasure
from app.core.files import make_all_private, make_private, private_folder, why_no_files_in
from app.core.jobs import Jobs
from app.core.outage import Outage
from app.decision.sites import SiteCalibrations
from app.errors import StartError
from app.gallery.collection_service import CollectionService
from app.gallery.enrolment import Enroller
from app.gallery.lookalikes import Lookalikes
from app.gallery.models import Collection
from app.gallery.person_service import PersonService
from app.gallery.remembered import Remembered
from app.gallery.resemblance import Resemblances
from app.gallery.templates import TemplateFeed
from app.index.flat import FlatIndex
from app.index.follower import Follower
from app.index.replica import Replicas
from app.index.snapshot import Snapshots
from app.inference.acceptance import Acceptance
from app.inference.analyser import Analyser
from app.inference.bundle import Bundle
from app.inference.gate import Gate
from app.inference.pipeline import Pipeline, build_pipeline
from app.observability.health import Readiness
from app.observability.metrics import Metrics
from app.recognition.climbing import ClimbWatch
from app.recognition.clusters import ClusterService
from app.recognition.distances import DistanceService
from app.recognition.doors import DoorSearch
from app.recognition.exposures import Exposures
from app.recognition.feedback import FeedbackService
from app.recognition.models import ModelService
from app.recognition.probes import ProbeStore
from app.recognition.recalled import RecalledSearch
from app.recognition.search import PersonSearch
from app.recognition.service import RecognitionService
from app.recognition.thresholds import SiteWatch, ThresholdService
from app.recognition.verification import VerificationService
from app.settings import Settings
from app.vision.decode import ImageLimits
from app.web.idempotency import Receipts
from app.web.services import Services
from migrations import upgrade

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Container:
    """Everything that runs, ready to be opened."""

    settings: Settings
    database: Database
    keys: KeyService
    metrics: Metrics
    follower: Follower
    exposures: Exposures
    jobs: Jobs
    services: Services

    def open(self) -> None:
        """Bring the database to the current schema and see that somebody can get in.

        ``StartError`` where either cannot be done.
        """
        try:
            private = self._prepare_folder()
            upgrade(self.database)
            with self.database.opening():
                self._ensure_admin()
                self.follower.start()
            self.jobs.start()
        except BaseException:
            self.database.close()
            raise
        if not private:
            _log.warning("data.open_to_others", folder=str(self.settings.data_dir))

    def _prepare_folder(self) -> bool:
        folder = self.settings.data_dir
        try:
            return _make_private(self.settings)
        except OSError as error:
            why = why_no_files_in(folder) or f"{error.strerror}."
            raise StartError(
                f"KITH_DATA_DIR: the folder {str(folder)!r} cannot be used: {why}"
            ) from None

    def _ensure_admin(self) -> None:
        file = self.settings.admin_key_file
        try:
            self.keys.ensure_admin(file)
        except OSError as error:
            why = why_no_files_in(file.parent) or f"{error.strerror}."
            raise StartError(
                f"KITH_DATA_DIR: the first admin key cannot be written to {str(file)!r}: {why} Or "
                "set KITH_ADMIN_KEY, and none is made."
            ) from None

    def close(self) -> None:
        """Keep snapshots and counts, and give the database's connections back."""
        self.jobs.stop()
        self.follower.stop()
        self.exposures.write()
        self.database.close()


def build_analyser(pipeline: Pipeline, settings: Settings) -> Analyser:
    """The way from an image's bytes to embeddings, with the settings' limits."""
    return Analyser(
        pipeline,
        Gate(settings.threads, settings.queue, patience=settings.request_seconds),
        ImageLimits(settings.max_image_bytes, settings.max_image_pixels),
    )


def build_enroller(analyser: Analyser, settings: Settings) -> Enroller:
    """What decides which images can be enrolled, with the settings' limits."""
    return Enroller(analyser, _acceptance(settings))


def build(settings: Settings, clock: Clock | None = None) -> Container:
    """Load the bundle and wire everything; nothing is written and no port opened yet."""
    clock = clock or SystemClock()
    bundle = Bundle.load(settings.bundle_dir)
    pipeline = build_pipeline(bundle)
    database = Database(settings.database)
    analyser = build_analyser(pipeline, settings)
    acceptance = _acceptance(settings)
    admin_key = settings.admin_key.get_secret_value() if settings.admin_key else None
    keys = KeyService(database, clock, admin_key=admin_key)
    galleries = _galleries(settings, database, clock, pipeline, keys)
    replicas, search, outage = galleries.replicas, galleries.search, galleries.outage
    metrics = Metrics(lambda: outage.stale, lambda: outage.age)
    calibrations = SiteCalibrations(bundle.calibration)
    watch = SiteWatch(calibrations, metrics)
    exposures = Exposures(database, contract_id=pipeline.contract_id)
    climbs = ClimbWatch(metrics)
    probes = ProbeStore(database, clock, pipeline.dimension)

    def forget(collection: Collection) -> None:
        replicas.forget(collection.key)
        galleries.remembered.forget(collection.key)
        metrics.forget(collection.id)
        watch.forget(collection.key)
        climbs.forget(collection.id)
        lookalikes.forget(collection.key)

    receipts = Receipts(database, clock)
    lookalikes = Lookalikes(database, replicas, calibrations, contract_id=pipeline.contract_id)
    collections = CollectionService(
        database, clock, contract_id=pipeline.contract_id, forget=forget
    )
    provided = (
        keys,
        galleries.door_keys,
        metrics,
        Readiness(database, outage),
        receipts,
        collections,
        PersonService(
            database,
            clock,
            build_enroller(analyser, settings),
            Resemblances(database, replicas, clock, calibrations),
        ),
        lookalikes,
        RecognitionService(
            analyser,
            galleries.doors,
            calibrations=calibrations,
            acceptance=acceptance,
            metrics=metrics,
            watch=watch,
            exposures=exposures,
            probes=probes,
            climbs=climbs,
        ),
        FeedbackService(
            database,
            clock,
            analyser,
            search,
            calibrations=calibrations,
            acceptance=acceptance,
            exposures=exposures,
            probes=probes,
        ),
        ThresholdService(search, calibrations, watch),
        VerificationService(
            analyser,
            galleries.doors,
            calibrations=calibrations,
            acceptance=acceptance,
            metrics=metrics,
            clock=clock,
            climbs=climbs,
        ),
        DistanceService(analyser, search),
        ClusterService(analyser, search, probes, calibrations),
        ModelService(bundle),
    )
    return Container(
        settings,
        database,
        keys,
        metrics,
        galleries.follower,
        exposures,
        Jobs(
            {
                "last uses": keys.uses.write,
                "old receipts": receipts.sweep,
                "metrics of deleted collections": lambda: metrics.retain(collections.ids()),
                "erasure": Erasure(database, at_start=True).run,
            }
        ),
        {type(each): each for each in provided},
    )


@dataclass(frozen=True, slots=True)
class _Galleries:
    """Who is enrolled, as this process follows it, and what it may go on by in an outage."""

    replicas: Replicas
    search: PersonSearch
    outage: Outage
    remembered: Remembered
    doors: DoorSearch
    door_keys: DoorKeys
    follower: Follower


def _galleries(
    settings: Settings, database: Database, clock: Clock, pipeline: Pipeline, keys: KeyService
) -> _Galleries:
    contract_id, dimension = pipeline.contract_id, pipeline.dimension
    feed = TemplateFeed(database, contract_id=contract_id, dimension=dimension)
    folder = settings.data_dir / "index"
    snapshots = Snapshots(folder, contract_id=contract_id, dimension=dimension)
    replicas = Replicas(feed, lambda: FlatIndex(dimension), snapshots)
    search = PersonSearch(database, replicas, clock, pipeline)
    wake = threading.Event()
    outage = Outage(settings.stale_ok_seconds, wake=wake.set)
    remembered = Remembered(database, contract_id=contract_id, dimension=dimension)
    doors = DoorSearch(search, RecalledSearch(remembered, replicas, clock), outage)
    door_keys = DoorKeys(keys, outage)

    @contextmanager
    def looking() -> Iterator[None]:
        with outage.looking(), remembered.reading():
            door_keys.read()
            yield

    if settings.stale_ok_seconds:
        remembered.watch()
    follower = Follower(
        database,
        feed,
        replicas,
        snapshot_seconds=settings.snapshot_seconds,
        wake=wake,
        looking=looking if settings.stale_ok_seconds else nullcontext,
        known_for=settings.stale_ok_seconds or inf,
    )
    return _Galleries(replicas, search, outage, remembered, doors, door_keys, follower)


def _make_private(settings: Settings) -> bool:
    """Whatever lies in the data folder, for its owner alone; an earlier release was not strict."""
    folder = settings.data_dir
    private_folder(folder)
    mine = [make_private(folder), make_private(settings.admin_key_file)]
    mine += [make_all_private(folder / name) for name in ("index", "models")]
    return all(mine)


def _acceptance(settings: Settings) -> Acceptance:
    return Acceptance(
        min_face_size=settings.min_face_size,
        min_detection_score=settings.min_detection_score,
        min_quality=settings.min_quality,
        max_yaw=settings.max_yaw,
    )
