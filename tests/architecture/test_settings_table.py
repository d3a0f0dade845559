"""The README has every setting, its default and its meaning, and no other."""

import re
from pathlib import Path

from app.settings import Settings
from tests.support.settings_table import BEGIN, END, settings_table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_every_setting() -> None:
    found = re.search(f"{BEGIN}\n(.*?)\n?{END}", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"README.md has no {BEGIN} ... {END}"
    expected = settings_table()
    assert found[1].strip() == expected, f"README.md must have:\n{BEGIN}\n{expected}\n{END}"


def test_every_setting_says_what_it_means() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "|" not in field.description, name


def test_no_default_is_of_the_machine_that_made_the_table() -> None:
    assert str(Path.home()) not in settings_table()
    assert str(Path.cwd()) not in settings_table()
