"""Makes all onnxruntime sessions, so that they have the same options and number of threads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import onnxruntime as ort

from app.errors import BundleError

_CPU: Final = ("CPUExecutionProvider",)
_ERRORS_ONLY: Final = 3
_FOLDER_OF_WEIGHTS: Final = "session.model_external_initializers_file_folder_path"


def open_session(model: Path, providers: Sequence[Any] = _CPU) -> ort.InferenceSession:
    """Open a thread-safe session, which on the CPU computes on the calling thread alone.

    Requests run in parallel, one core each. A batch gains almost nothing on the CPU (25.8 ms for a
    face alone, 24.2 ms in a batch of eight) and adds waiting. With two threads a run, sleeping in
    between, a request took a third more CPU time on two busy cores (58 to 66 ms, not 44 to 47).
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # A model may name another file for its weights, which no manifest states. The folder of such
    # files is set to a path below a file, where none can be.
    options.add_session_config_entry(_FOLDER_OF_WEIGHTS, str(model / "none"))
    try:
        return ort.InferenceSession(str(model), options, providers=list(providers))
    except Exception as error:  # noqa: BLE001 - onnxruntime raises types of its own, unexported
        raise BundleError(f"{model} is no model that onnxruntime can run: {error}") from None
