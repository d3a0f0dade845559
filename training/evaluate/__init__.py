"""Error rates of an embedder on identities that it never saw: 1:1, 1:N closed set, 1:N open set.

Pure functions of embeddings (n, d) and labels (n,), or of scores; similarity is the cosine, higher
is closer. Names and definitions follow ISO/IEC 19795-1 and NIST FRTE.
"""
