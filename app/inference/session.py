"""Makes all onnxruntime sessions, so that they have the same options and number of threads."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import onnxruntime as ort

from app.errors import BundleError

_CPU: Final = ("CPUExecutionProvider",)
_SPINNING: Final = "session.intra_op.spin_duration_us"
_SPIN: Final = "50"
"""Microseconds that a second thread spins for its next part of a run before it sleeps. The gaps
within a run are shorter, so no part waits for a thread to wake: on a core that is idle SFace takes
8.0 ms and not 10.1, and 15.7 ms of CPU and not 17.5."""
_ERRORS_ONLY: Final = 3
_FOLDER_OF_WEIGHTS: Final = "session.model_external_initializers_file_folder_path"


IsAlone = Callable[[], bool]
"""Whether no other picture is worked on, and a core is idle."""


def open_session(
    model: Path, providers: Sequence[Any] = _CPU, *, threads: int = 1
) -> ort.InferenceSession:
    """Open a thread-safe session, which on the CPU computes on the calling thread and ``threads``
    - 1 others. These sleep between runs: one that spins takes its core from others.

    Requests run in parallel, one core each. A batch gains almost nothing on the CPU (25.8 ms for a
    face alone, 24.2 ms in a batch of eight) and adds waiting.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry(_SPINNING, _SPIN)
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # A model may name another file for its weights, which no manifest states. The folder of such
    # files is set to a path below a file, where none can be.
    options.add_session_config_entry(_FOLDER_OF_WEIGHTS, str(model / "none"))
    try:
        return ort.InferenceSession(str(model), options, providers=list(providers))
    except Exception as error:  # noqa: BLE001 - onnxruntime raises types of its own, unexported
        raise BundleError(f"{model} is no model that onnxruntime can run: {error}") from None


def open_wide(model: Path, is_alone: IsAlone | None) -> Callable[[], ort.InferenceSession | None]:
    """Open a session that computes on two threads, and return a function that gives it while
    ``is_alone``, and None otherwise. Without ``is_alone`` none is opened.

    One client then waits less: where a core is idle, SFace takes 8.0 ms on two threads and 14.0 on
    one. Where both are busy, two threads cost a third more CPU time, so each computes on its own.
    """
    if is_alone is None:
        return lambda: None
    session = open_session(model, threads=2)
    return lambda: session if is_alone() else None
