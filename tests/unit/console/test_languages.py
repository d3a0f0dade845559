"""Every text of the console is in the catalogues, and the catalogues are whole."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.console import languages
from app.console.languages import NAMES, SOURCE, chosen, language
from app.evaluation.report import page
from app.pages import renderer

CONSOLE = Path(languages.__file__).parent
REPORT = Path(page.__file__).parent
MARKED = (CONSOLE, REPORT, Path(renderer.__file__).parent)
"""The rooms whose texts the console shows."""
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"newstyle_gettext": "true", "trimmed": "true"}}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "say": None,
    "say_of": (2, 3),
}
OTHERS = [code for code in NAMES if code != SOURCE]
Text = str | tuple[str, ...]


def texts() -> set[Text]:
    """The texts in the templates and modules."""
    found = chain.from_iterable(
        extract_from_dir(str(each), METHODS, OPTIONS, KEYWORDS) for each in MARKED
    )
    return {message for _, _, message, _, _ in found}


def translated(code: str) -> list[Message]:
    with languages.catalogue(code).open("rb") as file:
        catalogue: Catalog = read_po(file, locale=code, abort_invalid=True)
    return [message for message in catalogue if message.id]


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_every_text_and_no_other(code: str) -> None:
    found = texts()
    assert len(found) > 30
    assert {message.id for message in translated(code)} == found


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_and_names_the_same_values(code: str) -> None:
    for message in translated(code):
        forms = (
            [message.string] if isinstance(message.string, str) else [*(message.string or ("",))]
        )
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        source = [message.id] if isinstance(message.id, str) else [*message.id]
        for form in forms:
            assert values(form) == values(source[-1]), message.id


def values(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_no_template_has_a_text_beyond_the_catalogues() -> None:
    templates = sorted((CONSOLE / "templates").glob("*.html"))
    templates += sorted(page.PARTS["report"].glob("*.html"))
    found = [(file.name, text) for file in templates for text in literal(file.read_text("utf-8"))]
    assert found == []


def literal(template: str) -> Iterator[str]:
    """The untranslated texts of a template, with the attributes that are read aloud."""
    template = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    template = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", template, flags=re.DOTALL)
    template = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", template, flags=re.DOTALL)
    for text in re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', template):
        if re.search(r"\w", text):
            yield text
    for text in re.sub(r"<[^>]*>", "\n", template).splitlines():
        if re.search(r"[^\W\d_]", text.replace("Kith", "")):
            yield text.strip()


def test_a_literal_text_would_be_found() -> None:
    assert list(literal('<p>Hello <b>{{ _("x") }}</b></p><input placeholder="Search">')) == [
        "Search",
        "Hello",
    ]
    assert list(literal('{% trans n=1 %}One{% endtrans %}<p title="{{ _("x") }}">1 Kith</p>')) == []


@pytest.mark.parametrize(
    ("asked", "accepted", "code"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr, ko;q=0.3, en;q=0.2", "ko"),
        ("", "de;q=0, fr", "en"),
        ("ko", "de", "ko"),
        ("xx", "de", "de"),
        ("", "de;q=9;x, \x00, ,;;", "en"),
    ],
)
def test_the_language_is_the_one_chosen_or_else_the_best_that_the_browser_asks_for(
    asked: str, accepted: str, code: str
) -> None:
    assert chosen(asked, accepted) == code


def test_a_language_says_texts_and_counts_in_its_own_way() -> None:
    german = language("de")
    assert german.say("Sign in") == "Anmelden"
    assert german.say_of(1, "%(num)s person", "%(num)s people") == "1 Person"
    assert german.say_of(2000, "%(num)s person", "%(num)s people") == "2.000 Personen"
    assert language("en").say_of(2000, "%(num)s person", "%(num)s people") == "2,000 people"
