"""Images as arrays: safe decoding, alignment, quality, preprocessing.

PURE: numpy, Pillow and ``app.errors`` only. It must not know of models, people, HTTP or settings,
so that training, evaluation and serving share it and cannot drift apart.
"""
