"""JSON is read strictly, and its base64 apart from it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidRequest, PayloadTooLarge
from app.web.json_text import MAX_JSON, parse, parse_with_images

LONG = "A" * 5000
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([LONG, '"base64":"']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["base64", "a", 'x"base64', "base64\\"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@given(value=JSON_VALUES, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_every_value_comes_back_whatever_was_taken_out_of_it(
    value: object, indent: int | None, ascii_only: bool
) -> None:
    body = bytearray(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode())
    assert parse(body) == value
    document = parse_with_images(body)
    assert not body
    assert document.whole(document.value) == value


def test_long_base64_never_meets_the_parser() -> None:
    body = bytearray(json.dumps({"image": {"base64": LONG}, "more": {"base64": LONG[1:]}}).encode())
    document = parse_with_images(body)
    named = document.value["image"]["base64"]
    assert len(named) < 40
    assert document.base64(named) == LONG.encode()
    assert document.whole(document.value)["more"]["base64"] == LONG[1:]


@pytest.mark.parametrize("escaped", ["\\/", "\\u002b", "\\n", "\\u003d"])
def test_base64_may_be_escaped_as_json_is(escaped: str) -> None:
    body = bytearray(b'{"base64": "' + LONG.encode() + escaped.encode() + b'"}')
    document = parse_with_images(body)
    assert document.base64(document.value["base64"]) == (LONG + json.loads(f'"{escaped}"')).encode()


def test_what_looks_like_a_name_of_a_text_is_text() -> None:
    body = bytearray(json.dumps({"name": "0123456789abcdef:0", "image": {"base64": LONG}}).encode())
    document = parse_with_images(body)
    assert document.whole(document.value)["name"] == "0123456789abcdef:0"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        ('{"a": 1}'.encode("utf-16-le"), "UTF-16"),
        ('{"a": 1}'.encode("utf-16-be"), "UTF-16"),
        ('{"a": 1}'.encode("utf-32"), "UTF-16"),
        (b'{"a": "\xff"}', "byte 8"),
        (b'{"a":\n1,}', "byte 9"),
        (b'{"a": 1, "a": 1}', "'a' twice"),
        (b'{"m": [{"x": 1, "\\u0078": 2}]}', "'x' twice"),
        (b'{"a": 01}', "byte"),
        (b"{'a': 1}", "byte 2"),
        (b'{"a": 1} x', "byte 10"),
        (b'{"a": "\\ud800"}', "valid JSON"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "recursion"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(body: bytes, word: str) -> None:
    for read in (parse, lambda body: parse_with_images(bytearray(body))):
        with pytest.raises(InvalidRequest) as caught:
            read(body)
        assert word in caught.value.detail


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b"\xef\xbb\xbf" + b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("break_it", [b",}", b'"}}x', b'\n"}}'])
def test_a_place_is_that_of_the_body_as_it_was_sent(break_it: bytes) -> None:
    start = b'{"image": {"base64": "' + LONG.encode() + (b'"}' if break_it == b",}" else b"")
    with pytest.raises(InvalidRequest) as caught:
        parse_with_images(bytearray(start + break_it))
    wrong = start + break_it
    place = {b",}": len(wrong), b'"}}x': len(wrong), b'\n"}}': len(start) + 1}[break_it]
    assert f"at byte {place:,}" in caught.value.detail


def test_json_besides_its_images_is_bounded() -> None:
    images = [{"base64": "A" * length} for length in (10, 900, 2_000_000)]
    spaces = b" " * (MAX_JSON - 200)
    parse_with_images(bytearray(json.dumps({"images": images}).encode() + spaces))
    for more in (b" " * 300, b'"base64": "' * 50):
        with pytest.raises(PayloadTooLarge):
            parse_with_images(bytearray(json.dumps({"images": images}).encode() + spaces + more))
