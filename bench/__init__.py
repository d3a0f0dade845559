"""Measurements that print a table. Ratios within one run are the figures that matter."""

import app  # noqa: F401 - before onnxruntime, which then sends nothing to anybody
