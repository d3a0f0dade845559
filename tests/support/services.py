"""Services in this process, asked without HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.bootstrap import Container, build
from app.gallery.collection_schemas import NewCollection
from app.gallery.enrolment import ImageFile
from app.gallery.schemas import NewPerson
from app.receipts.keeping import keep_nothing
from app.recognition.schemas.identification import IdentifyOptions
from app.settings import Settings
from tests.support.pictures import picture


@contextmanager
def running(settings: Settings, data_dir: Path) -> Iterator[Container]:
    """A service on the settings' database, with a data folder of its own."""
    container = build(settings.model_copy(update={"data_dir": data_dir}))
    container.open()
    try:
        yield container
    finally:
        container.close()


def make_collection(container: Container, collection: str = "doors", **fields: Any) -> None:  # noqa: ANN401
    collections = container.services.collections
    collections.create(NewCollection(id=collection, **fields), keep_nothing)


def enrol(container: Container, person: str, somebody: int, collection: str = "doors") -> None:
    """One photo of ``somebody`` under the id ``person``."""
    persons = container.services.persons
    images = [ImageFile(None, picture(somebody))]
    persons.create(collection, NewPerson(id=person), images, keep_nothing)


def near(container: Container, somebody: int, collection: str = "doors") -> set[str]:
    """Everybody whom an identification of ``somebody`` could name."""
    recognition = container.services.identification
    options = IdentifyOptions(max_candidates=100)
    answer = recognition.identify(collection, picture(somebody), options, request_id="r")
    return {each.match.person.id for each in answer.faces[0].candidates}


@contextmanager
def unwatched(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar that nobody sees."""
    del total
    yield lambda steps: None
