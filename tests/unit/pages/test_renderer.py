"""Pages escape every value, miss none in silence, and no other module makes HTML."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from app.pages.chart import Axis, Chart, Entry
from app.pages.renderer import Pages

ROOT = Path(__file__).parents[3]
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}\n"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{ 7 * 7 }}\n"
_TAG = re.compile(r"</?(table|t[dhr]|div|span|p|ul|li|h[1-6]|small|svg|style|main)\b[^<]*>")


def pages(folder: Path, name: str, template: str) -> Pages:
    (folder / name).write_text(template)
    return Pages(folder)


@pytest.mark.parametrize("name", ["page.html", "page.txt", "page"])
def test_every_value_is_escaped_whatever_the_template_is_called(tmp_path: Path, name: str) -> None:
    template = '<p title="{{ text }}">{{ text }}</p>'
    made = pages(tmp_path, name, template).render(name, text=HOSTILE)
    assert made == f'<p title="{ESCAPED}">{ESCAPED}</p>'


def test_a_missing_value_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="'text' is undefined"):
        pages(tmp_path, "page.html", "{{ text }}").render("page.html")


def test_the_macros_escape_what_they_are_given(tmp_path: Path) -> None:
    template = (
        '{% from "pages/macros.html" import badge, card, figure, more, note, table %}'
        "{{ badge(text, text) }}{{ card(text, text, text) }}{{ more(2, 1, text) }}"
        "{% call note(text) %}{{ text }}{% endcall %}"
        "{% call table((text, text)) %}<tr><td>{{ text }}</td></tr>{% endcall %}"
        "{{ figure(chart) }}"
    )
    chart = Chart(Axis(HOSTILE, 0, 1), Axis(HOSTILE, 0, 1), label=HOSTILE, note=HOSTILE)
    chart.legend = [Entry(HOSTILE, HOSTILE), Entry(HOSTILE, HOSTILE, is_bar=True)]
    chart.upright(0.5, HOSTILE)
    made = pages(tmp_path, "page.html", template).render("page.html", text=HOSTILE, chart=chart)
    assert "<script" not in made
    assert made.count(ESCAPED) == 2 + 3 + 1 + 2 + 3 + 2 + 2 + 4 + 1


def test_a_page_of_the_base_names_nothing_outside_itself(tmp_path: Path) -> None:
    template = (
        '{% extends "pages/base.html" %}{% block title %}{{ text }}{% endblock %}'
        "{% block main %}{{ text }}{% endblock %}"
    )
    made = pages(tmp_path, "page.html", template).render("page.html", text=HOSTILE)
    assert made.startswith("<!doctype html>\n<html lang=")
    assert f"<title>{ESCAPED}</title>" in made
    assert "default-src 'none'" in made
    assert not re.search(r"https?:|url\(|@import|src=|href=", made)


def test_no_module_makes_html_of_strings() -> None:
    for module in (*(ROOT / "app").rglob("*.py"), *(ROOT / "training").rglob("*.py")):
        found = _TAG.search(module.read_text(encoding="utf-8"))
        assert found is None, f"{module}: {found and found[0]} belongs in a template"
