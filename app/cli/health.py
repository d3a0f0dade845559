"""``kith health``: whether the service of this machine is ready, for the supervisor of a container.

It runs every few seconds, so it must load no model, no database and no index.
"""

import http.client
import json
from typing import Final

from app.errors import NotReady, SettingsError
from app.server.listening import reachable
from app.settings import load_settings

_SECONDS: Final = 5


def health() -> None:
    """Ask the service at KITH_HOST and KITH_PORT whether it is ready; exit code 1 if it is not."""
    settings = load_settings()
    if not settings.port:
        raise SettingsError("KITH_PORT is 0: only the service's log says which port it took.")
    host = reachable(settings.host)
    asked = f"The service at {host}, port {settings.port},"
    # Not urllib: a proxy named by the environment is not how one reaches oneself.
    connection = http.client.HTTPConnection(host, settings.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/v1/health/ready")
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise NotReady(f"{asked} does not answer ({str(error).strip()}).") from None
    finally:
        connection.close()
    if status != http.client.OK:
        said = _member(body, "detail") or f"it answered {status}"
        raise NotReady(f"{asked} is not ready: {said} Its log has the reason.")
    stale = _member(body, "status") == "stale"
    until = ", for a while: the database does not answer, decisions are stale" if stale else ""
    print(f"{asked} is ready{until}.")  # noqa: T201 - what the command is for


def _member(body: bytes, name: str) -> str:
    try:
        return str(json.loads(body)[name])
    except (ValueError, TypeError, KeyError):
        return ""
