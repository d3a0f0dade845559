"""Makes the secrets of ``docker compose up``, once, each readable by the service that needs it.

A file that is there is left as it is, so a secret of your own is one put there before. Runs as root
with no capability but CHOWN: it may give a file away, and reads it again through its group, which
must be nobody else's.
"""

import os
import secrets
import sys
from pathlib import Path

from app.core.files import whole_file

KITH = 10001
POSTGRES = 999
GRAFANA = 472


def make_secrets(folder: Path) -> None:
    """Whatever is missing of the files in ``folder``."""
    password = keep(folder / "postgres_password", secrets.token_hex(24), POSTGRES)
    url = f"postgresql://kith:{password}@postgres:5432/kith"
    keep(folder / "kith_database_url", url, KITH)
    keep(folder / "kith_admin_key", f"kith_{secrets.token_urlsafe(32)}", KITH)
    keep(folder / "grafana_password", secrets.token_urlsafe(24), GRAFANA)


def keep(file: Path, secret: str, owner: int) -> str:
    """The content of ``file``; a missing file is first written with ``secret``."""
    if not file.exists():
        put(file, secret, owner)
    return file.read_text(encoding="utf-8").strip()


def put(file: Path, secret: str, owner: int) -> None:
    """Write a file, whole or not at all, that its owner may read and nobody may change."""
    file.with_name(f".{file.name}.new").unlink(missing_ok=True)  # of release 0.1, cut off
    with whole_file(file) as stream:
        stream.write(f"{secret}\n".encode())
        os.fchmod(stream.fileno(), 0o440)
        os.fchown(stream.fileno(), owner, os.getgid())


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
