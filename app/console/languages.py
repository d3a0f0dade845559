"""The languages of the console: English in the templates, the others in one catalogue each.

A catalogue is a file of gettext (``languages/*.po``), read when it is first needed.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from app.pages.renderer import Pages

_HERE: Final = Path(__file__).parent
NAMES: Final = {"en": "English", "de": "Deutsch", "ko": "한국어"}
"""Each language by its code, in its own words."""
SOURCE: Final = "en"
_MOST_RANGES: Final = 20
_LEAST_SHOWN: Final = 1e-4  # percent: one in a million
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*"
)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, its texts, and the pages in it."""

    code: str
    translations: NullTranslations
    pages: Pages

    def say(self, text: str) -> str:
        """The text in this language."""
        return self.translations.gettext(text)

    def say_of(self, number: int, one: str, many: str) -> str:
        """A text about ``number`` things; ``%(num)s`` in it stands for the number."""
        text = self.translations.ngettext(one, many, number)
        return text % {"num": format_decimal(number, locale=self.code)}


def chosen(asked: str, accepted: str) -> str:
    """The code of the language that the reader chose (``asked``), or else the best of
    ``Accept-Language``.
    """
    if asked in NAMES:
        return asked
    weighed: list[tuple[float, str]] = []
    for each in accepted.split(",")[:_MOST_RANGES]:
        found = _RANGE.fullmatch(each)
        if found and found[1].lower() in NAMES:
            weighed.append((float(found[2] or 1), found[1].lower()))
    best = max(weighed, key=lambda each: each[0], default=(0.0, SOURCE))
    return best[1] if best[0] > 0 else SOURCE


@cache
def language(code: str) -> Language:
    """The language of this code, one of ``NAMES``."""
    translations = _translations(code)
    pages = Pages(_HERE / "templates", translations, _filters(code))
    return Language(code, translations, pages)


def _translations(code: str) -> NullTranslations:
    if code == SOURCE:
        return NullTranslations()
    with catalogue(code).open("rb") as file:
        texts = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return GNUTranslations(compiled)


def catalogue(code: str) -> Path:
    """The file of a language's texts."""
    return _HERE / "languages" / f"{code}.po"


def _filters(code: str) -> dict[str, Callable[..., Any]]:
    def moment(value: datetime | None) -> str:
        if value is None:
            return ""
        return f"{format_datetime(value, 'medium', tzinfo=UTC, locale=code)} UTC"

    def number(value: float) -> str:
        return format_decimal(value, locale=code)

    def percent(rate: float) -> str:
        """A rate with the digits that count; none is shown smaller than one in a million."""
        value = max(100 * rate, _LEAST_SHOWN) if rate else 0.0
        digits = 2 if value < 10 else 3 if value < 99 else 4
        shown = format_decimal(float(f"{value:.{digits}g}"), "0.######", locale=code)
        sign = "< " if value > 100 * rate else ""
        return f"{sign}{shown}\N{NO-BREAK SPACE}%"

    def cosine(value: float) -> str:
        return format_decimal(value, "0.000", locale=code)

    return {"moment": moment, "number": number, "percent": percent, "cosine": cosine}
