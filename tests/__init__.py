"""Tests. Nothing of a test is imported before this."""

import app  # noqa: F401 - before onnxruntime, which then sends nothing to anybody
