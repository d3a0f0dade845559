"""Makes the key with which Prometheus reads ``/metrics``: it may read, and nothing else.

Arguments: the service's address and the folder of the secrets. A key that still works is kept, so
this runs at every start; a key that the service does not know, because its database was replaced,
is replaced.
"""

import json
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

from make_secrets import put

KEY = "prometheus_key"
PROMETHEUS = 65534
_SECONDS = 10


def make_prometheus_key(address: str, folder: Path) -> None:
    """The key in ``folder``, in a file of its own."""
    file = folder / KEY
    if file.exists() and _opens(address, file.read_text(encoding="utf-8").strip()):
        return
    admin = (folder / "kith_admin_key").read_text(encoding="utf-8").strip()
    wanted = json.dumps({"name": "Prometheus", "scopes": ["read"]}).encode()
    made = json.loads(_ask(f"{address}/v1/keys", admin, wanted))
    put(file, made["key"], PROMETHEUS)


def _opens(address: str, key: str) -> bool:
    try:
        _ask(f"{address}/metrics", key)
    except HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            return False
        raise
    return True


def _ask(url: str, key: str, body: bytes | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        found: bytes = answer.read()
        return found


if __name__ == "__main__":
    try:
        make_prometheus_key(sys.argv[1], Path(sys.argv[2]))
    except OSError as error:
        sys.exit(f"No key for Prometheus from {sys.argv[1]}: {error}")
