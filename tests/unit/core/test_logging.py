"""The level and the stream of the log are those of the moment."""

import io
import sys

import pytest
import structlog

from app.core.logging import configure_logging


def test_the_level_and_the_stream_are_asked_for_each_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Earlier configuration, and the stream of that time, do not matter."""
    logger = structlog.get_logger()  # as a module has it
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure_logging("WARNING", "json")
    logger.info("thing.hidden")
    logger.warning("thing.seen")
    configure_logging("INFO", "json")
    logger.info("thing.done")
    assert [word for word in ("hidden", "seen", "done") if word in first.getvalue()] == [
        "seen",
        "done",
    ]

    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    logger.info("thing.elsewhere")
    assert "thing.elsewhere" in second.getvalue()
    assert "Logging error" not in second.getvalue()
