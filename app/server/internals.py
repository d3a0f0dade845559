"""The undocumented parts of libraries that Kith uses; an upgrade may change them without notice.

Read this table before an upgrade. ``tests/architecture/test_internals.py`` compares each row
with the installed library, and what Kith's classes use with the rows. Where it fails, read ``why``
and adapt the class before the new version is locked.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Internal:
    """One attribute of ``owner``, which is ``module:Class``, ``module:function`` or ``module``.

    ``shape`` is what Kith relies on: for a callable its parameters, where ``=`` marks one with a
    default; for a value the name of its type.
    """

    owner: str
    name: str
    shape: str
    why: str


_PROTOCOL: Final = "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol"
_CYCLE: Final = "uvicorn.protocols.http.httptools_impl:RequestResponseCycle"
_STATE: Final = "uvicorn.server:ServerState"
_SERVER: Final = "uvicorn.server:Server"
_FORMS: Final = "python_multipart.multipart:MultipartParser"

_CONNECTION: Final = (
    Internal(_PROTOCOL, "connection_made", "(self, transport)", "counts the open connections"),
    Internal(_PROTOCOL, "connection_lost", "(self, exc)", "ends every request in hand"),
    Internal(_PROTOCOL, "data_received", "(self, data)", "counts bytes that begin no request"),
    Internal(_PROTOCOL, "send_400_response", "(self, msg)", "answers a problem, not plain text"),
    Internal(_PROTOCOL, "on_message_begin", "(self)", "resets the counts of a head"),
    Internal(_PROTOCOL, "on_url", "(self, url)", "bounds a head"),
    Internal(_PROTOCOL, "on_header", "(self, name, value)", "bounds a head and trailers"),
    Internal(_PROTOCOL, "on_headers_complete", "(self)", "bounds the pipeline; makes the cycle"),
    Internal(_PROTOCOL, "on_body", "(self, body)", "measures the rate of a body"),
    Internal(_PROTOCOL, "on_message_complete", "(self)", "closes after the last request"),
    Internal(_PROTOCOL, "on_response_complete", "(self)", "starts the clock for the next request"),
    Internal(
        _PROTOCOL,
        "_unset_keepalive_if_required",
        "(self)",
        "cancels a timer that would keep a reset connection in memory for 75 s",
    ),
    Internal(_PROTOCOL, "cycle", "RequestResponseCycle", "the newest request; None before one"),
    Internal(_PROTOCOL, "pipeline", "deque", "requests that wait for the answers before them"),
    Internal(_PROTOCOL, "flow", "FlowControl", "whether the service holds the body up"),
    Internal(_PROTOCOL, "connections", "set", "all that are open, to free a place among them"),
    Internal(_PROTOCOL, "transport", "Transport", "closes, aborts, writes a refusal"),
    Internal(_PROTOCOL, "loop", "AbstractEventLoop", "its clock"),
    Internal(_PROTOCOL, "logger", "Logger", "replaced: its warnings do not name the client"),
    Internal(_PROTOCOL, "client", "tuple", "the peer's address, for the log"),
    Internal(_PROTOCOL, "server_state", "ServerState", "the headers of every answer"),
    Internal(_CYCLE, "disconnected", "bool", "set: the application shall stop"),
    Internal(_CYCLE, "keep_alive", "bool", "set: whether uvicorn closes after the answer"),
    Internal(_CYCLE, "message_event", "Event", "set: wakes an application that waits for a body"),
    Internal(_CYCLE, "more_body", "bool", "whether the body is still coming"),
    Internal(_CYCLE, "response_started", "bool", "whether a refusal may still be written"),
    Internal(_CYCLE, "response_complete", "bool", "whether the request is in hand"),
    Internal("uvicorn.protocols.http.flow_control:FlowControl", "read_paused", "bool", "see flow"),
    Internal(_STATE, "default_headers", "list", "the Date of a refusal"),
    Internal("uvicorn.protocols.http.httptools_impl", "STATUS_LINE", "dict", "of a refusal"),
)

_PROCESS: Final = (
    Internal(_SERVER, "startup", "(self, sockets=)", "announces the service once it answers"),
    Internal(_SERVER, "shutdown", "(self, sockets=)", "ends answers that have no end first"),
    Internal(_SERVER, "on_tick", "(self, counter)", "checks deadlines; called ten times a second"),
    Internal(_SERVER, "capture_signals", "(self)", "disabled: Kith handles signals itself"),
    Internal(_SERVER, "handle_exit", "(self, sig, frame)", "the handler for a graceful stop"),
    Internal(_SERVER, "should_exit", "bool", "whether a start was broken off"),
    Internal(_SERVER, "_captured_signals", "list", "whether Ctrl-C stopped it: exit code 130"),
    Internal(_SERVER, "server_state", "ServerState", "the connections to check"),
    Internal(_STATE, "connections", "set", "the connections to check"),
)

_DATABASE: Final = (
    Internal(
        "psycopg:Connection",
        "wait",
        "(self, gen, interval=, timeout=)",
        "every wait for the server goes through it, so that one can be limited",
    ),
    Internal("psycopg:Connection", "pgconn", "PGconn", "its finish() hangs up on a silent server"),
    Internal(
        "psycopg.waiting",
        "wait",
        "(gen, fileno, interval=, timeout=)",
        "sends 0 to the generator after an interval without news, which is when time is checked",
    ),
)

_UPLOADS: Final = (
    Internal(_FORMS, "write", "(self, data)", "takes a body chunk by chunk"),
    Internal(_FORMS, "on_part_begin", "()", "a part begins"),
    Internal(_FORMS, "on_header_field", "(data, start, end)", "a piece of a header's name"),
    Internal(_FORMS, "on_header_value", "(data, start, end)", "a piece of a header's value"),
    Internal(_FORMS, "on_header_end", "()", "one header of a part is complete"),
    Internal(_FORMS, "on_headers_finished", "()", "all headers of a part are complete"),
    Internal(_FORMS, "on_part_data", "(data, start, end)", "a piece of a part's content"),
    Internal(_FORMS, "on_end", "()", "the closing boundary: without it a form was cut off"),
    Internal(
        "python_multipart.exceptions:MultipartParseError", "offset", "int", "the place in the error"
    ),
    Internal(_FORMS, "logger", "Logger", "silenced: it warns of each malformed form"),
)

INTERNALS: Final = (*_CONNECTION, *_PROCESS, *_DATABASE, *_UPLOADS)
