"""A visit: one request of a browser, with the values that its page needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from app.auth.principal import Principal, Scope
from app.console import cookies, static_files
from app.console.forgery import mark_of
from app.console.languages import NAMES, Language, chosen, language
from app.console.sent import Sent

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    # With `no-referrer` a browser would also hide the origin of a form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
"""Headers of every page."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser. ``caller`` is None, and ``token`` empty, before the sign-in."""

    request: Request
    language: Language
    caller: Principal | None = None
    token: str = ""
    sent: Sent = field(default_factory=Sent)

    @property
    def csrf(self) -> str:
        """The mark that forms of this session carry."""
        return mark_of(self.token)

    @property
    def languages(self) -> Mapping[str, str]:
        """The names of the console's languages, by code."""
        return NAMES

    @property
    def here(self) -> str:
        """The path of this page below the console's."""
        return self.request.url.path.removeprefix(self.at(""))

    @property
    def collection(self) -> str | None:
        """The id of the collection that the page is of."""
        return self.request.path_params.get("collection_id")

    @property
    def is_fragment(self) -> bool:
        """Whether a script made the request, to put the answer into its page."""
        return "hx-request" in self.request.headers

    def at(self, path: str) -> str:
        """The address of a page of the console."""
        return f"{cookies.home(self.request)}{path}"

    def of(self, path: str) -> str:
        """The address of a page of this collection."""
        return self.at(f"/c/{self.collection}{path}")

    def asset(self, name: str) -> str:
        """The address of a file of the pages."""
        return self.at(f"/static/{static_files.files()[name].digest}/{name}")

    def may(self, *scopes: str) -> bool:
        """Whether the key of the session has one of these scopes, or may do everything."""
        held = frozenset() if self.caller is None else self.caller.scopes
        return bool(held & {Scope.ADMIN, *scopes})

    @property
    def may_everywhere(self) -> bool:
        """Whether the key may administer what is of no collection."""
        return self.may() and self.caller is not None and self.caller.collections is None

    def part(self, template: str, **values: object) -> str:
        """The text that ``template`` makes of ``values``."""
        return self.language.pages.render(template, visit=self, **values)

    def page(self, template: str, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        """The page that ``template`` makes of ``values``."""
        text = self.part(template, **values)
        return HTMLResponse(text, status, headers={**HEADERS, "Vary": "Cookie, Accept-Language"})

    def go(self, path: str) -> Response:
        """Redirect the browser to another page of the console; a script of a page gets a header for
        that.
        """
        if self.is_fragment:
            return Response(status_code=HTTPStatus.OK, headers={"HX-Redirect": self.at(path)})
        return RedirectResponse(self.at(path), HTTPStatus.SEE_OTHER)


def visit_of(
    request: Request, caller: Principal | None = None, token: str = "", sent: Sent | None = None
) -> Visit:
    """The visit of a request, in the language that was chosen or that the browser asks for."""
    accepted = request.headers.get("accept-language", "")
    spoken = language(chosen(cookies.language_of(request), accepted))
    return Visit(request, spoken, caller, token, sent or Sent())
