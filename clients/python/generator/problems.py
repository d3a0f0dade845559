"""``kith_client/problems.py``: an exception for each code of the service's errors."""

from collections.abc import Iterator
from typing import Final

from generator.hints import Schema

HEAD: Final = '''\
"""An exception for each ``code``. Written by ``make client`` from the OpenAPI document.

The service's page on errors says what each means and what to do.
"""

from kith_client.errors import ApiError
'''


def problems(document: Schema) -> str:
    """The module's source."""
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    return HEAD + "\n".join(line for code in codes for line in _lines(code)) + "\n"


def class_name(code: str) -> str:
    """``not_found`` is ``NotFound``."""
    return "".join(word.capitalize() for word in code.split("_"))


def _lines(code: str) -> Iterator[str]:
    yield ""
    yield ""
    yield f"class {class_name(code)}(ApiError, code={code!r}):"
    yield f'    """The service answered ``{code}``."""'
