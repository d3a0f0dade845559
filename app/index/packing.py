"""How embeddings are stored: little-endian float32, whatever the machine's own order is."""

from collections.abc import Sequence

import numpy as np

from app.index.base import Vectors


def pack(embedding: Vectors) -> bytes:
    """A (d,) unit vector as little-endian float32 bytes."""
    return embedding.astype("<f4").tobytes()


def unpack(rows: Sequence[bytes], dimension: int) -> Vectors:
    """Stored embeddings as one (n, d) array."""
    joined = np.frombuffer(b"".join(rows), "<f4").astype(np.float32, copy=False)
    return joined.reshape(-1, dimension)
