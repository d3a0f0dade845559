"""``kith check --odd-faces``: a gallery of before, in which nobody compared the faces."""

from pathlib import Path

import pytest

from app.gallery.enrolment import ImageFile
from app.receipts.keeping import keep_nothing
from app.settings import Settings
from tests.support.commands import Command
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, running


@pytest.mark.both_databases
def test_it_says_which_face_of_which_person_and_whom_it_is_near(
    kith_command: Command, settings: Settings, database_url: str, tmp_path: Path, fake_bundle: Path
) -> None:
    data = tmp_path / "data"
    with running(settings, data) as container:
        make_collection(container, "hq", lookalikes="off", unlike="off")
        for person, somebody in {"ada": 1, "bob": 2}.items():
            enrol(container, person, somebody, "hq")
            images = [ImageFile(None, picture(somebody, shake)) for shake in (1, 2)]
            container.services.persons.add_faces("hq", person, images, keep_nothing)
        odd = [ImageFile(None, picture(2, 7))]
        container.services.persons.add_faces("hq", "ada", odd, keep_nothing)
    ended = kith_command(
        *("check", "--odd-faces"),
        COLUMNS=200,
        KITH_DATA_DIR=data,
        KITH_MODEL=fake_bundle,
        KITH_DATABASE_URL=database_url,
    )
    said = " ".join(ended.out.replace("│", " ").split())
    assert "collection hq, person ada, face 7" in said
    assert "Kith would name 'bob' for it" in said
    assert ended.status == 0
