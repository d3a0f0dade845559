"""The database of a CompreFace 1.x, read only: its recognition services, subjects and images.

The tables are those of its change log: ``app``, ``model``, ``subject``, ``embedding``, ``img``.
CompreFace's embeddings come from other models and cannot be compared with Kith's, so they are
counted and never read. Images are embedded again; CompreFace has them where its setting
``save_images_to_db`` is on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from sqlalchemy import URL, Engine, String, Uuid, and_, column, func, select, table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ProgrammingError

from app.core.opening import reason_of
from app.core.postgresql import postgresql_engine
from app.errors import InvalidRequest, StartError

_APP: Final = table("app", column("id"), column("name", String))
_MODEL: Final = table(
    "model",
    column("id"),
    column("name", String),
    column("api_key", String),
    column("app_id"),
    column("type", String),
)
_SUBJECT: Final = table(
    "subject", column("id", Uuid), column("api_key", String), column("subject_name", String)
)
_EMBEDDING: Final = table(
    "embedding",
    column("id", Uuid),
    column("subject_id", Uuid),
    column("calculator", String),
    column("img_id", Uuid),
)
_IMG: Final = table("img", column("id", Uuid), column("content"))
RECOGNITION: Final = "R"


@dataclass(frozen=True, slots=True)
class Service:
    """A recognition service: an application's face collection, with its key."""

    app: str
    name: str
    api_key: str


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """An example of a subject whose image was kept. ``face_id`` was its ``image_id``."""

    subject: str
    face_id: UUID
    img_id: UUID


@dataclass(frozen=True, slots=True)
class Holding:
    """The content of a service: its photos, and the subjects and embeddings without one.

    ``subjects`` are all, ``imageless`` those of whom no image was kept. ``lost`` counts embeddings
    without an image, by the calculator that made them.
    """

    subjects: Sequence[str]
    photos: Sequence[SourcePhoto]
    imageless: Sequence[str]
    lost: dict[str, int]

    @classmethod
    def of(
        cls, subjects: Sequence[str], photos: Sequence[SourcePhoto], lost: dict[str, int]
    ) -> Self:
        """The content, with ``imageless`` found from the photos."""
        seen = {each.subject for each in photos}
        return cls(subjects, photos, [each for each in subjects if each not in seen], lost)


class Source:
    """A CompreFace's database. Every read is a transaction of its own, which changes nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    @contextmanager
    def opened(cls, url: str) -> Iterator[Self]:
        """The database at ``url``; ``StartError`` where it cannot be read, or is none of
        CompreFace 1.x. No error repeats the URL, which may hold a password.
        """
        engine = postgresql_engine(_checked(url))
        engine = engine.execution_options(isolation_level="AUTOCOMMIT", postgresql_readonly=True)
        try:
            yield cls(engine)
        except ProgrammingError as error:
            raise StartError(
                f"The database is not that of CompreFace 1.0 to 1.2: {reason_of(error.orig)}."
            ) from None
        except (OperationalError, DBAPIError) as error:
            raise StartError(
                f"The database of CompreFace cannot be read: {reason_of(error.orig)}."
            ) from None
        finally:
            engine.dispose()

    def services(self) -> list[Service]:
        """Every recognition service, by application and name."""
        query = select(_APP.c.name, _MODEL.c.name, _MODEL.c.api_key)
        query = query.join(_APP, _APP.c.id == _MODEL.c.app_id)
        query = query.where(_MODEL.c.type == RECOGNITION).order_by(_APP.c.name, _MODEL.c.name)
        with self._engine.connect() as connection:
            return [Service(*row) for row in connection.execute(query)]

    def holding(self, service: Service) -> Holding:
        """The subjects and images of a service."""
        mine = _SUBJECT.c.api_key == service.api_key
        named = _SUBJECT.c.subject_name
        of_subject = _EMBEDDING.c.subject_id == _SUBJECT.c.id
        kept = and_(of_subject, _EMBEDDING.c.img_id.is_not(None))
        without = and_(of_subject, _EMBEDDING.c.img_id.is_(None))
        photos = select(named, _EMBEDDING.c.id, _EMBEDDING.c.img_id).join(_EMBEDDING, kept)
        lost = select(_EMBEDDING.c.calculator, func.count()).select_from(_SUBJECT)
        lost = lost.join(_EMBEDDING, without).group_by(_EMBEDDING.c.calculator)
        with self._engine.connect() as connection:
            everybody = connection.scalars(select(named).where(mine).order_by(named)).all()
            found = connection.execute(photos.where(mine).order_by(named, _EMBEDDING.c.id)).all()
            counted = connection.execute(lost.where(mine).order_by(_EMBEDDING.c.calculator)).all()
        photographs = [SourcePhoto(*row) for row in found]
        return Holding.of(everybody, photographs, {row[0]: row[1] for row in counted})

    def image(self, photo: SourcePhoto) -> bytes:
        """The file as it was sent to CompreFace."""
        query = select(_IMG.c.content).where(_IMG.c.id == photo.img_id)
        with self._engine.connect() as connection:
            return bytes(connection.scalar(query) or b"")


def _checked(url: str) -> URL:
    try:
        found = make_url(url)
    except ArgumentError:
        found = None
    if found is None or found.get_backend_name() not in ("postgresql", "postgres"):
        raise InvalidRequest(
            "Give the address of CompreFace's PostgreSQL, postgresql://user:password@host/frs, or "
            "a dump of it as SQL."
        )
    return found.set(drivername="postgresql")
