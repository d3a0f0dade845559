"""What every room's routes share and none of them owns: errors as problem+json, uploads and their
limits, paging, idempotency, the request's id. It imports no room.
"""
