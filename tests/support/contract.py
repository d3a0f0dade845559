"""Real answers held against the OpenAPI document that the service serves."""

import json
import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

_REFERENCE = re.compile(r"\{[^}]+\}")


class Contract:
    """Checks that an answer is one that ``document`` describes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._operations = [
            (re.compile(_REFERENCE.sub("[^/]+", path)), method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        ]

    def holds(self, answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
        """The body of ``answer``, after its status, type, fields and numbers were checked."""
        asked = f"{answer.request.method} {answer.request.url.path}"
        operation = self._operation(answer.request.method.lower(), answer.request.url.path)
        assert str(answer.status_code) in operation["responses"], (asked, answer.status_code)
        described = operation["responses"][str(answer.status_code)].get("content", {})
        if not described:
            assert not answer.content, asked
            return None
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in described, (asked, kind)
        body = json.loads(answer.text, parse_constant=_no_number)
        schema = {**described[kind]["schema"], "components": self._components}
        errors = [
            f"{asked}: {error.json_path}: {error.message[:300]}"
            for error in Draft202012Validator(schema).iter_errors(body)
        ]
        assert not errors, "\n".join(errors)
        return body

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        (found,) = (
            operation
            for template, verb, operation in self._operations
            if verb == method and template.fullmatch(path)
        )
        assert isinstance(found, dict)
        return found


def _no_number(text: str) -> float:
    raise AssertionError(f"{text} is no number of JSON")
