"""The losses, one a file; ``training.objective`` puts a run's loss together from them.

Shapes throughout: embeddings ``z`` (B, d), labels (B,) of int64, distances (B,) over given pairs or
(B, B) over all pairs of a batch. A loss is a scalar, lower is better.
"""
