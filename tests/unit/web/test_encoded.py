"""Base64 and data URIs: read by their standards, or refused with the place."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import encoded
from app.web.encoded import decoded

BYTES = bytes(range(256)) * 3 + b"\xfb\xff\xbe"


@given(
    data=st.binary(max_size=200),
    url=st.booleans(),
    padded=st.booleans(),
    width=st.integers(1, 80),
    line_break=st.sampled_from(["", "\n", "\r\n"]),
    start=st.sampled_from(
        ["", "data:;base64,", "data:image/png;name=a.png;BASE64,", "DATA:a/b;base64,"]
    ),
)
def test_every_way_to_write_base64_is_read(
    data: bytes, url: bool, padded: bool, width: int, line_break: str, start: str
) -> None:
    text = (base64.urlsafe_b64encode(data) if url else base64.b64encode(data)).decode()
    text = text if padded else text.rstrip("=")
    text = line_break.join(text[i : i + width] for i in range(0, len(text), width))
    assert decoded(f"{start}{text}{line_break}".encode()) == data


def test_a_long_text_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "_PIECE", 10)
    for text in (
        base64.b64encode(BYTES),
        base64.encodebytes(BYTES),
        base64.urlsafe_b64encode(BYTES),
    ):
        assert decoded(text) == BYTES


@given(data=st.binary(min_size=1, max_size=60), cut=st.data())
def test_a_text_that_was_cut_off_within_a_byte_is_refused(data: bytes, cut: st.DataObject) -> None:
    text = base64.b64encode(data).rstrip(b"=")
    length = cut.draw(st.integers(0, len(text)))
    try:
        made = decoded(text[:length])
    except ValueError:
        return
    assert data.startswith(made)
    assert len(made) * 8 >= length * 6 - 4  # nothing but the zero bits of the last letter is gone


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("aGk*", "character 4 ('*')"),
        ("aG k", "character 3 (' ')"),
        ("aGk=aGk=", "character 4 ('=')"),
        ("+/-_", "character 1 ('+')"),
        ("aGé=", "character 3 ('é')"),
        ("aGk=\x00", "character 5 ('\\x00')"),
        ("aGk=#part", "character 5 ('#')"),
        ("aG\x00k", "character 3"),
        ("data:;base64,aGk*", "character 17 ('*')"),
        ("data:,a b", "character 8 (' ')"),
        ("data:,a%zz", "character 8 ('%')"),
        ("data:;base64", "comma"),
        ("aGkaa", "5 letters"),
        ("aGk==", "2 times '='"),
        ("aGkaGk=", "1 times '='"),
        ("aGl", "cut off"),
        ("aX", "cut off"),
    ],
)
def test_what_is_no_such_text_is_named_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the place is asserted below
        decoded(text.encode())
    assert place in str(caught.value)


def test_a_data_uri_may_be_percent_encoded() -> None:
    percent = "".join(f"%{byte:02X}" for byte in BYTES)
    assert decoded(f"data:image/png,{percent}".encode()) == BYTES
    assert decoded(b"data:image/png;base64,+%2F8%3D") == base64.b64decode("+/8=")


def test_a_data_uri_of_very_many_escapes_is_refused() -> None:
    with pytest.raises(ValueError, match="send base64"):
        decoded(b"data:," + b"%41" * 100_001)
