"""Runs the models: onnxruntime sessions, detector, embedder, and the pipeline from an image to
faces and embeddings. It knows no collections, no SQL, and not how a bundle is made.
"""
