"""Code that the routes of all rooms share: errors as problem+json, uploads and their limits,
paging, idempotency, the request's id. It imports no room.
"""
