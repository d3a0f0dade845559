"""The one error of this package: what went wrong, in a line for the person at the terminal."""


class TrainingError(Exception):
    """Bad data, a bad configuration or a run that cannot go on; the text says what to do."""
