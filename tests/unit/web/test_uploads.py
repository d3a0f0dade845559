"""Bodies that carry images: one parser, two forms, the same result."""

import base64
import json
from typing import Any

import anyio
import pytest
from pydantic import Field
from starlette.requests import Request

from app.errors import AppError, InvalidRequest, UnsupportedMediaType
from app.web.fields import BodyFields
from app.web.uploads import (
    MANY_IMAGES,
    ONE_IMAGE,
    OPTIONAL_IMAGES,
    SOURCE_AND_TARGET,
    ImageFields,
    NoFields,
    Submission,
    described,
    submission,
)
from tests.support.asgi import Exchange, body


class Options(BodyFields):
    """Fields that a route might read."""

    count: int = 5
    names: list[str] = Field([])


Part = tuple[str, str | None, bytes]
"""Field, file name if it is a file, content."""


def form(*parts: Part, boundary: str = "b0undary") -> tuple[str, bytes]:
    """Content type and body of a form, by hand."""
    lines = b""
    for field, filename, content in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"{file}\r\n\r\n'
        lines += head.encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", lines + f"--{boundary}--\r\n".encode()


def encoded(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def read(
    kind: str, content: bytes, images: ImageFields, *, path: str = "/", chunk: int = 7
) -> Submission[Options]:
    """The body as a route would get it, in chunks of a few bytes."""
    chunks = [content[i : i + chunk] for i in range(0, len(content), chunk)] or [b""]
    exchange = Exchange(body(*chunks), content_type=kind)
    exchange.scope |= {"app": None, "path": path, "query_string": b"", "server": ("kith", 80)}

    async def parse() -> Submission[Options]:
        return await submission(Options, images)(Request(exchange.scope, exchange.receive))

    return anyio.run(parse)


def json_body(text: str) -> tuple[str, bytes]:
    return "application/json; charset=utf-8", text.encode()


def refused(kind: str, content: bytes, images: ImageFields) -> AppError:
    with pytest.raises(AppError) as caught:
        read(kind, content, images)
    return caught.value


def fields(error: AppError) -> list[str]:
    assert isinstance(error, InvalidRequest)
    return [each.field for each in error.errors]


def test_a_form_gives_its_fields_and_its_images_in_order() -> None:
    found = read(
        *form(
            ("count", None, b"7"),
            ("images", "a.png", b"first\r\n--b0undar"),
            ("images", "", b""),
            ("images", "c d.png", bytes(range(256))),
        ),
        MANY_IMAGES,
    )
    assert found.fields == Options(count=7)
    assert [(each.filename, each.data) for each in found.images] == [
        ("a.png", b"first\r\n--b0undar"),
        (None, b""),
        ("c d.png", bytes(range(256))),
    ]


def test_json_gives_the_same_without_names() -> None:
    text = json.dumps({"count": 7, "images": [encoded(b"first"), encoded(b"")]})
    found = read(*json_body(text), MANY_IMAGES)
    assert found.fields == Options(count=7)
    assert [(each.filename, each.data) for each in found.images] == [(None, b"first"), (None, b"")]


def test_two_named_images_come_in_the_order_of_their_names() -> None:
    found = read(*form(("target", "t", b"T"), ("source", "s", b"S")), SOURCE_AND_TARGET)
    assert [each.data for each in found.images] == [b"S", b"T"]


def test_a_field_sent_several_times_is_a_list() -> None:
    parts: list[Part] = [("names", None, name) for name in (b"a", b"b", b"c")]
    assert read(*form(*parts), OPTIONAL_IMAGES).fields.names == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("parts", "images", "field"),
    [
        ([], ONE_IMAGE, "image"),
        ([("count", None, b"1")], ONE_IMAGE, "image"),
        ([("image", "a", b"x"), ("image", "b", b"y")], ONE_IMAGE, "image"),
        ([("image", None, b"photo.jpg")], ONE_IMAGE, "image"),
        ([("images", "a", b"x")], ONE_IMAGE, "images"),
        ([("image", "a", b"x")], MANY_IMAGES, "image"),
        ([("count", "a", b"1"), ("image", "a", b"x")], ONE_IMAGE, "count"),
        ([("source", "a", b"x")], SOURCE_AND_TARGET, "target"),
        ([("count", None, b"few")], OPTIONAL_IMAGES, "count"),
        ([("count", None, b"1"), ("count", None, b"2")], OPTIONAL_IMAGES, "count"),
        ([("colour", None, b"red")], OPTIONAL_IMAGES, "colour"),
        ([("a.b[0]", None, b"red")], OPTIONAL_IMAGES, "a.b[0]"),
    ],
)
def test_a_wrong_part_of_a_form_is_named(
    parts: list[Part], images: ImageFields, field: str
) -> None:
    assert fields(refused(*form(*parts), images)) == [field]


