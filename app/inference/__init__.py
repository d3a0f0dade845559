"""Models at work: the bundle, onnxruntime sessions, detector, embedder, and the pipeline that goes
from an image to faces and embeddings. It knows nothing of people, collections or SQL.
"""
