"""Finds what a process does outside of itself, by the system calls that it makes."""

import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.needed import lacking

_CALL: Final = re.compile(r"^\d+ +(\w+)\((.*)")
_CONNECTS: Final = ("connect", "sendto", "sendmsg", "sendmmsg")
_CHANGES: Final = (
    *("mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"),
    *("link", "linkat", "symlink", "symlinkat", "creat", "truncate", "chmod", "fchmodat"),
)
_OPENS: Final = ("open", "openat", "openat2")
_WRITES: Final = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
_ADDRESS: Final = re.compile(
    r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"'
)
_DEVICES: Final = ("/dev/", "/proc/")


@dataclass
class Trace:
    """The addresses (host, port) that were spoken to, and the paths that were written to."""

    addresses: set[tuple[str, int]] = field(default_factory=set)
    paths: set[Path] = field(default_factory=set)

    def outside(self, *folders: Path) -> set[Path]:
        """The paths written to that lie in none of ``folders``."""
        return {path for path in self.paths if not any(path.is_relative_to(f) for f in folders)}


def traced(log: Path) -> list[str]:
    """The words before a command that trace its calls into ``log``; the command takes the place of
    their process. Needs strace.
    """
    if shutil.which("strace") is None:
        lacking("strace is missing, which sees what a process connects to: apt-get install strace")
    calls = ",".join((*_CONNECTS, *_CHANGES, *_OPENS))
    command = ["strace", "-D", "-f", "-q", "-y", "-s", "256", "--seccomp-bpf"]
    command += ["-e", f"trace={calls}", "-e", "signal=none", "-o", str(log)]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=240)
    if tried.returncode:
        lacking(f"strace may not trace here: {tried.stderr.strip()}")
    return command


def read_trace(log: Path, pid: int, cwd: Path) -> Trace:
    """Read from ``log`` the calls of the process ``pid`` that ran in ``cwd`` and has ended."""
    trace, over = Trace(), re.compile(rf"^{pid} +\+\+\+ exited", re.MULTILINE)
    while not over.search(text := log.read_text(errors="replace")):
        time.sleep(0.01)  # strace writes of the end when it is over
    for line in text.splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        call, arguments = found.groups()
        if call in _CONNECTS:
            trace.addresses |= {(host, int(port)) for port, host in _ADDRESS.findall(arguments)}
        elif " = -1 " not in line and (call in _CHANGES or _WRITES.search(arguments)):
            trace.paths |= _paths(arguments, cwd)
    return trace


def _paths(arguments: str, cwd: Path) -> set[Path]:
    """The paths named, those that are relative to a folder's descriptor (``7</a/folder>``) too."""
    found = set[Path]()
    for folder, name in re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"', arguments):
        path = Path(folder or cwd, name)
        if name and not str(path).startswith(_DEVICES):
            found.add(path)
    return found
