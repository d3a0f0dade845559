"""Models at work: onnxruntime sessions, detector, embedder, and the pipeline that goes from an
image to faces and embeddings. It knows nothing of collections or SQL, nor how a bundle is made.
"""
