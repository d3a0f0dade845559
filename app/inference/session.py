"""Makes all onnxruntime sessions, so that they have the same provider and number of threads."""

import os
from pathlib import Path
from typing import Final

import onnxruntime as ort

from app.errors import BundleError

PROVIDER: Final = "CPUExecutionProvider"
PRECISION: Final = "fp32"
_MOST_THREADS: Final = 2
_SPINNING: Final = "session.intra_op.allow_spinning"
_ERRORS_ONLY: Final = 3
_FOLDER_OF_WEIGHTS: Final = "session.model_external_initializers_file_folder_path"


def open_session(model: Path) -> ort.InferenceSession:
    """Open a thread-safe session, on which a run takes a second core while that is idle.

    A batch gains almost nothing on the CPU (25.8 ms for a face alone, 24.2 ms in a batch of eight)
    and adds waiting. The second thread sleeps between its parts of a run: one that spun would take
    its core from other requests.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.add_session_config_entry(_SPINNING, "0")
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # A model may name another file for its weights, which no manifest states. The folder of such
    # files is set to a path below a file, where none can be.
    options.add_session_config_entry(_FOLDER_OF_WEIGHTS, str(model / "none"))
    try:
        return ort.InferenceSession(str(model), options, providers=[PROVIDER])
    except Exception as error:  # noqa: BLE001 - onnxruntime raises types of its own, unexported
        raise BundleError(f"{model} is no model that onnxruntime can run: {error}") from None
