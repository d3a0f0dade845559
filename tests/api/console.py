"""A browser's requests to the console, without the browser."""

import re
from collections.abc import Mapping

import httpx
from fastapi.testclient import TestClient

from tests.support.server import ADMIN_KEY

ORIGIN = {"Origin": "http://kith"}
Form = Mapping[str, str]
Parts = dict[str, tuple[str | None, str | bytes]]


def parts(form: Form) -> Parts:
    """The fields of a form, as ``multipart/form-data``."""
    return {name: (None, value) for name, value in form.items()}


class Visitor:
    """Somebody with a browser of their own; ``headers`` are those of each request."""

    def __init__(self, client: TestClient, *, root: str = "", **headers: str) -> None:
        self._client = client
        client.headers.pop("authorization", None)
        client.cookies.clear()
        self.home = f"http://kith{root}/console"
        self.headers = {**ORIGIN, **headers}

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        return self._send("GET", path, None, headers)

    def post(
        self,
        path: str,
        form: Form | None = None,
        *,
        csrf: str | None = None,
        files: Mapping[str, bytes] | None = None,
        within: bool = False,
        **headers: str,
    ) -> httpx.Response:
        """Send a form, with the mark of the page that is shown now unless ``csrf`` is another;
        ``within`` a page, by a script.
        """
        headers |= {"HX-Request": "true"} if within else {}
        mark = self.csrf if csrf is None else csrf
        sent = parts({**(form or {}), "csrf": mark})
        sent |= {name: (name, content) for name, content in (files or {}).items()}
        return self._send("POST", path, sent, headers)

    def sign_in(self, key: str = ADMIN_KEY, wanted: str = "") -> httpx.Response:
        return self._send("POST", "/sign-in", parts({"key": key, "next": wanted}), {})

    def _send(self, method: str, path: str, files: Parts | None, headers: Form) -> httpx.Response:
        answer: httpx.Response = self._client.request(
            method,
            self.home + path,
            files=files,
            headers={**self.headers, **headers},
            follow_redirects=False,
        )
        return answer

    @property
    def token(self) -> str:
        """The token that the browser has now, or nothing."""
        return str(self._client.cookies.get("kith_session", ""))

    @token.setter
    def token(self, token: str) -> None:
        self._client.cookies.clear()
        self._client.cookies.set("kith_session", token, domain="kith.local", path="/console")

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get().text)
        return found[1] if found else ""
