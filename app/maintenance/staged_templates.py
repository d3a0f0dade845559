"""The SQL of crops and of templates of other contracts, kept in addition to those in use."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Row, exists, func, select
from sqlalchemy.orm import Session

from app.bundles.contract import Contract
from app.errors import Conflict
from app.gallery import repository
from app.gallery.models import Collection, Crop, Face, OtherTemplate, Person

_NAMED: Final = 10


def candidates(session: Session, contract_id: str, names: Sequence[str]) -> list[Collection]:
    """The collections of these ids, or all, that are not of this contract yet; they are not locked.

    ``NotFound`` where there is no such collection; ``Conflict`` where there is nothing to do.
    """
    chosen = [repository.get_collection(session, name) for name in dict.fromkeys(names)]
    if not names:
        chosen = list(session.scalars(select(Collection).order_by(Collection.key)))
    found = [owner for owner in chosen if owner.contract_id != contract_id]
    if not found:
        raise nothing_to_do(", ".join(names) or "every collection", contract_id)
    return found


def nothing_to_do(which: str, contract_id: str) -> Conflict:
    """The error where the collections are of the contract already."""
    return Conflict(f"There is nothing to do: {which} is of {contract_id} already.")


def due(owner: Collection, contract_id: str) -> ColumnElement[bool]:
    """The faces of a collection that have no template under this contract yet."""
    there = exists().where(
        OtherTemplate.face_id == Face.id, OtherTemplate.contract_id == contract_id
    )
    return (Face.collection_key == owner.key) & ~there.correlate(Face)


def count_due(session: Session, owner: Collection, contract_id: str) -> int:
    """Number of these faces."""
    query = select(func.count()).select_from(Face)
    return session.scalar(query.where(due(owner, contract_id))) or 0


def next_crops(
    session: Session, which: ColumnElement[bool], *, crop_id: str, limit: int
) -> Sequence[Row[int, int, bytes]]:
    """Id, number and PNG of the first of these faces, by their ids, that have such a crop."""
    query = select(Face.id, Face.number, Crop.png).join(Crop, Crop.face_id == Face.id)
    query = query.where(which, Crop.crop_id == crop_id)
    return session.execute(query.order_by(Face.id).limit(limit)).all()


def obstacles(session: Session, owner: Collection, contract: Contract) -> Sequence[str]:
    """The reasons, as text, why the collection's faces cannot be embedded under this contract."""
    kept = exists().where(Crop.face_id == Face.id).correlate(Face)
    unlike = (
        exists().where(Crop.face_id == Face.id, Crop.crop_id != contract.crop_id).correlate(Face)
    )
    missing, found = due(owner, contract.id), []
    if lacking := _counted(session, missing & ~kept):
        found.append(f"{owner.id}: {lacking} without a kept crop")
    if unfit := _counted(session, missing & unlike):
        found.append(f"{owner.id}: {unfit} with a crop of another detector or alignment")
    return found


def other_templates(owner: Collection, contract_id: str | None) -> ColumnElement[bool]:
    """The collection's other templates, those of this contract or of any."""
    theirs = OtherTemplate.face_id.in_(select(Face.id).where(Face.collection_key == owner.key))
    return theirs if contract_id is None else theirs & (OtherTemplate.contract_id == contract_id)


def _counted(session: Session, which: ColumnElement[bool]) -> str | None:
    """The number of such faces and their persons, as text; None where there are none."""
    counted = select(func.count(), func.count(Face.person_key.distinct())).where(which)
    faces, people = session.execute(counted.select_from(Face)).one()
    if not faces:
        return None
    named = select(Person.id).join(Face, Face.person_key == Person.key).where(which)
    who = ", ".join(session.scalars(named.distinct().order_by(Person.id).limit(_NAMED)))
    more = f" and {people - _NAMED:,} others" if people > _NAMED else ""
    return f"{faces:,} faces ({who}{more})"
