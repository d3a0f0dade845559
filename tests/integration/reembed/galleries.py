"""The model of a gallery, as its service and its database show it."""

from sqlalchemy import select

from app.bootstrap import Container
from app.core.db import Database
from app.gallery.models import Collection, Face
from app.recognition.schemas.identification import IdentifyOptions
from tests.support.pictures import picture


def named(service: Container, somebody: int) -> str | None:
    recognition = service.services.identification
    image, options = picture(somebody, 1), IdentifyOptions()
    found = recognition.identify("doors", image, options, request_id="r")
    winner = found.faces[0].winner
    return winner.person.id if winner else None


def position(database: Database) -> tuple[str, int, str]:
    with database.read() as session:
        row = session.scalars(select(Collection)).one()
        return row.epoch, row.revision, row.contract_id


def contracts(database: Database) -> set[str]:
    """The contracts of the faces."""
    with database.read() as session:
        return set(session.scalars(select(Face.contract_id)))


def evidence_row(database: Database) -> tuple[int, float, int]:
    with database.read() as session:
        counts = session.scalars(select(Collection)).one().counts
        assert counts is not None
        return counts.probes, counts.expected_false_positives, counts.false_positives
