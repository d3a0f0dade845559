"""The ``kith`` command: serve, fetch models, enrol, evaluate, back up, check, change a model.

Nothing is imported here that takes time: a signal may come before a command has begun.
"""

from app.core.interrupts import end_at_signals
from app.core.utf8 import start_in_utf8


def main() -> None:
    """Run the command.

    A known error, or one of the system's, is one line on standard error and exit code 1. Ctrl-C, at
    any moment, is exit code 130 and leaves nothing that is half made.
    """
    start_in_utf8()
    end_at_signals()
    from app.cli import run

    run.run()
