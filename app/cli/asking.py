"""A running service, asked by HTTP with a key: shared by the commands that need no database."""

import os
import re
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

import httpx
import typer

from app.core.ids import ID_PATTERN
from app.core.names import printable
from app.core.terminal import say
from app.errors import AppError, Forbidden, InvalidRequest, NotFound, NotReady, Unauthenticated

Url = Annotated[
    str, typer.Option(envvar="KITH_URL", show_envvar=False, help="The service; or KITH_URL.")
]
HERE: Final = "http://127.0.0.1:8000"
_SECONDS: Final = httpx.Timeout(30, read=600)
_KINDS: Final[Mapping[int, type[AppError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    503: NotReady,
}


def key_of(file: Path | None, scope: str) -> str:
    """The key in ``file`` or in KITH_KEY. It is never an argument: others on the machine can see
    those. ``scope`` is what the command needs, for the message where there is none.
    """
    try:
        text = os.environ.get("KITH_KEY", "") if file is None else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InvalidRequest(f"--key-file {printable(str(file))} cannot be read: {why}.") from None
    key = text.strip()
    if not key:
        raise InvalidRequest(
            f"There is no key: set KITH_KEY to one of scope {scope}, or name a file with "
            f"--key-file. An administrator makes one: kith keys create --scope {scope} "
            "--collection ..."
        )
    if not key.isascii() or not key.isprintable():
        raise InvalidRequest("The key has characters that no key has.")
    return key


def checked(what: str, text: str) -> str:
    """``text`` if it can be the id of ``what``, such as a collection; else ``InvalidRequest``."""
    if re.fullmatch(ID_PATTERN, text) is None:
        raise InvalidRequest(f"{text!r} is no id of a {what}; one is {ID_PATTERN}.")
    return text


class Answer:
    """An answer of the service: its ``status``, and the JSON object ``found``, empty for none."""

    def __init__(self, status: int, found: dict[str, Any]) -> None:
        self.status = status
        self.found = found

    @property
    def detail(self) -> str:
        """Why the service refused."""
        return str(self.found.get("detail", f"answer {self.status}"))

    def expect_success(self) -> dict[str, Any]:
        """The object; where the service refused, the error. Each of several faults has a line of
        its own before it, and is not repeated in it.
        """
        if self.status < HTTPStatus.MULTIPLE_CHOICES:
            return self.found
        said = self.detail
        faults = [f"{each['field']}: {each['message']}" for each in self.found.get("errors", [])]
        if len(faults) > 1 or any(each not in said for each in faults):
            for each in faults:
                say(printable(f"  {each}"))
            said = f"{said.partition(f' {faults[0]}')[0].rstrip(':.')}."
        raise _KINDS.get(self.status, InvalidRequest)(said)


class Service:
    """Requests to the service at ``url`` with one key, over connections that are kept."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InvalidRequest(
                f"--url {printable(parts.hostname or url)!r} is no address such as {HERE}."
            )
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=f"{self._url}/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=_SECONDS,
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def send(self, method: str, path: str, *, wants: str | None, **more: Any) -> Answer:  # noqa: ANN401 - httpx's
        """Ask once. ``NotReady`` where nothing answers; ``InvalidRequest`` where the answer is not
        Kith's: it lacks the member ``wants`` (None: no member is needed), or is a refusal without a
        code.
        """
        try:
            answer = self._client.request(method, path, **more)
            found = answer.json() if answer.content else {}
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise NotReady(f"{self._url} does not answer ({why}).") from None
        except ValueError:
            found = None
        member = wants if answer.is_success else "code"
        if not isinstance(found, dict) or not (member is None or member in found):
            raise InvalidRequest(f"{self._url} answers, and is no Kith; correct --url.")
        return Answer(answer.status_code, found)

    def ask(self, method: str, path: str, *, wants: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """The object of the answer to ``send``; a refusal is raised."""
        return self.send(method, path, wants=wants, **more).expect_success()
