"""Photos of LFW that were turned, or cut, as they are enrolled."""

import io
from pathlib import Path

import pytest
from PIL import Image

from app.bootstrap import build
from app.settings import Settings
from app.vision.types import Box
from tests.api.support import enrol, files, make_collection
from tests.support.client import client_of
from tests.support.lfw import people
from tests.support.server import ADMIN_KEY

PEOPLE = 40


@pytest.mark.data
def test_turned_photos_are_enrolled_upright_and_upright_ones_as_they_are(
    photos: Path, face_bundle: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, model=face_bundle, admin_key=ADMIN_KEY)
    known = [files for files in people(photos, least=2) if len(files) == 2][-PEOPLE:]
    right = asked = 0
    with client_of(build(settings)) as client:
        path = make_collection(client, lookalikes="off")
        for first, second in known:
            name = first.parent.name
            sent = [first.read_bytes(), *(_turned(second, each) for each in (90, 180, 270))]
            answer = enrol(client, path, name, *sent, subject="largest")
            for face in answer["faces"]:
                back = (360 - 90 * face["index"]) % 360
                asked += 1
                right += face["turned_degrees"] == back
            described = {
                each["index"]: each["turned_degrees"]
                for each in answer["warnings"]
                if each["reason"] == "image_turned"
            }
            assert described == {
                face["index"]: face["turned_degrees"]
                for face in answer["faces"]
                if face["turned_degrees"]
            }
        kept = client.get(f"{path}/persons/{name}/faces").json()["items"]
        assert [each["turned_degrees"] for each in kept] == [
            each["turned_degrees"] for each in answer["faces"]
        ]
    assert asked >= 4 * PEOPLE - 2
    assert right >= 0.99 * asked


@pytest.mark.data
def test_a_box_is_of_the_image_as_it_was_sent_and_is_turned_with_it(
    photos: Path, face_bundle: Path, tmp_path: Path
) -> None:
    """Else an upside-down template were made by who marks the face on a screen."""
    settings = Settings(data_dir=tmp_path, model=face_bundle, admin_key=ADMIN_KEY)
    with client_of(build(settings)) as client:
        path = make_collection(client)
        photo = people(photos, least=2)[0][0]
        (upright,) = enrol(client, path, "ada", photo.read_bytes(), subject="central")["faces"]
        marked = Box(**upright["box"])
        for degrees in (90, 180, 270):
            box = marked.turned(degrees, 250, 250)
            subject = f"{box.x:g},{box.y:g},{box.width:g},{box.height:g}"
            sent = _turned(photo, degrees)
            (face,) = enrol(client, path, f"ada-{degrees}", sent, subject=subject)["faces"]
            assert face["turned_degrees"] == 360 - degrees
            assert Box(**face["box"]).overlap(marked) > 0.9


@pytest.mark.data
def test_a_face_that_the_border_cuts_is_refused_and_one_with_room_is_not(
    photos: Path, face_bundle: Path, tmp_path: Path
) -> None:
    """Whole photos are never refused for it; half faces are, and a door still reads them."""
    settings = Settings(data_dir=tmp_path, model=face_bundle, admin_key=ADMIN_KEY)
    known = [files for files in people(photos, least=2) if len(files) == 2][:PEOPLE]
    refused = 0
    with client_of(build(settings)) as client:
        path = make_collection(client, lookalikes="off", unlike="off")
        for first, second in known:
            name = first.parent.name
            whole = enrol(client, path, name, first.read_bytes(), subject="main")
            assert whole["rejected"] == []
            with Image.open(second) as image:
                stream = io.BytesIO()
                image.crop((125, 0, 250, 250)).save(stream, "JPEG", quality=95)
            sent = client.post(f"{path}/persons/{name}/faces", files=files(stream.getvalue()))
            errors = [] if sent.status_code == 201 else sent.json()["errors"]
            refused += any("face_cut_off" in each["message"] for each in errors)
            door = client.post(f"{path}/identify", files=files(stream.getvalue(), field="image"))
            assert [r for face in door.json()["faces"] for r in face["reasons"]] == []
    assert refused >= PEOPLE / 2


def _turned(file: Path, degrees: int) -> bytes:
    stream = io.BytesIO()
    with Image.open(file) as image:
        image.rotate(-degrees, expand=True).save(stream, "JPEG", quality=95)
    return stream.getvalue()
