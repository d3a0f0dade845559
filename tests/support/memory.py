"""The memory of a server process, as the kernel counts it."""

from pathlib import Path

from tests.support.server import ServerProcess

MEBIBYTE = 1024 * 1024
PIXEL_BYTES = 16
"""Bytes for each pixel of an image that is decoded."""
CODES = 384 * MEBIBYTE
"""The codes of lossless WebP, of which one picture is decoded at a time."""


def peak(server: ServerProcess) -> int:
    """The most memory that the server held since its peak was forgotten, in bytes."""
    return _line(server, "VmHWM")


def held(server: ServerProcess) -> int:
    """The memory of the server now, in bytes."""
    return _line(server, "VmRSS")


def forget_peak(server: ServerProcess) -> None:
    """See proc_pid_clear_refs(5)."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")


def bound(idle: int, *, bodies: int, threads: int, pixels: int, connections: int) -> int:
    """The most that docs/deploy.md promises, from what the server holds idle and its settings."""
    decoding = PIXEL_BYTES * threads * pixels + CODES
    return idle + 2 * bodies + decoding + MEBIBYTE * connections


def _line(server: ServerProcess, name: str) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
