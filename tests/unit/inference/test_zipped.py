"""Photos in a ZIP as programs make them: whose they are, and what is left out."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from app.errors import AppError, InvalidImage, InvalidRequest, PayloadTooLarge
from app.inference import zipped
from app.inference.zipped import ZippedPeople
from tests.support.pictures import encoded

JPEG = encoded(np.zeros((8, 8, 3), np.uint8), "JPEG")


def packed(*paths: str, data: bytes = JPEG, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for path in paths:
            made.writestr(path, data)
    return stream.getvalue()


def found(content: bytes) -> list[tuple[str, str]]:
    return [(each.person, each.path) for each in ZippedPeople(content).photos]


def test_a_folder_is_a_person_and_what_systems_leave_there_is_no_photo() -> None:
    people = ZippedPeople(
        packed("Ada/1.jpg", "Ada/deep/2.jpg", "Bea\\3.jpg", "loose.jpg", "Ada/notes.txt")
    )
    assert [(each.person, each.path) for each in people.photos] == [
        ("Ada", "Ada/1.jpg"),
        ("Ada", "Ada/deep/2.jpg"),
        ("Bea", "Bea/3.jpg"),
    ]
    assert people.left_out == 2
    junk = packed("__MACOSX/Ada/._1.jpg", "Ada/.DS_Store", "../Ada/1.jpg", "/Ada/4.jpg")
    assert found(junk) == [("Ada", "Ada/4.jpg")]
    assert people.read(people.photos[0], len(JPEG)) == JPEG


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_the_folder_that_all_people_are_in_is_nobody(slash: str) -> None:
    paths = ("staff/", "staff/Ada/", "staff/Ada/1.jpg", "staff/Bea/1.jpg")
    people = ZippedPeople(packed(*(each.replace("/", slash) for each in paths)))
    assert [(each.person, each.path) for each in people.photos] == [
        ("Ada", "Ada/1.jpg"),
        ("Bea", "Bea/1.jpg"),
    ]
    assert people.left_out == 0
    assert found(packed("Ada/1.jpg", "Ada/more/2.jpg"))[0][0] == "Ada"


@pytest.mark.parametrize("name", ["/", ".", "./", "\\"])
def test_an_entry_whose_name_is_no_path_is_nobody(name: str) -> None:
    assert found(packed(name, "staff/Ada/1.jpg")) == [("Ada", "Ada/1.jpg")]


def test_a_photo_of_a_format_that_is_not_read_is_kept_to_be_refused() -> None:
    photos = ZippedPeople(packed("Ada/1.heic", "Ada/2.dng", data=b"no JPEG")).photos
    assert [each.kind for each in photos] == ["heic_or_avif", "other_format"]


def test_a_name_is_one_spelling_whatever_program_wrote_it() -> None:
    assert found(packed("Zoe\u0308/1.jpg"))[0][0] == "Zo\u00eb"
    unmarked = packed("Zxx/1.jpg").replace(b"Zxx", "Z\u00e9".encode())  # as macOS does
    assert found(unmarked)[0][0] == "Z\u00e9"


def test_a_photo_is_not_read_beyond_the_limit() -> None:
    people = ZippedPeople(packed("Ada/1.jpg", data=JPEG + bytes(10**6)))
    with pytest.raises(PayloadTooLarge, match="at most 1,000 are read"):
        people.read(people.photos[0], 1000)


def test_a_photo_that_is_larger_than_its_entry_says_takes_no_memory_for_it() -> None:
    """The directory says 10,000 bytes, and the packed data are of 64 MB."""
    content, size = packed("Ada/1.jpg", data=JPEG + bytes(1 << 26)), len(JPEG) + (1 << 26)
    people = ZippedPeople(
        content.replace(size.to_bytes(4, "little"), (10_000).to_bytes(4, "little"))
    )
    tracemalloc.start()
    try:
        with pytest.raises(InvalidImage):
            people.read(people.photos[0], 10_000)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_zip_with_too_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST_ENTRIES", 2)
    with pytest.raises(PayloadTooLarge):
        ZippedPeople(packed("Ada/1.jpg", "Ada/2.jpg", "Ada/3.jpg"))


@pytest.mark.parametrize("content", [b"", b"no zip", packed("Ada/1.jpg", method=zipfile.ZIP_BZIP2)])
def test_what_is_no_usable_zip_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        ZippedPeople(content)


def test_a_damaged_zip_is_an_error_of_its_own_or_a_photo_of_its_own() -> None:
    """Each of 3,000 has a byte changed or its end cut off."""
    whole, chance = packed("Ada/1.jpg", "Zo\u00eb/2.jpg"), np.random.default_rng(7)
    refused: list[type[AppError]] = []
    for _ in range(3000):
        damaged = bytearray(whole)
        damaged[chance.integers(len(whole))] = chance.integers(256)
        try:
            people = ZippedPeople(bytes(damaged[: chance.choice((len(whole), 200))]))
            for each in people.photos:
                people.read(each, 10**6)
        except AppError as error:
            refused.append(type(error))
    assert len(refused) > 1000
    assert set(refused) <= {InvalidRequest, InvalidImage, PayloadTooLarge}
