"""Pixels: from bytes to an upright RGB image, from five landmarks to an aligned crop, and how good
a sample is. Pure numpy and Pillow, so that training and serving share it and cannot drift apart.
"""
