"""Strangers' photos among a person's, and right photos, of people of LFW, through the service."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import build
from app.settings import Settings
from tests.api.support import made, make_collection
from tests.support.client import client_of
from tests.support.lfw import people
from tests.support.server import ADMIN_KEY

PEOPLE, STRANGERS = 50, 50
UNLIKE = "unlike_the_person"


@pytest.mark.data
def test_no_strangers_photo_goes_unnoticed_and_right_ones_are_not_warned_of(
    photos: Path, face_bundle: Path, tmp_path: Path
) -> None:
    known = people(photos, least=6)[:PEOPLE]
    strangers = [files[0] for files in people(photos, least=1) if len(files) == 1][-STRANGERS:]
    settings = Settings(data_dir=tmp_path, model=face_bundle, admin_key=ADMIN_KEY)
    right, warned, unnoticed = 0, list[str](), list[str]()
    with client_of(build(settings)) as client:
        path = make_collection(client, lookalikes="off")
        for files, stranger in zip(known, strangers, strict=True):
            person = {"id": files[0].parent.name}
            first = client.post(f"{path}/persons", data=person, files=_images(files[:3]))
            rest = [*files[3:6], stranger]
            added = client.post(f"{path}/persons/{person['id']}/faces", files=_images(rest))
            for sent, answer in ((files[:3], first), (rest, added)):
                body = made(answer)
                strange = [sent[each["index"]] for each in body["warnings"] if _is_unlike(each)]
                taken = len(body["faces"])
                wrong = [each for each in strange if each != stranger]
                right += taken - (stranger in sent)
                warned += [each.name for each in wrong]
            if stranger not in strange and _is_enrolled(added, rest.index(stranger)):
                unnoticed.append(stranger.name)
    assert unnoticed == []
    assert right >= 270
    assert len(warned) <= right / 200, warned


def _images(files: list[Path]) -> list[tuple[str, bytes]]:
    return [("images", file.read_bytes()) for file in files]


def _is_unlike(warning: dict[str, Any]) -> bool:
    return bool(warning["reason"] == UNLIKE)


def _is_enrolled(answer: httpx.Response, index: int) -> bool:
    return index in [face["index"] for face in answer.json()["faces"]]
