"""Stores collections, the persons in them and their faces, and enrols, changes and removes them.

Writes follow one pattern: images are decoded and embedded first, then one short transaction
changes the rows, raises the collection's revision and logs the change, and has committed before
the answer is made.
"""
