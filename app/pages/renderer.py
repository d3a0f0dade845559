"""The Jinja2 environment of every page."""

from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from app.pages import words

_SHARED: Final = FileSystemLoader(Path(__file__).with_name("templates"))


class Pages:
    """The pages of a room, from the templates in its folder ``templates``. Thread-safe.

    They may extend ``pages/base.html`` and import ``pages/macros.html``. Every value is escaped,
    whatever the template's name; a value that is missing is an error, not an empty string.
    """

    def __init__(self, templates: Path) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([PrefixLoader({"pages": _SHARED}), FileSystemLoader(templates)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= words.FILTERS

    def render(self, template: str, **values: object) -> str:
        """The page that ``template`` makes of ``values``. ``jinja2.UndefinedError`` where it names
        a value that is not among them.
        """
        return self._environment.get_template(template).render(values)
