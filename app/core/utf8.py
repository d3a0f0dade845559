"""Names of files, and all that is printed, are UTF-8, whatever the locale says.

Nothing is imported that takes time.
"""

import os
import sys


def start_in_utf8() -> None:
    """Begin the process again in Python's UTF-8 mode, where it is in another encoding.

    With ``LC_ALL=C PYTHONUTF8=0``, or in the locale of an older system, Python reads the folder
    "Zoë" as something else, and people would be enrolled under that name.
    """
    if sys.getfilesystemencoding() != "utf-8" and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
