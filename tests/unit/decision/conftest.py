"""Examples are not timed: on a busy machine a slow one is no defect."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
