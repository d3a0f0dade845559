"""Two processes on one PostgreSQL: a session of the console that one began is one of the other."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.support.server import ADMIN_KEY, ServerProcess

Form = dict[str, tuple[None, str]]


def sent(browser: httpx.Client, home: str, path: str, **fields: str) -> httpx.Response:
    """Send a form as a page of this origin does, with the mark that the first page shows."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', browser.get(home).text)
    fields |= {"csrf": found[1]} if found else {}
    form: Form = {name: (None, text) for name, text in fields.items()}
    return browser.post(f"{home}{path}", files=form, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.mark.on_postgresql
def test_a_session_holds_at_every_replica_until_it_or_its_key_ends(
    server: Callable[..., ServerProcess], database_url: str
) -> None:
    one, other = (f"{server(KITH_DATABASE_URL=database_url).url}/console" for _ in range(2))
    with httpx.Client(base_url=one.removesuffix("console")) as browser:
        api = {"Authorization": f"Bearer {ADMIN_KEY}"}
        for ends in ("sign-out", "revocation"):
            new = browser.post("/v1/keys", json={"scopes": ["admin"]}, headers=api).json()
            assert sent(browser, one, "/sign-in", key=new["key"]).status_code == 303
            assert browser.get(other).status_code == 200
            made = sent(browser, other, "/collections", id=ends)
            assert made.headers["location"] == f"/console/c/{ends}/people"
            assert ends in browser.get(one).text
            token = browser.cookies["kith_session"]
            if ends == "sign-out":
                assert sent(browser, other, "/sign-out").status_code == 303
            else:
                where = other.replace("/console", f"/v1/keys/{new['id']}")
                assert browser.delete(where, headers=api).status_code == 204
            browser.cookies.set("kith_session", token, domain="127.0.0.1", path="/console")
            answers = [browser.get(home).headers.get("location") for home in (one, other)]
            assert answers == ["/console/sign-in"] * 2
            browser.cookies.clear()
