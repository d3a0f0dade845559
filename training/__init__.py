"""Contrastive learning, from the loss's equation to an ONNX bundle that the service loads.

This package runs offline. It may use the service's pure rooms (``app.vision``, ``app.decision``)
and its rooms ``app.bundles`` and ``app.inference``, so that training, evaluation and serving share
one alignment and one decision; the service never imports it. The only thing that crosses over is a
bundle.
"""

import app  # noqa: F401 - before onnxruntime, which then sends nothing to anybody
