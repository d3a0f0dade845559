"""Networks from pixels to embeddings: (B, C, H, W) float, already preprocessed -> (B, d).

All end in plain embeddings; unit length is put on by ``training.backbones.embedder.Embedder``,
once, for training and export alike.
"""
