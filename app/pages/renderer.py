"""The Jinja2 environment of every page."""

from collections.abc import Callable, Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from app.pages import words

_FOLDER: Final = Path(__file__).with_name("templates")
_SHARED: Final = FileSystemLoader(_FOLDER)
STYLE: Final = _FOLDER / "style.css"
"""The style sheet of every page."""


class Pages:
    """The pages of a room, from the templates in its folder ``templates``. Thread-safe.

    They may extend ``pages/base.html`` and import ``pages/macros.html``. Every value is escaped,
    whatever the template's name; a value that is missing is an error, not an empty string.
    ``translations`` are for the texts that templates mark by ``_`` and ``trans``; ``filters`` are
    the room's own. ``parts`` are folders of another room's templates, by the name before the slash.
    """

    def __init__(
        self,
        templates: Path,
        translations: NullTranslations | None = None,
        filters: Mapping[str, Callable[..., Any]] | None = None,
        parts: Mapping[str, Path] | None = None,
    ) -> None:
        others = {name: FileSystemLoader(folder) for name, folder in (parts or {}).items()}
        shared = PrefixLoader({"pages": _SHARED, **others})
        self._environment = Environment(
            loader=ChoiceLoader([shared, FileSystemLoader(templates)]),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {**words.FILTERS, **(filters or {})}
        self._environment.policies["ext.i18n.trimmed"] = True
        install = self._environment.install_gettext_translations  # type: ignore[attr-defined]
        install(translations or NullTranslations(), newstyle=True)

    def render(self, template: str, **values: object) -> str:
        """The page that ``template`` makes of ``values``. ``jinja2.UndefinedError`` where it names
        a value that is not among them.
        """
        return self._environment.get_template(template).render(values)
