"""An exception for each ``code``. Written by ``make client`` from the OpenAPI document.

The service's page on errors says what each means and what to do.
"""

from kith_client.errors import ApiError


class AlreadyExists(ApiError, code="already_exists"):
    """The service answered ``already_exists``."""


class Conflict(ApiError, code="conflict"):
    """The service answered ``conflict``."""


class ContractMismatch(ApiError, code="contract_mismatch"):
    """The service answered ``contract_mismatch``."""


class Forbidden(ApiError, code="forbidden"):
    """The service answered ``forbidden``."""


class InternalError(ApiError, code="internal_error"):
    """The service answered ``internal_error``."""


class InvalidImage(ApiError, code="invalid_image"):
    """The service answered ``invalid_image``."""


class InvalidRequest(ApiError, code="invalid_request"):
    """The service answered ``invalid_request``."""


class MalformedRequest(ApiError, code="malformed_request"):
    """The service answered ``malformed_request``."""


class MethodNotAllowed(ApiError, code="method_not_allowed"):
    """The service answered ``method_not_allowed``."""


class NoFace(ApiError, code="no_face"):
    """The service answered ``no_face``."""


class NotFound(ApiError, code="not_found"):
    """The service answered ``not_found``."""


class NotReady(ApiError, code="not_ready"):
    """The service answered ``not_ready``."""


class Overloaded(ApiError, code="overloaded"):
    """The service answered ``overloaded``."""


class PayloadTooLarge(ApiError, code="payload_too_large"):
    """The service answered ``payload_too_large``."""


class PreconditionFailed(ApiError, code="precondition_failed"):
    """The service answered ``precondition_failed``."""


class PreconditionRequired(ApiError, code="precondition_required"):
    """The service answered ``precondition_required``."""


class RateLimited(ApiError, code="rate_limited"):
    """The service answered ``rate_limited``."""


class RequestTimeout(ApiError, code="request_timeout"):
    """The service answered ``request_timeout``."""


class Unauthenticated(ApiError, code="unauthenticated"):
    """The service answered ``unauthenticated``."""


class UnsupportedEncoding(ApiError, code="unsupported_encoding"):
    """The service answered ``unsupported_encoding``."""


class UnsupportedImage(ApiError, code="unsupported_image"):
    """The service answered ``unsupported_image``."""


class UnsupportedMediaType(ApiError, code="unsupported_media_type"):
    """The service answered ``unsupported_media_type``."""
