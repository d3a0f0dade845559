"""Finds the nearest persons: an exact index in memory that follows the change log of the database.

The index is a disposable projection. SQL is the truth; whatever an index proposes is read again
there before it is answered. This room knows vectors and integer keys, no people and no images.
"""
