"""The SQL of the list of a collection's people."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, selectinload

from app.core.names import spellings
from app.gallery import repository
from app.gallery.models import Collection, Person


def persons(
    session: Session,
    owner: Collection,
    *,
    name: str | None,
    external_id: str | None,
    text: str,
    after: int,
    limit: int,
) -> Sequence[Person]:
    """Persons by age, with exactly this name or external id where one is given, and with ``text``
    somewhere in their name or ids, in small letters or large ones.

    Persons whom an earlier Kith stored in another spelling of the name (NFD) are found too.
    """
    query = select(Person).where(Person.collection_key == owner.key, Person.key > after)
    query = query.options(selectinload(Person.credentials))
    if name is not None:
        query = query.where(Person.name.in_(spellings(name)))
    if external_id is not None:
        query = query.where(repository.has_external_id(external_id))
    if text:
        query = query.where(_has_text(text))
    return session.scalars(query.order_by(Person.key).limit(limit)).all()


def _has_text(text: str) -> ColumnElement[bool]:
    """SQLite ignores case for ASCII alone, so other letters are looked for in each case that is
    likely.
    """
    columns = (Person.name, Person.external_id, Person.id)
    written = {text, text.lower(), text.upper(), text.title()} if not text.isascii() else set()
    alike = [each.icontains(text, autoescape=True) for each in columns]
    alike += [each.contains(way, autoescape=True) for each in columns for way in sorted(written)]
    return or_(*alike)
