"""Recognition at the edge, a module a subject.

Output has no defaults; similarities are cosines, higher is closer.
"""
