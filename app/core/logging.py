"""Structured logs: ``noun.verb`` with ids; never pixels, embeddings, names or keys."""

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import Processor

LogFormat = Literal["auto", "console", "json"]


def configure_logging(level: str, log_format: LogFormat) -> None:
    """Send every record, also those of libraries, through one renderer to standard error.

    ``auto`` is readable text on a terminal and JSON lines everywhere else.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # it would keep the level of its first use
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=_renderer(log_format), foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("PIL").setLevel(logging.INFO)  # DEBUG would log the metadata of photos
    logging.getLogger("alembic").setLevel(logging.WARNING)  # INFO would log two lines a start


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes each record to the present standard error, even after it has been replaced."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)  # StreamHandler's own keeps the stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # read alone
        """The stream for the next record: standard error as it is then."""
        return sys.stderr


def _renderer(log_format: LogFormat) -> Processor:
    readable = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    if readable:
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.processors.JSONRenderer()