@pytest.mark.parametrize(
    ("text", "images", "field"),
    [
        ("{}", ONE_IMAGE, "image"),
        ('{"image": null}', ONE_IMAGE, "image"),
        ('{"image": "eA=="}', ONE_IMAGE, "image"),
        ('{"image": [{"base64": "eA=="}]}', ONE_IMAGE, "image"),
        ('{"image": {"base64": "eA==", "url": ""}}', ONE_IMAGE, "image"),
        ('{"image": {"base64": "e"}}', ONE_IMAGE, "image.base64"),
        ('{"image": {"base64": "\\u00e9A=="}}', ONE_IMAGE, "image.base64"),
        ('{"image": {"base64": "eA==\\ne"}}', ONE_IMAGE, "image.base64"),
        ('{"images": {"base64": "eA=="}}', MANY_IMAGES, "images"),
        ('{"images": []}', MANY_IMAGES, "images"),
        ('{"images": [{"base64": "eA=="}, 7]}', MANY_IMAGES, "images[1]"),
        ('{"image": {"base64": "eA=="}}', OPTIONAL_IMAGES, "image"),
        ('{"count": "few"}', OPTIONAL_IMAGES, "count"),
        ('{"names": ["a", 7]}', OPTIONAL_IMAGES, "names[1]"),
    ],
)
def test_a_wrong_part_of_json_is_named(text: str, images: ImageFields, field: str) -> None:
    assert fields(refused(*json_body(text), images)) == [field]


def test_images_that_are_optional_may_be_left_out() -> None:
    for kind, content in (json_body("{}"), form(("count", None, b"7"))):
        assert read(kind, content, OPTIONAL_IMAGES).images == ()


def test_a_form_of_nothing_is_refused() -> None:
    assert "no parts" in refused(*form(), OPTIONAL_IMAGES).detail


def test_the_content_type_is_read_whatever_its_case_and_parameters() -> None:
    kind, content = form(("image", "a", b"x"))
    found = read(kind.replace("multipart/form-data", "Multipart/Form-Data"), content, ONE_IMAGE)
    assert found.images[0].data == b"x"
    assert read("APPLICATION/JSON ; x=y", b"{}", OPTIONAL_IMAGES).images == ()


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/mixed; boundary=x", "json", ";"])
def test_another_content_type_is_refused(kind: str) -> None:
    assert isinstance(refused(kind, b"{}", OPTIONAL_IMAGES), UnsupportedMediaType)


@pytest.mark.parametrize("parts", [257, 1001])
def test_a_form_of_very_many_parts_is_refused(parts: int) -> None:
    name = "file" if parts == 257 else None
    many: list[Part] = [("images", name, b"")] * parts
    kind, content = form(*many)
    with pytest.raises(InvalidRequest):
        read(kind, content, MANY_IMAGES, chunk=65536)


def test_a_fingerprint_knows_what_is_asked_not_how_it_is_wrapped() -> None:
    parts: list[Part] = [("count", None, b"7"), ("image", "a.png", b"x")]
    one = read(*form(*parts), ONE_IMAGE).fingerprint
    assert read(*form(*parts, boundary="other"), ONE_IMAGE).fingerprint == one
    assert read(*form(*reversed(parts)), ONE_IMAGE).fingerprint == one
    as_json = json_body('{"image": {"base64": "eA=="}, "count": 7}')
    assert read(*as_json, ONE_IMAGE).fingerprint == one


def test_a_fingerprint_differs_with_anything_that_is_asked() -> None:
    count: Part = ("count", None, b"7")
    asked: list[tuple[list[Part], str]] = [
        ([count, ("image", "a", b"x")], "/"),
        ([count, ("image", "a", b"x")], "/elsewhere"),
        ([count, ("image", "a", b"y")], "/"),
        ([count, ("image", "a", b"")], "/"),
        ([("count", None, b"8"), ("image", "a", b"x")], "/"),
        ([("image", "a", b"x")], "/"),
    ]
    marks = {read(*form(*parts), ONE_IMAGE, path=path).fingerprint for parts, path in asked}
    assert len(marks) == len(asked)


def test_images_cannot_be_shifted_between_each_other_under_one_fingerprint() -> None:
    marks = {
        read(*form(*[("images", "a", image) for image in images]), MANY_IMAGES).fingerprint
        for images in ([b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"abc", b""], [b"c", b"ab"])
    }
    assert len(marks) == 5


def test_a_body_is_described_in_both_forms() -> None:
    content: dict[str, Any] = described(NoFields, MANY_IMAGES)["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json"}
    for kind in content.values():
        assert kind["schema"]["required"] == ["images"]
        assert kind["schema"]["additionalProperties"] is False
        assert kind["schema"]["properties"]["images"]["minItems"] == 1


def test_a_form_whose_fields_are_longer_than_any_route_reads_is_refused() -> None:
    parts: list[Part] = [("names", None, b"x" * 20_000)] * 7
    assert "no files have more than" in refused(*form(*parts), OPTIONAL_IMAGES).detail
