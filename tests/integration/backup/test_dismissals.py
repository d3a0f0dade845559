"""Dismissals of lookalikes move with their collection."""

from pathlib import Path

import pytest

from app.bootstrap import Container
from app.core.paging import Paging
from app.errors import NotFound
from app.gallery.models import Dismissal
from app.gallery.report_schemas import DismissalView
from tests.integration.backup.archives import backed_up, everything_in, imported, restored
from tests.support.services import enrol

pytestmark = pytest.mark.both_databases
TABLE = Dismissal.__tablename__


@pytest.fixture
def said(service: Container) -> DismissalView:
    """A word on two people of ``hq``, and one on two of ``lab``, so that keys are taken."""
    enrol(service, "twin", 1, "hq")
    enrol(service, "twin", 3, "lab")
    service.services.dismissals.put("lab", "ada", "twin")
    return service.services.dismissals.put("hq", "twin", "ada")


def dismissed(service: Container, collection: str) -> list[tuple[set[str], DismissalView | None]]:
    found = service.services.lookalikes.report(collection, Paging(10, 0), dismissed=True).items
    return [({each.person_id for each in pair.persons}, pair.dismissal) for pair in found]


def test_a_restore_brings_them_back(
    service: Container, said: DismissalView, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "kith.zip")
    service.services.dismissals.delete("hq", "ada", "twin")
    restored(service.database, tmp_path / "kith.zip", replace=True)
    assert everything_in(service.database)[TABLE] == 2
    assert dismissed(service, "hq") == [({"ada", "twin"}, said)]


def test_an_imported_collection_has_its_own(
    service: Container, said: DismissalView, tmp_path: Path
) -> None:
    backed_up(service.database, tmp_path / "hq.zip", "hq")
    imported(service.database, tmp_path / "hq.zip", new_id="copy")
    assert everything_in(service.database)[TABLE] == 3
    assert dismissed(service, "copy") == [({"ada", "twin"}, said)]
    service.services.dismissals.delete("hq", "ada", "twin")
    service.services.dismissals.delete("copy", "twin", "ada")
    with pytest.raises(NotFound, match="two people"):
        service.services.dismissals.delete("copy", "twin", "ada")
    assert dismissed(service, "lab") != []
