"""A PostgreSQL of a test's own, to be stopped and started while others go on with theirs."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from tests.support.needed import lacking

_USER = "postgres"  # whom PostgreSQL runs as where the tests are root's: it refuses to be


class Cluster:
    """A server on a port of its own, with every default that makes a commit durable."""

    def __init__(self, folder: Path, programs: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"postgresql://{_USER}@127.0.0.1:{self._port}/postgres"
        self._folder = folder
        self._programs = programs
        self._run(
            "initdb", "--username", _USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"
        )

    def start(self) -> None:
        """Returns once it answers."""
        where = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "start", "--wait", "--log", log, "--options", where)

    def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """``fast`` ends every session first; ``immediate`` is as if the power had failed."""
        self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    def files(self) -> bytes:
        """All that is on disk of its databases and of its log of changes."""
        data = self._folder / "data"
        found = [*data.glob("base/**/*"), *data.glob("pg_wal/**/*")]
        return b"".join(file.read_bytes() for file in sorted(found) if file.is_file())

    def admit(self, *rules: str) -> None:
        """Put ``rules`` in place of those of who may connect to what, and how."""
        (self._folder / "data" / "pg_hba.conf").write_text("\n".join(rules) + "\n")
        self._run("pg_ctl", "reload")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "--pgdata", str(self._folder / "data")]
        said = subprocess.run(
            [*command, *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server that has it
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
            **_as_somebody(),
        )
        assert said.returncode == 0, f"{program} {arguments}: exit code {said.returncode}"


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A new one that runs, and is gone with the block. Without PostgreSQL's programs the test is
    skipped, and fails under CI.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (programs[-1] if programs else None)
    if found is None:
        lacking("no initdb on the PATH or in /usr/lib/postgresql, so no PostgreSQL to stop")
    folder = Path(tempfile.mkdtemp(prefix="kith-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, _USER, _USER)
    cluster = Cluster(folder, Path(found).resolve().parent)
    try:
        cluster.start()
        yield cluster
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            cluster.stop("immediate")
        shutil.rmtree(folder)


def _as_somebody() -> dict[str, Any]:
    return {"user": _USER, "group": _USER, "extra_groups": []} if os.getuid() == 0 else {}
