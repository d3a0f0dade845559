"""The languages of the console: English in the templates, the others in one catalogue each.

A catalogue is a file of gettext (``languages/*.po``), read when it is first needed.
"""

import io
import re
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from app.console.numbers import Numbers
from app.evaluation.report.page import PARTS
from app.pages.renderer import Pages
from app.pages.words import Spoken

_HERE: Final = Path(__file__).parent
NAMES: Final = {"en": "English", "de": "Deutsch", "ko": "한국어"}
"""Each language by its code, in its own words."""
SOURCE: Final = "en"
_MOST_RANGES: Final = 20
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*"
)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, its texts, the pages in it, and how its charts say numbers."""

    code: str
    translations: NullTranslations
    pages: Pages
    spoken: Spoken

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
    numbers = Numbers(code, translations.gettext)
    pages = Pages(_HERE / "templates", translations, numbers.filters, parts=PARTS)
    return Language(code, translations, pages, numbers.spoken)


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
