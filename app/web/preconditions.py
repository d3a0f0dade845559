"""Reads ``If-Match`` (RFC 9110, section 13.1.1), and answers ``ETag``."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Response

from app.core.preconditions import IfMatch, entity_tag
from app.errors import FieldError, InvalidRequest, PreconditionRequired

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS: Final = rf"^(\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"


def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            json_schema_extra={"pattern": _TAGS},
            description='The `ETag` of what was read, as `"17"`; or `*`: whatever there is. '
            "Without it the answer is 428; where it is another by now, 412.",
        ),
    ] = None,
) -> IfMatch:
    if if_match is None:
        raise PreconditionRequired(
            "Send If-Match with the ETag of what you read, so that no change of others is undone "
            "unseen; or `If-Match: *` for whatever there is now."
        )
    if not re.match(_TAGS, if_match):
        message = 'must be * or entity tags in quotes, such as "17"'
        raise InvalidRequest(f"If-Match {message}.", errors=[FieldError("If-Match", message)])
    if if_match == "*":
        return IfMatch(None)
    # A weak tag never matches here: it does not say that nothing changed.
    return IfMatch(frozenset(tag for tag in re.findall(_TAG, if_match) if tag[0] == '"'))


Known = Annotated[IfMatch, Depends(_if_match)]


def tagged(response: Response, revision: int) -> None:
    """Put the ETag of an answer into its head."""
    response.headers["ETag"] = entity_tag(revision)
