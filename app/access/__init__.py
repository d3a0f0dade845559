"""Doors: may this person pass, here, now? The decision itself is pure, in ``policy``."""
