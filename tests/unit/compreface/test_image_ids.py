"""An ``image_id`` is a number of one collection, there and back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.compreface.image_ids import image_id, number_of
from app.gallery.models import Collection

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def collection(name: str = "hq", made: datetime = NOON) -> Collection:
    return Collection(id=name, created_at=made, contract_id="face-1")


@given(st.integers(1, 2**62 - 1))
def test_every_number_comes_back_in_any_spelling(number: int) -> None:
    made = image_id(collection(), number)
    assert (made.version, made.variant) == (8, "specified in RFC 4122")
    for text in (str(made), str(made).upper(), made.hex):
        assert number_of(collection(), text) == number


@given(st.integers(1, 2**62 - 1))
def test_an_id_of_another_collection_is_none(number: int) -> None:
    given_id = str(image_id(collection(), number))
    assert number_of(collection("lab"), given_id) is None
    assert number_of(collection(made=NOON + timedelta(microseconds=1)), given_id) is None


@given(st.uuids() | st.text())
def test_what_is_no_id_of_a_face_names_none(text: UUID | str) -> None:
    assert number_of(collection(), str(text)) is None


def test_an_id_is_the_same_wherever_its_instant_is_read() -> None:
    here = NOON.astimezone(tz=None)
    assert image_id(collection(made=here), 7) == image_id(collection(), 7)
    assert image_id(collection(), 7) != uuid4()
