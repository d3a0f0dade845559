"""The ways in which a call fails, but for ``Refused``."""


class CallFailed(Exception):
    """There was no answer. ``sent``: bytes of the last request may have reached the machine."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class NotConnected(CallFailed):
    """There was no connection: nothing was sent, and the next attempt may succeed."""

    def __init__(self, why: str) -> None:
        super().__init__(why, sent=False)
