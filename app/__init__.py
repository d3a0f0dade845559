"""Kith: open-set identification as a service.

The rooms, from the top down: ``cli`` and ``main`` start things, ``bootstrap`` builds them,
``gallery`` and ``recognition`` are what clients use, ``index`` finds the nearest, ``inference``
turns images into embeddings, ``evaluation`` measures and reports, ``decision`` and ``vision`` are
pure, ``core`` is plumbing.
"""
