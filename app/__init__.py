"""Kith: open-set identification as a service.

The rooms, from the top down: ``cli`` and ``main`` start things, ``bootstrap`` builds them,
``gallery`` and ``recognition`` are what clients use, ``index`` finds the nearest, ``inference``
turns images into embeddings, ``evaluation`` measures and reports, ``decision`` and ``vision`` are
pure, ``core`` is plumbing.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""onnxruntime 1.29 and newer sends events of this machine and its models to its maker, and keeps a
device id under ``~/.cache``. It reads this variable once, when it is loaded, so it is set where no
part of Kith can be imported without it.
"""
