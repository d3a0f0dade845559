"""The ways in which a call comes to nothing, but for ``Refused``."""


class CallFailed(Exception):
    """No answer. ``sent``: bytes of the last request may have reached the other machine."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class NotConnected(CallFailed):
    """No connection came about: nothing was sent, and it may come about in a moment."""

    def __init__(self, why: str) -> None:
        super().__init__(why, sent=False)
