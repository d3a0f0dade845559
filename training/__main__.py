"""``python -m training``: see ``training.commands``.

Nothing is imported here that takes time: a signal may come before a command has begun.
"""

from app.core.interrupts import end_at_signals
from app.core.utf8 import start_in_utf8


def main() -> None:
    """Run the command; Ctrl-C, at any moment, is exit code 130 and leaves nothing half made."""
    start_in_utf8()
    end_at_signals()
    from training import commands

    commands.main()


if __name__ == "__main__":
    main()
