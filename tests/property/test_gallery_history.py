"""Two services on one database, through whatever history of enrolments, removals and restarts: what
they answer is what a slow model of the gallery says.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from numpy.typing import NDArray

from app.bootstrap import Container, build
from app.decision.calibration import Calibration
from app.decision.calibration_file import from_json
from app.decision.cohort import Cohort
from app.decision.fusion import Fused
from app.decision.gallery_rates import GalleryRates
from app.decision.rates import GallerySize
from app.decision.resemblance import second_names
from app.errors import InvalidRequest, NotFound
from app.gallery.collection_schemas import NewCollection
from app.gallery.collection_service import CollectionService
from app.gallery.enrolment import ImageFile
from app.gallery.person_service import PersonService
from app.gallery.schemas import NewPerson, PersonPatch
from app.receipts.keeping import keep_nothing
from app.recognition import render
from app.recognition.schemas.faces import EmbeddingOptions
from app.recognition.schemas.identification import Identification, IdentifyOptions
from app.settings import Settings
from tests.api.support import FakeClock
from tests.support.databases import migrated_database
from tests.support.fake_bundle import fake_calibration
from tests.support.pictures import picture
from tests.support.server import ADMIN_KEY

Seen = tuple[int, int]
"""A picture: of whom, and which of theirs."""

REPLICAS = 2
PROBES = 3
STRANGER = 100
EVERYBODY = IdentifyOptions(max_candidates=100)

replicas = st.integers(0, REPLICAS - 1)
collections = st.sampled_from(["doors", "gates"])
persons = st.sampled_from(["ada", "bob", "cyd", "dan", "eve"])
pictures = st.tuples(st.integers(0, 5), st.integers(0, 2))
draws = st.integers(0, 2**16)
hours = st.none() | st.integers(-2, 2)
EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@cache
def encoded(seen: Seen) -> bytes:
    return picture(*seen)


class GalleryHistory(RuleBasedStateMachine):
    """``enrolled`` is the model: collection -> person -> face -> picture, and ``valid`` from when
    until when a person is named.
    """

    model_folder: ClassVar[Path]
    database_kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        folder = Path(self.opened.enter_context(TemporaryDirectory()))
        self.settings = Settings(
            data_dir=folder,
            model=self.model_folder,
            admin_key=ADMIN_KEY,
            database_url=self.opened.enter_context(migrated_database(self.database_kind, folder)),
        )
        self.clock = FakeClock()
        self.containers = [self._opened() for _ in range(REPLICAS)]
        self.enrolled: dict[str, dict[str, dict[int, Seen]]] = {}
        self.valid: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        self.embeddings: dict[Seen, NDArray[np.float64]] = {}
        self.probes = np.random.default_rng(0)

    def teardown(self) -> None:
        for container in self.containers:
            container.close()
        self.opened.close()

    @initialize(replica=replicas)
    def begin_with_a_collection(self, replica: int) -> None:
        self._create("doors", replica)

    @rule(replica=replicas)
    def make_a_second_collection(self, replica: int) -> None:
        for collection in ("doors", "gates"):
            if collection not in self.enrolled:
                self._create(collection, replica)

    @rule(
        replica=replicas,
        collection=collections,
        person=persons,
        seen=st.lists(pictures, max_size=3, unique=True),
    )
    def add_a_person(self, replica: int, collection: str, person: str, seen: list[Seen]) -> None:
        people = self.enrolled.get(collection)
        if people is None or person in people:
            return
        answer = self._persons(replica).create(
            collection, NewPerson(id=person), files(seen), keep_nothing
        )
        faces = [face.id for face in answer.faces]
        people[person] = dict(zip(faces, seen, strict=True))
        self.valid.pop((collection, person), None)

    @rule(replica=replicas, seen=pictures, draw=draws)
    def add_a_face(self, replica: int, seen: Seen, draw: int) -> None:
        if (one := self._anybody(draw)) is None:
            return
        collection, person = one
        faces = self.enrolled[collection][person]
        service = self._persons(replica)
        if seen in faces.values():
            with pytest.raises(InvalidRequest):
                service.add_faces(collection, person, files([seen]), keep_nothing)
        else:
            added = service.add_faces(collection, person, files([seen]), keep_nothing)
            faces[added.faces[0].id] = seen

    @rule(replica=replicas, draw=draws)
    def remove_a_face(self, replica: int, draw: int) -> None:
        one = self._anybody(draw)
        if one is None or not (faces := self.enrolled[one[0]][one[1]]):
            return
        face = sorted(faces)[draw % len(faces)]
        self._persons(replica).delete_face(*one, face)
        del faces[face]

    @rule(replica=replicas, draw=draws)
    def remove_a_person(self, replica: int, draw: int) -> None:
        if (one := self._anybody(draw)) is None:
            return
        self._persons(replica).delete(*one)
        del self.enrolled[one[0]][one[1]]

    @rule(replica=replicas, draw=draws, start=hours, end=hours)
    def limit_a_person(self, replica: int, draw: int, start: int | None, end: int | None) -> None:
        one = self._anybody(draw)
        if one is None or (start is not None and end is not None and start >= end):
            return
        now = self.clock.now()
        bounds = [None if each is None else now + timedelta(hours=each) for each in (start, end)]
        patch = PersonPatch(valid_from=bounds[0], valid_until=bounds[1])
        self._persons(replica).update(*one, patch)
        self.valid[one] = (bounds[0] or EVER[0], bounds[1] or EVER[1])

    @rule(hours=st.integers(1, 3))
    def time_passes(self, hours: int) -> None:
        self.clock.forward(timedelta(hours=hours))

    @rule(replica=replicas, collection=collections)
    def delete_a_collection(self, replica: int, collection: str) -> None:
        if collection in self.enrolled:
            self._collections(replica).delete(collection, force=True)
            del self.enrolled[collection]
            self.valid = {one: when for one, when in self.valid.items() if one[0] != collection}

    @rule(replica=replicas)
    def restart(self, replica: int) -> None:
        self.containers[replica].close()
        self.containers[replica] = self._opened()

    @invariant()
    def every_replica_answers_what_the_model_says(self) -> None:
        for container in self.containers:
            service = container.services.identification
            for collection in ("doors", "gates"):
                if collection not in self.enrolled:
                    with pytest.raises(NotFound):
                        service.identify(collection, encoded((0, 0)), EVERYBODY, request_id="r")
                    continue
                for seen in self._probes(collection):
                    decision = service.identify(
                        collection, encoded(seen), EVERYBODY, request_id="r"
                    )
                    answer = render.identification(decision)
                    self._check(answer, collection, seen)

    def _check(self, answer: Identification, collection: str, seen: Seen) -> None:
        probe = self._embedding(seen)
        people = {
            person: self._fused(faces)
            for person, faces in self.enrolled[collection].items()
            if faces and self._is_valid(collection, person)
        }
        expected = {person: float(fused @ probe) for person, fused in people.items()}
        face = answer.faces[0]
        assert answer.policy.gallery_size == len(expected)
        assert {each.person_id for each in face.candidates} == expected.keys()
        given = [each.similarity for each in face.candidates]
        assert given == sorted(given, reverse=True)
        for each in face.candidates:
            assert each.similarity == pytest.approx(expected[each.person_id], abs=1e-4)
            assert each.face_id is not None
            self._check_nearest(self.enrolled[collection][each.person_id], each.face_id, probe)
        threshold = limit_of(probe, list(people.values()), answer.policy.target_fpir)
        assert face.threshold == pytest.approx(threshold, abs=2e-4)
        decision, person = decided(expected, threshold)
        assert (face.decision, face.person_id) == (decision, person)

    def _is_valid(self, collection: str, person: str) -> bool:
        start, end = self.valid.get((collection, person), EVER)
        return start <= self.clock.now() < end

    def _check_nearest(self, faces: dict[int, Seen], face: int, probe: NDArray[np.float64]) -> None:
        nearness = {each: float(self._embedding(seen) @ probe) for each, seen in faces.items()}
        assert nearness[face] == pytest.approx(max(nearness.values()), abs=1e-6)

    def _probes(self, collection: str) -> Iterator[Seen]:
        """A stranger, and people who are or were or may be enrolled."""
        yield STRANGER + int(self.probes.integers(50)), 0
        known = [seen for faces in self.enrolled[collection].values() for seen in faces.values()]
        for _ in range(PROBES):
            if known and self.probes.random() < 0.7:
                yield known[int(self.probes.integers(len(known)))]
            else:
                yield int(self.probes.integers(6)), int(self.probes.integers(3))

    def _anybody(self, draw: int) -> tuple[str, str] | None:
        everybody = [(each, person) for each, people in self.enrolled.items() for person in people]
        return everybody[draw % len(everybody)] if everybody else None

    def _create(self, collection: str, replica: int) -> None:
        self._collections(replica).create(NewCollection(id=collection), keep_nothing)
        self.enrolled[collection] = {}

    def _embedding(self, seen: Seen) -> NDArray[np.float64]:
        if seen not in self.embeddings:
            service = self.containers[0].services.detection
            embedded = service.embed(encoded(seen), EmbeddingOptions())
            self.embeddings[seen] = embedded.embedding.astype(np.float64)
        return self.embeddings[seen]

    def _fused(self, faces: dict[int, Seen]) -> NDArray[np.float64]:
        total = np.sum([self._embedding(seen) for seen in faces.values()], axis=0)
        fused: NDArray[np.float64] = total / np.linalg.norm(total)
        return fused

    def _opened(self) -> Container:
        container = build(self.settings, self.clock)
        container.open()
        return container

    def _collections(self, replica: int) -> CollectionService:
        return self.containers[replica].services.collections

    def _persons(self, replica: int) -> PersonService:
        return self.containers[replica].services.persons


def files(seen: list[Seen]) -> list[ImageFile]:
    return [ImageFile(None, encoded(each)) for each in seen]


@cache
def calibration() -> Calibration:
    return from_json(fake_calibration())


def limit_of(probe: NDArray[np.float64], people: list[NDArray[np.float64]], target: float) -> float:
    """The threshold of a probe among ``people``, in the order in which they came, from their
    vectors at once.
    """
    vectors = np.array(people, np.float32).reshape(-1, len(probe))
    everybody = Fused(np.arange(len(people)), vectors, np.ones(len(people), np.int64))
    again = second_names(calibration(), Cohort.of(vectors), everybody)
    vectors = vectors[[at for at in range(len(people)) if at not in again]]
    size = GallerySize(len(vectors), len(people))
    [rates] = GalleryRates(calibration(), Cohort.of(vectors), size).of(probe[None])
    nearest = sorted((vectors @ probe).tolist(), reverse=True)
    return min(rates.judging(nearest, target).limit(target), 1.001)


def decided(similarities: dict[str, float], threshold: float) -> tuple[str, str | None]:
    """Naively: who reaches the threshold, and is there one whom noise cannot take for another."""
    reaching = [person for person, value in similarities.items() if value >= threshold]
    if not reaching:
        return "unknown", None
    best = max(reaching, key=lambda person: similarities[person])
    close = [person for person in reaching if similarities[best] - similarities[person] <= 0.01]
    return ("identified", best) if len(close) == 1 else ("ambiguous", None)


@pytest.mark.both_databases
def test_every_replica_agrees_with_the_model_after_every_step(
    fake_bundle: Path, database_kind: str
) -> None:
    class History(GalleryHistory):
        model_folder = fake_bundle

    History.database_kind = database_kind

    run_state_machine_as_test(
        History,
        settings=examples(
            max_examples=15 if database_kind == "sqlite" else 5,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
