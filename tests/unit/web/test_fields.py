"""Times, text and numbers: by their standards, or refused."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.web.fields import WHOLE_TEXT, Instant, Label, SwitchText

INSTANT: TypeAdapter[Any] = TypeAdapter(Instant)
LABEL: TypeAdapter[Any] = TypeAdapter(Label)


@given(
    instant=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001 - an offset follows
    minutes=st.integers(-23 * 60 - 59, 23 * 60 + 59),
    digits=st.integers(0, 9),
)
def test_a_time_is_read_in_every_offset(instant: datetime, minutes: int, digits: int) -> None:
    local = instant.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    fraction = f"{instant.microsecond:06}000"[:digits]
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    text = f"{local:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (f".{fraction}" if digits else "") + offset
    kept = local.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    assert INSTANT.validate_python(text, strict=True) == kept
    assert INSTANT.validate_python(text, strict=True).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-05-04t12:00:00z", "2026-05-04T12:00:00"),
        ("2026-05-04T12:00:00-00:00", "2026-05-04T12:00:00"),
        ("2026-05-04T12:00:00.1234567Z", "2026-05-04T12:00:00.123456"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
        ("2016-12-31T18:59:60.5-05:00", "2017-01-01T00:00:00"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00"),
    ],
)
def test_what_rfc_3339_allows_is_read(text: str, iso: str) -> None:
    assert INSTANT.validate_python(text) == datetime.fromisoformat(iso).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        1_700_000_000,
        1.7e9,
        True,
        [],
        "1700000000",
        "",
        "2026-05-04",
        "2026-05-04T12:00Z",
        "2026-05-04T12:00:00",
        "2026-05-04 12:00:00Z",
        "2026-05-04_12:00:00Z",
        "2026-W19-1T12:00:00Z",
        "2026-124T12:00:00Z",
        "20260504T120000Z",
        "2026-05-04T12:00:00,5Z",
        "2026-05-04T12:00:00.Z",
        "2026-05-04T12:00:00+0200",
        "2026-05-04T12:00:00+02",
        "2026-05-04T12:00:00+24:00",
        "2026-05-04T12:00:00+02:60",
        "2026-05-04T12:00:00 Z",
        "2026-05-04T12:00:00[Europe/Berlin]",
        "2026-05-04T12:00:00Z\n",
        " 2026-05-04T12:00:00Z",
        "2026-05-04T24:00:00Z",
        "2026-05-04T12:60:00Z",
        "2026-05-04T12:00:61Z",
        "2016-12-31T12:00:60Z",
        "2016-12-30T23:59:60Z",
        "2026-02-29T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "+2026-05-04T12:00:00Z",
        "\u0662026-05-04T12:00:00Z",
        "2026\u201105\u201104T12:00:00Z",
    ],
)
def test_nothing_else_is_taken_for_a_time(value: object) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(value)


def test_a_time_of_python_needs_an_offset() -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(datetime(2026, 5, 4))  # noqa: DTZ001 - the fault is meant


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]), min_size=1, max_size=60
    )
)
def test_text_is_kept_in_its_normal_form(text: str) -> None:
    assert LABEL.validate_python(text) == unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    if len(decomposed) <= 256:
        assert LABEL.validate_python(decomposed) == unicodedata.normalize("NFC", text)


def test_the_length_of_text_is_that_of_its_normal_form() -> None:
    assert len(LABEL.validate_python("e\u0301" * 256)) == 256
    for text in ("", "e\u0301" * 257, "\u0958" * 129):  # the last grows when it is normalised
        with pytest.raises(ValidationError):
            LABEL.validate_python(text)


@pytest.mark.parametrize(
    "character", ["\u200d", "\u200c", "\u200e", "\u00ad", "\u00a0", "\U0001f469"]
)
def test_what_scripts_and_emoji_need_is_kept(character: str) -> None:
    assert LABEL.validate_python(f"a{character}b") == f"a{character}b"


@pytest.mark.parametrize(
    "character",
    ["\0", "\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\u202e", "\u2066"],
)
def test_what_only_controls_how_text_is_shown_is_refused(character: str) -> None:
    with pytest.raises(ValidationError, match=f"U\\+{ord(character):04X}"):
        LABEL.validate_python(f"a{character}b")


@pytest.mark.parametrize(
    "text", ["1_000", " 5", "5 ", "5.0", "+5", "05", "0x5", "5e0", "\u0665", "", "five"]
)
def test_a_number_in_an_address_is_of_decimal_digits(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Annotated[int, WHOLE_TEXT]).validate_python(text)


@pytest.mark.parametrize("text", ["1", "0", "on", "yes", "True", "TRUE", "t", "", " true"])
def test_a_switch_in_an_address_is_true_or_false(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SwitchText).validate_python(text)
    assert TypeAdapter(SwitchText).validate_python("true") is True
    assert TypeAdapter(SwitchText).validate_python("false") is False
