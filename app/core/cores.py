"""The cores of the machine, and whether one is idle just now."""

import os
from pathlib import Path
from typing import Final

_LOAD: Final = Path("/proc/loadavg")
_RUNNABLE: Final = 3
"""The field of proc_loadavg(5) that begins with how many threads of all processes run, or could."""


def is_core_free(load: Path = _LOAD) -> bool:
    """Whether fewer threads run than the machine has cores, the caller's own included; True where
    the system does not say.
    """
    try:
        running, _, _ = load.read_text("ascii").split()[_RUNNABLE].partition("/")
    except OSError:
        return True
    return int(running) < (os.cpu_count() or 1)
