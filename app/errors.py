"""The errors that a caller can cause or must know of, each with its stable code and HTTP status.

::

    AppError
    ├── MalformedRequest 400             ├── UnsupportedEncoding 415
    ├── Unauthenticated 401              ├── UnsupportedImage 415
    ├── Forbidden 403                    ├── InvalidRequest 422
    ├── NotFound 404                     │   ├── InvalidImage 422
    ├── MethodNotAllowed 405             │   └── NoFace 422
    ├── RequestTimeout 408               ├── PreconditionRequired 428
    ├── Conflict 409                     ├── RateLimited 429 (Retry-After)
    │   ├── AlreadyExists 409            ├── Unavailable 503 (Retry-After)
    │   └── ContractMismatch 409         │   ├── Overloaded 503
    ├── PreconditionFailed 412           │   └── NotReady 503
    ├── PayloadTooLarge 413              │       └── DatabaseLost 503
    └── UnsupportedMediaType 415         └── LocalError (start and commands only)
                                             ├── BundleError
                                             ├── SettingsError
                                             ├── StartError
                                             │   └── NoDatabase
                                             └── ArchiveError

docs/errors.md explains each code to clients; a test compares that page with this file. All rooms
raise these errors; only ``web`` turns them into HTTP. ``detail`` says what was wrong, with which
value, and what to do. It never holds a path of the server, a key or pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of a request: where it is and what is wrong with it."""

    field: str
    message: str


class AppError(Exception):
    """Base of all errors that have a stable ``code``; ``detail`` is for a person to read."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class MalformedRequest(AppError):
    """Bytes that are no HTTP request, or a head too large to be one."""

    code, status, title = "malformed_request", 400, "Malformed request"


class Unauthenticated(AppError):
    """No key, or one that is not known."""

    code, status, title = "unauthenticated", 401, "Unauthenticated"


class Forbidden(AppError):
    """The key is known and may not do this."""

    code, status, title = "forbidden", 403, "Forbidden"


class NotFound(AppError):
    """The resource that the request names does not exist."""

    code, status, title = "not_found", 404, "Not found"


class MethodNotAllowed(AppError):
    """The route exists; the method does not."""

    code, status, title = "method_not_allowed", 405, "Method not allowed"


class RequestTimeout(AppError):
    """A request that did not arrive whole in time; its connection is closed."""

    code, status, title = "request_timeout", 408, "Request timeout"


class Conflict(AppError):
    """The request does not fit the state that the service is in."""

    code, status, title = "conflict", 409, "Conflict"


class AlreadyExists(Conflict):
    """An id or external id is taken."""

    code, title = "already_exists", "Already exists"


class ContractMismatch(Conflict):
    """Templates made by another model, alignment or preprocessing than the running one."""

    code, title = "contract_mismatch", "Contract mismatch"


class PreconditionFailed(AppError):
    """A change that was meant for another revision than the present one."""

    code, status, title = "precondition_failed", 412, "Precondition failed"


class PreconditionRequired(AppError):
    """A change that does not say which revision it is meant for."""

    code, status, title = "precondition_required", 428, "Precondition required"


class PayloadTooLarge(AppError):
    """More bytes or pixels than the limits allow."""

    code, status, title = "payload_too_large", 413, "Payload too large"


class UnsupportedMediaType(AppError):
    """A body of a content type that the route does not read."""

    code, status, title = "unsupported_media_type", 415, "Unsupported media type"


class UnsupportedEncoding(AppError):
    """A body that is compressed, or coded in another way than the service reads."""

    code, status, title = "unsupported_encoding", 415, "Unsupported encoding"


class UnsupportedImage(AppError):
    """Bytes that are no image, or of a format that is not read."""

    code, status, title = "unsupported_image", 415, "Unsupported image"


class InvalidRequest(AppError):
    """A field is missing, malformed or out of range."""

    code, status, title = "invalid_request", 422, "Invalid request"


class InvalidImage(InvalidRequest):
    """An image of a known format that cannot be read: empty, truncated, corrupt."""

    code, title = "invalid_image", "Invalid image"


class NoFace(InvalidRequest):
    """An image in which no face was found, where one is needed."""

    code, title = "no_face", "No face"


class RateLimited(AppError):
    """A key that asks more often than it may; ``retry_after`` is in seconds."""

    code, status, title = "rate_limited", 429, "Rate limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(AppError):
    """The service cannot answer now; ``retry_after`` is in seconds."""

    code, status, title = "not_ready", 503, "Service unavailable"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """More is asked than can be served: the queue, the memory for bodies or the connections."""

    code, title = "overloaded", "Overloaded"


class NotReady(Unavailable):
    """A part that the answer needs is not there yet.

    ``reason`` is what that part itself said, such as the database's server. It is for the operator,
    in the log and in commands, and never for a client.
    """

    title = "Not ready"

    def __init__(self, detail: str, *, retry_after: int = 1, reason: str = "") -> None:
        super().__init__(detail, retry_after=retry_after)
        self.reason = reason


class DatabaseLost(NotReady):
    """The database cannot be reached. Clients see it as any other ``NotReady``."""

    def __init__(
        self, detail: str = "The database does not answer; try again.", *, reason: str = ""
    ) -> None:
        super().__init__(detail, reason=reason)


class LocalError(AppError):
    """An error of a start or a command, shown to the operator; clients of the API never get it."""


class BundleError(LocalError):
    """A model bundle that is missing, incomplete, altered or not understood."""

    code, title = "invalid_bundle", "Invalid model bundle"


class SettingsError(LocalError):
    """An environment variable whose value cannot be used."""

    code, title = "invalid_settings", "Invalid settings"


class StartError(LocalError):
    """Something outside of Kith that a start or a command needs cannot be used: the database, a
    folder, the port. ``detail`` speaks to the operator and may hold paths.
    """

    code, title = "cannot_start", "Cannot start"


class NoDatabase(StartError):
    """There is no database yet, and the command makes none."""


class ArchiveError(LocalError):
    """A backup that cannot be written, or read: damaged, cut short, of a newer Kith."""

    code, title = "invalid_archive", "Invalid archive"
