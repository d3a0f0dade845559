"""Collections, the persons in them, and their faces: who is enrolled, and how that changes.

Writes follow one pattern: images are decoded and embedded first, then one short transaction
changes the rows, raises the collection's revision and logs the change, and has committed before
the answer is made.
"""
