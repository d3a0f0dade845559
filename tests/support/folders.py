"""Folders of people, the report of their enrolment, and what is enrolled then."""

import json
from pathlib import Path
from typing import Any

from app.core.paging import Paging
from app.settings import Settings
from tests.support.services import running


def put_photo(folder: Path, person: str, name: str, data: bytes) -> None:
    (folder / person).mkdir(parents=True, exist_ok=True)
    (folder / person / name).write_bytes(data)


def people_enrolled(data: Path, bundle: Path, collection: str = "hq") -> dict[str, tuple[str, int]]:
    """Name, id and number of faces of everybody in the collection."""
    with running(Settings(data_dir=data, model=bundle), data) as container:
        persons = container.services.persons
        found = persons.find(collection, Paging(1000, 0), name=None, external_id=None).items
    assert len({each.id for each in found}) == len(found)
    return {str(each.name): (each.id, each.face_count) for each in found}


def read_report(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content
