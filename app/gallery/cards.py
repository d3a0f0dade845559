"""Who people are beside their templates: what an answer tells of them, and whom they were taken
for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.gallery.models import Collection, Feedback, Person
from app.gallery.templates import parts, unpack
from app.index.base import Vectors


@dataclass(frozen=True, slots=True)
class Named:
    """A person's internal key, and what an answer says of them."""

    key: int
    id: str
    external_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A person, and the probes ``others`` (k, d) of which it was reported that they are not them;
    None where there are none, as of nearly everybody.
    """

    person: Named
    others: Vectors | None


def read_cards(
    session: Session, collection: Collection, person_keys: Sequence[int] | None, dimension: int
) -> dict[int, Card]:
    """Those of ``person_keys`` who are there, by key; everybody where it is None."""
    query = select(Person.key, Person.id, Person.external_id, Person.name).where(
        Person.collection_key == collection.key
    )
    others = others_of(session, collection, person_keys, dimension)
    found: dict[int, Card] = {}
    for part in parts(person_keys):
        some = query if part is None else query.where(Person.key.in_(part))
        for row in session.execute(some):
            person = Named(row.key, row.id, row.external_id, row.name)
            found[row.key] = Card(person, others.get(row.key))
    return found


def others_of(
    session: Session, collection: Collection, person_keys: Sequence[int] | None, dimension: int
) -> dict[int, Vectors]:
    """By person, the embeddings (k, d) of which it was reported, under the collection's contract,
    that they are not them; whoever has none is left out.
    """
    query = select(Feedback.person_key, Feedback.embedding).where(
        Feedback.collection_key == collection.key,
        Feedback.contract_id == collection.contract_id,
        Feedback.verdict == "not_them",
    )
    found: dict[int, list[bytes]] = {}
    for part in parts(person_keys):
        some = query if part is None else query.where(Feedback.person_key.in_(part))
        for key, embedding in session.execute(some):
            found.setdefault(key, []).append(embedding)
    return {key: unpack(rows, dimension) for key, rows in found.items()}
