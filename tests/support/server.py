"""A real ``kith serve`` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.support.forked import Forked

ADMIN_KEY = "an-admin-key-for-tests-only-0123456789"
_READY = re.compile(r"Kith is ready at (http://\S+)")


class ServerProcess:
    """Starts, stops, kills and restarts the service on one data folder.

    ``settings`` are environment variables; an empty one is left unset. ``program`` is run with
    ``serve`` as its argument: the command, or a test's own that is built around it; ``before`` is
    put before it, and must become its process. Without it and with settings of Kith alone, the
    process is forked from one that has loaded what it needs.
    """

    def __init__(
        self,
        data_dir: Path,
        bundle: Path,
        *,
        program: str = "from app.cli import main; main()",
        before: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "server.log"
        self._program = program
        self._command = [*before, sys.executable, "-c", program, "serve"]
        self._forks = not before and all(name.startswith("KITH_") for name in settings)
        given = {
            "KITH_DATA_DIR": str(data_dir),
            "KITH_MODEL": str(bundle),
            "KITH_PORT": "0",
            "KITH_ADMIN_KEY": ADMIN_KEY,
            "KITH_PROVIDER": "cpu",
            **settings,
        }
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("KITH_")}
        self._environment = {n: v for n, v in (self._environment | given).items() if v}
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self.url = ""

    def start(self, seconds: float = 60) -> "ServerProcess":
        """Start and wait until it says that it is ready."""
        offset = self.launch()
        self.url = self.says(_READY, since=offset, seconds=seconds)[1]
        return self

    def launch(self) -> int:
        """Start, and wait for nothing; gives how many bytes the log had before."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            offset = log.tell()
            if self._forks:
                self._process = Forked(self._program, ["serve"], self._environment, self.log)
            else:
                self._process = subprocess.Popen(
                    self._command, env=self._environment, stdout=log, stderr=log
                )
        return offset

    def says(
        self, wanted: re.Pattern[str], *, since: int = 0, seconds: float = 60
    ) -> re.Match[str]:
        """Wait until the log has ``wanted`` after its first ``since`` bytes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            said = self.log.read_bytes()[since:].decode()
            if found := wanted.search(said):
                return found
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the server ended: {said}")
            time.sleep(0.05)
        raise AssertionError(f"the server did not say {wanted.pattern!r}: {said[-2000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        """Stop like a power cut: no clean-up."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)

    def stop(self) -> int:
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def client(self, key: str = ADMIN_KEY, seconds: float = 60) -> httpx.Client:
        """An HTTP client that holds ``key``."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=seconds)
