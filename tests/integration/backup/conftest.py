"""Fixtures of backups."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.bootstrap import Container
from app.core.db import Database
from app.feedback.models import Feedback, Probe, ProbeCounts
from app.gallery.enrolment import ImageFile
from app.gallery.models import (
    Face,
    OtherTemplate,
    Person,
)
from app.gallery.schemas import NewPerson
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from tests.integration.backup.archives import NOW
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, running


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """Two collections: ``hq`` keeps crops and has Ada with two photos and all that can be said of
    her, Bob, and Cid without a photo; ``lab`` has another Ada. Somebody was removed, so that keys
    have a hole.
    """
    with running(settings, tmp_path / "a") as container:
        make_collection(container, "hq", keep_crops=True)
        make_collection(container, "lab")
        persons = container.services.persons
        ada = NewPerson(
            id="ada",
            name="Åda \N{GRINNING FACE}",
            external_id="hr-1",
            metadata={"z": [1, None, 0.1], "a": {"b": True}},
            valid_from=NOW,
            valid_until=NOW + timedelta(days=365_000),
        )
        enrol(container, "gone", 9, "hq")
        photos = [ImageFile(None, picture(1, shake)) for shake in (0, 1)]
        persons.create("hq", ada, photos, keep_nothing)
        enrol(container, "bob", 2, "hq")
        persons.create("hq", NewPerson(id="cid"), [], keep_nothing)
        enrol(container, "ada", 3, "lab")
        persons.delete("hq", "gone")
        _tell_of_ada(container.database)
        yield container


def _tell_of_ada(database: Database) -> None:
    """An operator's word on a probe, and a probe of nobody, as the service keeps them."""
    with database.write() as session:
        ada = session.scalars(select(Person).where(Person.external_id == "hr-1")).one()
        face = session.scalars(select(Face).where(Face.person_key == ada.key)).first()
        assert face is not None
        seen = {
            "collection_key": ada.collection_key,
            "embedding": face.embedding,
            "source": "door 1",
            "created_at": NOW,
        }
        session.add(Probe(id="prb-1", **seen))
        session.add(
            OtherTemplate(face_id=face.id, contract_id="another", embedding=face.embedding[:64])
        )
        session.add(
            ProbeCounts(
                collection_key=ada.collection_key,
                contract_id="another",
                probes=7,
                expected_false_positives=0.5,
            )
        )
        session.add(
            Feedback(
                id="fb-1",
                person_key=ada.key,
                verdict="them",
                counted=False,
                probe_sha256="0",
                similarity=1.0,
                threshold=0.5,
                revision=1,
                contract_id=face.contract_id,
                **seen,
            )
        )
