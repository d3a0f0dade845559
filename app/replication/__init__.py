"""Follows the changes in the database, so that a process can search in memory.

``history`` is the protocol: each collection has a revision, an epoch and a change log. A replica
applies the log to a projection of the collection's people; a snapshot of it on disk makes a start
fast. SQL is the source of truth and every projection is disposable: candidates of a search are
read again in SQL before the answer. This room knows keys, vectors and instants, and no names or
images; other data of a person is an opaque payload.
"""
