"""Follows what changes in the database, so that a process can search in memory.

``history`` is the protocol: each collection has a revision, an epoch and a change log. A replica
applies the log to a projection of the collection's people; a snapshot of it on disk makes a start
fast. SQL is the truth and every projection is disposable: what a search proposes is read again in
SQL before it is answered. This room knows keys, vectors and instants, and no names or images; what
else is to be kept of a person is an opaque payload.
"""
