"""The choice of a provider, written down in ``KITH_DATA_DIR/providers``, a file for each contract.

A note counts while the machine, the libraries and the settings are those that it was made with. One
that cannot be read or written costs a start two seconds and nothing else.
"""

import fcntl
import hashlib
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import onnxruntime as ort
import structlog
from pydantic import BaseModel, ConfigDict, Field

from app.core.documents import read_bytes
from app.core.files import private_file, private_folder, why_no_files_in, write_whole

_MOST_BYTES: Final = 4 * 1024 * 1024
_PROCESSORS: Final = Path("/proc/cpuinfo")

_log = structlog.get_logger()


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class State(_Strict):
    """All that a choice depends on, apart from the contract."""

    machine: str
    onnxruntime: str
    openvino: str
    asked: str


class Note(_Strict):
    """A choice: its ``way``, the ``milliseconds`` of each way that was measured, and the rows of
    the reference crops by the reference way, (n, d).
    """

    state: State
    provider: str
    precision: str
    milliseconds: dict[str, float]
    references: list[list[float]] = Field(min_length=1)


def state_of(provider: str, precision: str) -> State:
    """The present state, for these values of KITH_PROVIDER and KITH_PRECISION."""
    try:
        openvino = version("openvino")
    except PackageNotFoundError:
        openvino = ""
    return State(
        machine=_machine(),
        onnxruntime=f"{ort.__version__} {' '.join(ort.get_available_providers())}",
        openvino=openvino,
        asked=f"{provider} {precision}",
    )


def _machine() -> str:
    """The CPU's name and a digest of its features: on virtual machines the name alone is often not
    enough.
    """
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    about = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    fields = {name.strip(): value.strip() for name, value in about.items()}
    features = fields.get("flags") or fields.get("Features", "")
    name = fields.get("model name", platform.processor())
    return f"{platform.machine()} {name} {hashlib.sha256(features.encode()).hexdigest()[:16]}"


class Notes:
    """The notes in ``folder``; none are kept where it is None."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._said: set[str] = set()

    def read(self, contract_id: str, state: State) -> Note | None:
        """The note for this contract, where there is one of this ``state``."""
        if self._folder is None:
            return None
        file = self._file(self._folder, contract_id)
        try:
            note = Note.model_validate_json(read_bytes(file, most=_MOST_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._warn("provider.note_unreadable", file, type(error).__name__)
            return None
        return note if note.state == state else None

    def write(self, contract_id: str, note: Note) -> None:
        """Write the note for this contract; where that fails, the log says so."""
        if self._folder is None:
            return
        file = self._file(self._folder, contract_id)
        try:
            private_folder(self._folder)
            write_whole(file, note.model_dump_json(indent=1) + "\n")
        except OSError as error:
            self._warn("provider.note_unwritten", file, error.strerror)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock on the notes where the folder can be written, so that of two processes that
        start at once one measures and the other reads what it found.
        """
        with ExitStack() as held:
            if self._folder is not None:
                self._lock(self._folder, held)
            yield

    def _lock(self, folder: Path, held: ExitStack) -> None:
        try:
            private_folder(folder)
            lock = held.enter_context(private_file(folder / ".lock"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:  # writing the note will say why
            return

    def _warn(self, event: str, file: Path, why: str | None) -> None:
        if why_no_files_in(file.parent.parent):  # then Kith cannot start, and says so in one line
            return
        if event not in self._said:
            self._said.add(event)
            _log.warning(event, file=str(file), why=why)

    def _file(self, folder: Path, contract_id: str) -> Path:
        return folder / f"{contract_id}.json"
