"""A form is whole and clear, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import AppError, InvalidRequest, UnsupportedMediaType
from app.web.forms import Form
from app.web.headers import described
from app.web.parts import Part

B = "b0undary"
HEAD = b'Content-Disposition: form-data; name="a"\r\n'


def part(head: bytes, data: bytes) -> bytes:
    return b"--b0undary\r\n" + head + b"\r\n" + data + b"\r\n"


def parsed(body: bytes, *, boundary: str = B, step: int = 0) -> list[Part]:
    form = Form(described(f"multipart/form-data; boundary={boundary}"))
    for i in range(0, len(body), step or len(body) or 1):
        form.write(body[i : i + (step or len(body))])
    form.end()
    return form.parts


def refused(body: bytes, **options: str) -> str:
    with pytest.raises(AppError) as caught:
        parsed(body, **options)  # type: ignore[arg-type]
    return caught.value.detail


CLOSE = b"--b0undary--"
WHOLE = (
    part(HEAD, b"first")
    + part(b'Content-Disposition: form-data; name="b"\r\nContent-Type: text/plain\r\n', b"\r\n--b0")
    + part(b'content-disposition: form-data; name=c; filename="c d.png"\r\n', bytes(range(256)))
    + CLOSE
)


@pytest.mark.parametrize("step", [0, 1, 2, 7, 64])
@pytest.mark.parametrize("end", [b"", b"\r\n", b" \t\r\n\r\n"])
def test_a_whole_form_is_read_whatever_its_pieces(step: int, end: bytes) -> None:
    found = parsed(b"\r\n" + WHOLE + end, step=step)
    assert [(each.name, each.filename) for each in found] == [
        ("a", None),
        ("b", None),
        ("c", "c d.png"),
    ]
    assert [each.data.getvalue() for each in found] == [b"first", b"\r\n--b0", bytes(range(256))]
    assert found[0].text() == "first"


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_form_that_was_cut_off_anywhere_is_refused(length: int) -> None:
    for step in (0, 5):
        with pytest.raises(InvalidRequest):
            parsed(WHOLE[:length], step=step)


@given(
    parts=st.lists(st.binary(max_size=60), min_size=1, max_size=4),
    step=st.integers(1, 40),
    data=st.data(),
)
def test_of_any_form_only_the_whole_is_read(
    parts: list[bytes], step: int, data: st.DataObject
) -> None:
    parts = [each for each in parts if b"b0undary" not in each] or [b""]
    whole = b"".join(part(HEAD, each) for each in parts) + CLOSE
    assert [each.data.getvalue() for each in parsed(whole, step=step)] == parts
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(InvalidRequest):
        parsed(whole[:cut], step=step)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("more", [b"x", b"\r\nepilogue", b"\r\n" + WHOLE, b"\r\n--b0undary--"])
def test_a_form_that_goes_on_after_its_end_is_refused(more: bytes, step: int) -> None:
    with pytest.raises(InvalidRequest, match="goes on after"):
        parsed(WHOLE + more, step=step)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("before", [b"x", b"preamble\r\n", b"\r\npreamble\r\n", b"\r\n - "])
def test_a_form_with_text_before_its_start_is_refused(before: bytes, step: int) -> None:
    with pytest.raises(InvalidRequest, match="malformed at byte"):
        parsed(before + WHOLE, step=step)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"", "name="),
        (b"Content-Type: text/plain\r\n", "name="),
        (b"Content-Disposition: form-data\r\n", "name="),
        (b'Content-Disposition: form-data; name=""\r\n', "name="),
        (b'Content-Disposition: attachment; name="a"\r\n', "form-data"),
        (b'Content-Disposition: form-data; name="a"; name="b"\r\n', "twice"),
        (HEAD + HEAD, "twice"),
        (b'Content-Disposition: form-data; name="a\r\n', "malformed"),
        (b'Content-Disposition: form-data; name="\xff"\r\n', "UTF-8"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n", "encoded"),
        (HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n", "encoded"),
        (HEAD + b"Content-Encoding: gzip\r\n", "encoded"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=inner\r\n", "within"),
        (HEAD + b"Content-Type: text/plain; charset=utf-16\r\n", "utf-16"),
        (HEAD + b"Content-Type: text/plain; charset=punycode\r\n", "punycode"),
        (b"no colon\r\n", "malformed"),
        (b"Content-Disposition: form-data; name=\"a\"; filename*=latin1''%e9\r\n", "UTF-8"),
        (b"Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%e9\r\n", "UTF-8"),
    ],
)
def test_a_part_that_is_not_clear_is_refused(head: bytes, word: str) -> None:
    assert word in refused(part(head, b"1") + CLOSE)


@pytest.mark.parametrize(
    ("more", "filename"),
    [
        (b"", None),
        (b'; filename=""', ""),
        (b"; filename=a.png", "a.png"),
        (b'; filename="a \\"b\\".png"', 'a "b".png'),
        (b"; filename=a.png; filename*=UTF-8''b.png", "a.png"),
        (b"; filename*=utf-8''%C3%A9.png", "é.png"),
        ('; filename="é.png"'.encode(), "é.png"),
    ],
)
def test_a_file_is_what_has_a_name(more: bytes, filename: str | None) -> None:
    head = b'Content-Disposition: form-data; name="a"' + more + b"\r\n"
    (found,) = parsed(part(head, b"1") + CLOSE)
    assert found.filename == filename


@pytest.mark.parametrize("step", [0, 1, 9])
@pytest.mark.parametrize("more", [b" ", b"\t \t", b" " * 100_000, b"x", b"-x", b"\r"])
def test_a_line_that_begins_with_the_boundary_and_goes_on_is_refused(
    more: bytes, step: int
) -> None:
    body = WHOLE.replace(b"--b0undary\r\n", b"--b0undary" + more + b"\r\n")
    with pytest.raises(InvalidRequest):
        parsed(body, step=step)


@pytest.mark.parametrize("coding", [b"binary", b"8BIT", b"7bit"])
def test_a_coding_that_changes_nothing_is_read(coding: bytes) -> None:
    head = HEAD + b"Content-Transfer-Encoding: " + coding + b"\r\n"
    assert parsed(part(head, b"1") + CLOSE)[0].text() == "1"


def test_text_that_is_no_utf_8_is_refused_with_its_place() -> None:
    (found,) = parsed(part(HEAD, b"ab\xff") + CLOSE)
    with pytest.raises(InvalidRequest, match="byte 3 is not UTF-8"):
        found.text()


@pytest.mark.parametrize("boundary", ["", '""', "x" * 71, "é"])
def test_a_boundary_that_none_can_be_is_refused(boundary: str) -> None:
    assert "boundary of 1 to 70" in refused(WHOLE, boundary=boundary)


@pytest.mark.parametrize("boundary", ['"b0undary"', "x" * 70, '"a b:c=d/e"', "*****", "=_a"])
def test_a_boundary_may_be_quoted(boundary: str) -> None:
    plain = boundary.strip('"').encode()
    body = WHOLE.replace(b"b0undary", plain).replace(b"--b0\r\n", b"\r\n")
    assert len(parsed(body, boundary=boundary)) == 3


def test_a_boundary_is_named_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        described("multipart/form-data; boundary=a; boundary=b")


def test_a_forms_charset_is_utf_8_or_415() -> None:
    from starlette.datastructures import Headers

    from app.web.headers import content_type

    for charset in ("utf-8", "UTF8", '"utf-8"', "us-ascii"):
        content_type(Headers({"content-type": f"multipart/form-data; charset={charset}"}))
    for charset in ("undefined", "punycode", "idna", "utf-16", "latin-1", "rot13", "klingon", ""):
        with pytest.raises(UnsupportedMediaType):
            content_type(Headers({"content-type": f"multipart/form-data; charset={charset}"}))
